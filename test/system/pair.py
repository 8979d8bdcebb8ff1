#!/usr/bin/env python3
"""schedule, worker and up: games are shared, and none is lost when workers die."""
import os, random, signal, sqlite3, sys, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
seed = os.environ.get("RINKSIDE_SEED", str(int(time.time())))
print("# RINKSIDE_SEED=" + seed)
choose = random.Random(int(seed))


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + "Z"


def iso_ms(seconds):
    """As the program stores it."""
    return iso(seconds)[:-1] + ".%03dZ" % (seconds % 1 * 1000)


def change(path, sql, *values):
    with sqlite3.connect(path, timeout=10) as c:
        c.execute(sql, values)


# ---- workers that die ----

IDS = [2026020001 + i for i in range(4)]
EASTERN = time.gmtime(time.time() - 5 * 3600)
LEASE_S, ANSWER_S = 2, 0.15


def game(game_id, state="LIVE"):
    return rig.box_score(game_id, gameState=state, season=20262027, gameDate=time.strftime("%Y-%m-%d", EASTERN), startTimeUTC=iso(time.time() - 3600),
                         clock={"timeRemaining": "10:00", "secondsRemaining": 600, "running": True, "inIntermission": False})


def answer(game_id):
    def reply(_):
        now = int(time.time())
        return rig.Reply(game(game_id), headers={**rig.etag(now), "Cache-Control": "max-age=1"}, delay_s=ANSWER_S)
    return reply


def upstream():
    up = rig.Upstream()
    for i in IDS:
        up.replies[rig.box_score_path(i)] = answer(i)
    games = [{k: v for k, v in game(i).items() if k != "playerByGameStats"} for i in IDS]
    day = time.strftime("%Y-%m-%d", EASTERN)
    for offset in range(-2, 2):
        d = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 5 * 3600 + offset * 86400))
        up.replies["/v1/schedule/" + d] = lambda _: rig.Reply({"gameWeek": [{"date": day, "games": games}]}, headers=rig.etag(int(time.time())))
        up.replies["/v1/score/" + d] = rig.Reply({"games": games if d == day else []}, headers=rig.etag(int(time.time())))
    return up


def asked_at(up, i):
    return [r.time for r in up.requests(rig.box_score_path(i))]


up = upstream()
db, path = rig.database()
schedule = rig.Program("schedule", db=db, upstream=up.url)
work = lambda *more: rig.Program("worker", "--lease", "%ds" % LEASE_S, "--retries", "0", *more, db=db, upstream=up.url)
workers = [work("--children"), work(), work()]
tap.ok(rig.wait_for(lambda: all(len(asked_at(up, i)) > 1 for i in IDS), 20), "schedule and three workers: every game is asked", schedule.output)


def holders():
    """The process ids of those who are at a game, and its number."""
    return [(int(r["lease_owner"].split(":")[-2]), r["game_id"]) for r in rig.query(path, "select lease_owner, game_id from games where lease_owner is not null")]


def kill_one():
    """In the middle of a game; the worker with children first. When, and what it held."""
    candidates = workers[:1] if not deaths else workers
    for _ in range(50):
        busy = rig.wait_for(lambda: [w for w in candidates if w.pid in dict(holders())], 4)
        victim = choose.choice(busy or candidates)
        victim.p.send_signal(signal.SIGSTOP)
        held = [i for pid, i in holders() if pid == victim.pid]
        if held:
            break
        victim.p.send_signal(signal.SIGCONT)  # it was over just then
    victim.p.send_signal(signal.SIGKILL)
    victim.p.wait()
    deaths.append((time.monotonic(), held))
    workers[workers.index(victim)] = work()


started, deaths = time.monotonic(), []
while len(deaths) < 6 or time.monotonic() < started + 8:
    kill_one()
    rig.wait_for(lambda: False, 0.7)  # the next death is a while away
ended = time.monotonic()
TURN_S, LOOK_S, BUSY_S = 1.25, 1, 1  # a copy's life; until a worker sees that a lease is over; what a busy machine takes


def patience(i, a, b):
    """How long the game may have been left alone between two requests: a turn, and the lease of each who died while he had it."""
    died = sum(a - ANSWER_S < at < b and i in held for at, held in deaths)
    return TURN_S + died * LEASE_S + LOOK_S + BUSY_S


