#!/usr/bin/env python3
"""A made-up night is ingested, its kept bodies are taken out as docs/reliability.md says, and played and ingested once more: the same rows."""
import os, re, subprocess, sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
GAMES = (2025020303, 2025020307)
BARE = {"revision", "observed_at", "player_age"}


def begin(*words):
    fake = rig.Program("fake", "--listen", "127.0.0.1:0", "--deadline", "2m", *words)
    clock = (fake.wait_line("RINKSIDE_CLOCK=") or sys.exit(fake.output)).split("=")[1]
    return fake, fake.wait_line("listening on").split("listening on ")[1], {"RINKSIDE_CLOCK": clock}


def ingest(db, url, env):
    r = rig.run("ingest", *GAMES, db=db, upstream=url, env=env)
    if r.returncode:
        tap.ok(False, "an ingest goes well", r.stderr)


def lines(path):
    return [{k: v for k, v in row.items() if k not in BARE} for row in rig.query(path, "select * from game_stats order by game_id, player_id")]


def events(path):
    return rig.query(path, "select * from game_events order by game_id, event_id")


# ---- the night ----

fake, url, env = begin("--season", "20252026", "--seed", "5", "--from", "2025-11-16T01:25:00Z", "--speed", "2400")
db, path = rig.database()


def is_over():
    ingest(db, url, env)
    return [r["game_state"] for r in rig.query(path, "select game_state from games")] == ["OFF", "OFF"]


tap.ok(rig.wait_for(is_over, 30, 0.1), "two games are polled to their official end")
ingest(db, url, env)
fake.stop()
kept = rig.query(path, "select count(*) as n from raw_bodies where endpoint in ('boxscore', 'play-by-play')")[0]["n"]
tap.ok(kept >= 12 and len(lines(path)) == 80, "bodies of several moments were kept", kept)

# ---- out of the database, by the lines of the manual ----

with open(os.path.join(rig.ROOT, "docs", "reliability.md"), encoding="utf-8") as f:
    block = re.search(r"^    mkdir -p kept.*?(?=\n\n)", f.read(), re.M | re.S).group(0)
block = re.sub("^    ", "", block, flags=re.M).replace("rinkside.db", os.path.basename(path))
r = subprocess.run(["sh", "-e", "-c", block], cwd=os.path.dirname(path), capture_output=True, text=True)
place = os.path.join(os.path.dirname(path), "kept")
files = [os.path.join(d, f) for d, _, names in os.walk(place) for f in names]
tap.ok(r.returncode == 0 and r.stdout.strip() == str(kept) and len(files) == kept and all(f.endswith(".json") for f in files),
       "the manual's lines make a folder of %d bodies" % kept, (r.stdout, r.stderr, files[:3]))

# ---- and once more ----

replay, url, env = begin("--replay", place, "--speed", "3000")
again, second = rig.database()
ingest(again, url, env)
tap.ok(lines(second) and lines(second) != lines(path), "the replay begins with the first bodies, not the last")


def is_the_same():
    ingest(again, url, env)
    return lines(second) == lines(path) and events(second) == events(path)


tap.ok(rig.wait_for(is_the_same, 20, 0.2), "and ends in the same %d lines and %d events" % (len(lines(path)), len(events(path))),
       [(k, a[k], b[k]) for a, b in zip(lines(path), lines(second)) for k in a if a[k] != b[k]][:10])
tap.ok(rig.query(second, "select max(revision) as n from game_stats")[0]["n"] > 2, "over more than one revision")
tap.ok(rig.run("check", db=again).returncode == 0 and replay.stop() == 0, "check: all holds")
tap.done()
