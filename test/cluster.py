#!/usr/bin/env python3
"""A PostgreSQL of the tests' own: in a temporary folder, on a free loopback port, gone at the end.

    cluster = Cluster()
    url = cluster.database()    a new, empty one
    cluster.stop(); cluster.start(); cluster.signal(signal.SIGSTOP)

`test/cluster.py` prints the URL of a server, makes a database of it for each line that it reads, prints that
one's URL, and takes the server down when its input ends: so it outlives no test, however that ends.
"""
import atexit, ctypes, glob, os, pwd, re, shutil, signal, socket, subprocess, sys, tempfile, time

DEADLINE_S = 60
PR_SET_PDEATHSIG = 1
# A server's own ways are not what a session of ours needs: it has to ask for its own, and to get them.
OTHER_WAYS = """timezone = 'America/New_York'
datestyle = 'SQL, DMY'
extra_float_digits = -3
bytea_output = 'escape'
array_nulls = off
default_transaction_isolation = 'repeatable read'
"""


def end_with_parent():
    """In the child: a test that is killed takes its server with it."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def end_on_signal():
    """A test that is asked to end also removes what it made."""
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def server_programs():
    """The folder of the newest server's programs; Debian keeps them out of PATH."""
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    if found:
        return os.path.dirname(max(found, key=lambda p: int(p.split("/")[-3])))
    path = shutil.which("postgres")
    if not path:
        raise RuntimeError("no PostgreSQL server here: scripts/deps test installs it")
    return os.path.dirname(path)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    def __init__(self, settings="", copy_of=None, folder=None):
        """A folder that is given stays, and is taken up as it was left."""
        self.programs = server_programs()
        self.stays = folder is not None
        self.folder = folder or tempfile.mkdtemp(prefix="rinkside-postgres-")
        self.data = os.path.join(self.folder, "data")
        self.process = None
        self.databases = 0
        self.user = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        atexit.register(self.remove)
        end_on_signal()
        if not os.path.exists(os.path.join(self.data, "PG_VERSION")):
            self._make(settings, copy_of)
        self.port = free_port()
        self.start()

    def _make(self, settings, copy_of):
        os.makedirs(self.folder, exist_ok=True)
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        if copy_of:
            self._run("pg_basebackup", "-R", "-X", "stream", "-c", "fast", "-D", self.data, "-d", copy_of.url("postgres"))
        else:
            self._run("initdb", "-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "-D", self.data)
        with open(os.path.join(self.data, "postgresql.auto.conf"), "a") as f:
            f.write("listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nshared_buffers = 64MB\n"
                    "logging_collector = off\nlog_min_messages = warning\n" + OTHER_WAYS + settings + "\n")

    def _as_postgres(self):
        """A server refuses to run as root."""
        return dict(user=self.user.pw_uid, group=self.user.pw_gid, extra_groups=[]) if self.user else {}

    def _environment(self):
        return {k: v for k, v in os.environ.items() if not k.startswith("PG")}

    def _run(self, program, *arguments):
        r = subprocess.run([os.path.join(self.programs, program), *arguments], capture_output=True, text=True, cwd="/",
                           env=self._environment(), timeout=DEADLINE_S, **self._as_postgres())
        if r.returncode:
            raise RuntimeError("%s: %s" % (program, r.stderr.strip() or r.stdout.strip()))

    def url(self, database):
        return "postgresql://postgres@127.0.0.1:%d/%s" % (self.port, database)

    def start(self):
        with open(os.path.join(self.folder, "log"), "a") as log:
            self.process = subprocess.Popen(
                [os.path.join(self.programs, "postgres"), "-D", self.data, "-p", str(self.port)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=self._environment(),
                preexec_fn=end_with_parent, **self._as_postgres())
        end = time.monotonic() + DEADLINE_S
        while subprocess.run([os.path.join(self.programs, "pg_isready"), "-q", "-U", "postgres", "-h", "127.0.0.1", "-p", str(self.port)]).returncode:
            if time.monotonic() > end or self.process.poll() is not None:
                with open(os.path.join(self.folder, "log")) as log:
                    raise RuntimeError("the server did not start: " + log.read()[-800:])
            time.sleep(0.02)

    def stop(self, how=signal.SIGINT):
        """Fast; SIGQUIT is what a crash leaves behind."""
        if self.process:
            self.signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait(DEADLINE_S)
            self.process = None

    def restart(self, how=signal.SIGINT):
        self.stop(how)
        self.start()

    def processes(self):
        """The server's own and all of its children."""
        found = [self.process.pid]
        for status in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(status) as f:
                    fields = f.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == self.process.pid:
                found.append(int(status.split("/")[2]))
        return found

    def signal(self, number):
        for pid in self.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def remove(self):
        if self.process and self.process.poll() is None:
            self.stop(signal.SIGINT if self.stays else signal.SIGQUIT)
        if not self.stays:
            shutil.rmtree(self.folder, True)

    def sql(self, text, database="postgres"):
        """Rows as lists of texts, absent ones as None."""
        r = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-P", "null=\x1e", "-v", "ON_ERROR_STOP=1",
                            "-d", self.url(database), "-c", text], capture_output=True, text=True, timeout=DEADLINE_S,
                           env=self._environment())
        if r.returncode:
            raise RuntimeError(r.stderr.strip())
        return [[None if v == "\x1e" else v for v in line.split("\x1f")] for line in r.stdout.split("\n") if line]

    def database(self):
        self.databases += 1
        name = "rinkside%d" % self.databases
        self.sql("CREATE DATABASE " + name)
        return self.url(name)


def query(cluster, url, text):
    return cluster.sql(text, url.rpartition("/")[2])


def main():
    cluster = Cluster("fsync = off")
    print(cluster.url("postgres"), flush=True)
    for _ in sys.stdin:
        print(cluster.database(), flush=True)


if __name__ == "__main__":
    main()
