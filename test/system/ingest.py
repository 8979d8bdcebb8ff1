#!/usr/bin/env python3
"""`ingest`: what can go wrong ends in the right exit code, one sentence, and the rows as they were."""
import copy, json, os, ssl, subprocess, sys, time, zlib
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from rig import Reply

GAME = 2023020001
PATH = rig.box_score_path(GAME)
NOW = 0x6567c306
tap = rig.Tap()
up = rig.Upstream()


def stats(path, game=GAME):
    return rig.query(path, "select * from game_stats where game_id = ? order by player_id", game)


def ingest(*words, db, upstream=None, retries=0, timeout="3s"):
    return rig.run("ingest", *(words or (GAME,)), "--retries", retries, "--timeout", timeout, db=db, upstream=upstream or up.url)


def is_one_sentence(r, *words):
    lines = r.stderr.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith("rinkside: ") and all(w in lines[0] for w in words)


def changed(**members):
    return rig.box_score(GAME, **members)


# ---- what goes well ----
db, path = rig.database()
up.replies[PATH] = Reply(rig.box_score(GAME), headers=rig.etag(NOW))
r = ingest(db=db)
tap.ok(r.returncode == 0 and "%d stored revision 1: 8 inserted" % GAME in r.stdout, "a game is stored", r.stdout + r.stderr)
good = stats(path)
tap.same([(x["player_id"], x["goals"], x["time_on_ice"]) for x in good][:2], [(8470001, 1, 754), (8470002, 1, 754)], "its lines are in the table")
r = ingest(db=db)
tap.ok(r.returncode == 0 and "unchanged" in r.stdout and stats(path) == good, "the same again writes nothing", r.stdout + r.stderr)
up.replies[PATH] = Reply(changed(gameState="LIVE"), headers=rig.etag(NOW - 15))
r = ingest(db=db)
tap.ok(r.returncode == 0 and "older" in r.stdout and not r.stderr and stats(path) == good, "an older one changes nothing, and says so", r.stdout + r.stderr)


# ---- every fault, on a game that is there ----
def lines(edit):
    body = copy.deepcopy(rig.box_score(GAME))
    edit(body["playerByGameStats"])
    return Reply(body, headers=rig.etag(NOW + 30))


def no_lines(p):
    for side in p.values():
        for group in side:
            side[group] = []


def no_goaltender(p):
    p["awayTeam"]["goalies"] = []


def set_field(name, value):
    def edit(p):
        p["awayTeam"]["forwards"][0][name] = value
    return edit


def drop_side(p):
    del p["homeTeam"]


def twice(p):
    p["homeTeam"]["forwards"].append(p["awayTeam"]["forwards"][0])


