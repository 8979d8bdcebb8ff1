"""A PostgreSQL of the bench's own on loopback: games put, games never asked before, a change from process to process, a cache in front."""
import csv, json, os, pwd, shutil, sqlite3, subprocess, sys, tempfile, threading, time

from cluster import Cluster
from rig import Edge, Measure, Row, get, load, median
from rows.api import each_once
from rows.ingest import live_night
from rows.stream import LiveGame, Readers, delays

PUTTING = 4  # processes: as many as the workers of a night shared by two machines


# ---- games put ----

def flushes(folder, seconds=1):
    """How often a second the disk says that 8 KB are safe, in the way of the log: what durable commits one after the other cannot exceed."""
    with tempfile.NamedTemporaryFile(dir=folder) as f:
        os.pwrite(f.fileno(), b"x" * (16 << 20), 0)
        os.fsync(f.fileno())
        count, begin = 0, time.monotonic()
        while (took := time.monotonic() - begin) < seconds:
            os.pwrite(f.fileno(), b"y" * 8192, count * 8192 % (16 << 20))
            os.fdatasync(f.fileno())
            count += 1
    return count / took


def puts(bench):
    """A cluster as initdb makes it, so a commit waits for the disk; then the same without that wait, which shows the rest."""
    seconds = 1 if bench.is_quick else 5
    must = {"changed": ">= 500", "unchanged": ">= 1200"}
    for name, settings in (("a commit waits for the disk", ""), ("synchronous_commit = off", "synchronous_commit = off")):
        server = Cluster(settings)
        for kind in must:
            rate = bench.puts(server.database(), PUTTING, seconds, kind)
            beside = ("flushes of the disk", flushes(server.folder)) if not settings else \
                     ("SQLite, which does not wait", bench.puts("sqlite:" + bench.database(), PUTTING, seconds, kind))
            yield Measure("%s, %s" % (kind, name), rate, "/s", must[kind], beside, False)
        server.remove()


# ---- games read ----

def fill(server, database, path):
    """The rows of a SQLite database made in bulk, into an empty one."""
    source = sqlite3.connect(path)
    for table in ("games", "game_stats", "players", "teams"):
        columns = ", ".join(r[1] for r in source.execute("pragma table_info(%s)" % table))
        p = subprocess.Popen(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", server.url(database), "-c", "COPY %s (%s) FROM STDIN (FORMAT csv)" % (table, columns)],
                             stdin=subprocess.PIPE, text=True)
        csv.writer(p.stdin).writerows(source.execute("select %s from %s" % (columns, table)))
        p.stdin.close()
        if p.wait():
            raise RuntimeError("%s was not filled" % table)
    server.sql("update revisions set revision = (select max(revision) from games)", database)
    server.sql("vacuum analyze", database)


def is_within_reach(folder):
    """Whether the server's user may go there."""
    if os.getuid():
        return True
    user = pwd.getpwnam("postgres")
    return subprocess.run(["test", "-x", folder], user=user.pw_uid, group=user.pw_gid, extra_groups=[]).returncode == 0


def millions(bench):
    """A cluster with 2.5 million stat lines in its database `rinkside`; kept under build/bench where the server's user may go there."""
    path = bench.millions()
    place = os.path.join(os.path.dirname(path), "postgres-" + os.path.basename(path)[:-3])
    is_made = os.path.exists(os.path.join(place, "made"))
    if not is_made:
        shutil.rmtree(place, True)
    # A server that has its table in memory, as one that is asked so much would: SQLite's is in the system's, too.
    server = Cluster("fsync = off\nsynchronous_commit = off\nmax_wal_size = 4GB\nshared_buffers = 3GB\nmaintenance_work_mem = 256MB",
                     folder=place if is_within_reach(os.path.dirname(path)) else None)
    url = server.url("rinkside")
    if not is_made:
        print("filling PostgreSQL with them, once ...", file=sys.stderr)
        server.sql("create database rinkside")
        bench.run("migrate", db=url)
        fill(server, "rinkside", path)
        server.sql("checkpoint")
        with open(os.path.join(server.folder, "made"), "w"):
            pass
    server.sql("create extension if not exists pg_prewarm", "rinkside")
    server.sql("select pg_prewarm(oid) from pg_class where relname in ('game_stats', 'game_stats_pkey', 'games', 'games_pkey')", "rinkside")
    return server, url, path


