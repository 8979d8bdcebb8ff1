#!/usr/bin/env python3
"""The program as a function: commands, queues and HTTP requests under a fake of AWS Lambda's runtime interface."""
import base64, copy, gzip, json, os, re, signal, sqlite3, sys, time, urllib.parse
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from runtime import Runtime

tap = rig.Tap()
GAME = 2023020001
BOX = "/v1/gamecenter/%d/boxscore" % GAME
up = rig.Upstream()
up.replies[BOX] = rig.Reply(rig.box_score(), headers=rig.etag(1700000000))


def start(db, upstream=None, **env):
    runtime = Runtime()
    program = rig.Program("lambda", db=db, upstream=upstream or up.url, env={"AWS_LAMBDA_RUNTIME_API": runtime.address, **env})
    return runtime, program


def cpu_ms(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


# ---- commands ----

db, path = rig.database()
runtime, program = start(db)
kind, a = runtime.invoke({"command": "ingest", "game_id": GAME})
lines = rig.query(path, "select count(*) n from game_stats")[0]["n"]
tap.ok(kind == "response" and a["outcome"] == "stored" and a["inserted"] == lines > 0, "ingest: the game is stored", (kind, a))
tap.ok("next_poll_at" in a and "next_poll_seconds" in a, "and says when it wants to be called next", a)
tap.ok(program.wait_line("Root=1-5759e988"), "the trace id is in the log", program.output)
tap.same(runtime.invoke({"command": "ingest", "game_id": str(GAME)})[1]["outcome"], "unchanged", "the same again, its id as text")
requests = up.requests(BOX)
tap.same(len({r.connection for r in requests}), 1, "over the connection that it kept")
began, n = cpu_ms(program.pid), 100
for _ in range(n):
    runtime.invoke({"command": "ingest", "game_id": GAME})
used = (cpu_ms(program.pid) - began) / n
if not rig.is_instrumented():
    tap.ok(used < 5, "a warm ingest: %.2f ms of CPU, under 5" % used)
tap.note("a warm ingest: %.2f ms of CPU" % used)

live = rig.box_score()
live.update(gameState="LIVE")
day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 5 * 3600))
live.update(gameDate=day, startTimeUTC=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600)))
up.replies[BOX] = rig.Reply(live, headers=rig.etag(1700000100))
week = {"gameWeek": [{"date": day, "games": [{k: live[k] for k in ("id", "season", "gameType", "gameDate", "startTimeUTC", "gameState",
        "gameScheduleState", "awayTeam", "homeTeam")}]}]}
up.replies["/v1/schedule/" + time.strftime("%Y-%m-%d", time.gmtime(time.time() - 29 * 3600))] = rig.Reply(week, headers=rig.etag(1700000100))
for hours in (29, 5, -19):
    up.replies["/v1/score/" + time.strftime("%Y-%m-%d", time.gmtime(time.time() - hours * 3600))] = rig.Reply(
        {"games": week["gameWeek"][0]["games"] if hours == 5 else []}, headers=rig.etag(1700000100))
kind, a = runtime.invoke({"command": "schedule"})
tap.ok(kind == "response" and a["due"] == [] and 0 < a["next_poll_seconds"] <= 16, "schedule: the live game was asked just now", (kind, a))
runtime_b, program_b = start(rig.database()[0])
kind, a = runtime_b.invoke({"command": "schedule"})
tap.ok(kind == "response" and a["due"] == [GAME], "in an empty database it is due", (kind, a))
kind, a = runtime_b.invoke({"command": "worker"})
tap.ok(kind == "response" and a["ingested"] == 1 and 0 < a["next_poll_seconds"] <= 16, "worker: it is ingested", (kind, a))
tap.ok(runtime_b.invoke({"command": "worker"})[1]["ingested"] == 0, "and then nothing is due")
program_b.stop()
kind, a = runtime.invoke({"command": "monitor", "once": True})
tap.ok(kind == "response" and a["ticks"] == 1, "monitor, once", (kind, a))
runtime_b, program_b = start(db, RINKSIDE_EVERY="200ms")
began = time.monotonic()
kind, a = runtime_b.invoke({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}, deadline_s=2.5)
took = time.monotonic() - began
tap.ok(kind == "response" and a["ticks"] >= 3 and took < 2.5, "a schedule's event: ticks until shortly before the deadline", (a, took))
program_b.stop()
up.replies[BOX] = rig.Reply(rig.box_score(), headers=rig.etag(1700000200))

