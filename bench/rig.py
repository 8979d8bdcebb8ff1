"""What the rows of the bench share: programs under measure, a fake upstream, nginx, what asks, rows in bulk.

A row is a function in a file of bench/rows/, named in that file's ROWS; it is called with a Bench and yields Measures:

    def one_shot(bench):
        runs = bench.spawn(["ingest", "--once"], times=40)
        yield Measure("CPU", median(r.cpu_ms for r in runs), "ms", must="<= 10")

    ROWS = [Row("one-shot", "one-shot ingest, plain HTTP on loopback", one_shot)]

What is served runs on one core, what asks for it on another. Everything started here is ended by its process id.
"""
import atexit, dataclasses, json, os, re, shutil, signal, socket, sqlite3, statistics, subprocess, sys, tempfile, time, urllib.parse, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "test"))
import cluster, edge

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = CORES[0], CORES[-1]
median = lambda values: statistics.median(list(values))


@dataclasses.dataclass
class Row:
    name: str       # a word to choose it by
    title: str      # what is measured, for a reader
    measure: object
    needs_millions: bool = False  # whether it needs a database of millions of rows: left out by QUICK=1


@dataclasses.dataclass
class Measure:
    what: str
    value: float
    unit: str
    must: str = ""           # "<= 10", ">= 10000"
    beside: tuple = ()       # (name, value): what was measured beside it in the same run
    is_better_low: bool = True

    def holds(self):
        if not self.must:
            return None
        sign, limit = self.must.split()
        return self.value <= float(limit) if sign == "<=" else self.value >= float(limit)


@dataclasses.dataclass
class Spawned:
    wall_ms: float
    cpu_ms: float
    rss_kib: int
    code: int


class Process:
    """A program under way, on a core; ended with the bench, or by stop()."""
    all = []

    def __init__(self, words, core, say="listening on", deadline_s=20, env=None, cwd=None):
        self.lines = []
        self.log = tempfile.TemporaryFile()
        self.p = subprocess.Popen(["taskset", "-c", str(core), *map(str, words)], stdin=subprocess.DEVNULL, stdout=self.log,
                                  stderr=subprocess.STDOUT, env=env, cwd=cwd)
        self.pid = self.p.pid  # taskset becomes the program
        Process.all.append(self)
        if say:
            self.wait(say, deadline_s)

    def wait(self, say, deadline_s=20):
        end = time.monotonic() + deadline_s
        while say not in self.output():
            if self.p.poll() is not None or time.monotonic() > end:
                raise RuntimeError("%s did not start: %s" % (" ".join(map(str, self.p.args)), self.output()[-400:]))
            time.sleep(0.01)

    def output(self):
        # Its place in the file is the program's, which writes: it is not moved.
        return os.pread(self.log.fileno(), 1 << 20, 0).decode("utf-8", "replace")

    @property
    def url(self):
        return re.search(r"listening on (http://\S+)", self.output()).group(1)

    def _status(self, key):
        with open("/proc/%d/status" % self.pid) as f:
            return int(re.search(key + r":\s+(\d+)", f.read()).group(1))

    def rss_kib(self):
        return self._status("VmRSS")

    def peak_kib(self):
        return self._status("VmHWM")

    def cpu_s(self):
        with open("/proc/%d/stat" % self.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGTERM)
            try:
                self.p.wait(10)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait()
        self.log.close()
        if self in Process.all:
            Process.all.remove(self)


@atexit.register
def _stop_all():
    for p in list(Process.all):
        p.stop()


