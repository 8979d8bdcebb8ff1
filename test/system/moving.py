#!/usr/bin/env python3
"""copy: from SQLite to PostgreSQL and back, broken off and gone on with, and never over what is another's."""
import os, signal, sqlite3, subprocess, sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import cluster, rig
from rig import Reply

NOW = 0x6567c306
FIRST = 2023020001
tap = rig.Tap()
up = rig.Upstream()
server = cluster.Cluster("fsync = off")
at = [NOW]


def ingest(db, games, hits, **members):
    """So many games, each with that many hits of one player; every second of them has ended."""
    for game in games:
        body = rig.box_score(game, **(members or {"gameState": "LIVE" if game % 2 else "OFF"}))
        body["playerByGameStats"]["awayTeam"]["forwards"][0].update(hits=hits, name={"default": "Ï. \"Ñ\\{,} NULL"})
        at[0] += 15
        up.replies[rig.box_score_path(game)] = Reply(body, headers=rig.etag(at[0]))
    return rig.run("ingest", *games, "--retries", 0, db=db, upstream=up.url, deadline_s=60)


def rows(path):
    """All tables of a database file that are copied, as they are stored."""
    tables = ["game_stats", "games", "players", "teams", "game_events", "stat_changes", "game_changes", "quarantine", "polls", "raw_bodies", "revisions"]
    return {t: sorted(map(str, rig.query(path, "select * from " + t))) for t in tables}


def copy(a, b, **more):
    return rig.run("copy", a, b, deadline_s=60, **more)


games = range(FIRST, FIRST + 20)
first, first_path = rig.database()
ingest(first, games, 1)
ingest(first, games[:12], 2)
torn = rig.box_score(FIRST, gameState="LIVE", playerByGameStats={})
up.replies[rig.box_score_path(FIRST)] = Reply(torn, headers=rig.etag(at[0] + 15))
rig.run("ingest", FIRST, db=first, upstream=up.url)
tap.ok(rows(first_path)["raw_bodies"] and rows(first_path)["polls"] and rows(first_path)["quarantine"] and rows(first_path)["stat_changes"], "a database with some of everything", rows(first_path)["quarantine"])

# What is not in the lists of columns is copied by lists of its own: each column has something to lose here.
tables = {r["name"] for r in rig.query(first_path, "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")}
tap.same(tables - set(rows(first_path)), {"schema_versions"}, "all tables but that of the schema are compared")
for table in ("quarantine", "raw_bodies", "stat_changes", "game_changes"):
    names = [r["name"] for r in rig.query(first_path, "select name from pragma_table_info(?)", table)]
    empty = [n for n in names if not rig.query(first_path, "select count(%s) as n from %s" % (n, table))[0]["n"]]
    tap.same(empty, [], "%s: something is in each of its %d columns" % (table, len(names)))

for a, b, word in ((first_path, first, "copy: FROM: wants"), (first, "x", "copy: TO: wants")):
    r = copy(a, b)
    tap.ok(r.returncode == 2 and word in r.stderr and r.stderr.count("\n") == 1, word + " a URL: exit 2", r.stderr)
there = server.database()
r = copy(first, there)
tap.ok(r.returncode == 0 and "all holds in both" in r.stdout, "to PostgreSQL: exit 0, and both are checked", r.stdout + r.stderr)
r = rig.run("check", db=there)
tap.ok(r.returncode == 0, "the copy holds for `check` too", r.stdout + r.stderr)
back, back_path = rig.database()
r = copy(there, back)
tap.ok(r.returncode == 0, "and back", r.stdout + r.stderr)
tap.same(rows(back_path), rows(first_path), "row for row what it was, revisions and all")

r = copy(first, there)
tap.ok(r.returncode == 0 and ": 0 rows written, 0 deleted" in r.stdout, "again: nothing is written", r.stdout + r.stderr)
ingest(first, games[5:8], 3)
with sqlite3.connect(first_path) as c:  # rows that are there already, but for whose turn it is
    c.execute("update games set next_poll_at = '2023-12-01T01:02:03.000Z', lease_owner = 'somebody', lease_until = '2023-12-01T01:03:03.000Z', "
              "board_at = '2023-12-01T01:01:03.000Z' where game_id > ?", (FIRST + 10,))
r = copy(first, there)
back, back_path = rig.database()
copy(there, back)
tap.ok(r.returncode == 0 and rows(back_path) == rows(first_path), "what has come since is brought over", r.stdout + r.stderr)

ingest(there, [FIRST + 30], 1)
r = copy(first, there)
tap.ok(r.returncode == 2 and "FROM TO" in r.stderr, "one that has gone on by itself is left alone: exit 2", r.stdout + r.stderr)
other, other_path = rig.database()
ingest(other, [FIRST + 40], 1)
before = rows(other_path)
r = copy(first, other)
tap.ok(r.returncode == 2 and rows(other_path) == before, "and so is one with another history, shorter though it is", r.stdout + r.stderr)
other, other_path = rig.database()
up.replies[rig.box_score_path(FIRST + 50)] = Reply(rig.box_score(FIRST + 50, gameState="FUT", playerByGameStats={}), headers=rig.etag(at[0]))
rig.run("ingest", FIRST + 50, db=other, upstream=up.url)
before = rows(other_path)
tap.ok(before["game_changes"] and not before["stat_changes"], "one with a game and no lines yet", before)
r = copy(first, other)
tap.ok(r.returncode == 2 and rows(other_path) == before, "is left as it is, lines and all", r.stdout + r.stderr)
other, other_path = rig.database()
copy(first, other)
with sqlite3.connect(other_path) as c:  # one that broke off before its end
    c.execute("update revisions set revision = 0")
