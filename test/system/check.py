#!/usr/bin/env python3
"""`check`: a database that was only written by the program holds; one in which anything was touched is found out."""
import os, shutil, sqlite3, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from rig import Reply

GAME, NOW = 2023020001, 0x6567c306
tap = rig.Tap()
up = rig.Upstream()
db, path = rig.database()


def ingest(body, at):
    up.replies[rig.box_score_path(body["id"])] = Reply(body, headers=rig.etag(at))
    return rig.run("ingest", body["id"], "--retries", 0, db=db, upstream=up.url)


r = rig.run("check", db=db)
tap.ok(r.returncode == 5, "no database: exit 5", r.stderr)
for game in (GAME, GAME + 1):
    ingest(rig.box_score(game, gameState="LIVE"), NOW)
    changed = rig.box_score(game)
    changed["playerByGameStats"]["awayTeam"]["forwards"][0].update(hits=7, faceoffWinningPctg=1 / 3)
    changed["playerByGameStats"]["homeTeam"]["defense"] = [rig.skater(8470099, 9, "Ï. Índia", position="D")]
    ingest(changed, NOW + 15)
ingest(rig.box_score(GAME), NOW + 30)
r = rig.run("check", db=db)
tap.ok(r.returncode == 0 and r.stdout.startswith("all holds: 2 games, 16 lines, ") and not r.stderr, "lines, changes, a delete, a return: all holds", r.stdout + r.stderr)

newest = rig.query(path, "select revision from revisions")[0]["revision"]
touches = [
    # what is done to the database, words of the sentence
    ("update game_stats set hits = 8 where player_id = 8470001", ["8470001", "hits"]),
    ("update game_stats set hits = null where player_id = 8470011", ["8470011", "hits"]),
    ("update game_stats set revision = 1 where player_id = 8470001 and game_id = %d" % GAME, ["8470001", "revision"]),
    ("update game_stats set observed_at = '2020-01-01T00:00:00.000Z' where player_id = 8470001", ["observed_at"]),
    ("delete from game_stats where player_id = 8470012", ["8470012", "not in game_stats"]),
    ("update stat_changes set correction = 1 - correction", ["correction"]),
    ("update stat_changes set phase = 'live' where kind = 'insert'", ["phase"]),
    ("update game_changes set phase = 'nonsense'", ["phase", "nonsense"]),
    ("insert into game_stats (game_id, player_id, team_id, opponent_team_id) values (%d, 1, 9, 12)" % GAME, ["player 1 "]),
    ("insert into game_stats (game_id, player_id) values (2023020009, 1)", ["2023020009", "not in games"]),
    ("delete from games where game_id = %d" % (GAME + 1), [str(GAME + 1), "not in games"]),
    ("update games set home_score = 9", ["home_score"]),
    ("update games set stats_status = 'live'", ["stats_status"]),
    ("update games set revision = 1", ["revision"]),
    ("update stat_changes set after = '{}' where kind = 'update'", ["8470001"]),
    ("update stat_changes set before = '{\"hits\":99}' where kind = 'update'", ["before"]),
    ("update stat_changes set after = 'none' where kind = 'insert'", ["no object"]),
    ("update stat_changes set kind = 'insert' where kind = 'update'", ["insert of what is there"]),
    ("update stat_changes set kind = 'update' where kind = 'insert'", ["update of what is not there"]),
    ("delete from stat_changes where kind = 'delete'", []),
    ("delete from game_changes where kind = 'insert'", []),
    ("delete from stat_changes where revision = %d" % newest, []),
    ("update revisions set revision = revision + 1", ["revisions says %d" % (newest + 1)]),
    ("update revisions set revision = revision - 1", ["revisions says %d" % (newest - 1)]),
    ("update stat_changes set revision = revision + 10 where revision = %d; update game_changes set revision = revision + 10 "
     "where revision = %d; update revisions set revision = revision + 10" % (newest, newest), ["revision %d was given out" % newest]),
]
# What breaks a rule, written everywhere, so that the replay agrees.
rules = [
    ("goals", "1", "3", "points"),
    ("hits", "1", "-1", "hits -1"),
]
for column, was, becomes, word in rules:
    touches.append(("update game_stats set %s = %s where player_id = 8470011; update stat_changes set "
                    "after = replace(after, '\"%s\":%s', '\"%s\":%s') where player_id = 8470011" % (column, becomes, column, was, column, becomes),
                    ["8470011", word]))
touches.append(("delete from game_stats where team_id = 9; delete from stat_changes where player_id between 8470010 and 8470100", ["team 9"]))
for sql, words in touches:
    copy = os.path.join(rig.TEMP, "touched.db")
    for end in ("", "-wal", "-shm"):
        if os.path.exists(copy + end):
            os.unlink(copy + end)
    source, target = sqlite3.connect(path), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.executescript(sql)
    target.close()
    r = rig.run("check", db="sqlite:" + copy)
    tap.ok(r.returncode == 1 and len(r.stderr.splitlines()) == 1 and all(w in r.stderr for w in words) and not r.stdout,
           "%s: found out" % sql[:70], "exit %s %s%s" % (r.returncode, r.stdout, r.stderr))
r = rig.run("check", "this", db=db)
tap.ok(r.returncode == 2, "a word: exit 2", r.stderr)

# ---- what is none ----

none = os.path.join(rig.TEMP, "none.db")
with open(none, "w") as f:
    f.write("no database at all\n" * 100)
for words in (["check"], ["ingest", "2023020001"], ["migrate"]):
    r = rig.run(*words, db="sqlite:" + none)
    tap.ok(r.returncode == 5 and "database: %s: file is not a database\n" % none in r.stderr and "PRAGMA" not in r.stderr, "%s of a file that is none: exit 5, which one" % words[0], r.stderr)
tap.done()
