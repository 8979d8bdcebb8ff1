#!/usr/bin/env python3
"""What a one-shot ingest costs when only the box score is due, with everything kept that is kept."""
import json, os, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from rig import Reply

GAME, NOW, RUNS = 2023020001, 0x6567c306, 15
MIB_MORE, TIMES_START = 5, 3.0  # than a start: what libcurl draws in is 10 MiB on one system and 12 on the next
# A bare interpreter starts the program: what a process is charged for begins as its parent's size.
LAUNCH = """
import os, sys
null = (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)
for _ in range(int(sys.argv[1])):
    _, status, u = os.wait4(os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, file_actions=[null]), 0)
    print((u.ru_utime + u.ru_stime) * 1000, u.ru_maxrss / 1024, status)
"""
tap = rig.Tap()
up = rig.Upstream()
db, path = rig.database()


def measure(*words):
    """(least CPU in ms, most memory in MiB, every status)"""
    r = subprocess.run([sys.executable, "-I", "-S", "-c", LAUNCH, str(RUNS), rig.BINARY, *map(str, words)], capture_output=True, text=True,
                       env=rig.environment(db, up.url), cwd=rig.TEMP)
    rows = [line.split() for line in r.stdout.splitlines()]
    return min(float(x[0]) for x in rows), max(float(x[1]) for x in rows), {int(x[2]) for x in rows}


body = rig.box_score(GAME)
template = body["playerByGameStats"]["awayTeam"]["forwards"][0]
for side, first in (("awayTeam", 8471000), ("homeTeam", 8472000)):
    group = body["playerByGameStats"][side]
    group["forwards"] += [dict(template, playerId=first + i, goals=0, assists=0, points=0) for i in range(10)]
    group["defense"] += [dict(template, playerId=first + 100 + i, position="D", goals=0, assists=0, points=0) for i in range(5)]
count = [0]


def changing(request):
    count[0] += 1
    template["hits"] = count[0]
    return Reply(body, headers=rig.etag(NOW + count[0]))


up.replies[rig.box_score_path(GAME)] = changing
rig.run("ingest", GAME, db=db, upstream=up.url)
start = measure("--version")
changed = measure("ingest", GAME)
up.replies[rig.box_score_path(GAME)] = Reply(body, headers=rig.etag(NOW + 1000))
unchanged = measure("ingest", GAME)
tap.ok(start[2] == changed[2] == unchanged[2] == {0}, "all went well", (start[2], changed[2], unchanged[2]))
tap.ok(rig.query(path, "select count(*) as n from polls where endpoint = 'boxscore'")[0]["n"] == 2 * RUNS + 1 and
       rig.query(path, "select count(*) as n from raw_bodies where endpoint = 'boxscore'")[0]["n"] == RUNS + 1, "and all of it was kept")
for name, (cpu, size, _) in () if rig.is_instrumented() else (("a body of its own", changed), ("the same body again", unchanged)):
    tap.ok(size <= start[1] + MIB_MORE, "%s: within %d MiB of a start that does nothing" % (name, MIB_MORE), (size, start[1]))
    tap.ok(cpu <= TIMES_START * start[0], "%s: at most %.0f times the CPU of a start that does nothing" % (name, TIMES_START), (cpu, start[0]))
tap.note("%.1f ms of CPU and %.1f MiB with a new body, %.1f ms with the same; --version alone %.1f ms and %.1f MiB (this machine, as busy as it is)"
         % (changed[0], changed[1], unchanged[0], start[0], start[1]))
tap.done()
