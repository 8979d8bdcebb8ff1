#!/usr/bin/env python3
"""Days without a look: the games that were played meanwhile are found and ingested, whoever looks next."""
import os, re, shutil, sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from runtime import Runtime

LEAGUE = ("--season", "20252026", "--seed", "7", "--listen", "127.0.0.1:0", "--deadline", "5m")
SPEED = 4000  # a second is 67 minutes: a look at the week

tap = rig.Tap()


def league(moment, *more):
    fake = rig.Program("fake", *LEAGUE, "--from", moment, *more)
    url = fake.wait_line("listening on").split("listening on ")[1]
    return fake, url, {"RINKSIDE_CLOCK": fake.wait_line("RINKSIDE_CLOCK=").split("=")[1]}


# ---- what was to come when somebody looked last ----

before, before_path = rig.database()
fake, url, clock = league("2026-01-10T14:00:00Z")
r = rig.run("schedule", "--once", db=before, upstream=url, env=clock)
fake.stop()
wanted = {g["game_id"] for g in rig.query(before_path, "select game_id from games where game_date in ('2026-01-10', '2026-01-11', '2026-01-12')")}
tap.ok(r.returncode == 0 and len(wanted) > 10, "a look shows %d games of three days to come" % len(wanted), r.stderr)


def database():
    """As it was left on the tenth."""
    db, path = rig.database()
    shutil.copy(before_path, path)
    return db, path


def missing(path):
    return wanted - {g["game_id"] for g in rig.query(path, "select distinct game_id from game_stats")}


# ---- three days later: up, though the first poll of each game fails ----

db, path = database()
fake, url, clock = league("2026-01-13T15:00:00Z", "--speed", SPEED, "--faults", "cut=1@first:1@path:boxscore")
up = rig.Program("up", "--listen", "127.0.0.1:0", "--retries", "0", db=db, upstream=url, env=clock)
tap.ok(rig.wait_for(lambda: not missing(path), 60, 0.2), "three days later all of them are ingested, the failed poll notwithstanding", (sorted(missing(path)), up.output[-800:]))
tap.same(up.stop(), 0, "up ends cleanly")
fake.stop()

# ---- and whoever keeps nothing between two runs ----

fake, url, clock = league("2026-01-13T15:00:00Z")
for how in ([], ["--inline"], ["--policy", "adaptive"]):
    db, path = database()
    r = rig.run("monitor", "--once", *how, db=db, upstream=url, env=clock, deadline_s=60)
    tap.ok(r.returncode == 0 and not missing(path), "monitor --once %s: in one run" % " ".join(how), (sorted(missing(path)), r.stderr[-800:]))
    open_ = rig.query(path, "select game_id, game_state from games where game_date < '2026-01-13' and game_state <> 'OFF'")
    tap.same(open_, [], "and none of them is still to come")

for event in ({"command": "monitor", "once": True}, {"command": "schedule"}):
    db, path = database()
    runtime = Runtime()
    function = rig.Program("lambda", db=db, upstream=url, env={"AWS_LAMBDA_RUNTIME_API": runtime.address, **clock})
    kind, a = runtime.invoke(event, deadline_s=60)
    if event["command"] == "schedule":
        kind, a = runtime.invoke({"command": "worker"}, deadline_s=60)
    tap.ok(kind == "response" and not missing(path), "a function, %s: in one run" % event["command"], (kind, a, sorted(missing(path)), function.output[-800:]))
    function.stop()
fake.stop()

# ---- ten days later: too long ago for the week, and said ----

fake, url, clock = league("2026-01-20T15:00:00Z")
for command, *how in (("monitor", "--inline"), ("schedule",)):
    db, path = database()
    r = rig.run(command, "--once", *how, db=db, upstream=url, env=clock, deadline_s=60)
    said = [line for line in r.stderr.splitlines() if "--only-missing" in line]
    tap.ok(r.returncode == 0 and len(said) == 1 and "2026-01-10 to 2026-01-14" in said[0], command + ": the days that it does not reach are named, once", (r.returncode, r.stderr[-800:]))
command = re.search("`rinkside (season .*)`", said[0]).group(1).split() if said else ["season", "20252026"]
r = rig.run(*command, db=db, upstream=url, env=clock, deadline_s=100)
tap.ok(not missing(path), "and what is said there brings them", (command, r.stderr[-800:]))
r = rig.run("schedule", "--once", db=db, upstream=url, env=clock)
tap.ok(r.returncode == 0 and "--only-missing" not in r.stderr, "after which nothing more is said", r.stderr[-800:])
fake.stop()
tap.done()