def get(url, deadline_s=60):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=deadline_s) as r:
        return r.read()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Bench:
    """One program under measure: this tree's, or that of a revision to compare with."""
    def __init__(self, binary, build, is_quick):
        self.binary, self.build, self.is_quick = binary, build, is_quick
        self.temp = tempfile.mkdtemp(prefix="rinkside-bench-")
        atexit.register(shutil.rmtree, self.temp, True)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("RINKSIDE_") and not k.lower().endswith("_proxy")}
        self.count = 0

    def database(self):
        """The path of a database that does not exist yet."""
        self.count += 1
        return os.path.join(self.temp, "%d.db" % self.count)

    def settings(self, db=None, upstream=None):
        env = dict(self.env)
        if db:
            env["RINKSIDE_DB"] = db if ":" in db else "sqlite:" + db
        if upstream:
            env["RINKSIDE_UPSTREAM"] = upstream
        return env

    def run(self, *words, db=None, upstream=None, deadline_s=600):
        r = subprocess.run([self.binary, *map(str, words)], env=self.settings(db, upstream), capture_output=True, text=True,
                           timeout=deadline_s, cwd=self.temp)
        if r.returncode:
            raise RuntimeError("%s: exit %d: %s" % (" ".join(map(str, words)), r.returncode, r.stderr.strip()[-300:]))
        return r.stdout

    def spawn(self, commands, db=None, upstream=None, core=None, program=None):
        """Each command once, one after the other: what each took, its children included, to its end."""
        prefix = ["taskset", "-c", str(core)] if core is not None else []
        spawner = tool(self.build, "spawn")
        found = []
        text = "".join("\x1f".join([program or self.binary, *map(str, c)]) + "\n" for c in commands)
        r = subprocess.run([*prefix, spawner], input=text, env=self.settings(db, upstream), stdout=subprocess.PIPE, text=True,
                           cwd=self.temp, check=True)
        for line in r.stdout.splitlines():
            wall, cpu, rss, code = line.split()
            found.append(Spawned(float(wall), float(cpu), int(rss), int(code)))
        if any(s.code for s in found):
            raise RuntimeError("a command ended with %s" % sorted({s.code for s in found}))
        return found

    def fake(self, *words):
        """The made-up upstream, on the core of what asks."""
        return Process([self.binary, "fake", "--listen", "127.0.0.1:0", *words], CLIENT_CORE, env=self.settings(), cwd=self.temp)

    def api(self, db, *words):
        return Process([self.binary, "api", "--listen", "127.0.0.1:0", "--log-level", "warning", *words], SERVER_CORE,
                       env=self.settings(db), cwd=self.temp)

    def rows(self, count):
        """The path of a copy of a database of so many stat lines; what it is a copy of is kept under build/bench."""
        return shutil.copy(rows_in_bulk(self, count), self.database())

    def millions(self):
        """2.5 million stat lines. Nobody writes to them: they are no copy."""
        return rows_in_bulk(self, 2_500_000)

    def puts(self, db, processes, seconds, kind):
        """Games a second that so many processes put through the store: "changed" or "unchanged" ones."""
        r = subprocess.run([os.path.join(self.build, "bench", "puts"), db, str(processes), str(seconds), kind], capture_output=True, text=True)
        if r.returncode:
            raise RuntimeError(r.stderr.strip())
        return float(r.stdout)


def tool(build, name, *libraries):
    """A C program of bench/, built when it is older than its source."""
    source, out = os.path.join(ROOT, "bench", name + ".c"), os.path.join(build, "bench", name)
    if not os.path.exists(out) or os.path.getmtime(out) < os.path.getmtime(source):
        os.makedirs(os.path.dirname(out), exist_ok=True)
        subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-o", out, source, *libraries], check=True)
    return out


# ---- nginx, and what asks ----

NGINX = """
daemon off; master_process off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log crit;
events {{ worker_connections 4096; }}
http {{
    access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 100000000; keepalive_timeout 600s;
    open_file_cache max=100 inactive=600s; open_file_cache_valid 600s; default_type application/json; etag on;
    client_body_temp_path {dir}/t; proxy_temp_path {dir}/t; fastcgi_temp_path {dir}/t; uwsgi_temp_path {dir}/t; scgi_temp_path {dir}/t;
    server {{ listen 127.0.0.1:{port}; root {dir}/www; }}
}}
"""


class Nginx(Process):
    """nginx with one worker, on loopback, serving the files that it is given."""
    def __init__(self, bench, files):
        directory = tempfile.mkdtemp(dir=bench.temp)
        os.mkdir(os.path.join(directory, "www"))
        os.mkdir(os.path.join(directory, "t"))
        for name, body in files.items():
            with open(os.path.join(directory, "www", name), "wb") as f:
                f.write(body)
        os.chmod(bench.temp, 0o755), os.chmod(directory, 0o755)
        self.port = free_port()
        with open(os.path.join(directory, "nginx.conf"), "w") as f:
            f.write(NGINX.format(dir=directory, port=self.port))
        super().__init__([shutil.which("nginx") or "/usr/sbin/nginx", "-p", directory, "-e", os.path.join(directory, "error.log"),
                          "-c", os.path.join(directory, "nginx.conf")], SERVER_CORE, say=None)
        self.wait_listening()

    def wait_listening(self):
        for _ in range(500):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise RuntimeError("nginx did not start: " + self.output())

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port


