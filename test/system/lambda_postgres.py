#!/usr/bin/env python3
"""The function over PostgreSQL: ingests and HTTP requests, one connection each kept between events, and a server that restarts meanwhile."""
import json, os, re, signal, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import cluster, rig
from runtime import Runtime

tap = rig.Tap()
GAME = 2023020001
up = rig.Upstream()
server = cluster.Cluster("fsync = off")
db = server.database()


def hits(n):
    """The box score with another number in it, newer than those before."""
    box = rig.box_score()
    box["playerByGameStats"]["homeTeam"]["forwards"][0]["hits"] = n
    up.replies[rig.box_score_path()] = rig.Reply(box, headers=rig.etag(1700000000 + n))


def start():
    runtime = Runtime()
    return runtime, rig.Program("lambda", db=db, upstream=up.url, env={"AWS_LAMBDA_RUNTIME_API": runtime.address})


def ingest():
    return runtime.invoke({"command": "ingest", "game_id": GAME})


def over_function(path, query=""):
    kind, a = runtime.invoke({"version": "2.0", "rawPath": path, "rawQueryString": query, "headers": {"accept-encoding": "identity"},
                              "requestContext": {"stage": "$default", "http": {"method": "GET", "path": path}}, "isBase64Encoded": False})
    return (a["statusCode"], {k.lower(): v for k, v in a["headers"].items()}, a["body"]) if kind == "response" else (kind, a, "")


def connections():
    """The server's processes that the function has; whoever asks here is not among them."""
    return sorted(r[0] for r in server.sql("select pid from pg_stat_activity where datname = '%s' and pid <> pg_backend_pid()" % db.rpartition("/")[2]))


def cpu_ms(pid):
    with open("/proc/%d/schedstat" % pid) as f:
        return int(f.read().split()[0]) / 1e6


hits(1)
runtime, program = start()
kind, a = ingest()
tap.ok(kind == "response" and a["outcome"] == "stored", "an ingest", (kind, a))
tap.same(cluster.query(server, db, "select count(*), max(hits) from game_stats"), [["8", "1"]], "its rows are there")
status, _, body = over_function("/game-stats/%d" % GAME)
tap.ok(status == 200 and len(json.loads(body)) == 8, "and are read over HTTP", (status, body[:200]))
mine = connections()
began, n, outcomes = cpu_ms(program.pid), 60, set()
for i in range(n):
    outcomes.add(ingest()[1]["outcome"])
warm = (cpu_ms(program.pid) - began) / n
over_function("/games")
tap.same((connections(), len(mine), outcomes), (mine, 2, {"unchanged"}), "one connection for ingests and one for readers, and the same after %d more events" % n)
if not rig.is_instrumented():
    tap.ok(warm < 5, "a warm ingest: %.2f ms of CPU, under 5" % warm)
tap.note("a warm ingest over PostgreSQL: %.2f ms of CPU of the function's own" % warm)

api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
port = int(re.search(r":(\d+)$", api.wait_line("listening")).group(1))
different = []
for path, query in (("/game-stats/%d" % GAME, ""), ("/game-stats", "sort=-goals&limit=3"), ("/games", ""), ("/teams", ""), ("/changes", "after=0"),
                    ("/corrections", "since=0"), ("/leaders", "season=20232024&stat=goals"), ("/coverage", "season=20232024"), ("/players/8470001", ""),
                    ("/health/ready", ""), ("/game-stats", "nonsense=1")):
    status, headers, body = rig.get("http://127.0.0.1:%d%s" % (port, path + ("?" + query if query else "")), Accept_Encoding="identity")
    want = status, {k.lower(): v for k, v in headers.items() if k.lower() not in ("date", "connection", "x-upstream-age")}, body.decode()
    status, headers, body = over_function(path, query)
    got = status, {k: v for k, v in headers.items() if k != "x-upstream-age"}, body
    if want != got:
        different.append("%s?%s\nwanted %r\ngot    %r" % (path, query, want, got))
tap.ok(not different, "eleven requests, the same as over a socket", "\n".join(different))
api.stop()

for how, name in ((signal.SIGINT, "a server that restarts"), (signal.SIGQUIT, "a server that crashes")):
    server.restart(how)
    hits(2 + (how == signal.SIGQUIT))
    kind, a = ingest()
    tap.ok(kind == "response" and a["outcome"] == "stored", name + " between two events: the next ingest is stored", (kind, a))
    status, _, body = over_function("/game-stats/%d" % GAME)
    tap.ok(status == 200 and max(r["hits"] or 0 for r in json.loads(body)) == 2 + (how == signal.SIGQUIT), "and the next request answered", (status, body[:200]))

server.stop()
hits(4)
kind, a = ingest()
tap.ok(kind == "error" and a["errorType"] == "Rinkside.Store", "a server that is away: an ingest is an error", (kind, a))
status, headers, body = over_function("/games")
tap.ok(status == 503 and "retry-after" in headers and "problem+json" in headers["content-type"], "and a request 503 with Retry-After", (status, headers))
cold, other = start()
kind, a = cold.invoke({"command": "ingest", "game_id": GAME})
tap.ok(kind == "error" and a["errorType"] == "Rinkside.Store" and other.is_alive(), "a function that starts meanwhile says the same, and lives", (kind, a))
server.start()
for r, name in ((runtime, "back again: all is as before"), (cold, "and for the one that never saw it")):
    kind, a = r.invoke({"command": "ingest", "game_id": GAME})
    tap.ok(kind == "response" and a["outcome"] in ("stored", "unchanged"), name, (kind, a))
tap.same(cluster.query(server, db, "select max(hits) from game_stats"), [["4"]], "with what came last")
tap.same(over_function("/games")[0], 200, "readers too")
other.stop()
program.stop()
tap.done()