whole = json.dumps(rig.box_score(GAME))
bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
bomb = b"".join([bomb.compress(b" " * 1048576) for _ in range(40)] + [bomb.flush()])
faults = [
    # name, exit code, reply, words of the sentence
    ("400", 3, Reply("<html>Ambiguous URI empty segment</html>", 400), ["400 Bad Request"]),
    ("403", 3, Reply(status=403), ["403 Forbidden"]),
    ("404", 6, Reply("<html>", 404), ["404 Not Found"]),
    ("401", 3, Reply(status=401), ["401 Unauthorized"]),
    ("410", 6, Reply(status=410), ["410 Gone"]),
    ("429", 3, Reply(status=429), ["429 Too Many Requests"]),
    ("429 with Retry-After", 3, Reply(status=429, headers={"Retry-After": "600"}), ["429 Too Many Requests"]),
    ("500", 3, Reply("<html>", 500), ["500 Internal Server Error"]),
    ("502", 3, Reply("<html>", 502), ["502 Bad Gateway"]),
    ("503", 3, Reply(status=503), ["503 Service Unavailable"]),
    ("504", 3, Reply(status=504), ["504 Gateway Timeout"]),
    ("204", 3, Reply(status=204), ["204 No Content"]),
    ("HTML with 200", 4, Reply("<!doctype html><html><body>We'll be right back</body></html>"), ["HTML"]),
    ("an empty body", 4, Reply(b""), []),
    ("an empty object", 4, Reply({}), []),
    ("an array", 4, Reply([]), []),
    ("torn JSON", 4, Reply(whole[:len(whole) // 2]), []),
    ("JSON and more", 4, Reply(whole + "x"), []),
    ("a cut connection", 3, Reply(whole, fault="cut"), []),
    ("a reset", 3, Reply(whole, fault="reset"), []),
    ("a drip", 3, Reply(whole, fault="drip"), ["stalled"]),
    ("a hang", 3, Reply(whole, fault="hang"), ["no answer within"]),
    ("a gzip bomb", 4, Reply(bomb, headers={"Content-Encoding": "gzip"}), ["8 MiB"]),
    ("a trickle past the time limit", 3, Reply(b" " * 100000 + whole.encode(), fault="trickle", encoding=None), ["given up"]),
    ("a play-by-play in its place", 4, Reply(dict(rig.box_score(GAME), plays=[], playerByGameStats=None), headers=rig.etag(NOW + 30)), []),
    ("an empty roster", 4, lines(lambda p: p.update(awayTeam={}, homeTeam={})), []),
    ("a club without its number", 4, Reply({**rig.box_score(GAME), "homeTeam": {"abbrev": "OTT"}}), ["homeTeam"]),
    ("text that is not UTF-8", 4, Reply(whole.encode().replace(b"A. Alpha", b"A. \xff\xfe")), []),
    ("bad gzip", 4, Reply(b"none", headers={"Content-Encoding": "gzip"}), ["gzip"]),
    ("a body too large", 4, Reply(b"[" * ((8 << 20) + 1), encoding=None), ["8 MiB"]),
    ("another game", 4, Reply(rig.box_score(GAME + 1)), ["2023020002"]),
    ("deep JSON", 4, Reply("[" * 100000 + "]" * 100000), []),
    ("a redirect loop", 3, Reply(status=307, headers={"Location": PATH}), ["redirects"]),
    ("a redirect to another scheme", 3, Reply(status=307, headers={"Location": "https://127.0.0.1:1/"}), ["scheme"]),
    ("lost lines", 4, lines(no_lines), []),
    ("a lost club", 4, lines(drop_side), []),
    ("a lost field", 4, lines(lambda p: [x.pop("goals") for s in p.values() for g in ("forwards", "defense") for x in s[g]]), []),
    ("no lines at all", 4, Reply({k: v for k, v in rig.box_score(GAME).items() if k != "playerByGameStats"}, headers=rig.etag(NOW + 30)), []),
    ("a negative number", 4, lines(set_field("goals", -1)), []),
    ("points that are not goals and assists", 4, lines(set_field("points", 7)), []),
    ("a player twice", 4, lines(twice), ["player 8470001 is listed twice"]),
]
for name, code, reply, words in faults:
    up.replies[PATH] = reply
    r = ingest(db=db)
    tap.ok(r.returncode == code and is_one_sentence(r, str(GAME), *words) and not r.stdout, "%s: exit %d, one sentence" % (name, code),
           "exit %s in %.1f s\n%s%s" % (r.returncode, r.seconds, r.stdout, r.stderr))
    tap.ok(stats(path) == good, "%s: the rows as they were" % name, stats(path)[:1])

# One statistic that has become something else costs itself: it is shown as it was, and said.
for name, value in (("shifts", 10 ** 12), ("goals", "one"), ("toi", "late"), ("hits", {"default": 1}), ("name", 7)):
    up.replies[PATH] = lines(set_field(name, value))
    r = ingest(db=db)
    warning = rig.query(path, "select warning from games where game_id = ?", GAME)[0]["warning"] or ""
    tap.ok(r.returncode == 0 and "forwards[0].%s left out" % name in r.stderr and "8470001 has no" in warning, "%s for %s: exit 0, and a warning" % (value, name),
           [r.returncode, r.stdout, r.stderr, warning])
    tap.ok([{k: v for k, v in x.items() if k not in ("revision", "observed_at")} for x in stats(path)] ==
           [{k: v for k, v in x.items() if k not in ("revision", "observed_at")} for x in good], "%s for %s: the rows as they were" % (value, name))
    up.replies[PATH] = Reply(rig.box_score(GAME), headers=rig.etag(NOW + 30))
    ingest(db=db)

# A text that is cut for a warning or a reason keeps its characters whole: PostgreSQL refuses a half one.
for name, words in (("gameState", dict(gameState="a" * 39 + "\u00e9b")), ("gameScheduleState", dict(gameScheduleState="\u20ac" * 50))):
    cut_db, cut = rig.database()
    up.replies[PATH] = Reply(changed(**words), headers=rig.etag(NOW))
    r = ingest(db=cut_db)
    warning = rig.query(cut, "select cast(warning as blob) w from games")[0]["w"]
    tap.ok(r.returncode == 0 and warning.decode("utf-8", "replace").count("\ufffd") == 0, "%s: no half of a character" % name, warning)

up.replies[PATH] = Reply(status=500)
ingest(db=db)
row = rig.query(path, "select last_error, away_score, revision from games where game_id = ?", GAME)
tap.ok(row and "500" in (row[0]["last_error"] or ""), "the game carries the last error", row)
up.replies[PATH] = Reply(rig.box_score(GAME), headers=rig.etag(NOW + 60))
r = ingest(db=db)
row = rig.query(path, "select last_error from games where game_id = ?", GAME)
tap.ok(r.returncode == 0 and row and not row[0]["last_error"], "until it is well again", [row, r.stderr])

r = ingest(db=db, upstream="http://127.0.0.1:%d" % rig.free_port())
tap.ok(r.returncode == 3 and is_one_sentence(r, "connect"), "a refused connection: exit 3", r.stderr)
r = ingest(db=db, upstream="http://no-such-host.invalid")
tap.ok(r.returncode == 3 and is_one_sentence(r, "no-such-host.invalid"), "an unknown host: exit 3", r.stderr)
key, certificate = os.path.join(rig.TEMP, "key.pem"), os.path.join(rig.TEMP, "certificate.pem")
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1"], capture_output=True, check=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
r = ingest(db=db, upstream=rig.Upstream(tls=context).url)
tap.ok(r.returncode == 3 and is_one_sentence(r, "certificate"), "a certificate that nobody signed: exit 3", r.stderr)

# ---- several games, retries ----
db, path = rig.database()
for game in (GAME + 1, GAME + 3):
    up.replies[rig.box_score_path(game)] = Reply(rig.box_score(game), headers=rig.etag(NOW))
up.replies[rig.box_score_path(GAME + 2)] = Reply("<html>")
r = ingest(GAME + 1, GAME + 2, GAME + 4, GAME + 3, db=db)
tap.ok(r.returncode == 4 and len(r.stderr.splitlines()) == 2 and len(stats(path, GAME + 1)) == len(stats(path, GAME + 3)) == 8,
       "of several games all are tried, the first failure gives the code", r.stdout + r.stderr)
up.replies[PATH] = [Reply(status=503), Reply(rig.box_score(GAME), fault="cut"), Reply(rig.box_score(GAME), headers=rig.etag(NOW))]
r = ingest(db=db, retries=3)
tap.ok(r.returncode == 0 and len(stats(path)) == 8, "a 503 and a cut are overcome by trying again", r.stderr)

# ---- usage, the database ----
for words, word in ((["123"], "123"), (["2023020001x"], "2023020001x"), ([""], "ten digits"), (["0000000000"], "ten digits"), ([], "which game")):
    up.forget()
    r = rig.run("ingest", *words, db=db, upstream=up.url)
    tap.ok(r.returncode == 2 and is_one_sentence(r, word) and not up.log, "ingest %s: exit 2" % " ".join(words), r.stderr)
r = rig.run("ingest", GAME, "--db", "sqlite:%s/no/such/directory.db" % rig.TEMP, upstream=up.url)
tap.ok(r.returncode == 5 and is_one_sentence(r), "a database that can't be made: exit 5", r.stderr)
# The index of the log fits, the log does not.
up.replies[rig.box_score_path(GAME + 5)] = Reply(rig.box_score(GAME + 5), headers=rig.etag(NOW))
before = stats(path)
r = subprocess.run(["sh", "-c", "trap '' XFSZ; ulimit -f 72; exec \"$0\" \"$@\"", rig.BINARY, "ingest", str(GAME + 5)], capture_output=True, text=True,
                   env=rig.environment(db, up.url), cwd=rig.TEMP)
tap.ok(r.returncode == 5 and is_one_sentence(r, str(GAME + 5)) and not r.stdout, "a full disk: exit 5, one sentence", (r.returncode, r.stdout, r.stderr))
tap.ok(stats(path) == before and not stats(path, GAME + 5) and rig.run("check", db=db).returncode == 0, "and the database is as it was")
r = ingest(GAME + 5, db=db)
tap.ok(r.returncode == 0 and len(stats(path, GAME + 5)) == 8, "with room again it goes on", r.stderr)
r = rig.run("ingest", GAME, "--db", "carrier-pigeon:x", upstream=up.url)
tap.ok(r.returncode == 2 and is_one_sentence(r), "a database of another kind: exit 2", r.stderr)
r = rig.run("ingest", "--columns")
tap.ok(r.returncode == 0 and r.stdout.startswith("game_id\tinteger\t") and "\nhits\tinteger\t" in r.stdout, "--columns lists the columns", r.stdout)

# ---- files ----
db, path = rig.database()


def write(name, body, when=None):
    place = os.path.join(rig.TEMP, name)
    with open(place, "w") as f:
        f.write(body if isinstance(body, str) else json.dumps(body))
    if when:
        os.utime(place, (when, when))
    return place


newer = rig.box_score(GAME)
newer["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = 9
old, new = write("old.json", rig.box_score(GAME), NOW), write("new.json", newer, NOW + 60)
r = rig.run("ingest", "--file", new, old, db=db)
tap.ok(r.returncode == 0 and "older" in r.stdout and stats(path)[0]["hits"] == 9, "a file's own time orders it", r.stdout + r.stderr)
r = rig.run("ingest", "--file", old, "--observed-at", "2026-01-01T00:00:00Z", db=db)
tap.ok(r.returncode == 0 and stats(path)[0]["hits"] == 1, "unless --observed-at tells it", r.stdout + r.stderr)
r = rig.run("ingest", "--file", old, "--observed-at", "2099-01-01T00:00:00Z", db=db)
tap.ok(r.returncode == 2 and "yet to come" in r.stderr, "a time that is yet to come is refused", r.stderr)
ahead_db, ahead = rig.database()
os.utime(old, (time.time() + 86400, time.time() + 86400))
r = rig.run("ingest", "--file", old, db=ahead_db)
tap.ok(r.returncode == 0 and rig.query(ahead, "select order_time from games")[0]["order_time"] <= time.time(), "a file of tomorrow is one of now", r.stderr)
# Nor does the upstream's own clock, or a stamp within a body, keep out what comes until then.
ahead_db, ahead = rig.database()
for name, body, headers in (("a Date of 2099", rig.box_score(GAME), {"Date": "Thu, 01 Jan 2099 00:00:00 GMT"}),
                            ("and an ETag after it", changed(venue={"default": "Elsewhere"}), rig.etag(int(time.time()) + 60))):
    up.replies[PATH] = Reply(body, headers=headers)
    r = ingest(db=ahead_db)
    tap.ok(r.returncode == 0 and "stored" in r.stdout, "%s: stored" % name, r.stdout + r.stderr)
with open(os.path.join(rig.ROOT, "test/golden/cases/legacy-live/body.json")) as f:
    feed = json.load(f)
feed["metaData"]["timeStamp"] = "20990101_000000"
r = rig.run("ingest", "--file", write("feed.json", feed), db=ahead_db)
row = rig.query(ahead, "select order_time, observed_at from games where game_id = ?", feed["gamePk"])[0]
tap.ok(r.returncode == 0 and row["order_time"] <= time.time() and str(row["observed_at"]) < "2099", "a feed stamped 2099 is one of now", row)
r = rig.run("ingest", "--file", old, "--observed-at", "yesterday", db=db)
tap.ok(r.returncode == 2 and is_one_sentence(r, "yesterday"), "a time that is none: exit 2", r.stderr)
fresh_db, fresh = rig.database()
for name, word in ((os.path.join(rig.TEMP, "none.json"), "none.json: No such file"), (rig.TEMP, "Is a directory")):
    r = rig.run("ingest", "--file", old, name, db=fresh_db)
    tap.ok(r.returncode == 2 and is_one_sentence(r, word) and not os.path.exists(fresh), "%s: exit 2, and no database is made" % word, r.stderr)
os.mkfifo(os.path.join(rig.TEMP, "pipe"))
writer = subprocess.Popen(["cp", old, os.path.join(rig.TEMP, "pipe")])
r = rig.run("ingest", "--file", os.path.join(rig.TEMP, "pipe"), db=fresh_db)
tap.ok(r.returncode == 0 and writer.wait(10) == 0, "a pipe is read, once", r.stderr)
r = rig.run("ingest", "--file", write("text.json", "no JSON"), write("other.json", {"a": 1}), old, db=db)
tap.ok(r.returncode == 4 and len(r.stderr.splitlines()) == 2, "files that are not understood: exit 4, the others are taken", r.stderr)

tap.done()