def never_asked(bench):
    """The API on one core, what asks it on the other, the server's processes where there is room."""
    server, url, path = millions(bench)
    api = bench.api(url, "--max-connections-per-peer", 2000)
    found = load(bench, api.url, 32, 1 if bench.is_quick else 4, each_once(path))
    api.stop()
    server.remove()
    if found.errors:
        raise RuntimeError("%d errors" % found.errors)
    yield Measure("each game once, in any order", found.rate, "/s", ">= 3000", is_better_low=False)
    yield Measure("p99", found.p99_ms, "ms")


# ---- from one process to another ----

def told(bench):
    server = Cluster()
    url = server.database()
    game = LiveGame(bench, url)
    game.change()
    api = bench.api(url)
    get(api.url + "/health/live")
    readers = Readers(bench, api.url, 16)
    readers.wait(lambda: readers.is_ready, 60)
    _, lasts = delays(readers, game, 5 if bench.is_quick else 20)
    readers.stop()
    api.stop()
    server.remove()
    yield Measure("to the last of 16 readers", median(lasts), "ms", "<= 50")
    yield Measure("to the last of 16 readers, at most", max(lasts), "ms")


# ---- a cache in front ----

# What readers look at while sixteen games are on, in turn.
PATHS = ["/", "/games", "/teams", "/leaders?season=%d&stat=points", "/game-stats?sort=-goals", "/coverage?season=%d"]


class MovingGames(threading.Thread):
    """Sixteen live games: something moves in one of them every second."""
    def __init__(self, bench, db):
        super().__init__(daemon=True)
        place = os.path.join(live_night(bench), "web", "boxscore")
        self.bench, self.db, self.is_over, self.when = bench, db, threading.Event(), time.time() - 7200
        self.paths = [shutil.copy(os.path.join(place, name), bench.temp) for name in sorted(os.listdir(place))]
        self.ids = [int(os.path.basename(p).partition("-")[0]) for p in self.paths]
        self.moves = 0
        for path in self.paths:
            self.move(path)

    def move(self, path):
        self.moves += 1
        with open(path) as f:
            body = json.load(f)
        body["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] += 1
        with open(path, "w") as f:
            json.dump(body, f)
        os.utime(path, (self.when + self.moves, self.when + self.moves))
        self.bench.run("ingest", "--file", path, db=self.db)

    def run(self):
        while not self.is_over.wait(1):
            self.move(self.paths[self.moves % len(self.paths)])


def requests_of(api):
    return sum(float(line.split()[1]) for line in get(api.url + "/metrics").decode().splitlines() if line.startswith("rinkside_http_requests_total"))


def cached(bench):
    server = Cluster()
    url, seconds = server.database(), 3 if bench.is_quick else 15
    games = MovingGames(bench, url)
    api = bench.api(url)
    front = Edge(bench, api.url)
    season = games.ids[0] // 1_000_000
    paths = [p % (season * 10001 + 1) if "%d" in p else p for p in PATHS]
    paths += [form % i for i in games.ids for form in ("/games/%d", "/game-stats/%d", "/games/%d/events")]
    games.start()
    before, begin = requests_of(api), time.monotonic()
    found = load(bench, front.url, 256, seconds, paths * 10_000, ["Accept-Encoding: gzip"])
    origin = (requests_of(api) - before) / (time.monotonic() - begin)
    games.is_over.set()
    games.join(30)
    front.stop()
    api.stop()
    server.remove()
    if found.errors:
        raise RuntimeError("%d errors" % found.errors)
    yield Measure("readers' requests, of %d answers" % len(paths), found.rate, "/s", ">= 10000", is_better_low=False)
    yield Measure("of these reach the API", origin, "/s")
    yield Measure("of 10,000 reach the API", origin * 10_000 / found.rate, "")
    yield Measure("readers: p99", found.p99_ms, "ms")


ROWS = [
    Row("postgres-puts", "games put into PostgreSQL over loopback, %d processes" % PUTTING, puts),
    Row("postgres-never", "`/game-stats/{id}`, never asked before, 2.5 million lines in PostgreSQL", never_asked, needs_millions=True),
    Row("postgres-stream", "a change by one process on `/stream` of another's API", told),
    Row("postgres-cache", "nginx's cache in front, 16 live games, gzip", cached),
]
