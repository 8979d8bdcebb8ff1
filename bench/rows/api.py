"""What readers wait for: one game's lines, kept or never asked before; any page of all; the whole table as CSV."""
import http.client, os, random, re, socket, sqlite3, time, urllib.parse

from rig import CLIENT_CORE, Measure, Nginx, Row, get, load, median

def small(bench):
    """A database of one night's games."""
    return bench.rows(40 * 64)


def unchanged(bench):
    seconds, db = (1 if bench.is_quick else 8), small(bench)
    game = sqlite3.connect(db).execute("select max(game_id) from games").fetchone()[0]
    api = bench.api(db, "--max-connections-per-peer", 2000)
    body = get("%s/game-stats/%d" % (api.url, game))
    for connections in (32, 256):
        ours = load(bench, "%s/game-stats/%d" % (api.url, game), connections, seconds)
        nginx = Nginx(bench, {"game.json": body})
        theirs = load(bench, nginx.url + "/game.json", connections, seconds)
        nginx.stop()
        if ours.errors or theirs.errors:
            raise RuntimeError("errors: %d, and %d of nginx's" % (ours.errors, theirs.errors))
        yield Measure("%d connections" % connections, ours.rate, "/s", ">= %.0f" % theirs.rate, ("nginx, a file", theirs.rate), False)
        yield Measure("%d connections: p99" % connections, ours.p99_ms, "ms", "<= 2" if connections == 32 else "", ("nginx, a file", theirs.p99_ms))
    yield Measure("memory", api.rss_kib() / 1024, "MiB")
    api.stop()


def each_once(db):
    """The paths of a SQLite database's games, in any order."""
    paths = ["/game-stats/%d" % r for r in sqlite3.connect(db).execute("select game_id from games")]
    random.Random(1).shuffle(paths)
    return paths


def never_asked(bench):
    seconds, db = (1 if bench.is_quick else 4), bench.millions()
    with open(db, "rb") as f:  # in the system's memory, as the table of PostgreSQL's row is in its own
        while f.read(1 << 22):
            pass
    paths = each_once(db)
    api = bench.api(db, "--max-connections-per-peer", 2000)
    found = load(bench, api.url, 32, seconds, paths)
    nginx = Nginx(bench, {"game.json": get(api.url + paths[0])})
    theirs = load(bench, nginx.url + "/game.json", 32, seconds)
    nginx.stop()
    if found.errors or theirs.errors:
        raise RuntimeError("errors: %d, and %d of nginx's" % (found.errors, theirs.errors))
    yield Measure("each game once, in any order", found.rate, "/s", ">= 10000", ("nginx, a file of it", theirs.rate), False)
    yield Measure("p99", found.p99_ms, "ms")
    yield Measure("memory", api.peak_kib() / 1024, "MiB")
    api.stop()


class Pages:
    """A list from its first page on, over one connection."""
    def __init__(self, url, path):
        parts = urllib.parse.urlsplit(url)
        self.connection, self.path = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60), path

    def next(self):
        """Seconds that the page took; None when there was none left."""
        if not self.path:
            return None
        begin = time.perf_counter()
        self.connection.request("GET", self.path)
        r = self.connection.getresponse()
        body = r.read()
        took = time.perf_counter() - begin
        if r.status != 200:
            raise RuntimeError("%s: %d %s" % (self.path, r.status, body[:200]))
        link = re.search(r'<([^>]+)>;\s*rel="next"', r.headers.get("Link", ""))
        target = urllib.parse.urlsplit(link.group(1)) if link else None
        self.path = target and target.path + ("?" + target.query if target.query else "")
        return took


def any_page(bench):
    """All pages of a thousand lines, one after the other, and what the first and the last of them took."""
    for name, path, most in (("by key", "/game-stats?limit=1000", None), ("sort=-goals", "/game-stats?limit=1000&sort=-goals", 400)):
        api = bench.api(bench.millions(), "--cache", 1)
        pages, times = Pages(api.url, path), []
        while (took := pages.next()) is not None and (most is None or len(times) < most):
            times.append(took * 1000)
        api.stop()
        if len(times) < 100:
            raise RuntimeError("%s: %d pages only" % (path, len(times)))
        first, last = median(times[:50]), median(times[-50:])
        # Within noise: a quarter more is let pass.
        yield Measure("%s: page %d" % (name, len(times)), last, "ms", "<= %.3f" % (1.25 * first), ("the first", first))


def csv(bench):
    api = bench.api(bench.millions())
    get(api.url + "/game-stats?limit=1")
    before = api.rss_kib()
    with socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(api.url).port), 60) as s:
        os.sched_setaffinity(0, {CLIENT_CORE})
        s.sendall(b"GET /game-stats?format=csv HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
        begin, lines, size = time.monotonic(), 0, 0
        while chunk := s.recv(1 << 20):
            lines, size = lines + chunk.count(b"\n"), size + len(chunk)
        took = time.monotonic() - begin
        os.sched_setaffinity(0, set(range(os.cpu_count())))
    if lines < 2_500_000:
        raise RuntimeError("%d lines came, of 2.5 million" % lines)
    yield Measure("lines", lines / took, "/s", ">= 300000", is_better_low=False)
    yield Measure("bytes", size / took / 1e6, "MB/s", is_better_low=False)
    yield Measure("most memory", api.peak_kib() / 1024, "MiB", "<= 40", ("before it", before / 1024))
    api.stop()


ROWS = [
    Row("unchanged", "`/game-stats/{id}`, unchanged since last asked, one core", unchanged),
    Row("never", "the same, never asked before, 2.5 million lines", never_asked, needs_millions=True),
    Row("page", "any page of `/game-stats`, 2.5 million lines", any_page, needs_millions=True),
    Row("csv", "CSV of all 2.5 million lines", csv, needs_millions=True),
]
