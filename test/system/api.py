#!/usr/bin/env python3
"""Rows out over HTTP: filters, sorts, pages, fields, formats, and what each bad parameter earns."""
import csv, gzip, io, json, os, random, re, socket, sqlite3, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig

SEED = int(os.environ.get("RINKSIDE_SEED") or random.SystemRandom().randrange(1 << 31))
print("# RINKSIDE_SEED=%d" % SEED)
chance = random.Random(SEED)
tap = rig.Tap()
db, path = rig.database()
assert rig.run("migrate", db=db).returncode == 0

# ---- a small league, made here and known whole ----

CLUBS = [(9, "OTT", "Ottawa Senators"), (10, "TOR", "Toronto Maple Leafs"), (12, "CAR", "Carolina Hurricanes"), (8, "MTL", "Montréal Canadiens")]
STATUS = ["settled", "settled", "official", "provisional", "live", "scheduled"]
games, lines = [], []
for season, numbers in ((2022, range(1, 31)), (2023, range(1, 31)), (2024, range(1, 2))):
    for n in numbers:
        kind = 1 if season == 2024 else 3 if n > 24 else 2
        away, home = chance.sample(CLUBS, 2)
        status = "settled" if season != 2023 else STATUS[min(n // 6, 5)]
        game = {"game_id": season * 1000000 + kind * 10000 + n, "season": season * 10001 + 1, "game_type": kind,
                "game_date": "%d-%02d-%02d" % (season, 10 + n // 16, 1 + n % 28), "stats_status": status, "lines_ended": status in ("provisional", "official", "settled"), "schedule_state": "PPD" if n == 30 else "OK",
                "away_team_id": away[0], "away_team_abbrev": away[1], "home_team_id": home[0], "home_team_abbrev": home[1],
                "observed_at": "%d-12-01T00:00:00.%03dZ" % (season, n), "revision": len(games) + 1}
        games.append(game)
        for side, (own, other) in enumerate(((away, home), (home, away))) if status != "scheduled" else ():
            for k in range(10):
                goals = chance.choice([0, 0, 0, 1, 2, None])
                lines.append({"game_id": game["game_id"], "player_id": 8470000 + own[0] * 20 + k, "player_name": 'Player "%d", %s' % (k, own[2]),
                              "team_id": own[0], "team_name": own[2], "opponent_team_id": other[0], "opponent_team_name": other[2],
                              "player_position": "CLRDG"[k % 5], "goals": goals, "assists": chance.randrange(3), "shots": chance.choice([None, 1, 2, 3]),
                              "faceoff_win_pct": chance.choice([None, 0.5, 0.123457]), "starter": chance.choice([None, 0, 1]),
                              "decision": chance.choice([None, "W", "L"]), "revision": len(games), "observed_at": game["observed_at"]})


def insert(table, rows):
    for row in rows:
        store.execute("insert into %s (%s) values (%s)" % (table, ",".join(row), ",".join("?" * len(row))), list(row.values()))


with sqlite3.connect(path) as store:
    insert("games", games)
    insert("game_stats", lines)
    insert("teams", [{"team_id": c[0], "season": s * 10001 + 1, "abbrev": c[1], "full_name": c[2], "fetched_at": "%d-10-01T00:00:00.000Z" % s} for c in CLUBS for s in (2022, 2023)])
    insert("players", [{"player_id": 8470180, "full_name": "Player Zéro", "birth_date": "2000-02-29", "fetched_at": "2026-01-01T00:00:00.000Z"}])
    insert("game_events", [{"game_id": games[0]["game_id"], "event_id": 100 - i, "sort_order": i, "type": ["goal", "penalty"][i % 2], "period": 1 + i // 10} for i in range(20)])
    store.execute("update revisions set revision = ?", (len(games),))

api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
url = api.wait_line("listening on").split()[-1]
game_of = {g["game_id"]: g for g in games}


def get(target, method="GET", **headers):
    return rig.get(url + target, method=method, **headers)


def rows(target):
    status, headers, body = get(target)
    return json.loads(body) if status == 200 else "%d %s" % (status, body[:200])


def pages(target):
    """All rows through the pages' links; None when a page fails."""
    found, n = [], 0
    while target:
        status, headers, body = get(target)
        n += 1
        if status != 200 or n > 2000:
            return None
        found += json.loads(body)
        link = re.match(r'<([^>]+)>; rel="next"$', headers.get("Link") or "")
        target = link and link.group(1)
    return found


key = lambda r: (r["game_id"], r["player_id"])
keys = lambda rs: [key(r) for r in rs] if isinstance(rs, list) else rs

# ---- filters ----

of_game = lambda name: lambda r: game_of[r["game_id"]][name]
filters = [
    ("game_id=%d" % games[3]["game_id"], lambda r: r["game_id"] == games[3]["game_id"]),
    ("season=20232024", lambda r: of_game("season")(r) == 20232024),
    ("season=20222023&game_type=3", lambda r: of_game("season")(r) == 20222023 and of_game("game_type")(r) == 3),
    ("game_type=3", lambda r: of_game("game_type")(r) == 3),
    ("game_type=2&game_type=3", lambda r: game_of[r["game_id"]]["game_type"] > 1),
    ("date=2022-10-05", lambda r: of_game("game_date")(r) == "2022-10-05"),
    ("date=2022-10-05&date=2023-10-06", lambda r: of_game("game_date")(r) in ("2022-10-05", "2023-10-06")),
    ("from=2022-11-01&to=2023-10-10", lambda r: "2022-11-01" <= of_game("game_date")(r) <= "2023-10-10"),
    ("status=live", lambda r: of_game("stats_status")(r) == "live"),
    ("status=official&status=provisional&from=2023-01-01", lambda r: of_game("stats_status")(r) in ("official", "provisional")),
    ("team=TOR", lambda r: r["team_id"] == 10),
    ("team=10&opponent=OTT", lambda r: r["team_id"] == 10 and r["opponent_team_id"] == 9),
    ("team=TOR&team=MTL&position=G", lambda r: r["team_id"] in (10, 8) and r["player_position"] == "G"),
    ("player=8470200&player=8470201&season=20222023", lambda r: r["player_id"] in (8470200, 8470201) and of_game("season")(r) == 20222023),
    ("status=live&status=settled&from=2022-01-01&team=CAR&position=D", lambda r: of_game("stats_status")(r) in ("live", "settled") and r["team_id"] == 12 and r["player_position"] == "D"),
]
for query, wanted in filters:
    want = sorted(key(l) for l in lines if wanted(l))
    size = chance.choice([3, 7, 50])
    got = pages("/game-stats?%s&limit=%d" % (query, size))
    tap.ok(want and got is not None and keys(got) == want, "?%s, in pages of %d" % (query, size), "wanted %d, got %s" % (len(want), got if got is None else len(got)))
    turned = pages("/game-stats?%s&limit=%d&sort=-goals" % (query, size))
    tap.ok(turned is not None and sorted(keys(turned)) == want, "the same, by goals")

# ---- order and pages ----


def ordered(by):
    """As the interface promises: absent before all else, the key in the direction of the last column."""
    columns = [(c.lstrip("-"), c.startswith("-")) for c in by.split(",")]
    found = sorted(lines, key=key, reverse=columns[-1][1])
    for column, down in reversed(columns):
        found.sort(key=lambda l: (l[column] is not None, l[column] if l[column] is not None else 0), reverse=down)
    return keys(found)


for by in ("goals", "-goals", "shots", "-faceoff_win_pct", "decision", "-decision", "starter", "-goals,player_id", "team_name,-assists", "-shots,decision,-goals",
           "player_name", "observed_at", "-observed_at", "player_id", "-game_id"):
    columns = [c.lstrip("-") for c in by.split(",")]
    size = chance.choice([4, 9, 33])
    got = pages("/game-stats?sort=%s&limit=%d&fields=game_id,player_id" % (by, size))
    want = ordered(by) if not any(isinstance(l[c], str) and not l[c].isascii() for c in columns for l in lines) else None
    tap.ok(got is not None and (keys(got) == want if want else sorted(keys(got)) == sorted(map(key, lines))),
           "sort=%s, none lost or doubled in pages of %d" % (by, size), got is None and "a page failed" or "")
tap.same(keys(pages("/game-stats?limit=1000")), sorted(map(key, lines)), "without a sort, by the key")
status, headers, body = get("/game-stats?team=TOR&limit=5&count=exact")
tap.same(headers.get("X-Total-Count"), str(sum(l["team_id"] == 10 for l in lines)), "count=exact")
cursor = re.search("cursor=([^>&]+)", headers["Link"]).group(1)
tap.ok(get("/game-stats?team=TOR&cursor=" + cursor)[0] == 200, "a cursor is good for another limit")
tap.ok(get("/game-stats?team=TOR&fields=goals&format=csv&limit=9&cursor=" + cursor)[0] == 200, "for other fields and another format")
tap.ok(get("/game-stats?cursor=%s&team=TOR" % cursor)[0] == 200, "and for the same parameters in another order")
bad = ["/game-stats?team=OTT&cursor=" + cursor, "/game-stats?cursor=" + cursor, "/game-stats?team=TOR&sort=goals&cursor=" + cursor,
       "/games?team=TOR&cursor=" + cursor, "/game-stats?team=TOR&cursor=" + cursor[:-1], "/game-stats?team=TOR&cursor=" + cursor[1:],
       "/game-stats?team=TOR&cursor=" + cursor + "A", "/game-stats?team=TOR&cursor=%00zzz", "/game-stats?team=TOR&cursor=%C3%A9",
       "/game-stats?team=TOR&cursor=" + cursor[:20] + ("A" if cursor[20] != "A" else "B") + cursor[21:]]
wrong = [b for b in bad if get(b)[0] != 400]
tap.ok(not wrong, "a cursor of another query, cut or changed: 400 (%d of them)" % len(bad), wrong)

# ---- values, fields, formats ----

one = next(l for l in lines if l["faceoff_win_pct"] == 0.123457 and l["starter"] is not None)
got = [r for r in rows("/game-stats/%d" % one["game_id"]) if r["player_id"] == one["player_id"]][0]
want = dict(one, starter=bool(one["starter"]), observed_at=one["observed_at"].replace(".000Z", "Z"))
tap.same({k: got[k] for k in want}, want, "values as they are stored, starter as true or false")
tap.same(list(rows("/game-stats?fields=goals,player_name&limit=1")[0]), ["goals", "player_name"], "fields in the order asked for")
hidden = set(rows("/games?limit=1")[0]) & {"order_time", "lease_owner", "changed_at", "state_time"}
tap.ok(not hidden, "bookkeeping is not shown", hidden)
text = get("/game-stats?format=csv")[2].decode()
table = list(csv.DictReader(io.StringIO(text, newline="")))
tap.same([(int(r["game_id"]), int(r["player_id"])) for r in table], sorted(map(key, lines)), "CSV without a limit is all of them")
tap.ok(all(r["player_name"].startswith('Player "') for r in table) and {r["goals"] for r in table} >= {"", "0", "1"}, "with quotes, and nothing where nothing is")
for more, n in (("", len(lines)), ("&limit=1000", 1000), ("&limit=100&as_of=2023-12-31T00:00:00Z", 100)):
    text = get("/game-stats?fields=goals&format=csv" + more)[2].decode()
    found = [r for r in csv.reader(io.StringIO(text, newline="")) if r]
    tap.same(found[1:], [["" if l["goals"] is None else str(l["goals"])] for l in sorted(lines, key=key)[:n]], "a column alone: no line is lost to who reads it, %s" % more)
tap.same([json.loads(l) for l in get("/game-stats", Accept="application/x-ndjson")[2].splitlines()], pages("/game-stats?limit=1000"), "NDJSON by Accept: the same objects")
for accept, want in (("text/csv", "text/csv"), ("text/csv;q=0.5, application/json", "application/json"), ("text/html, */*;q=0.1", "application/json"),
                     ("text/*", "text/csv"), ("application/json;q=0, */*", "text/csv"), ("*/*", "application/json")):
    tap.ok(get("/games", Accept=accept)[1]["Content-Type"].startswith(want), "Accept: %s is %s" % (accept, want))
tap.same(get("/games", Accept="image/png")[0], 406, "Accept: image/png is a 406")
got = get("/games?format=csv", Accept="image/png")
tap.ok(got[0] == 200 and got[1]["Content-Type"].startswith("text/csv"), "unless ?format= says what is wanted", got)
tap.same(get("/health/live", Accept="text/html")[0], 200, "what has one form alone is that for everyone")
tap.same([r["event_id"] for r in rows("/games/%d/events" % games[0]["game_id"])], [100 - i for i in range(20)], "events in the order of the game")
tap.same(len(rows("/games/%d/events?type=goal&period=1" % games[0]["game_id"])), 5, "by type and period")

# ---- other routes ----

tap.same(keys(rows("/game-stats/%d" % games[5]["game_id"])), sorted(key(l) for l in lines if l["game_id"] == games[5]["game_id"]), "one game's lines")
tap.same(rows("/game-stats/%d" % next(g["game_id"] for g in games if g["stats_status"] == "scheduled")), [], "a known game without lines: []")
tap.same([g["game_id"] for g in pages("/games?team=TOR&limit=2")], sorted(g["game_id"] for g in games if 10 in (g["away_team_id"], g["home_team_id"])), "games of a club, home or away")
tap.same([g["game_id"] for g in pages("/games?season=20232024&sort=-game_date&limit=4")],
         [g["game_id"] for g in sorted(games, key=lambda g: (g["game_date"], g["game_id"]), reverse=True) if g["season"] == 20232024], "games, newest first")
tap.same(rows("/games/%d" % games[0]["game_id"])["home_team_abbrev"], games[0]["home_team_abbrev"], "one game")
tap.same([len(rows("/players?name=" + n)) for n in ("z%C3%A9ro", "ZERO", "%C3%89ro", "zerro")], [1, 1, 1, 0], "players by a part of their name, in either case, with accents or without")
tap.same(rows("/players/8470180")["birth_date"], "2000-02-29", "one player")
tap.same(sorted(keys(rows("/players/8470201/game-stats?limit=1000"))), sorted(key(l) for l in lines if l["player_id"] == 8470201), "a player's lines, though the player is in no list yet")
tap.same(len(rows("/teams?season=20222023")), 4, "clubs of a season")


def leaders(position=None, team=None):
    sums = {}
    for l in lines:
        g = game_of[l["game_id"]]
        if g["season"] == 20222023 and g["game_type"] == 2 and (not position or l["player_position"] == position) and (not team or l["team_id"] == team):
            n, total = sums.get(l["player_id"], (0, None))
            sums[l["player_id"]] = n + 1, (total or 0) + l["goals"] if l["goals"] is not None else total
    return sorted(((-total, n, p) for p, (n, total) in sums.items() if total is not None))[:5]


for more, args in (("", {}), ("&position=D", {"position": "D"}), ("&team=MTL", {"team": 8})):
    got = rows("/leaders?season=20222023&stat=goals&limit=5" + more)
    tap.same([(-r["value"], r["games"], r["player_id"]) for r in got], leaders(**args), "leaders" + more)
    tap.same([r["rank"] for r in got], [1 + sum(o["value"] > r["value"] for o in got) for r in got], "equal values share a rank" + more)
tap.same(rows("/leaders?stat=goals&limit=9"), rows("/leaders?season=20232024&stat=goals&limit=9"), "without a season: the newest that has begun")
tap.same(rows("/leaders?stat=goals&game_type=1&limit=9"), rows("/leaders?season=20242025&stat=goals&game_type=1&limit=9"), "of preseason games that is another")
tap.same(rows("/leaders?stat=goals&game_type=4"), [], "of a kind that nobody has played: none")
got = {(r["season"], r["game_type"]): (r["expected"], r["stored"], r["official"]) for r in rows("/coverage")}
want = {}
for g in games:
    e, s, o = want.get((g["season"], g["game_type"]), (0, 0, 0))
    want[g["season"], g["game_type"]] = (e + (g["schedule_state"] != "PPD"), s + (g["stats_status"] != "scheduled"), o + (g["stats_status"] in ("official", "settled")))
tap.same(got, want, "coverage: expected, stored, official")
tap.same(len(rows("/coverage?season=20222023")), 2, "of one season")
best = {r["player_id"]: r for r in rows("/leaders?season=20222023&stat=goals&limit=5")}
last = {p: max((l for l in lines if l["player_id"] == p and l["game_id"] // 10000 == 202202), key=lambda l: l["game_id"]) for p in best}
told = ("player_name", "player_position", "team_id", "team_name")
tap.same({p: [r[k] for k in told] for p, r in best.items()}, {p: [l[k] for k in told] for p, l in last.items()}, "leaders are described by their last game's line")
newest = {"/leaders?season=20222023&stat=goals&limit=5": max(l["observed_at"] for l in lines if l["player_id"] in best and l["game_id"] // 10000 == 202202),
          "/coverage?season=20222023": max(g["observed_at"] for g in games if g["season"] == 20222023),
          "/teams?season=20222023": "2022-10-01T00:00:00Z", "/teams": "2023-10-01T00:00:00Z", "/teams?fields=abbrev&format=csv": "2023-10-01T00:00:00Z",
          "/players": "2026-01-01T00:00:00Z", "/players/8470180": "2026-01-01T00:00:00Z"}
tap.same({t: get(t)[1]["X-Observed-At"] for t in newest}, newest, "X-Observed-At: the newest that is summed, counted or listed")
tap.ok(all(int(get(t)[1]["X-Upstream-Age"]) > 10**6 for t in newest), "and X-Upstream-Age")

# ---- what bad parameters earn ----

problems = [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("limit=", "limit"), ("limit=-1", "limit"), ("limit=99999999999999999999", "limit"),
            ("limit=1&limit=2", "limit"), ("season=2023", "season"), ("season=20232025", "season"), ("season=20232024&season=20222023", "season"),
            ("date=2023-02-30", "date"), ("from=yesterday", "from"), ("to=2023-1-1", "to"), ("team=toronto", "team"), ("team=XXX", "team"), ("opponent=12345678901", "opponent"),
            ("player=Crosby", "player"), ("position=Q", "position"), ("status=over", "status"), ("sort=drop", "sort"), ("sort=-", "sort"), ("sort=goals,goals", "sort"),
            ("sort=goals,assists,points,shots,hits", "sort"), ("sort=", "sort"), ("fields=goals,nope", "fields"), ("fields=goals,goals", "fields"), ("fields=order_time", "fields"),
            ("count=some", "count"), ("format=xml", "format"), ("nonsense=1", "nonsense"), ("game_type=0", "game_type"), ("cursor=", "cursor"), ("cursor=!", "cursor")]
for query, name in problems:
    status, headers, body = get("/game-stats?" + query)
    p = json.loads(body)
    tap.ok(status == 400 and headers["Content-Type"] == "application/problem+json" and p.get("parameter") == name and p["status"] == 400 and name in p["detail"],
           "?%s: 400 that names %s" % (query, name), body)
for target, status in (("/game-stats/12abc", 400), ("/game-stats/0", 400), ("/game-stats/99999999999", 400), ("/game-stats/", 400), ("/game-stats/2022099999", 404), ("/games/2022099999", 404),
                       ("/games/2022099999/events", 404), ("/players/1", 404), ("/players/1/game-stats", 404), ("/nothing", 404), ("/games/", 400), ("/games/1/2", 404), ("/leaders", 400),
                       ("/leaders?season=20222023", 400), ("/leaders?season=20222023&stat=names", 400), ("/game-stats?a=%zz", 400), ("/game-stats?limit=%00", 400), ("/game-stats?team=%ff", 400),
                       ("/game-stats?" + "&".join("team=TOR" for _ in range(300)), 400), ("/../../etc/passwd", 404), ("/games?position=C", 400)):
    got, headers, body = get(target)
    tap.ok(got == status and headers["Content-Type"] == "application/problem+json" and json.loads(body)["status"] == status, "%s: %d" % (target[:50], status), "%d %s" % (got, body[:200]))

# ---- HTTP ----

target = "/game-stats/%d" % games[0]["game_id"]
status, headers, body = get(target)
tag = headers["ETag"]
tap.ok(re.fullmatch(r'"[0-9a-f]{32}"', tag), "a strong ETag", tag)
packed = get(target, Accept_Encoding="br, gzip;q=0.8")
tap.ok(packed[1].get("Content-Encoding") == "gzip" and gzip.decompress(packed[2]) == body and packed[1]["ETag"] != tag, "gzip: the same body, another ETag")
tap.ok("Content-Encoding" not in get(target, Accept_Encoding="gzip;q=0")[1], "gzip;q=0 is none")
for offered, want in ((tag, 304), ('W/' + tag, 304), ('"x", ' + tag, 304), ("*", 304), ('"x"', 200), (packed[1]["ETag"], 200)):
    got = get(target, If_None_Match=offered)
    tap.ok(got[0] == want and (want == 200 or not got[2]) and (want == 200 or got[1]["ETag"] == tag), "If-None-Match: %s is %d" % (offered, want), got[0])
tap.same(get(target, If_None_Match=packed[1]["ETag"], Accept_Encoding="gzip")[0], 304, "gzip's own ETag with gzip is 304")
head = get(target, method="HEAD")
tap.ok(head[0] == 200 and not head[2] and head[1]["Content-Length"] == str(len(body)) and head[1]["ETag"] == tag, "HEAD: the same head, no body")
options = get(target, method="OPTIONS")
tap.ok(options[0] == 204 and options[1]["Allow"] == "GET, HEAD, OPTIONS", "OPTIONS: 204, Allow")
tap.same(options[1]["Access-Control-Allow-Headers"], "Authorization, If-Match, If-None-Match, Last-Event-ID", "and a page of another origin may ask by all that is read")
tap.ok(headers["Access-Control-Allow-Origin"] == "*" and {"ETag", "Link", "Retry-After", "X-Stale"} <= set(headers["Access-Control-Expose-Headers"].split(", ")) and "Accept-Encoding" in headers["Vary"], "CORS and Vary on a read")
tap.ok(headers["X-Observed-At"].startswith("2022-12-01T00:00:00.001") and int(headers["X-Upstream-Age"]) > 10**7, "X-Observed-At, X-Upstream-Age")
ages = {"settled": 86400, "official": 600, "provisional": 60, "live": 3, "scheduled": 30}
for state, age in ages.items():
    game = next(g for g in games if g["stats_status"] == state and g["season"] == 20232024)
    for target in ("/game-stats/%d" % game["game_id"], "/games/%d" % game["game_id"]):
        tap.same(get(target)[1]["Cache-Control"], "public, max-age=%d" % age, "%s: a %s game" % (target, state))
tap.same(get("/game-stats?limit=20")[1]["Cache-Control"], "public, max-age=60", "a full page of settled games' lines: an older game may come late")
tap.same(get("/game-stats?limit=20&sort=-goals")[1]["Cache-Control"], "public, max-age=3", "one in another order, which may gain a row")
tap.same(get("/game-stats?nonsense=1")[1]["Cache-Control"], "no-store", "a problem")
tap.ok(b"<html" in get("/")[2] and get("/")[1]["Content-Type"].startswith("text/html"), "/ is a page")
for view in ("", "date=2023-10-10&", "player=8470180&"):
    links = re.findall(r'<a [^>]*href="(/(?:\?[^"]*|players/[^"]*)?)"', get("/?%sdelay=45s" % view)[2].decode())
    tap.ok(len(links) > 4 and all(re.search(r"[?;]delay=45s$", l) for l in links), "/?%sdelay=45s: what it links to is as late" % view, links)
late, now = (get("/?leaders=goals" + delay)[2] for delay in ("&delay=45s", ""))
tap.ok(b"sums of now" in late and b"/leaders?" not in late and b"/leaders?" in now, "leaders are sums of now: with a delay the page leads to none", late)
tap.ok(b'"/leaders?stat=goals"' in now and b'"/leaders?stat=hits&amp;season=20232024"' in get("/?leaders=hits&season=20232024")[2],
       "the season of the leaders is the interface's to choose, unless the reader has", now)
tap.ok(b'href="/players?name=%C3%A4%26%22b"' in get("/?search=%C3%A4%26%22b")[2] and b'href="/players"' in get("/?search=")[2],
       "a search without script: the same as data, by that name", get("/?search=%C3%A4%26%22b")[2])
nobody = get("/?game=2023029999")
tap.ok(nobody[0] == 404 and nobody[1]["Content-Type"].startswith("text/html") and nobody[1]["Cache-Control"] == "no-store" and not nobody[1]["ETag"]
       and b"no game 2023029999 is known" in nobody[2], "a game that nobody knows is none to the page, either", (nobody[0], str(nobody[1])))
got = get("/metrics")[2].decode()
tap.ok(re.search(r'^rinkside_http_requests_total\{route="/game-stats",status="200"\} [1-9]', got, re.M) and re.search(r'^rinkside_http_request_duration_seconds_bucket\{le="\+Inf"\} [1-9]', got, re.M)
       and re.search(r"^rinkside_database_revision %d$" % len(games), got, re.M) and 'rinkside_live_game_age_seconds{game_id="' in got, "/metrics", got[:500])
bare = [l for l in got.splitlines() if not re.fullmatch(r'#.*|rinkside_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[0-9.]+(e[+-]?\d+)?', l)]
tap.ok(not bare, "in Prometheus' form", bare[:5])
tap.same(json.loads(get("/health/live")[2]), {"status": "live"}, "/health/live")
tap.same(json.loads(get("/health/ready")[2]), {"status": "ready", "revision": len(games)}, "/health/ready")

# Two requests on one connection, the first of them HEAD: nothing is left over between them.
with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), 10) as s:
    s.sendall(b"HEAD /game-stats HTTP/1.1\r\nHost: x\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = b""
    while chunk := s.recv(65536):
        answer += chunk
tap.ok(answer.count(b"HTTP/1.1 200 OK") == 2 and answer.endswith(b'{"status":"live"}\n') and b"game_id" not in answer, "HEAD and then GET on one connection", answer[-300:])
tap.same(api.stop(), 0, "SIGTERM: exit 0")
tap.done()