quiet, _ = rig.database()
runtime_b, program_b = start(quiet, RINKSIDE_EVERY="200ms")
nothing = {"gameWeek": [{"date": day, "games": []}]}
up.replies[next(p for p in up.replies if "/schedule/" in p)] = rig.Reply(nothing, headers=rig.etag(1700000200))
began = time.monotonic()
kind, a = runtime_b.invoke({"command": "monitor"}, deadline_s=30)
tap.ok(kind == "response" and a["ticks"] == 1 and a["next_poll_at"] is None and time.monotonic() - began < 10, "nothing is on: it does not wait", a)
program_b.stop()

# Corrected on its fifth day, it is watched for a week more: on the tenth day there is more to ask.
ago = lambda days: time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - days * 86400))
old = rig.box_score(gameDate=ago(10)[:10], startTimeUTC=ago(10), gameState="OFF")
up.replies[BOX] = rig.Reply(old, headers=rig.etag(1700000200))
for command, answer in (("monitor", lambda a: a["ingested"]), ("schedule", lambda a: len(a["due"]))):
    second_week, second_path = rig.database()
    rig.run("ingest", GAME, db=second_week, upstream=up.url)
    with sqlite3.connect(second_path) as c:
        c.execute("update games set ended_at = ?, official_at = ?, changed_at = ?, last_poll_at = ?", (ago(9.8), ago(9.7), ago(5), ago(2.5)))
    runtime_b, program_b = start(second_week)
    kind, a = runtime_b.invoke({"command": command, "once": True})
    tap.ok(kind == "response" and answer(a) == 1, command + ": what was corrected is watched into the second week", (kind, a))
    program_b.stop()
up.replies[BOX] = rig.Reply(rig.box_score(), headers=rig.etag(1700000200))

# ---- a queue ----

def message(i, body):
    return {"messageId": "m%d" % i, "eventSource": "aws:sqs", "body": body if isinstance(body, str) else json.dumps(body)}


kind, a = runtime.invoke({"Records": [message(1, {"game_id": GAME}), message(2, {"game_id": 2023020999}), message(3, "no json"),
                                      message(4, {"command": "ingest", "game_id": GAME}), message(5, "[]")]})
tap.same((kind, a), ("response", {"batchItemFailures": [{"itemIdentifier": i} for i in ("m2", "m3", "m5")]}),
         "a batch of SQS: those that failed, and no others, come again")

# ---- bad input ----

for name, event, word in (("no JSON", b"{", "JSON"), ("no object", b"[]", "none that is known"), ("an unknown event", {"detail-type": "x"}, "none that is known"),
                          ("an unknown command", {"command": "fly"}, "fly"), ("no game", {"command": "ingest"}, "game_id"),
                          ("a season of no years", {"command": "season", "season": 5}, "season"), ("deep nesting", b"[" * 100000, "JSON")):
    kind, a = runtime.invoke(event)
    tap.ok(kind == "error" and word in a["errorMessage"] and a["errorType"] == "Rinkside.BadEvent"
           and runtime.headers.get("Lambda-Runtime-Function-Error-Type") == "Rinkside.BadEvent", name + ": an error with a sentence", a)
kind, a = runtime.invoke({"command": "ingest", "game_id": 2023020998})
tap.ok(kind == "error" and a["errorType"] == "Rinkside.NotFound", "an unknown game", a)