class Edge(Nginx):
    """deploy/nginx's sample with one worker, on loopback, in front of an API; TLS left out."""
    def __init__(self, bench, origin):
        place, self.port = tempfile.mkdtemp(dir=bench.temp), free_port()
        os.chmod(bench.temp, 0o755), os.chmod(place, 0o755)
        words = edge.fill_in(place, int(origin.rpartition(":")[2]), self.port, free_port(), has_tls=False,
                             events="worker_connections 4096;", http="keepalive_requests 100000000;")
        Process.__init__(self, words, SERVER_CORE, say=None)
        self.wait_listening()


@dataclasses.dataclass
class Load:
    rate: float
    p50_ms: float
    p99_ms: float
    errors: int


def load(bench, url, connections, seconds, paths=None, head=()):
    """bench/load.c on the client's core: the URL again and again, or each of the paths once."""
    parts = urllib.parse.urlsplit(url)
    target = parts.path
    if paths is not None:
        target = os.path.join(bench.temp, "paths")
        with open(target, "w") as f:
            f.write("\n".join(paths) + "\n")
        target = "@" + target
    r = subprocess.run(["taskset", "-c", str(CLIENT_CORE), tool(bench.build, "load"), str(parts.port), str(connections), str(seconds), target,
                        "\r\n".join(["Host: bench", *head])],
                       capture_output=True, text=True)
    if r.returncode:
        raise RuntimeError("load: " + r.stderr.strip())
    found = dict(zip(r.stdout.split()[::2], map(float, r.stdout.split()[1::2])))
    return Load(found["answers"] / found["seconds"], found["p50"] / 1000, found["p99"] / 1000, int(found["errors"]))


# ---- rows in bulk ----

GAMES_A_SEASON, LINES_A_GAME, FIRST_YEAR = 1312, 40, 1969


def rows_in_bulk(bench, count):
    """A database of so many stat lines over as many seasons as they need; kept, named by what it was made with."""
    import hashlib
    empty = bench.database()
    bench.run("ingest", "--file", make_body(bench), db=empty)
    schema = sqlite3.connect(empty).execute("select group_concat(sql, ';') from sqlite_master").fetchone()[0]
    with open(os.path.join(ROOT, "bench", "bulk.sql"), encoding="utf-8") as f:
        script = f.read()
    name = hashlib.sha256((schema + script).encode()).hexdigest()[:12]
    path = os.path.join(ROOT, "build", "bench", "rows-%d-%s.db" % (count, name))
    if os.path.exists(path):
        return path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    for old in os.listdir(os.path.dirname(path)):
        if old.startswith("rows-%d-" % count):
            os.remove(os.path.join(os.path.dirname(path), old))
    started = time.monotonic()
    print("making %d rows, once ..." % count, file=sys.stderr)
    shutil.copy(empty, path + ".new")
    c = sqlite3.connect(path + ".new", isolation_level=None)
    c.executescript("pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -400000;"
                    "create temp table wanted as select %d as games, %d as a_season, %d as lines, %d as first_year;"
                    % (-(-count // LINES_A_GAME), GAMES_A_SEASON, LINES_A_GAME, FIRST_YEAR))
    c.executescript(script)
    c.executescript("analyze; pragma journal_mode = wal;")
    c.close()
    os.rename(path + ".new", path)
    print("made in %.0f s, %.0f MB" % (time.monotonic() - started, os.path.getsize(path) / 1e6), file=sys.stderr)
    return path


def make_body(bench):
    """A file with a finished game's box score, of the made-up league."""
    fake = bench.fake("--season", "20252026")
    path = os.path.join(bench.temp, "body.json")
    with open(path, "wb") as f:
        f.write(get(fake.url + "/v1/gamecenter/2025020001/boxscore"))
    fake.stop()
    return path