gaps = [(round(b - a, 2), patience(i, a, b), i) for i in IDS for a, b in zip(asked_at(up, i), asked_at(up, i)[1:] + [ended]) if b > started]
tap.ok(all(held for _, held in deaths), "workers were killed in the middle of games, one with children first", deaths)
tap.note("left alone for %.2f s at most (of %.2f)" % max(gaps)[:2])
tap.same([g for g in gaps if g[0] > g[1]], [], "no game is left alone for longer than a turn and the lease of whoever died")
overlaps = [(i, b - a) for i in IDS for a, b in zip(asked_at(up, i), asked_at(up, i)[1:]) if b - a < ANSWER_S]
tap.same(overlaps, [], "and none is ever asked by two at once")
rig.wait_for(lambda: not rig.query(path, "select 1 from games where lease_until is not null"), 10)
codes = [w.stop() for w in workers] + [schedule.stop()]
tap.same(set(codes), {0}, "they end cleanly")
tap.same(rig.query(path, "select count(*) as n from games where lease_owner is not null and lease_until > ?", iso(time.time()))[0]["n"], 0,
         "and whoever ends gives back what he had")

# ---- children, --once, an adaptive monitor, fixed ----

up.forget()
r = rig.wait_for(lambda: rig.query(path, "select 1 from games where next_poll_at < ?", iso(time.time() - 1)), 10)
r = rig.run("worker", "--once", "--children", db=db, upstream=up.url)
tap.ok(r.returncode == 0 and max(len(asked_at(up, i)) for i in IDS) >= 1, "worker --once --children: what is due, and no more", (r.returncode, r.stderr, [len(asked_at(up, i)) for i in IDS], rig.query(path, "select game_id, next_poll_at, lease_until from games")))
db, path = rig.database()
r = rig.run("worker", "--once", db=db, upstream=up.url)
tap.same(r.returncode, 0, "nothing due, on a new database: nothing done")
for how in ([], ["--inline"]):
    up.forget()
    db, path = rig.database()
    r = rig.run("monitor", "--policy", "adaptive", "--once", *how, db=db, upstream=up.url)
    tap.ok(r.returncode == 0 and [len(asked_at(up, i)) for i in IDS] == [1] * 4 and len(rig.query(path, "select * from game_stats")) == 32,
           "monitor --policy adaptive --once %s" % " ".join(how), r.stderr)
    tap.ok(all(r["next_poll_at"] for r in rig.query(path, "select next_poll_at from games")), "says when each is due again")
up.forget()
fixed = rig.Program("up", "--policy", "fixed", "--every", "500ms", "--listen", "127.0.0.1:0", db=db, upstream=up.url)
tap.ok(rig.wait_for(lambda: all(len(asked_at(up, i)) >= 4 for i in IDS) and len(up.requests("/schedule/")) >= 3, 15), "up --policy fixed asks at its interval", fixed.output)
tap.same(fixed.stop(), 0, "and ends cleanly")

# ---- a database that is not there yet ----

new, new_path = rig.database()
first = rig.Program("up", "--listen", "127.0.0.1:0", db=new, upstream=up.url)
base = (first.wait_line("listening on") or "").split("listening on ")[-1]
tap.ok(os.path.exists(new_path) and rig.get(base + "/games")[0] == 200, "up makes its database before anybody asks", first.output)
tap.same(first.stop(), 0, "and ends cleanly")
tap.ok("unable to open" not in first.output, "nobody has missed it", first.output)

# ---- a database that somebody else keeps for himself ----

locked, locked_path = rig.database()
up.forget()
w = rig.Program("up", "--listen", "127.0.0.1:0", db=locked, upstream=up.url)
base = (w.wait_line("listening on") or "").split("listening on ")[-1]
tap.ok(rig.wait_for(lambda: all(asked_at(up, i) for i in IDS) and len(rig.query(locked_path, "select * from game_stats")) == 32, 15), "up follows what is on", w.output)
holder = sqlite3.connect(locked_path, isolation_level=None, timeout=10)


