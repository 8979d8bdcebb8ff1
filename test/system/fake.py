#!/usr/bin/env python3
"""The fake API over HTTP: what it serves, with which headers, how it misbehaves, how it ends."""
import concurrent.futures, datetime, gzip, http.client, json, os, re, signal, sys, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()


class Fake:
    def __init__(self, *args):
        self.program = rig.Program("fake", "--listen", "127.0.0.1:0", "--deadline", "2m", *args)
        line = self.program.wait_line("listening on") or sys.exit("fake did not start: " + self.program.output)
        self.url = line.split("listening on ")[1]
        self.host = self.url.split("//")[1]

    def get(self, path, **headers):
        """(status, headers, body) without following redirects; the body as it came."""
        c = http.client.HTTPConnection(self.host, timeout=10)
        try:
            c.request(headers.pop("method", "GET"), path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            r = c.getresponse()
            return r.status, r.headers, r.read()
        finally:
            c.close()

    def json(self, path):
        return json.loads(self.get(path)[2])

    def stop(self):
        return self.program.stop()


def etag_time(headers):
    m = re.fullmatch(r'W/"([0-9a-f]{8})(--gzip)?"', headers["ETag"] or "")
    return int(m.group(1), 16) if m else None


# ---- the command line ----

for args, word in ((["--faults", "slow=0.1,statu-500=0.1"], '"statu-500"'), (["--season", "20252027"], "20252027"),
                   (["--recordings", rig.TEMP + "/none"], "none"), (["--games", "17"], "games"), (["word"], "word"),
                   (["--season", "20232024", "--recordings", "x"], "--recordings"), (["--from", "2025-10-07T20:00:00Z"], "--season"), (["--season", "20232024", "--after", "1m"], "--after"),
                   (["--season", "20232024", "--from", "noon"], "noon"), (["--faults", "slow=1@moon:1"], "@moon:1")):
    r = rig.run("fake", "--listen", "127.0.0.1:0", "--deadline", "1s", *args)
    tap.ok(r.returncode == 2 and word in r.stderr and r.stderr.count("\n") == 1, "usage: " + " ".join(args), r.stderr)

history = [json.loads(line) for line in rig.run("fake", "--truth", "-", "--season", "20232024", "--seed", "3").stdout.splitlines()]
final, corrected = {}, 0
for step in history:
    row = step.get("row") or step["gone"]
    key = row["game_id"], row["player_id"]
    corrected += key in final
    if "row" in step:
        final[key] = row
    else:
        del final[key]
truths = list(final.values())
tap.same((len(truths), len({t["game_id"] for t in truths})), (1312 * 40, 1312), "--truth: 40 lines for each of 1,312 games")
tap.ok(200 < corrected < 3000 and any("gone" in step for step in history), "and what is corrected after the horn", corrected)

# ---- a night ----

night = Fake("--seed", "3", "--games", "6", "--speed", "60")
status, headers, body = night.get("/v1/score/now")
tap.ok(status == 307 and not body and re.fullmatch(re.escape(night.url) + r"/v1/score/\d{4}-\d\d-\d\d", headers["Location"]),
       "/v1/score/now: 307 to a day, absolute, without a body", (status, headers, body))
today = headers["Location"][-10:]
score = night.json("/v1/score/" + today)
tap.ok(len(score["games"]) == 6 and any(g["gameState"] in ("LIVE", "CRIT") for g in score["games"]),
       "six games on the day, one of them live", [g["gameState"] for g in score["games"]])
week = night.json("/v1/schedule/" + today)
tap.same(([len(d["games"]) for d in week["gameWeek"]], week["gameWeek"][0]["date"]), ([6, 0, 0, 0, 0, 0, 0], today),
         "a schedule has seven days from the one asked")

live = next(g for g in score["games"] if g["gameState"] in ("LIVE", "CRIT"))
box = "/v1/gamecenter/%d/boxscore" % live["id"]
status, headers, body = night.get(box, Accept_Encoding="gzip, deflate")
now = time.time()
age, max_age = int(headers["Age"] or 0), int(re.search(r"max-age=(\d+)", headers["Cache-Control"]).group(1))
tap.ok(status == 200 and headers["Content-Encoding"] == "gzip" and headers["Content-Type"] == "application/json"
       and headers["Vary"] == "Accept-Encoding" and headers["Date"] and headers["ETag"].endswith('--gzip"')
       and re.fullmatch(r"no-transform, max-age=\d+, s-maxage=\d+", headers["Cache-Control"]),
       "a box score travels with the CDN's headers", headers)
tap.ok(abs(etag_time(headers) - now) <= 2 and abs(now + max_age - age - etag_time(headers)) <= 2,
       "its ETag is the second at which its window ends", (etag_time(headers), now, max_age, age))
tap.ok(json.loads(gzip.decompress(body))["id"] == live["id"], "compressed, it is the game's")
status, headers, plain = night.get(box)
tap.ok(not headers["Content-Encoding"] and not headers["ETag"].endswith('--gzip"') and json.loads(plain)["id"] == live["id"],
       "as it is for who does not take gzip", headers)
tap.same(night.get(box, If_None_Match=headers["ETag"])[0], 200, "never a 304: the NHL sends none")
status, headers, body = night.get(box, method="HEAD")
tap.ok(status == 200 and not body and int(headers["Content-Length"]) > 5000, "HEAD", headers)

seen, bodies, clocks = {}, {}, []
def look():
    _, h, b = night.get(box)
    j = json.loads(b)
    bodies.setdefault(etag_time(h), set()).add(b)
    clocks.append((etag_time(h), j["periodDescriptor"]["number"], j["awayTeam"]["sog"] + j["homeTeam"]["sog"]))
    return len({c[2] for c in clocks}) > 2 and len(bodies) > 3
tap.ok(rig.wait_for(look, 10), "numbers change while a game is on", clocks[-3:])
tap.ok(all(len(b) == 1 for b in bodies.values()), "but not within a window", {k: len(v) for k, v in bodies.items()})
tap.ok(clocks == sorted(clocks), "and they grow with the ETag", clocks)

plays = night.json("/v1/gamecenter/%d/play-by-play" % live["id"])
tap.ok(len(plays["plays"]) > 20 and len(plays["rosterSpots"]) == 40, "a play-by-play, with its roster")
status, headers, _ = night.get("/v1/roster/%s/current" % live["awayTeam"]["abbrev"])
roster = night.json(headers["Location"][len(night.url):])
tap.ok(status == 307 and sum(map(len, roster.values())) == 23 and roster["goalies"][0]["birthDate"],
       "a roster, where /current sends to", (status, headers))
player = roster["goalies"][0]["id"]
tap.same(night.json("/v1/player/%d/landing" % player)["birthDate"], roster["goalies"][0]["birthDate"], "a player")
tap.same(len(night.json("/stats/rest/en/team")["data"]), 32, "the clubs")
tap.ok(int(today[:4]) - 1 <= night.json("/v1/season")[-1] // 10000 <= int(today[:4]), "the seasons")

for path, want in (("/v1/gamecenter/2001020001/boxscore", 404), ("/v1/roster/XYZ/20252026", 404), ("/nothing", 404),
                   ("/v1/player//landing", 400), ("/v1/score/today", 404)):
    status, headers, body = night.get(path)
    tap.ok(status == want and headers["Content-Type"].startswith("text/html") and not headers["ETag"] and b"<" in body,
           "%s: %d, in HTML" % (path, want), (status, headers, body))

# ---- a season, and what ingest makes of it ----

season = Fake("--season", "20232024", "--seed", "3")
first = datetime.date(2023, 10, 7)
weeks = [season.json("/v1/schedule/%s" % (first + datetime.timedelta(7 * i)))["gameWeek"] for i in range(30)]
tap.same({g["id"] for w in weeks for d in w for g in d["games"] if g["gameState"] == "OFF"}, {t["game_id"] for t in truths},
         "its weeks have all of its games, official")


def fetch(games):
    c, sizes, times = http.client.HTTPConnection(season.host, timeout=10), 0, []
    for g in games:
        began = time.perf_counter()
        c.request("GET", "/v1/gamecenter/%d/boxscore" % g, headers={"Accept-Encoding": "gzip"})
        r = c.getresponse()
        sizes += len(r.read()) if r.status == 200 else 0
        times.append(time.perf_counter() - began)
    c.close()
    return sizes, times


games = range(2023020001, 2023021313)
for turn in ("at first", "from the cache"):
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(fetch, [games[i::8] for i in range(8)]))
    took = time.monotonic() - began
    tap.note("a season of box scores over 8 connections, %s: %.2f s, %d KB" % (turn, took, sum(r[0] for r in results) // 1024))
    tap.ok(all(r[0] > 164 * 1000 for r in results) and took < 8, "1,312 box scores, " + turn, took)

db, path = rig.database()
some = [2023020001, 2023020500, 2023021312]
r = rig.run("ingest", *some, db=db, upstream=season.url)
tap.same((r.returncode, r.stderr), (0, ""), "ingest takes them")
rows = {(row["game_id"], row["player_id"]): row for row in rig.query(path, "select * from game_stats")}
wrong = []
for t in truths:
    if t["game_id"] in some:
        row = rows.pop((t["game_id"], t["player_id"]), {})
        wrong += ["%d/%d %s: wanted %r, got %r" % (t["game_id"], t["player_id"], k, v, row.get(k))
                  for k, v in t.items() if row.get(k) != v]
tap.ok(not wrong and not rows, "its rows are the truth, field by field", "\n".join(wrong) or list(rows))
tap.same([json.loads(line) for line in season.get("/fake/truth/2023020001")[2].splitlines()],
         [t for t in truths if t["game_id"] == 2023020001], "/fake/truth/{id} says the same as --truth")

# ---- recordings ----

place = rig.recordings()
if place:
    real = Fake("--recordings", place)
    games = sorted({re.match(r"\d+", f).group(0) for f in os.listdir(place + "/web/boxscore")})
    tap.ok(all(real.get("/v1/gamecenter/%s/boxscore" % g)[0] == 200 for g in games), "every recorded box score is served")
    raw = open(place + "/web/boxscore/2023020032-OFF-01.json", "rb").read()
    tap.ok(real.get("/at/1/v1/gamecenter/2023020032/boxscore")[2] == raw, "/at/1 has the first of two, byte for byte")
    feed = open(place + "/statsapi/live/2022021032-Final.json", "rb").read()
    tap.ok(gzip.decompress(real.get("/api/v1/game/2022021032/feed/live", Accept_Encoding="gzip")[2]) == feed, "a legacy feed")
    tap.ok(real.get("/v1/gamecenter/2022021032/boxscore")[2] == feed, "and in place of a box score")
    tap.same(real.get("/v1/roster/NYR/20232024")[0], 404, "nobody made up beside recordings")
    tap.same(real.stop(), 0, "recordings: SIGTERM ends it cleanly")
    tap.note("%d recorded games used" % len(games))
else:
    tap.note("no recordings found")

# ---- faults ----

page = "/v1/gamecenter/2023020001/boxscore"
good = season.get(page)[2]


def met(spec):
    """What one request meets, in a word."""
    fake = Fake("--season", "20232024", "--seed", "3", "--from", "2024-01-01T00:00:00Z", "--faults", spec + "=1")
    began = time.monotonic()
    try:
        c = http.client.HTTPConnection(fake.host, timeout=1 if spec in ("hang", "drip") else 10)
        c.request("GET", page, headers={"Accept-Encoding": "gzip"})
        r = c.getresponse()
        status, headers, body = r.status, r.headers, r.read1(100) if spec == "drip" else r.read()
        c.close()
    except TimeoutError:
        return "nothing"
    except ConnectionResetError:
        return "reset"
    except (http.client.HTTPException, OSError):
        return "broken off"
    finally:
        took = time.monotonic() - began
        if fake.stop() != 0:
            return "a fake that does not end"
        counts = fake.program.wait_line("faults ") or ""
        if spec not in counts.replace("NNN", spec[-3:]).replace("-N=", "-2="):
            return "no count: " + counts
    if status == 307:
        return "itself" if headers["Location"] == fake.url + page else headers["Location"]
    if status != 200:
        return (status, headers["Retry-After"])
    if spec == "drip":
        return len(body)
    if took >= 1 and spec == "slow":
        return "late"
    if headers["Content-Type"] != "application/json":
        return headers["Content-Type"]
    if headers["Content-Encoding"] == "gzip":
        try:
            body = gzip.decompress(body)
        except Exception:
            return "damaged"
    if len(body) > 9 * 1024 * 1024:
        return "large"
    if not body:
        return "empty"
    if body != good:
        try:
            return "another" if json.loads(body)["id"] != json.loads(good)["id"] else "changed"
        except ValueError:
            return "half" if good.startswith(body) else "other"
    return "old" if etag_time(headers) < 1704067200 - 5 and int(headers["Age"]) > 5 else "good"


wants = {"status-503": (503, None), "status-429": (429, None), "retry-after-2": (429, "2"), "slow": "late", "hang": "nothing",
         "drip": 10, "reset": "reset", "drop": "broken off", "torn": "broken off", "redirect": "itself", "cut": "half",
         "empty": "empty", "html": "text/html", "gzip": "damaged", "oversized": "large", "stale": "old",
         "wrong-game": "another", "lost-lines": "changed", "lost-fields": "changed", "new-fields": "changed", "wrong-types": "changed",
         "wrong-sums": "changed", "twice": "changed", "flapping": "changed", "unknown-state": "changed"}
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    for (spec, want), got in zip(wants.items(), pool.map(met, wants)):
        tap.same(got, want, "fault " + spec)


# Of a game that is on, a body of before is another. All fakes are asked at once: an ETag may be a second or two apart.
def begin_live(*more):
    return Fake("--season", "20252026", "--seed", "5", "--from", "2025-11-16T01:25:00Z", *more)


def played(body):
    """Seconds of the game that a body knows of."""
    j = json.loads(body)
    return j["periodDescriptor"]["number"] * 1200 - j["clock"]["secondsRemaining"]


straight = begin_live()
live = next(g["id"] for g in straight.json("/v1/score/2025-11-15")["games"]
            if g["gameState"] == "LIVE" and g["clock"]["running"] and g["clock"]["secondsRemaining"] < 500)
for spec, paths, most in (("back", ("boxscore", "play-by-play"), 660), ("contradict", ("play-by-play",), 61)):
    bent = begin_live("--faults", spec + "=1")
    for kind in paths:
        path = "/v1/gamecenter/%d/%s" % (live, kind)
        pairs = []
        for _ in range(3):  # a game stands still now and then
            (_, h1, b1), (_, h2, b2) = straight.get(path), bent.get(path)
            pairs.append((etag_time(h2) - etag_time(h1), played(b1) - played(b2)))
        tap.ok(all(abs(tags) <= 16 for tags, _ in pairs), "fault %s, %s: an ETag of now" % (spec, kind), pairs)
        tap.ok(all(0 <= behind <= most for _, behind in pairs) and any(behind for _, behind in pairs), "fault %s, %s: a body of before, not of more than %d s" % (spec, kind, most), pairs)
    bent.stop()
straight.stop()

unchanged = Fake("--season", "20232024", "--seed", "3", "--from", "2024-01-01T00:00:00Z", "--faults", "unchanged=1")
status, headers, body = unchanged.get(page)
tap.same((status, body), (200, good), "fault unchanged: a body for who names no ETag")
for name, want in ((headers["ETag"], 304), ('W/"00000000"', 200)):
    again = unchanged.get(page, If_None_Match=name)
    tap.ok(again[0] == want and bool(again[2]) == (want == 200), "fault unchanged: %d to who names %s" % (want, "its own" if want == 304 else "another"), again[:2])
unchanged.stop()


def fates(seed):
    fake = Fake("--season", "20232024", "--seed", seed, "--faults", "status-500=0.3,status-503=0.2")
    found = [fake.get(page)[0] for _ in range(60)]
    fake.stop()
    return found


one, two, three = fates("4"), fates("4"), fates("5")
tap.ok(one == two != three and 10 < sum(s == 200 for s in one) < 50, "the same seed, the same faults", (one, two, three))

# ---- a season that is being played ----

on = Fake("--season", "20252026", "--seed", "5", "--from", "2025-11-15T23:00:00Z", "--speed", "600", "--playoffs")
clock = on.program.wait_line("RINKSIDE_CLOCK=")
tap.ok(re.fullmatch(r"RINKSIDE_CLOCK=\d{13}/1763247600000/600", clock or ""), "--from says what the time is", clock)
c = on.get("/v1/score/now")[1]["Location"]
tap.ok(c.endswith("/2025-11-15"), "today is the season's day", c)
days = {}
for at in ("2025-11-15T15:00:00Z", "2025-11-16T00:45:00Z", "2025-11-17T00:00:00Z"):
    games = on.json("/v1/score/2025-11-15?at=" + at)["games"]
    days[at] = {s: sum(g["gameState"] == s for g in games) for s in sorted({g["gameState"] for g in games})}
first, middle, last = days.values()
tap.ok(first.get("FUT", 0) > 5 and middle.get("LIVE", 0) + middle.get("CRIT", 0) > 2 and set(last) == {"OFF"},
       "?at= shows the day before, in and after its games", days)
game = on.json("/v1/score/2025-11-15?at=" + at)["games"][0]["id"]
sums = [sum(json.loads(line)["shots"] or 0 for line in on.get("/fake/truth/%d%s" % (game, q))[2].splitlines())
        for q in ("?at=2025-11-15T15:00:00Z", "?at=2025-11-16T01:00:00Z", "")]
tap.ok(0 == sums[0] < sums[1] <= sums[2], "the truth of a moment", sums)
r = on.get("/v1/gamecenter/2025030111/boxscore")
tap.same(json.loads(r[2])["gameState"], "FUT", "a game of the play-offs is to come")
for q in ("junk", "", "2025-13-45T00:00:00Z"):
    for target in ("/v1/gamecenter/%d/boxscore" % game, "/fake/truth/%d" % game):
        tap.ok(on.get("%s?at=%s" % (target, q))[0] == 400, "%s of at=%s: 400, and not of now" % (target, q))
rosters = [on.get("/v1/roster/TOR/20252026?at=%s" % at)[2] for at in ("2025-10-08T00:00:00Z", "2026-03-20T00:00:00Z")]
tap.ok(rosters[0] != rosters[1], "a club's roster changes")
r = rig.run("ingest", game, db=rig.database()[0], upstream=on.url, env={"RINKSIDE_CLOCK": clock.split("=")[1]})
tap.same(r.returncode, 0, "who is told the time can ask")
r = rig.run("ingest", game, upstream=on.url, env={"RINKSIDE_CLOCK": "now"})
tap.ok(r.returncode == 2 and '"now"' in r.stderr, "a clock that is none is a usage error", r.stderr)
on.stop()

for moment in ("1967-12-20T00:00:00Z", "2200-01-01T00:00:01Z"):
    r = rig.run("fake", "--season", "19671968", "--from", moment, "--listen", "127.0.0.1:0", "--deadline", "1s")
    tap.ok(r.returncode == 2 and moment[:19] in r.stderr and len(r.stderr.splitlines()) == 1 and not r.stdout, "--from %s, to which no clock can be set: refused" % moment[:4], (r.returncode, r.stdout, r.stderr))

# ---- older shapes ----

for shape, lacks in (("nested", {"shifts", "giveaways", "takeaways", "starter", "decision"}), ("legacy", {"shifts", "goals_against", "starter"})):
    old = Fake("--season", "20232024", "--seed", "3", "--shape", shape)
    db, path = rig.database()
    r = rig.run("ingest", *some, db=db, upstream=old.url)
    rows = {(row["game_id"], row["player_id"]): row for row in rig.query(path, "select * from game_stats")}
    wrong = ["%d/%d %s: wanted %r, got %r" % (t["game_id"], t["player_id"], k, v, rows.get((t["game_id"], t["player_id"]), {}).get(k))
             for t in truths if t["game_id"] in some for k, v in t.items()
             if rows.get((t["game_id"], t["player_id"]), {}).get(k) != (None if k in lacks else v)
             and not (shape == "legacy" and k == "faceoff_win_pct" and v == 0)]  # who took none has none there
    tap.ok(r.returncode == 0 and not wrong, "--shape %s: the truth, but for what that shape lacks" % shape, r.stderr + "\n".join(wrong[:8]))
    old.stop()
changing = Fake("--season", "20252026", "--from", "2025-11-15T00:00:00Z", "--shape", "nested,2025-11-16T00:00:00Z=flat")
keys = [("boxscore" in changing.json("/v1/gamecenter/2025020290/boxscore?at=2025-11-%dT23:00:00Z" % day)) for day in (15, 16)]
tap.same(keys, [True, False], "a shape that changes in mid-season")
tap.ok(changing.json("/api/v1/game/2025020290/feed/live?at=2025-11-15T23:00:00Z")["gamePk"] == 2025020290, "the feed stands where it was, too")
changing.stop()
r = rig.run("fake", "--shape", "round")
tap.ok(r.returncode == 2 and '"round"' in r.stderr, "a shape that is none", r.stderr)

# ---- a replay ----

place = os.path.join(rig.TEMP, "kept", "web", "boxscore")
os.makedirs(place)
for i, (name, at) in enumerate((("2023020001-b", 1700000600), ("2023020001-a", 1700000000), ("2023020002-c", 1700001200))):
    with open(os.path.join(place, name + ".json"), "w") as f:
        json.dump({"id": int(name[:10]), "nth": i}, f)
    os.utime(os.path.join(place, name + ".json"), (at, at))
replay = Fake("--replay", os.path.join(rig.TEMP, "kept"), "--speed", "100")
tap.ok(re.fullmatch(r"RINKSIDE_CLOCK=\d+/17000000\d+/100", replay.program.wait_line("CLOCK") or ""), "a replay begins with its oldest body", replay.program.output)
seen = []


def look():
    answers = [replay.get("/v1/gamecenter/202302000%d/boxscore" % n) for n in (1, 2)]
    now = [json.loads(a[2])["nth"] if a[0] == 200 else a[0] for a in answers]
    if now not in seen:
        seen.append(now)
    return now == [0, 2]


rig.wait_for(look, 25, 0.1)
tap.same(seen, [[1, 404], [0, 404], [0, 2]], "and plays them in the order of their times")
replay.stop()

# ---- time, and the end ----

began = time.monotonic()
late = Fake("--latency", "300ms")
late.get("/v1/season")
tap.ok(time.monotonic() - began >= 0.3, "--latency")
with concurrent.futures.ThreadPoolExecutor(1) as pool:
    slow = Fake("--faults", "slow=1", "--log-level", "debug")
    reply = pool.submit(slow.get, "/v1/season")
    gone = http.client.HTTPConnection(slow.host, timeout=10)
    gone.request("GET", "/v1/season")
    gone.close()
    rig.wait_for(lambda: reply.running(), 2)
    time.sleep(0.2)  # until the request is there; its answer takes a second at least
    tap.same(slow.program.stop(), 0, "SIGTERM while replies are due")
    tap.same(reply.result()[0], 200, "who was being kept waiting still got an answer")
tap.same(night.program.stop(signal.SIGINT), 0, "SIGINT ends it cleanly")
tap.same((season.stop(), late.stop()), (0, 0), "so does SIGTERM")
began = time.monotonic()
short = rig.Program("fake", "--listen", "127.0.0.1:0", "--deadline", "300ms")
tap.ok(rig.wait_for(lambda: not short.is_alive(), 5) and short.p.returncode == 0 and time.monotonic() - began >= 0.3,
       "--deadline ends it by itself", short.output)
counts = short.wait_line("requests total=")
tap.same(counts, "requests total=0", "and says how often it was asked")
counts = dict(pair.split("=") for pair in (late.program.wait_line("requests ") or "requests ").split()[1:])
tap.same(counts, {"total": "1", "season": "1"}, "by endpoint")
port = rig.free_port()
first = rig.Program("fake", "--listen", "127.0.0.1:%d" % port, "--deadline", "1m")
first.wait_line("listening on")
r = rig.run("fake", "--listen", "127.0.0.1:%d" % port, "--deadline", "1s")
tap.ok(r.returncode not in (0, None) and "in use" in r.stderr, "an address that is taken", (r.returncode, r.stderr))
first.stop()
tap.done()
