#!/usr/bin/env python3
"""--db-read: a replica is read while it has everything, is passed over while it is behind, and no stream is its."""
import concurrent.futures, json, os, signal, socket, subprocess, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import cluster, rig
from rig import Reply

GAME, NOW = 2023020001, 0x6567c306
tap = rig.Tap()
up = rig.Upstream()
primary = cluster.Cluster("fsync = off\nwal_level = replica\nmax_wal_senders = 4")
db = primary.database()
moves = 0


def change():
    """One more commit: the hits that it shows."""
    global moves
    moves += 1
    body = rig.box_score(GAME, gameState="LIVE")
    body["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = moves
    up.replies[rig.box_score_path(GAME)] = Reply(body, headers=rig.etag(NOW + 15 * moves))
    r = rig.run("ingest", GAME, db=db, upstream=up.url)
    return moves if r.returncode == 0 else r.stderr


change()
standby = cluster.Cluster("fsync = off\nhot_standby = on", copy_of=primary)
replica = standby.url(db.rpartition("/")[2])
api = rig.Program("api", "--listen", "127.0.0.1:0", "--db-read", replica, db=db)
base = api.wait_line("listening on ").split("listening on ")[1].strip()


def shown():
    status, headers, body = rig.get("%s/game-stats/%d" % (base, GAME))
    return json.loads(body)[0]["hits"] if status == 200 and not headers.get("X-Stale") else (status, body)


def ready():
    return json.loads(rig.get(base + "/health/ready")[2])


def metric(name):
    for line in rig.get(base + "/metrics")[2].decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    return None


def at_once(limits):
    """How long it takes, and what comes, when answers never asked for before are all asked for at the same time."""
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(limits)) as many:
        answers = list(many.map(lambda n: rig.get("%s/game-stats/%d?limit=%d" % (base, GAME, n), 60), limits))
    return time.monotonic() - begin, answers


tap.ok(rig.wait_for(lambda: shown() == moves), "what is there is shown")
tap.ok(rig.wait_for(lambda: ready()["replica"] == {"away": False, "revision": ready()["revision"], "behind": 0}), "the replica is not behind", ready())
tap.same(metric("rinkside_replica_passed_over_total"), 0, "and was never passed over")

# It falls behind: replay is paused.
standby.sql("select pg_wal_replay_pause()")
rig.wait_for(lambda: standby.sql("select pg_get_wal_replay_pause_state()") == [["paused"]])
change()
change()
tap.ok(rig.wait_for(lambda: shown() == moves), "behind: what is shown is the newest all the same", shown())
tap.ok(rig.wait_for(lambda: (ready()["replica"]["behind"], ready()["replica"]["away"]) == (2, False)), "and it says by how much", ready())
tap.ok(metric("rinkside_replica_behind_revisions") == 2 and metric("rinkside_replica_passed_over_total") >= 1 and
       rig.wait_for(lambda: metric("rinkside_replica_behind_seconds") > 0), "as the metrics do")

# A stream that has come further than the replica is not told to begin anew.
s = socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2])))
s.settimeout(10)
s.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\nLast-Event-ID: %d\r\n\r\n" % moves)
text = b""
threading.Timer(0.5, change).start()
while b"id: %d\n" % (moves if moves > 3 else 4) not in text and len(text) < 100000:
    text += s.recv(65536)
tap.ok(b"event: reset" not in text and text.count(b"\ndata: {") + text.startswith(b"data: {") == 1, "a stream that is ahead of it goes on with the next commit", text[-300:])
s.close()
standby.sql("select pg_wal_replay_resume()")
tap.ok(rig.wait_for(lambda: shown() == moves and ready()["replica"]["behind"] == 0), "it catches up", ready())

# It goes away, and comes back.
standby.stop()
change()
tap.ok(rig.wait_for(lambda: shown() == moves), "the replica stops: the database is read")
tap.same(ready()["replica"]["away"], True, "and that is said")
standby.start()
change()
tap.ok(rig.wait_for(lambda: shown() == moves and not ready()["replica"]["away"]), "it is back")