before = rig.query(path, "select * from game_stats")
changed = rig.box_score()
changed["playerByGameStats"]["homeTeam"]["forwards"][0]["hits"] = 77
up.replies[BOX] = rig.Reply(changed, headers=rig.etag(1700000300), delay_s=3)
began = time.monotonic()
kind, a = runtime.invoke({"command": "ingest", "game_id": GAME}, deadline_s=1.5)
took = time.monotonic() - began
tap.ok(kind == "error" and took < 1.5, "a deadline in mid-ingest: it has ended before it (%.2f s)" % took, (a, took))
tap.ok(rig.query(path, "select * from game_stats") == before, "and nothing was changed")
up.replies[BOX] = rig.Reply(changed, headers=rig.etag(1700000300))
tap.same(runtime.invoke({"command": "ingest", "game_id": GAME})[1]["outcome"], "stored", "the next one makes up for it")

# ---- HTTP, beside the API ----

api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
port = int(re.search(r":(\d+)$", api.wait_line("listening")).group(1))


def pairs(query):
    return urllib.parse.parse_qsl(query, keep_blank_values=True)


def event_2(method, path, query, headers, stage="$default"):
    return {"version": "2.0", "rawPath": ("" if stage == "$default" else "/" + stage) + path, "rawQueryString": query, "headers": headers,
            "requestContext": {"stage": stage, "http": {"method": method, "path": path}}, "isBase64Encoded": False}


def event_1(method, path, query, headers):
    many = {}
    for k, v in pairs(query):
        many.setdefault(k, []).append(v)
    return {"httpMethod": method, "path": path, "headers": {k.title(): v for k, v in headers.items()},
            "multiValueHeaders": {k.title(): [v] for k, v in headers.items()}, "queryStringParameters": dict(pairs(query)) or None,
            "multiValueQueryStringParameters": many or None, "requestContext": {"stage": "prod"}, "body": None, "isBase64Encoded": False}


def event_balancer(method, path, query, headers, multi=False):
    raw = [p.partition("=")[::2] for p in query.split("&") if p]
    many = {}
    for k, v in raw:
        many.setdefault(k, []).append(v)
    e = {"httpMethod": method, "path": path, "requestContext": {"elb": {"targetGroupArn": "arn"}}, "body": "", "isBase64Encoded": False}
    if multi:
        return dict(e, multiValueHeaders={k: [v] for k, v in headers.items()}, multiValueQueryStringParameters=many)
    return dict(e, headers=headers, queryStringParameters=dict(raw))


def over_function(event):
    """What a gateway would make of the answer: status, headers, body."""
    kind, a = runtime.invoke(event)
    if kind != "response":
        return kind, a, b""
    headers = {k.lower(): v[0] if isinstance(v, list) else v for k, v in {**a.get("headers", {}), **a.get("multiValueHeaders", {})}.items()}
    body = base64.b64decode(a["body"]) if a["isBase64Encoded"] else a["body"].encode()
    return a["statusCode"], headers, body


def over_socket(method, target, headers):
    status, got, body = rig.get("http://127.0.0.1:%d%s" % (port, target), method=method, **{k.replace("-", "_"): v for k, v in headers.items()})
    return status, {k.lower(): v for k, v in got.items() if k.lower() not in ("date", "connection")}, body


def without_age(answer):
    """Upstream's age is the reply's own second."""
    status, headers, body = answer
    return status, {k: v for k, v in headers.items() if k != "x-upstream-age"}, body


