#!/usr/bin/env python3
"""Seasons: all of one, broken off and gone on with, and what could not be had."""
import json, os, re, signal, sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
SEASON = 20242025


def begin_fake(*more):
    fake = rig.Program("fake", "--listen", "127.0.0.1:0", "--season", SEASON, "--deadline", "5m", *more)
    return fake, (fake.wait_line("listening on") or sys.exit(fake.output)).split("listening on ")[1]


fake, url = begin_fake()
db, path = rig.database()
COUNT = "select count(distinct game_id) as games, count(*) as n, count(player_age) as ages, max(revision) as revision from game_stats"


def count(column):
    rows = rig.query(path, COUNT)
    return rows[0][column] if rows else 0


s = rig.Program("season", SEASON, "--jobs", "4", db=db, upstream=url)
tap.ok(rig.wait_for(lambda: count("games") >= 50, 30), "games come in", s.output)
s.p.send_signal(signal.SIGKILL)
s.p.wait()
before = count("games")
tap.ok(before < 1312, "killed before the end", before)
s = rig.Program("season", SEASON, db=db, upstream=url)
rig.wait_for(lambda: count("games") > before, 30)
code = s.stop()
tap.ok(code == 1 and "goes on where it was" in s.output, "SIGTERM ends it with a sentence", (code, s.output))
kept = count("games")
r = rig.run("season", SEASON, "--jobs", "8", db=db, upstream=url, deadline_s=120)
known = int((re.findall(r"(\d+) were stored already", r.stderr) or ["0"])[-1])
tap.ok(r.returncode == 0 and known >= kept > before, "the same command goes on where it was", (known, kept, before, r.stderr[-300:]))
tap.same((count("games"), count("n"), count("ages")), (1312, 1312 * 40, 1312 * 40), "all games, forty lines each, with ages")
tap.same(r.stdout, "", "nothing is missing")
revision = count("revision")
r = rig.run("season", SEASON, db=db, upstream=url, deadline_s=60)
tap.ok(r.returncode == 0 and count("revision") == revision and "1312 were stored already" in r.stderr, "again: nothing to do", r.stderr)

wrong = []
rows = {(x["game_id"], x["player_id"]): x for x in rig.query(path, "select * from game_stats where game_id % 100 = 7")}
for game in sorted({g for g, _ in rows}):
    for t in map(json.loads, rig.get("%s/fake/truth/%d" % (url, game))[2].splitlines()):
        row = rows.get((t["game_id"], t["player_id"]), {})
        if row.get("player_position") == "G":  # these three are the play-by-play's, which is asked for with --events
            t = {k: v for k, v in t.items() if k not in ("goals", "assists", "points")}
        wrong += ["%d %d %s: wanted %r, got %r" % (game, t["player_id"], k, v, row.get(k)) for k, v in t.items() if row.get(k) != v]
tap.ok(rows and not wrong, "the lines of %d games are the truth" % len({g for g, _ in rows}), "\n".join(wrong[:10]))
fake.stop()

fake, url = begin_fake("--faults", "status-404=0.05", "--seed", "3")
db, path = rig.database()
r = rig.run("season", SEASON, "--jobs", "8", "--retries", "0", db=db, upstream=url, deadline_s=120)
lines = r.stdout.splitlines()
stored = count("games")
tap.ok(r.returncode == 3 and lines and all(re.match(r"\d{8,10} \S", l) for l in lines), "what is missing is a line each, and exit 3",
       (r.returncode, lines[:5], r.stderr[-300:]))
tap.ok(0 < len([l for l in lines if re.match(r"20240[123]\d{4} ", l)]) < 200 and stored > 1000, "and all else is there", (len(lines), stored))
fake.stop()

for words, what in (([], "which one"), (["2024"], "2024"), (["20242026"], "20242026"), (["20232024", "--game-types", "x"], "x")):
    r = rig.run("season", *words, db=db)
    tap.ok(r.returncode == 2 and what in r.stderr, "season %s: a usage error that names it" % " ".join(words), r.stderr)
r = rig.run("season", "20232024", "--retries", "0", db=db, upstream="http://127.0.0.1:1")
tap.ok(r.returncode == 3 and "of 0 games" not in r.stderr and r.stderr.count("\n") == 1, "no upstream: exit 3, and nothing is counted", r.stderr)
tap.done()