# It fails in the middle of an answer, as when it cancels one: what is asked waits for a lock that it replays, and is ended.
cancelled = rig.Program("api", "--listen", "127.0.0.1:0", "--db-read", replica, db=db)
place = cancelled.wait_line("listening on ").split("listening on ")[1].strip()
rig.wait_for(lambda: rig.get(place + "/health/ready")[0] == 200)
name = db.rpartition("/")[2]
locker = subprocess.Popen(["psql", "-X", "-q", "-d", db], stdin=subprocess.PIPE, text=True)
locker.stdin.write("begin; lock table game_stats in access exclusive mode;\n")
locker.stdin.flush()
locked = "select 1 from pg_locks where mode = 'AccessExclusiveLock' and relation = 'game_stats'::regclass"
primary.sql("select pg_switch_wal()")
rig.wait_for(lambda: standby.sql(locked, name))
standby.sql("select pg_wal_replay_pause()")
rig.wait_for(lambda: standby.sql("select pg_get_wal_replay_pause_state()") == [["paused"]])
locker.stdin.close()
locker.wait()


def ending(ask):
    """What is answered while the sessions of those who wait at the replica are ended."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask)
        while not answer.done():
            standby.sql("select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'", name)
        return answer.result()


status, headers, body = ending(lambda: rig.get("%s/game-stats/%d" % (place, GAME)))
tap.ok(status == 200 and not headers.get("X-Stale") and json.loads(body)[0]["hits"] == moves, "the replica fails in the middle of an answer: the database gives it",
       (status, str(headers), body[:200]))
answers = [ending(lambda: rig.get("%s/game-stats/%d?limit=%d" % (place, GAME, n))[0]) for n in range(2, 6)]
tap.same(answers, [200] * 4, "and all others")
cancelled.stop()
standby.sql("select pg_wal_replay_resume()")
rig.wait_for(lambda: not standby.sql(locked, name))

# It hangs: that is noticed once, and not by each reader for itself.
standby.signal(signal.SIGSTOP)
seconds, answers = at_once(range(40, 42))
tap.ok(seconds < 8 and all(status == 200 and not headers.get("X-Stale") for status, headers, _ in answers), "the replica hangs: the database answers in its place",
       (seconds, answers))
seconds, answers = at_once(range(42, 58))
tap.ok(seconds < 8 and all(status == 200 and not headers.get("X-Stale") for status, headers, _ in answers), "and does so from then on", (seconds, answers))
tap.same(ready()["replica"]["away"], True, "and that is said")
standby.signal(signal.SIGCONT)
tap.ok(rig.wait_for(lambda: not ready()["replica"]["away"]), "it goes on", ready())

# The database goes away: the replica still answers, marked.
primary.stop(signal.SIGQUIT)
path = "%s/game-stats/%d?limit=5" % (base, GAME)


def marked():
    status, headers, body = rig.get(path)
    return status == 200 and headers.get("X-Stale") and len(json.loads(body)) == 5


tap.ok(rig.wait_for(marked), "the database stops: the replica answers what was never asked before, marked stale", rig.get(path))
primary.start()
change()
tap.ok(rig.wait_for(lambda: shown() == moves), "and all is as before", shown())

# It hangs: a try at it takes five seconds, which no reader spends.
primary.signal(signal.SIGSTOP)
tap.ok(rig.wait_for(lambda: metric("rinkside_database_away") == 1, 20), "the database hangs, which is noticed")
seconds, answers = at_once(range(10, 26))
tap.ok(seconds < 4 and all(status == 200 and headers.get("X-Stale") for status, headers, _ in answers),
       "the replica answers at once what was never asked before, marked stale", (seconds, answers[:2]))
primary.signal(signal.SIGCONT)
change()
tap.ok(rig.wait_for(lambda: shown() == moves), "it goes on, and all is as before", shown())

# A database of its own is no replica, however many revisions it has.
other = primary.database()
tap.same(rig.run("ingest", GAME, db=other, upstream=up.url).returncode, 0, "another database has the newest, too")
cluster.query(primary, other, "update revisions set revision = 1000; update game_stats set hits = -1")
strange = rig.Program("api", "--listen", "127.0.0.1:0", "--db-read", other, db=db)
place, base = base, strange.wait_line("listening on ").split("listening on ")[1].strip()
tap.ok(rig.wait_for(lambda: shown() == moves) and strange.wait_line("not a replica of it"), "one that is no replica is not read, and that is said", strange.output)
tap.ok(rig.wait_for(lambda: ready().get("replica", {}).get("away")), "it counts as away", ready())
tap.same([shown() for _ in range(20)] + [strange.output.count("not a replica of it")], [moves] * 20 + [1], "and it is said once")
strange.stop()
base = place

# A writer that is given the replica says so.
r = rig.run("ingest", GAME, "--retries", 0, db=replica, upstream=up.url)
tap.ok(r.returncode == 5 and len(r.stderr.strip().splitlines()) == 1, "an ingest into the replica: exit 5 and a sentence", r.stderr)
api.stop()

# Two hosts in --db, the one that is behind first: it is not taken for the database.
standby.sql("select pg_wal_replay_pause()")
change()
both = "postgresql://postgres@127.0.0.1:%d,127.0.0.1:%d/%s" % (standby.port, primary.port, db.rpartition("/")[2])
api = rig.Program("api", "--listen", "127.0.0.1:0", db=both)
base = api.wait_line("listening on ").split("listening on ")[1].strip()
tap.ok(rig.wait_for(lambda: shown() == moves), "two hosts, a standby first: the one that is written to is read", shown())
change()
tap.ok(rig.wait_for(lambda: shown() == moves), "and its news are heard of", shown())
tap.ok("replica" not in ready() and metric("rinkside_replica_away") is None, "no replica was named: none is spoken of", ready())
primary.stop(signal.SIGQUIT)
path = "%s/game-stats/%d?limit=7" % (base, GAME)
tap.ok(rig.wait_for(lambda: rig.get(path)[0] == 200), "it stops: the standby answers what was never asked before", rig.get(path))
status, headers, body = rig.get("%s/game-stats/%d?limit=8" % (base, GAME))
tap.ok(status == 200 and headers.get("X-Stale") and json.loads(body)[0]["hits"] < moves, "older rows, and marked so", (status, str(headers), body[:200]))
primary.start()
tap.ok(rig.wait_for(lambda: shown() == moves), "it is back: so are its rows, unmarked", shown())
change()
tap.ok(rig.wait_for(lambda: shown() == moves), "and its news", shown())
api.stop()

# The same two, of a service and of the environment; and what those want of a server is what is looked for.
services = os.path.join(rig.TEMP, "services")
with open(services, "w") as f:
    for service, wants in (("nhl", ""), ("behind", "target_session_attrs=standby\n")):
        f.write("[%s]\nhost=127.0.0.1,127.0.0.1\nport=%d,%d\nuser=postgres\ndbname=%s\n%s" % (service, standby.port, primary.port, db.rpartition("/")[2], wants))
hosts = {"PGHOST": "127.0.0.1,127.0.0.1", "PGPORT": "%d,%d" % (standby.port, primary.port)}
change()
newest, name = moves, db.rpartition("/")[2]
by = (("a service", "postgresql:///?service=nhl", {"PGSERVICEFILE": services}), ("a service of the environment", "postgresql:///", {"PGSERVICEFILE": services, "PGSERVICE": "nhl"}),
      ("PGHOST", "postgresql://postgres@/" + name, hosts))
apis = []
for named, url, env in by:
    api = rig.Program("api", "--listen", "127.0.0.1:0", db=url, env=env)
    base = api.wait_line("listening on ").split("listening on ")[1].strip()
    apis.append((api, base))
    tap.ok(rig.wait_for(lambda: shown() == newest), "two hosts of %s, a standby first: the one that is written to is read" % named, shown())
    r = rig.run("ingest", GAME, db=url, upstream=up.url, env=env)
    tap.same(r.returncode, 0, "and written %s" % r.stderr)
for named, url, env in (("a service", "postgresql:///?service=behind", {"PGSERVICEFILE": services}),
                        ("the environment", "postgresql://postgres@/" + name, {**hosts, "PGTARGETSESSIONATTRS": "standby"})):
    api = rig.Program("api", "--listen", "127.0.0.1:0", db=url, env=env)
    base = api.wait_line("listening on ").split("listening on ")[1].strip()
    tap.ok(rig.wait_for(lambda: isinstance(shown(), int) and shown() < newest), "target_session_attrs=standby in %s: it is read" % named, shown())
    api.stop()
primary.stop(signal.SIGQUIT)
for (named, _, _), (api, base) in zip(by, apis):
    path = "%s/game-stats/%d?limit=7" % (base, GAME)
    tap.ok(rig.wait_for(lambda: rig.get(path)[0] == 200) and rig.get(path)[1].get("X-Stale"), "it stops, two hosts of %s: the standby answers, marked" % named, rig.get(path))
    api.stop()
primary.start()
standby.sql("select pg_wal_replay_resume()")
tap.done()
