#!/usr/bin/env python3
"""A reader's query has a time to be answered in: in SQLite, and in a PostgreSQL of its own. What is streamed has none."""
import json, os, re, sqlite3, sys, threading, time, urllib.request
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import cluster, rig

tap = rig.Tap()
ROWS = 100_000
NUMBERS = {"sqlite": "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)" % (ROWS - 1),
           "postgres": "WITH n AS (SELECT generate_series(0, %d) AS i)" % (ROWS - 1)}
# No game is like another, so that no index helps and the past has games to play again.
FILL = ("%s INSERT INTO game_stats (game_id, player_id, player_name, team_id, team_name, player_position, goals, assists, points, time_on_ice, revision,"
        " observed_at) SELECT 2020020000 + i / 40, 8470000 + i %% 40, 'Nobody In Particular ' || i, 1, 'Some Club or Other', 'C', i %% 3, 1, 1 + i %% 3,"
        " i %% 1500, 1, '2021-01-01T00:00:00.000Z' FROM n")
HARD = "/game-stats?sort=-plus_minus,player_name&limit=5"
EASY = "/game-stats?limit=5"


def problem(answer):
    status, headers, body = answer
    return "problem+json" in headers.get("Content-Type", "") and json.loads(body)


def served(target, deadline_s=30):
    """The answer, once there is one: on a busy machine what is easy may miss so short a limit too."""
    return rig.wait_for(lambda: (lambda a: a[0] == 200 and a)(rig.get(target, deadline_s)), deadline_s) or rig.get(target, deadline_s)


def metric(url, name):
    return float(re.search(r"^rinkside_%s (\S+)$" % name, served(url + "/metrics")[2].decode(), re.M).group(1))


def seconds_of(pid):
    """Of processor, so far."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def try_head(kind, api, url):
    """Who wants the head of a long result has nothing read but that."""
    spent = {}
    for method in ("GET", "HEAD"):
        before = seconds_of(api.pid)
        for _ in range(4):
            with urllib.request.urlopen(urllib.request.Request(url + "/game-stats?format=csv", method=method), timeout=60) as answer:
                size = len(answer.read())
        spent[method] = seconds_of(api.pid) - before
        tap.ok(answer.headers["ETag"] and bool(size) == (method == "GET"), "%s: %s of a long result" % (kind, method), size)
    tap.ok(spent["HEAD"] < spent["GET"] / 3, "%s: the head alone is not all of it" % kind, spent)


def try_beside(kind, url):
    """What is found at once does not wait for what was searched before it was asked."""
    over = []
    targets = [HARD.replace("limit=5", "limit=%d" % (100 + i)) for i in range(12)] + [HARD.replace("limit=5", "format=csv&team=%d" % (2 + i)) for i in range(12)]
    many = [threading.Thread(target=lambda t=t: over.append(rig.get(url + t, 60)[0])) for t in targets]
    for t in many:
        t.start()
    rig.wait_for(lambda: metric(url, "queue_depth") > 5 or len(over) > 5)
    for target in ("/game-stats/2020020007", "/health/ready", "/games/2020020007"):
        answer = rig.get(url + target, 30)
        tap.ok(answer[0] in (200, 404) and len(over) < 12, "%s: %s is answered before %d searches asked for before it" % (kind, target, len(many)), len(over))
    for t in many:
        t.join()
    tap.same(set(over), {200}, "%s: and all of these are" % kind)


def try_all(kind, db):
    api = rig.Program("api", "--listen", "127.0.0.1:0", "--threads", 2, "--query-timeout", "10ms", db=db)
    url = api.wait_line("listening on").split()[-1]
    rig.wait_for(lambda: rig.get(url + "/health/ready")[0] == 200)
    served(url + EASY)
    started = time.monotonic()
    status, headers, body = cut = rig.get(url + HARD, 30)
    seconds = time.monotonic() - started
    tap.ok(status == 503 and headers.get("Retry-After") and problem(cut) and "10ms (--query-timeout)" in problem(cut)["detail"],
           "%s: a hard query is cut: 503, Retry-After, and the limit is named" % kind, body)
    tap.note("%s: cut after %.0f ms" % (kind, seconds * 1000))
    for what, target in (("a count", "/game-stats?count=exact&position=C&limit=1&sort=-goals"), ("leaders", "/leaders?season=20202021&stat=goals")):
        answer = rig.get(url + target, 30)
        tap.ok(answer[0] in (200, 503) and (answer[0] == 200 or "--query-timeout" in problem(answer)["detail"]),
               "%s: %s is answered or cut, and nothing else" % (kind, what), answer)
    count = rig.get(url + "/game-stats?count=exact&limit=1&player=8470001&team=1&sort=-hits", 30)
    tap.ok(count[0] in (200, 503), "%s: and filters" % kind, count)

    # Both threads are kept busy with such, and others are served all the same.
    many = [threading.Thread(target=lambda i=i: rig.get(url + HARD.replace("limit=5", "limit=%d" % i), 60)) for i in range(6, 14)]
    for t in many:
        t.start()
    easy = served(url + EASY + "&position=C")
    for t in many:
        t.join()
    tap.same(easy[0], 200, "%s: who asks for little is served beside eight of them" % kind)
    status, headers, body = served(url + EASY + "&fields=player_id")
    tap.ok(status == 200 and "X-Stale" not in headers, "%s: the database is not away for that" % kind, headers)
    tap.same(metric(url, "database_away"), 0.0, "%s: nor is it said to be" % kind)
    tap.ok(metric(url, "queries_cut_total") >= 9, "%s: /metrics counts what was cut" % kind)

    status, headers, body = rig.get(url + "/game-stats?sort=-plus_minus,player_name&format=csv", 60)
    tap.ok(status == 200 and body.count(b"\n") == ROWS + 1, "%s: as CSV the same is streamed whole" % kind, "%r, %d lines" % (status, body.count(b"\n")))
    few = rig.get(url + "/game-stats?sort=-plus_minus,player_name&team=2&format=csv", 60)
    tap.ok(few[0] == 200 and few[2].count(b"\n") == 1, "%s: and what is few, and hard to find" % kind, few)
    api.stop()
    api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
    url = api.wait_line("listening on").split()[-1]
    tap.ok(rig.wait_for(lambda: rig.get(url + HARD, 30)[0] == 200), "%s: the usual limit is none to it" % kind)
    try_beside(kind, url)
    try_head(kind, api, url)
    api.stop()


db, path = rig.database()
assert rig.run("migrate", db=db).returncode == 0
with sqlite3.connect(path) as store:
    store.execute(FILL % NUMBERS["sqlite"])
    store.execute("UPDATE revisions SET revision = 1")
try_all("SQLite", db)

server = cluster.Cluster("fsync = off")
db = server.database()
assert rig.run("migrate", db=db).returncode == 0
cluster.query(server, db, FILL % NUMBERS["postgres"] + "; UPDATE revisions SET revision = 1")
try_all("PostgreSQL", db)
r = rig.run("api", "--query-timeout", "0s", db=db)
tap.ok(r.returncode == 2 and "query-timeout" in r.stderr, "no time at all is refused", r.stderr)
tap.done()
