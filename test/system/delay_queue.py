#!/usr/bin/env python3
"""The function and a queue with delays: the schedule sends each game that is due, and each follow sends the next, when the game is due again."""
import json, os, sqlite3, sys, threading, time
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from runtime import Runtime
from sqs import KEY, SECRET, TOKEN, Queue

tap = rig.Tap()
GAME = 2023020001
BOX = rig.box_score_path(GAME)
now = time.time()
day, yesterday, tomorrow = (time.strftime("%Y-%m-%d", time.gmtime(now - (5 + h) * 3600)) for h in (0, 24, -24))


def live_box(goals=0, copy_s=15):
    box = rig.box_score(GAME, gameState="LIVE", gameDate=day, startTimeUTC=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 3600)),
                        clock={"timeRemaining": "10:00", "secondsRemaining": 600, "running": True, "inIntermission": False})
    box["playerByGameStats"]["homeTeam"]["forwards"][0]["hits"] = goals
    return rig.Reply(box, headers={**rig.etag(int(now) + goals), "Cache-Control": "max-age=%d" % copy_s, "Age": "0"})


up = rig.Upstream()
up.replies[BOX] = live_box()
seen = {k: v for k, v in json.loads(live_box().body).items() if k in ("id", "season", "gameType", "gameDate", "startTimeUTC", "gameState", "gameScheduleState",
                                                                    "awayTeam", "homeTeam")}
up.replies["/v1/schedule/" + yesterday] = rig.Reply({"gameWeek": [{"date": day, "games": [seen]}]}, headers=rig.etag(int(now)))
for d in (yesterday, day, tomorrow):
    up.replies["/v1/score/" + d] = rig.Reply({"currentDate": d, "games": [seen] if d == day else []}, headers=rig.etag(int(now)))
queue = Queue()
db, path = rig.database()
logs = []


def start(**env):
    runtime = Runtime()
    program = rig.Program("lambda", db=db, upstream=up.url,
                          env={"AWS_LAMBDA_RUNTIME_API": runtime.address, "RINKSIDE_LOG_LEVEL": "debug", "RINKSIDE_RETRIES": "0", **queue.environment(), **env})
    logs.append(program)
    return runtime, program


def deliver(runtime, message, **more):
    return runtime.invoke({"Records": [{"messageId": "m1", "eventSource": "aws:sqs", "body": message["body"]}]}, **more)


def row(columns):
    return rig.query(path, "select %s from games where game_id = %d" % (columns, GAME))[0]


def make_due():
    """Its time has come: a second ago."""
    with sqlite3.connect(path, timeout=5) as c:
        c.execute("update games set next_poll_at = ?, lease_until = null", (time.strftime("%Y-%m-%dT%H:%M:%S.001Z", time.gmtime(time.time() - 1)),))


# ---- one after the other ----

runtime, program = start()
kind, a = runtime.invoke({"command": "schedule"})
message = queue.take()
tap.ok(kind == "response" and a["due"] == [GAME] and message == {"body": '{"command":"follow","game_id":%d}' % GAME, "delay_s": 0},
       "schedule: the game that is due is sent, at once", (kind, a, message, queue.problems, program.output))
if not message:
    tap.done()
tap.same(queue.problems, [], "signed as SQS asks for: over the host, the date, the operation and the session's token")
asked = len(up.log)
kind, a = runtime.invoke({"command": "schedule"})
tap.ok(kind == "response" and len(up.log) == asked and queue.take(), "again within the minute: the schedule is not asked for, the game is sent", (a, asked))

kind, a = deliver(runtime, message)
tap.same((kind, a), ("response", {"batchItemFailures": []}), "its message: ingested")
tap.ok(len(rig.query(path, "select 1 from game_stats")) == 8 and len(up.requests(BOX)) == 1, "its lines are there")
second = queue.take()
tap.ok(second and second["body"] == message["body"] and 14 <= second["delay_s"] <= 16, "and the next message is sent, to come when the copy has run out", second)
tap.same(len(queue.connections), 1, "all over one connection")
asked = len(up.log)
tap.ok(deliver(runtime, message)[1] == {"batchItemFailures": []} and queue.take(0.2) is None and len(up.log) == asked,
       "a message that comes twice ends there: nothing asked, nothing sent")
up.replies[BOX] = live_box(goals=1)
make_due()
kind, a = runtime.invoke({"command": "follow", "game_id": GAME})
tap.ok(kind == "response" and a["ingested"] == 1 and abs(a["next_poll_seconds"] - queue.take()["delay_s"]) <= 1, "follow: its answer says the same", a)