ingest(other, [FIRST + 40], 1)
before = rows(other_path)
r = copy(first, other)
tap.ok(r.returncode == 2 and rows(other_path) == before, "and one that has gone on by itself where a copy broke off", r.stdout + r.stderr)

# Killed as each table ends, then gone on with.
for word in ("stat_changes", "game_changes", "game_stats", "games:"):
    db = server.database()
    p = rig.Program("copy", first, db)
    p.wait_line(word)
    p.p.send_signal(signal.SIGKILL)
    p.p.wait()
    r = copy(first, db)
    back, back_path = rig.database()
    copy(db, back)
    tap.ok(r.returncode == 0 and rows(back_path) == rows(first_path), "killed after %s: the next one goes on to the same end" % word.rstrip(":"), r.stderr)

# While games go on.
db = server.database()
p = rig.Program("copy", first, db)
ingest(first, games, 4)
tap.ok(p.p.wait(60) == 0, "while it is written to: a copy of one moment, which holds", p.output)
r = copy(first, db)
back, back_path = rig.database()
copy(db, back)
tap.ok(r.returncode == 0 and rows(back_path) == rows(first_path), "and the rest afterwards", r.stderr)

# Another writes to the second one: what it has committed stays, whenever that was.
db = server.database()
rig.run("migrate", db=db)
hold = subprocess.Popen(["psql", "-X", "-q", "-d", db], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
hold.stdin.write("select pg_advisory_lock(%d), 'held';\n" % 0x72696e6b73696465)
hold.stdin.flush()
while "held" not in hold.stdout.readline():
    pass
waiting = lambda: len(server.sql("select 1 from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'rinkside'"))
up.replies[rig.box_score_path(FIRST + 60)] = Reply(rig.box_score(FIRST + 60), headers=rig.etag(at[0]))
p = rig.Program("ingest", FIRST + 60, db=db, upstream=up.url)
tap.ok(rig.wait_for(lambda: waiting() == 1), "an ingest waits, and is first", p.output)
q = rig.Program("copy", first, db)
tap.ok(rig.wait_for(lambda: waiting() == 2), "a copy has compared, and waits behind it", q.output)
hold.stdin.close()
hold.wait()
tap.ok(p.p.wait(30) == 0 and q.p.wait(30) == 2 and "meanwhile" in q.wait_line("rinkside:"), "the copy says so and ends: exit 2", q.output)
r = rig.run("check", db=db)
tap.same((r.returncode, cluster.query(server, db, "select revision from revisions")), (0, [["1"]]), "and what was ingested is there and holds")

# The same body, come to each on its own.
one, one_path = rig.database()
db = server.database()
up.replies[rig.box_score_path(FIRST)] = Reply(rig.box_score(FIRST), headers=rig.etag(NOW))
rig.run("ingest", FIRST, db=one, upstream=up.url)
copy(one, db)
up.replies[rig.box_score_path(FIRST)] = Reply(rig.box_score(FIRST, somethingElse=1), headers=rig.etag(NOW + 15))
for each in (one, db):
    rig.run("ingest", FIRST, db=each, upstream=up.url)
numbers = [rig.query(one_path, "select max(body_id) as n from raw_bodies")[0]["n"], int(cluster.query(server, db, "select max(body_id) from raw_bodies")[0][0])]
tap.ok(numbers[0] < numbers[1], "a body with two numbers, the first one's being the smaller", numbers)
r = copy(one, db)
back, back_path = rig.database()
copy(db, back)
tap.ok(r.returncode == 0 and rows(back_path) == rows(one_path), "has the first one's in the end", r.stdout + r.stderr)

# A body that is not what its SHA-256 says.
broken, broken_path = rig.database()
other, other_path = rig.database()
copy(first, broken)
body_id, body = list(rig.query(broken_path, "select body_id, body from raw_bodies order by body_id limit 1 offset 3")[0].values())
with sqlite3.connect(broken_path) as c:
    c.execute("update raw_bodies set body = ? where body_id = ?", (b"\\" + body[1:], body_id))
r = copy(broken, other)
tap.ok(r.returncode == 1 and "raw body %d " % body_id in r.stderr and not rig.query(other_path, "select 1 from raw_bodies where body_id = ?", body_id),
       "a broken body is named and not copied: exit 1", r.stdout + r.stderr)
with sqlite3.connect(broken_path) as c:
    c.execute("update raw_bodies set body = ? where body_id = ?", (body, body_id))
r = copy(broken, other)
tap.ok(r.returncode == 0 and rows(other_path) == rows(first_path), "once it is whole the copy goes on to its end", r.stdout + r.stderr)

r = copy(rig.database()[0], db)
tap.ok(r.returncode == 5, "from nothing: exit 5", r.stderr)
r = rig.run("copy", first)
tap.ok(r.returncode == 2, "a word too few: exit 2", r.stderr)
up.stop()
tap.done()
