#!/usr/bin/env python3
"""Three days without a look: the games that were played meanwhile are found and ingested, though the first poll of each fails."""
import os, sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

LEAGUE = ("--season", "20252026", "--seed", "7", "--listen", "127.0.0.1:0", "--deadline", "5m")
SPEED = 4000  # a second is 67 minutes: a look at the week

tap = rig.Tap()


def league(moment, *more):
    fake = rig.Program("fake", *LEAGUE, "--from", moment, *more)
    url = fake.wait_line("listening on").split("listening on ")[1]
    return fake, url, {"RINKSIDE_CLOCK": fake.wait_line("RINKSIDE_CLOCK=").split("=")[1]}


db, path = rig.database()
fake, url, clock = league("2026-01-10T14:00:00Z")
r = rig.run("schedule", "--once", db=db, upstream=url, env=clock)
fake.stop()
wanted = {g["game_id"] for g in rig.query(path, "select game_id from games where game_date in ('2026-01-10', '2026-01-11', '2026-01-12')")}
tap.ok(r.returncode == 0 and len(wanted) > 10, "a look shows %d games of three days to come" % len(wanted), r.stderr)

fake, url, clock = league("2026-01-13T15:00:00Z", "--speed", SPEED, "--faults", "cut=1@first:1@path:boxscore")
up = rig.Program("up", "--listen", "127.0.0.1:0", "--retries", "0", db=db, upstream=url, env=clock)
missing = lambda: wanted - {g["game_id"] for g in rig.query(path, "select distinct game_id from game_stats")}
tap.ok(rig.wait_for(lambda: not missing(), 60, 0.2), "three days later all of them are ingested, the failed poll notwithstanding", (sorted(missing()), up.output[-800:]))
tap.same(up.stop(), 0, "up ends cleanly")
fake.stop()
tap.done()