# ---- many at once ----

others = [start() for _ in range(3)]
doubles = []
for i in range(5):
    make_due()
    asked = len(up.requests(BOX))
    answers = []
    threads = [threading.Thread(target=lambda r: answers.append(deliver(r, message)), args=(r,)) for r, _ in others]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    sent = [queue.take(0.1) for _ in range(2)]
    if len(up.requests(BOX)) != asked + 1 or sent[1] or not sent[0] or any(a != ("response", {"batchItemFailures": []}) for a in answers):
        doubles.append((answers, len(up.requests(BOX)) - asked, sent))
tap.same(doubles, [], "the same message to three functions at once, five times: one asks, one sends")
for _, p in others:
    p.stop()

# ---- what goes wrong ----

up.replies[BOX] = rig.Reply(status=503)
make_due()
kind, a = deliver(runtime, message)
sent = queue.take()
tap.ok(a == {"batchItemFailures": []} and sent and 1 <= sent["delay_s"] <= 120 and "503" in row("last_error")["last_error"],
       "an upstream that answers 503: planned for like any other, and sent", (a, sent))
up.replies[BOX] = live_box(goals=2)

queue.refuse = (403, {"__type": "com.amazon.coral.service#InvalidSignatureException",
                      "message": "The Canonical String should have been 'POST x-amz-security-token:%s'" % TOKEN})
make_due()
kind, a = deliver(runtime, message)
tap.ok(a == {"batchItemFailures": [{"itemIdentifier": "m1"}]} and program.wait_line("InvalidSignatureException"),
       "a queue that refuses: the message fails, so that it comes again, and the log says why", (a, program.output[-300:]))
tap.ok(row("lease_until")["lease_until"] is None and rig.query(path, "select max(hits) h from game_stats")[0]["h"] == 2,
       "what was ingested is stored, and the game in nobody's hands")
queue.refuse = (500, {})
kind, a = runtime.invoke({"command": "follow", "game_id": GAME})
tap.ok(kind == "response" and a["ingested"] == 0, "it is not due: nothing is sent", a)
queue.refuse = None
make_due()
tap.ok(deliver(runtime, message)[1] == {"batchItemFailures": []} and queue.take(), "when it is well again, so is the game")

queue.silence.set()
make_due()
began = time.monotonic()
kind, a = deliver(runtime, message, deadline_s=2)
took = time.monotonic() - began
queue.silence.clear()
tap.ok(a == {"batchItemFailures": [{"itemIdentifier": "m1"}]} and took < 2, "a queue that says nothing: it ends before the deadline (%.2f s)" % took, (a, took))

kind, a = runtime.invoke({"command": "follow", "game_id": 2023029999})
tap.ok(kind == "response" and a["ingested"] == 0 and queue.take(0.2) is None, "a game that nobody knows: nothing is asked", (kind, a))
kind, a = runtime.invoke({"command": "follow"})
tap.ok(kind == "error" and "follow: game_id" in a["errorMessage"], "follow without a game: a sentence", a)

# ---- settings ----

for name, env, word in (("no region", {"AWS_REGION": ""}, "AWS_REGION"), ("no URL", {"RINKSIDE_DELAY_QUEUE": "delays"}, "delay queue")):
    r, p = start(**env)
    kind, a = r.take()
    tap.ok(kind == "init/error" and word in a["errorMessage"], name + ": an error of the initialisation", (kind, a))
r, p = start(AWS_SECRET_ACCESS_KEY="")
make_due()
kind, a = r.invoke({"command": "follow", "game_id": GAME})
tap.ok(kind == "error" and "AWS_SECRET_ACCESS_KEY is not set" in a["errorMessage"], "no credentials: a sentence", (kind, a))
make_due()
tap.ok(runtime.invoke({"command": "follow", "game_id": GAME})[0] == "response" and queue.take(), "with them it is sent")
up.replies[BOX] = rig.Reply(rig.box_score(GAME, gameDate=day), headers=rig.etag(int(now) + 9))
make_due()
kind, a = runtime.invoke({"command": "follow", "game_id": GAME})
tap.ok(a["ingested"] == 1 and a["next_poll_seconds"] > 900 and queue.take(0.2) is None,
       "due later than a queue keeps a message back: left to the schedule", a)
told = [w for w in (SECRET, TOKEN, KEY) for p in logs if w in p.output]
tap.ok(not told and all(p.output for p in logs), "no log, whatever its level, has a key, a secret or a token", told)
tap.same(queue.problems, [], "and every request was signed")
program.stop()
tap.done()
