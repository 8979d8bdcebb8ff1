#!/usr/bin/env python3
"""migrate by ten at once, on either database, empty or older: one does it. And behind others who take their time."""
import os, sqlite3, subprocess, sys, threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import cluster, rig

TEN = 10
tap = rig.Tap()
server = cluster.Cluster("fsync = off")
NEWEST = rig.run("migrate", db=rig.database()[0]).stdout.split()[-1]

# As a program of one version before would leave it, and with a column fewer.
BEFORE = ["drop index games_status"] + ["drop index game_stats_" + c for c in ("goals", "assists", "points", "shots", "saves", "time_on_ice")]
BEFORE += ["alter table games drop column etag", "delete from schema_versions where version = %s" % NEWEST]


def in_file(url):
    def run(*texts):
        with sqlite3.connect(url.partition(":")[2]) as c:
            return [c.execute(t).fetchall() for t in texts][-1]
    return run


def in_cluster(url):
    def run(*texts):
        return [server.sql(t, url.rpartition("/")[2]) for t in texts][-1]
    return run


def migrate_at_once(url):
    """How many said what, of those that ended well."""
    programs = [rig.Program("migrate", db=url) for _ in range(TEN)]
    said = [p.output if p.p.wait(60) == 0 and not p.reader.join(5) else "%d %s" % (p.p.returncode, p.output) for p in programs]
    return {s: said.count(s) for s in said}


def one_did(from_version):
    return {"schema %s to %s" % (from_version, NEWEST): 1, "schema %s, the newest: nothing to do" % NEWEST: TEN - 1}


def go_back(run, stamp, set_stamp):
    run(*BEFORE, set_stamp % (stamp - 10001))


here, there = rig.database()[0], server.database()
for name, url, run, get, put in (
        ("SQLite", here, in_file(here), "pragma user_version", "pragma user_version = %d"),
        ("PostgreSQL", there, in_cluster(there), "select stamp from schema_stamp", "update schema_stamp set stamp = %d")):
    tap.same(migrate_at_once(url), one_did(0), "%s: ten at once on nothing" % name)
    stamp = int(run(get)[0][0])
    go_back(run, stamp, put)
    tap.same(migrate_at_once(url), one_did(int(NEWEST) - 1), "%s: ten at once on an older one" % name)
    tap.ok(int(run(get)[0][0]) == stamp and rig.run("check", db=url).returncode == 0, "%s: and it is as before" % name)

# Somebody puts a schema of his own before the one that holds the tables.
db = server.database()
rig.run("migrate", db=db)
stamp = int(in_cluster(db)("select stamp from schema_stamp")[0][0])
in_cluster(db)("create schema mine", "alter database %s set search_path = mine, public" % db.rpartition("/")[2])
go_back(in_cluster(db), stamp, "update schema_stamp set stamp = %d")
r = rig.run("migrate", db=db)
tap.ok(r.returncode == 0 and int(in_cluster(db)("select stamp from public.schema_stamp")[0][0]) == stamp and rig.run("check", db=db).returncode == 0,
       "another schema comes first: the tables that there are become the newest", r.stdout + r.stderr)
tap.same(in_cluster(db)("select count(*) from pg_class where relnamespace = 'mine'::regnamespace"), [["0"]], "and nothing is made beside them")

# Others are at the tables for longer than a statement may take, of the migration's too.
HOLD_S = 2
db = server.database()
rig.run("migrate", db=db)
stamp = int(in_cluster(db)("select stamp from schema_stamp")[0][0])
for what, hold in (("a reader", "select count(*) from games"), ("another migration", "select pg_advisory_xact_lock(%d)" % 0x72696e6b73696465)):
    go_back(in_cluster(db), stamp, "update schema_stamp set stamp = %d")
    slow = subprocess.Popen(["psql", "-X", "-q", "-d", db], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    slow.stdin.write("begin; %s; select 'held';\n" % hold)
    slow.stdin.flush()
    while "held" not in slow.stdout.readline():
        pass
    p = rig.Program("migrate", db=db + "?options=-cstatement_timeout%3D500")
    waiting = lambda: server.sql("select 1 from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'rinkside'")
    tap.ok(rig.wait_for(waiting), "behind %s it waits" % what, p.output)
    end = threading.Timer(HOLD_S, slow.stdin.close)
    end.start()
    code = p.p.wait(30)
    tap.ok(code == 0 and not waiting(), "and does it in the end, whatever the limit of a statement is", p.output)
    end.join()
    slow.wait()
tap.done()