script = re.search(r'"(/assets/[^"]+\.js)"', over_socket("GET", "/", {})[2].decode()).group(1)
tag = over_socket("GET", "/game-stats/%d" % GAME, {})[1].get("etag", "")
player = before[0]["player_id"]
requests = [("GET", t, {}) for t in (
    "/", "/game-stats/%d" % GAME, "/game-stats", "/game-stats?limit=2&sort=-goals", "/game-stats?fields=player_name,goals&team=OTT", "/games",
    "/games/%d" % GAME, "/games/%d/events" % GAME, "/players/%d" % player, "/players/%d/game-stats" % player, "/teams", "/changes?after=0",
    "/corrections?since=0", "/health/live", "/health/ready", "/game-stats?format=csv", "/game-stats?format=ndjson&limit=3",
    "/game-stats?position=C&position=G", "/game-stats?sort=%2Dgoals%2Cplayer_id", "/game-stats?nonsense=1", "/game-stats?limit=0", "/game-stats/2022099999", "/nothing",
    "/game-stats/12abc", "/game-stats?cursor=%00x", "/leaders?season=20232024&stat=goals", "/coverage?season=20232024", "/openapi.json",
    "/routes", "/players?name=alpha", "/?game=%d" % GAME, "/?leaders=", script, "/assets/none.js", "/games?date=2023-10-10",
    "/game-stats/%d?as_of=2023-11-14T22:13:20Z" % GAME, "/game-stats/%d?delay=45s" % GAME, "/games/%d?fields=home_score" % GAME)]
requests += [("GET", "/game-stats/%d" % GAME, {"accept": "text/csv"}), ("GET", "/game-stats/%d" % GAME, {"accept": "image/png"}),
             ("GET", "/game-stats/%d" % GAME, {"accept-encoding": "gzip"}), ("GET", "/game-stats/%d" % GAME, {"if-none-match": tag}),
             ("GET", "/game-stats/%d" % GAME, {"if-match": tag}), ("GET", "/game-stats/%d" % GAME, {"if-match": '"another"'}),
             ("HEAD", "/game-stats/%d" % GAME, {}), ("OPTIONS", "/game-stats", {})]
shapes = (("API Gateway 2", event_2), ("API Gateway 2, a stage", lambda *r: event_2(*r, stage="prod")), ("API Gateway 1", event_1),
          ("a load balancer, multi-value", lambda *r: event_balancer(*r, multi=True)), ("a load balancer", event_balancer))
for name, shape in shapes:
    different = []
    for method, target, headers in requests:
        path_part, _, query = target.partition("?")
        if shape is event_balancer and query.count("position=") > 1:
            continue  # it has room for one value only
        headers = dict({"accept-encoding": "identity"}, **headers)
        want, got = without_age(over_socket(method, target, headers)), without_age(over_function(shape(method, path_part, query, headers)))
        if want != got:
            different.append("%s %s %r\nwanted %r\ngot    %r" % (method, target, headers, want[:2] + (want[2][:80],), got[:2] + (got[2][:80],)))
    tap.ok(not different, "%s: %d requests, the same as over a socket" % (name, len(requests)), "\n".join(different))
status, headers, body = over_function(event_2("GET", "/game-stats/%d" % GAME, "", {"accept-encoding": "gzip"}))
tap.ok(headers.get("content-encoding") == "gzip" and len(json.loads(gzip.decompress(body))) == lines, "gzip, in base64", headers)
asked = {t.partition("?")[0] for _, t, _ in requests}
routes = json.loads(over_socket("GET", "/openapi.json", {})[2])["paths"]
lacking = [r for r in routes if not any(re.fullmatch(re.sub(r"\\{[^}]*\\}", ".+", re.escape(r)), t) for t in asked)]
tap.same(sorted(lacking), ["/health/lag", "/health/upstream", "/metrics", "/stream"], "no other route was left out, but those that tell of a moment")
for route, word in (("/metrics", b"rinkside_"), ("/health/upstream", b"requests"), ("/health/lag", b"lag")):
    status, headers, body = over_function(event_2("GET", route, "", {}))
    tap.ok(status == 200 and word in body and headers["content-type"] == over_socket("GET", route, {})[1]["content-type"], route, (status, headers, body[:300]))
status, headers, body = over_function(event_2("POST", "/game-stats", "", {}))
tap.ok(status == 405 and "problem+json" in headers["content-type"], "POST: 405", (status, body))
status, headers, body = over_function(event_2("GET", "/stream", "", {}))
tap.ok(status == 501 and b"/changes" in body, "a stream: 501, and what to ask instead", (status, body))