def hold():
    """At a moment when no game is taken: the next one that is due will be, by the worker itself."""
    holder.execute("begin immediate")
    if holder.execute("select 1 from games where lease_owner is not null").fetchone():
        holder.execute("rollback")
    return holder.in_transaction


tap.ok(rig.wait_for(hold, 10), "somebody locks it between two polls")
slow = rig.wait_for(lambda: [s for s in [rig.life_s(base)] if s > 1], 3, 0.1)
tap.same(slow, [], "while schedule and worker wait for the lock on their database, readers do not")
begin = time.monotonic()
code, took = w.stop(deadline_s=20), time.monotonic() - begin
tap.ok(code == 0 and took < 6, "nor does the end, cleanly", (code, took, w.output[-400:]))
holder.execute("rollback")
holder.close()
r = rig.run("check", db=locked)
tap.ok(r.returncode == 0, "and all holds", r.stdout + r.stderr)

# ---- an upstream that fails, a database that is away ----

up.forget()
for i in IDS:
    up.replies[rig.box_score_path(i)] = rig.Reply(status=429)
w = rig.Program("up", "--listen", "127.0.0.1:0", "--retries", "0", db=db, upstream=up.url)
rig.wait_for(lambda: sum(len(asked_at(up, i)) for i in IDS) >= 4, 15)
tap.ok(rig.wait_for(lambda: all("429" in (r["last_error"] or "") for r in rig.query(path, "select last_error from games")), 10),
       "429: said of the game", rig.query(path, "select last_error from games"))
waits = "select (julianday(next_poll_at) - julianday(last_poll_at)) * 86400 as s from games"
tap.ok(rig.wait_for(lambda: all((r["s"] or 0) >= 2 for r in rig.query(path, waits)), 10), "the next poll is not in the next seconds", rig.query(path, waits))
tap.ok(max(len(asked_at(up, i)) for i in IDS) <= 2, "and it is not asked at once again", [len(asked_at(up, i)) for i in IDS])
tap.same(w.stop(), 0, "up ends cleanly")

# A sleep of minutes, as through an intermission, then one poll that fails: it is asked again soon, and each time after twice as long.
db, path = rig.database()
up.replies[rig.box_score_path(IDS[0])] = answer(IDS[0])
rig.run("ingest", IDS[0], db=db, upstream=up.url)
change(path, "update games set last_poll_at = ?, next_poll_at = ?, order_arrival = order_arrival - 900000", iso_ms(time.time() - 900), iso_ms(time.time() - 1))
got = []
for how, reply in ((["--once"], rig.Reply(status=500)), (["--once", "--children"], rig.Reply(status=500)), (["--once"], rig.Reply(fault="hang")), (["--once"], answer(IDS[0])),
                   (["--once"], rig.Reply(status=500))):
    up.replies[rig.box_score_path(IDS[0])] = reply
    r = rig.run("worker", *how, "--retries", "0", "--timeout", "1s", db=db, upstream=up.url)
    row = rig.query(path, "select last_error, last_poll_at, next_poll_at, (julianday(next_poll_at) - julianday(last_poll_at)) * 86400 as s from games")[0]
    got.append(round(row["s"]))
    change(path, "update games set last_poll_at = ?, next_poll_at = ?", iso_ms(time.time() - 1 - row["s"]), iso_ms(time.time() - 1))
tap.ok(got[:3] == [10, 20, 40] and got[3] < 10 and got[4] == 10, "the first failure waits ten seconds, each further one twice as long, and after a good one it begins anew", got)
up.stop()

for command in ("schedule", "worker", "up"):
    r = rig.run(command, "word", db=db)
    tap.ok(r.returncode == 2 and "word" in r.stderr, command + ": a word is a usage error", r.stderr)
r = rig.run("worker", "--lease", "1ms", db=db)
tap.ok(r.returncode == 2 and "lease" in r.stderr, "a lease of a millisecond is refused", r.stderr)
r = rig.run("worker", "--once", db="sqlite:/nowhere/x.db")
tap.ok(r.returncode == 5, "no database: exit 5", (r.returncode, r.stderr))
r = rig.run("schedule", "--once", "--retries", "0", db=db, upstream="http://127.0.0.1:9")
tap.ok(r.returncode == 3, "schedule --once without an upstream: exit 3", (r.returncode, r.stderr))
tap.done()
