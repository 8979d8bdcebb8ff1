#!/usr/bin/env python3
"""PostgreSQL away and back, many at once, and the same rows as SQLite: one server of the test's own."""
import glob, json, os, signal, socket, subprocess, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import cluster, rig
from rig import Reply

GAME, NOW = 2023020001, 0x6567c306
SECRET = "not-to-be-seen"
tap = rig.Tap()
up = rig.Upstream()
server = cluster.Cluster("fsync = off\nmax_connections = 20\nsuperuser_reserved_connections = 3")
moves = [0]


def next_body(game=GAME, **members):
    """A box score that differs from the last in one player's hits, and is newer."""
    moves[0] += 1
    body = rig.box_score(game, gameState="LIVE", **members)
    body["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = moves[0]
    up.replies[rig.box_score_path(game)] = Reply(body, headers=rig.etag(NOW + 15 * moves[0]))


def ingest(db, game=GAME, **more):
    return rig.run("ingest", game, "--retries", 0, db=db, upstream=up.url, **more)


def one_sentence(r):
    return r.returncode == 5 and len(r.stderr.strip().splitlines()) == 1 and "database: " in r.stderr and SECRET not in r.stdout + r.stderr


def revision(db):
    return int(cluster.query(server, db, "select revision from revisions")[0][0])


class Relay:
    """Between a client and the server until a transaction waits for the client: from then on as if the client's machine had lost its power."""
    IN_TRANSACTION = b"Z\0\0\0\5T"

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.is_cut, self.was_ended = threading.Event(), threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            to = socket.create_connection(("127.0.0.1", server.port))
            threading.Thread(target=self._ask, args=(client, to), daemon=True).start()
            threading.Thread(target=self._answer, args=(client, to), daemon=True).start()

    def _ask(self, client, to):
        while (data := client.recv(1 << 20)) and not self.is_cut.is_set():
            to.sendall(data)

    def _answer(self, client, to):
        while data := to.recv(1 << 20):
            if self.IN_TRANSACTION in data:
                self.is_cut.set()
            if not self.is_cut.is_set():
                client.sendall(data)
        self.was_ended.set()


# ---- the schema, by ten at once, where a session is neither to wait nor to be idle ----

db = server.database()
name = db.rpartition("/")[2]
for hasty in ("lock_timeout", "idle_in_transaction_session_timeout"):
    server.sql("alter database %s set %s = '1ms'" % (name, hasty))
next_body()
starts = [rig.Program("ingest", GAME, db=db, upstream=up.url) for _ in range(10)]
codes = [p.p.wait(60) for p in starts]
tap.same(codes, [0] * 10, "ten that start at once on an empty database make one schema")
tap.same(revision(db), 1, "and one revision")
r = rig.run("check", db=db)
tap.ok(r.returncode == 0, "and all holds", r.stdout + r.stderr)
r = rig.run("copy", db, rig.database()[0])
tap.ok(r.returncode == 0, "nor is a copy cut off for its pauses", r.stdout + r.stderr)
server.sql("alter database %s reset all" % name)

# ---- the same rows in both ----

place = rig.recordings()
bodies = sorted(glob.glob(os.path.join(place, "**", "*.json"), recursive=True)) if place else []
bodies = [b for b in bodies if "/boxscore/" in b or "/feed" in b or "/play-by-play/" in b]
made = os.path.join(rig.TEMP, "made.json")
with open(made, "w") as f:
    json.dump(rig.box_score(GAME), f)
names = {"id": 2023020002, "venue": {"default": 'Aréna "Été", \\ {1,2}'}}
odd = rig.box_score(**{**names, "game_id": names.pop("id")})
odd["playerByGameStats"]["awayTeam"]["forwards"][0].update(name={"default": "Ï. Ñ’\"\\{}, NULL"}, faceoffWinningPctg=1 / 3)
odd["gameState"] = "\u20ac" * 50  # its warning is cut, not within a character
with open(os.path.join(rig.TEMP, "odd.json"), "w") as f:
    json.dump(odd, f)
files = bodies + [made, os.path.join(rig.TEMP, "odd.json")]
here, there = rig.database()[0], server.database()
ends = []
for url in (here, there):
    r = rig.run("ingest", "--file", *files, db=url, deadline_s=120)
    ends.append((r.returncode, r.stdout.replace(str(url), "")))
tap.same(ends[1], ends[0], "%d bodies: the same outcomes in both" % len(files))


def everything(url):
    """The API's CSV of all tables that readers see."""
    api = rig.Program("api", "--listen", "127.0.0.1:0", db=url)
    line = api.wait_line("listening on ")
    base = line.split("listening on ")[1].strip()
    out = {}
    for path in ("/game-stats?format=csv", "/games?format=csv", "/game-stats?sort=-goals&limit=1000", "/game-stats?sort=save_pct&limit=500",
                 "/game-stats?position=G&sort=-player_name&limit=300", "/changes?after=0&limit=200", "/teams", "/leaders?season=20232024&stat=points"):
        status, _, body = rig.get(base + path)
        out[path] = (status, body)
    api.stop()
    return out


sqlite, postgres = everything(here), everything(there)
for path in sqlite:
    tap.ok(sqlite[path] == postgres[path] and sqlite[path][0] == 200, "%s: byte for byte the same" % path,
           "%r\n%r" % (sqlite[path][:1] + (sqlite[path][1][:300],), postgres[path][:1] + (postgres[path][1][:300],)))
tap.note("%d recorded bodies were used" % len(bodies))

# ---- refused, and a password that is nobody's business ----

with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    nowhere = "postgresql://someone:%s@127.0.0.1:%d/x" % (SECRET, s.getsockname()[1])
    r = ingest(nowhere)
    tap.ok(one_sentence(r), "refused: exit 5, one sentence, no password", r.stderr)
    r = ingest(nowhere.replace("/x", "/x?sslmode=never"))
    tap.ok(r.returncode == 5 and SECRET not in r.stderr, "an sslmode that is none: a sentence without the URL", r.stderr)
r = ingest("postgresql://someone:%s%%zz@x/y" % SECRET)
tap.ok(r.returncode == 2 and SECRET not in r.stderr, "a URL that is none: exit 2, without it", r.stderr)
slips = ("host=db password=%s dbname=x", "host=db port=1 password=a:%s dbname=x", "postgres:rinkside:%s@db/rinkside", "postgresql://rinkside:%s/x@db/rinkside",
         "postgresql://rinkside:1/%s@db/rinkside", "postgresql://rinkside:hun@%s@db.invalid/rinkside")
for slip in slips:
    ends = [rig.run(*words, db=db, upstream=up.url, deadline_s=5) for words, db in
            ((("worker",), slip % SECRET), (("ingest", GAME), slip % SECRET), (("api", "--listen", "127.0.0.1:0"), slip % SECRET),
             (("api", "--listen", "127.0.0.1:0", "--db-read", slip % SECRET), "sqlite:" + os.devnull))]
    said = "".join(r.stdout + r.stderr for r in ends)
    tap.ok([r.returncode for r in ends] == [2] * 4 and not any(part in said for part in (SECRET, "hun@")), "%s: exit 2, without it" % slip, said)
odd = ingest("postgresql://someone@/x?host=@nothere")
tap.ok(odd.returncode == 5, "an abstract socket is none of these", odd.stderr)
r = ingest(db.rsplit("/", 1)[0] + "/nothere")
tap.ok(one_sentence(r) and "nothere" in r.stderr, "a database that is not there", r.stderr)
for encoding in ("LATIN1", "SQL_ASCII"):
    server.sql("create database %s encoding '%s' template template0" % (encoding, encoding))
    ends = [ingest(server.url(encoding.lower())), rig.run("migrate", db=server.url(encoding.lower()))]
    tap.ok(all(one_sentence(r) and encoding in r.stderr and "-E UTF8" in r.stderr for r in ends), "a database of %s: what to do about it" % encoding, ends[0].stderr)
r = ingest(db + "?sslmode=require")
tap.ok(one_sentence(r) and "SSL" in r.stderr, "sslmode=require at a server without TLS", r.stderr)

# ---- a machine that is lost in the middle of a put, begun here, its end is looked at below ----

left = server.database()
tap.same(ingest(left).returncode, 0, "a game is put")
next_body()
relay = Relay()
lost = rig.Program("ingest", GAME, "--retries", 0, db=left.replace(":%d/" % server.port, ":%d/" % relay.port), upstream=up.url)
tap.ok(relay.is_cut.wait(10), "the next time its machine loses its power within the transaction")

# ---- out of connections ----

crowd = [subprocess.Popen(["psql", "-X", "-q", "-d", db, "-c", "select pg_sleep(8)"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
         for _ in range(40)]
rig.wait_for(lambda: ingest(db).returncode == 5, 20)
r = ingest(db)
tap.ok(one_sentence(r), "no connection to be had: exit 5 and a sentence", r.stderr)
for p in crowd:
    p.kill()
    p.wait()
tap.ok(rig.wait_for(lambda: ingest(db).returncode == 0, 40, 0.2), "and when there is one again, it goes on")

# ---- what the lost machine held ----

tap.same(ingest(left).returncode, 0, "what the lost machine held is free before who waits for it has waited too long")
tap.ok(relay.was_ended.wait(10), "as the server has ended its session")
lost.stop(signal.SIGKILL)

# ---- an API whose watcher has the one connection that there is ----

sleepers = "select 1 from pg_stat_activity where query = 'select pg_sleep(8)'"
rig.wait_for(lambda: not server.sql(sleepers), 40)
server.sql("create role reader login connection limit 1")
server.sql("grant pg_read_all_data to reader")
alone = rig.Program("api", "--listen", "127.0.0.1:0", db=db.replace("postgres@", "reader@"))
base = alone.wait_line("listening on ").split("listening on ")[1].strip()
tap.ok(rig.wait_for(lambda: rig.get(base + "/health/ready")[0] == 503 and "no connection for readers" in alone.output), "no connection is left for readers: 503, and why",
       alone.output)
for n in range(1, 5):
    rig.get("%s/game-stats/%d?limit=%d" % (base, GAME, n))
tap.same(alone.output.count("no connection for readers"), 1, "which is said once")
tap.ok(b"rinkside_database_away 1" in rig.get(base + "/metrics")[2], "and by /metrics, too: it cannot be read")
server.sql("alter role reader connection limit 5")
tap.ok(rig.wait_for(lambda: rig.get(base + "/health/ready")[0] == 200) and alone.wait_line("connection for readers again"), "there are some again: so it answers", alone.output)
tap.ok(b"rinkside_database_away 0" in rig.get(base + "/metrics")[2], "and is away no more")
alone.stop()

# ---- a role that may not use the schema, and a search_path that names none ----

cluster.query(server, db, "create role outsider login; revoke usage on schema public from public")
shut = [rig.run("check", db=db.replace("postgres@", "outsider@")), rig.run("check", db=db + "?options=-csearch_path%3Dnothere"),
        rig.run("migrate", db=db + "?options=-csearch_path%3Dnothere")]
tap.ok(all(one_sentence(r) and "search_path" in r.stderr and "migrate" not in r.stderr for r in shut), "no schema may be used: that is said, not to migrate", [r.stderr for r in shut])
cluster.query(server, db, "grant usage on schema public to public")

# ---- an API through all of it ----

api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
base = api.wait_line("listening on ").split("listening on ")[1].strip()
path = "%s/game-stats/%d" % (base, GAME)


def fresh(hits):
    """Whether the API shows the newest hits, unmarked."""
    status, headers, body = rig.get(path)
    return status == 200 and json.loads(body)[0]["hits"] == hits and not headers.get("X-Stale")


def is_stale():
    status, headers, _ = rig.get(path)
    return status == 200 and bool(headers.get("X-Stale"))


tap.ok(rig.wait_for(lambda: fresh(moves[0])), "the API serves what is there")
server.stop()
tap.ok(rig.wait_for(is_stale), "the server stops: the last answer, marked stale")
r = ingest(db)
tap.ok(one_sentence(r), "an ingest meanwhile: exit 5 and a sentence", r.stderr)
server.start()
next_body()
tap.ok(rig.wait_for(lambda: ingest(db).returncode == 0), "it starts again: an ingest goes well")
tap.ok(rig.wait_for(lambda: fresh(moves[0])), "and the API has come back by itself")

# ---- a session killed within a transaction ----

blocker = subprocess.Popen(["psql", "-X", "-q", "-d", db], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
blocker.stdin.write("begin; select revision from revisions for update; select 'held';\n")
blocker.stdin.flush()
while "held" not in blocker.stdout.readline():
    pass
before = revision(db)
next_body()
p = rig.Program("ingest", GAME, "--retries", 0, db=db, upstream=up.url)
waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'rinkside'"
tap.ok(rig.wait_for(lambda: server.sql(waiting)), "an ingest waits for its turn")
server.sql("select pg_terminate_backend(pid) from (%s) as those" % waiting)
code = p.p.wait(20)
tap.ok(code == 5 and p.wait_line("database: "), "its session is killed in the middle: exit 5 and a sentence", "%d %s" % (code, p.output))
blocker.stdin.close()
blocker.wait()
tap.same(revision(db), before, "and nothing of it is there")
tap.ok(ingest(db).returncode == 0 and revision(db) == before + 1, "the next one does it")
tap.ok(rig.wait_for(lambda: fresh(moves[0])), "and the API shows it")

# ---- every session killed, the API's too ----

server.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rinkside'")
next_body()
tap.ok(ingest(db).returncode == 0 and rig.wait_for(lambda: fresh(moves[0])), "all sessions are killed: the API takes new ones")

# ---- a crash ----

server.restart(signal.SIGQUIT)
next_body()
tap.ok(rig.wait_for(lambda: ingest(db).returncode == 0) and rig.wait_for(lambda: fresh(moves[0])), "the server crashes and recovers: so does everyone")

# ---- a hang ----

server.signal(signal.SIGSTOP)
tap.ok(rig.wait_for(is_stale, 20, 0.2), "the server hangs: the last answer, marked stale")
rig.wait_for(lambda: b"rinkside_database_away 1" in rig.get(base + "/metrics")[2], 20)
begin = time.monotonic()
status, headers, _ = rig.get(path + "?limit=3")
tap.ok(status == 503 and headers.get("Retry-After") and time.monotonic() - begin < 4, "what was never asked before: 503 and Retry-After, at once",
       (status, time.monotonic() - begin))
begin = time.monotonic()
r = ingest(db, deadline_s=40)
tap.ok(one_sentence(r) and time.monotonic() - begin < 30, "an ingest gives up in time: exit 5 and a sentence", r.stderr)
server.signal(signal.SIGCONT)
next_body()
tap.ok(rig.wait_for(lambda: ingest(db).returncode == 0, 20) and rig.wait_for(lambda: fresh(moves[0]), 20), "it goes on: so does everyone")
r = rig.run("check", db=db)
tap.ok(r.returncode == 0, "and all holds", r.stdout + r.stderr)
api.stop()

# ---- up: its schedule and worker wait, for a lock and for a server that hangs; nobody else does ----

whole_db = server.database()
whole = rig.Program("up", "--listen", "127.0.0.1:0", db=whole_db, upstream=up.url)
base = whole.wait_line("listening on ").split("listening on ")[1].strip()
rig.wait_for(lambda: rig.get(base + "/games")[0] == 200)
blocker = subprocess.Popen(["psql", "-X", "-q", "-d", whole_db], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
blocker.stdin.write("begin; lock table games; select 'held';\n")
blocker.stdin.flush()
while "held" not in blocker.stdout.readline():
    pass
tap.ok(rig.wait_for(lambda: server.sql(waiting)), "somebody locks games, and up's worker waits")
took = rig.life_s(base)
tap.ok(took < 1, "who asks up over HTTP does not", took)
blocker.stdin.close()
blocker.wait()
rig.wait_for(lambda: not server.sql(waiting))
server.signal(signal.SIGSTOP)
begin, slowest = time.monotonic(), 0
while not whole.wait_line("the last answers are shown", 0.1) and time.monotonic() < begin + 20:
    slowest = max(slowest, rig.life_s(base))
noticed_s = time.monotonic() - begin
tap.ok(slowest < 1 and noticed_s < 10, "nor when the server hangs, which its API notices by itself", (slowest, noticed_s))
begin = time.monotonic()
code, took = whole.stop(deadline_s=40), time.monotonic() - begin
tap.ok(code == 0 and took < 10, "nor who ends it", (code, took, whole.output[-400:]))
server.signal(signal.SIGCONT)
tap.done()