# ---- tokens ----

tokens = os.path.join(rig.TEMP, "tokens")
with open(tokens, "w") as f:
    f.write("secret-token-of-a-reader\n")
os.chmod(tokens, 0o600)
runtime_b, program_b = start(db, RINKSIDE_TOKEN_FILE=tokens)
got = [runtime_b.invoke(event_2("GET", "/games", "", h))[1]["statusCode"] for h in ({}, {"authorization": "Bearer secret-token-of-a-reader"})]
tap.same(got, [401, 200], "readers are asked for their token")
program_b.stop()

# ---- too large ----

big, big_path = rig.database()
rig.run("ingest", GAME, db=big, upstream=up.url)
with sqlite3.connect(big_path) as c:
    columns = [r[1] for r in c.execute("pragma table_info(game_stats)")]
    picked = ", ".join("g.player_id + 1000000 * n.n" if k == "player_id" else "printf('%6000s', 'x')" if k == "player_name" else "g." + k for k in columns)
    c.execute("with recursive n(n) as (select 1 union all select n + 1 from n where n < 900) insert into game_stats (%s) select %s from n, "
              "(select * from game_stats limit 2) g" % (", ".join(columns), picked))
runtime_b, program_b = start(big)
kind, a = runtime_b.invoke(event_2("GET", "/game-stats", "limit=1000", {}))
tap.ok(kind == "response" and a["statusCode"] == 413 and "6291456" in a["body"] and "problem+json" in a["headers"]["Content-Type"]
       and runtime_b.bytes < 2000, "an answer of more than 6 MB: a problem that names the limit", str(a)[:300])
tap.same(runtime_b.invoke(event_2("GET", "/game-stats", "limit=10", {}))[1]["statusCode"], 200, "a smaller page is answered")
kind, a = runtime_b.invoke(event_2("GET", "/game-stats", "sort=-player_name&limit=1", {}), deadline_s=0.5)
tap.ok(kind == "response" and a["statusCode"] == 503 and "that it was given" in a["body"], "a deadline that comes before the database has the answer: 503", a)
program_b.stop()

# ---- the interface itself ----

tap.same(program.stop(signal.SIGTERM), 0, "SIGTERM between two events: ended, exit 0")
runtime, program = start(db)
runtime.asked.wait(10)
runtime.go_away()
tap.ok(rig.wait_for(lambda: not program.is_alive()) and program.p.returncode == 3 and "runtime interface" in program.output,
       "an interface that goes away: exit 3 and a sentence", (program.p.returncode, program.output))
runtime = Runtime()
runtime.next_status = 500
r = rig.run("lambda", db=db, env={"AWS_LAMBDA_RUNTIME_API": runtime.address})
tap.ok(r.returncode == 3 and "500" in r.stderr, "an interface that answers 500: exit 3", r.stderr)
r = rig.run("lambda", db=db)
tap.ok(r.returncode == 2 and "AWS_LAMBDA_RUNTIME_API" in r.stderr and r.stderr.count("\n") == 1, "no interface: exit 2 and a sentence", r.stderr)
runtime, program = start("nonsense:x")
kind, a = runtime.take()
tap.ok(kind == "init/error" and "nonsense" in a["errorMessage"], "a bad setting: an error of the initialisation", (kind, a))
tap.ok(rig.wait_for(lambda: not program.is_alive()) and program.p.returncode == 2, "and exit 2", program.p.returncode)
runtime, program = start("sqlite:/nowhere/a.db")
kind, a = runtime.invoke(event_2("GET", "/games", "", {}))
tap.ok(kind == "response" and a["statusCode"] == 503, "a database that is away: 503", (kind, a))
kind, a = runtime.invoke({"command": "ingest", "game_id": GAME})
tap.ok(kind == "error" and a["errorType"] == "Rinkside.Store", "and an error for an ingest", (kind, a))
program.stop()
tap.done()
