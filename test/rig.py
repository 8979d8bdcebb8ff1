"""What the system tests share: the built program, an upstream that misbehaves on request, TAP.

    tap = rig.Tap()
    up = rig.Upstream()
    up.replies["/v1/gamecenter/2023020001/boxscore"] = [rig.Reply(status=503), rig.Reply(body)]
    r = rig.run("ingest", "2023020001", db=db, upstream=up.url)
    tap.ok(r.returncode == 0, "comes back after a 503", r.stderr)
    tap.done()

Nothing here sleeps for luck: what is waited for has a deadline. All of it ends with the test.
"""
import atexit, copy, email.utils, gzip, itertools, json, os, re, shutil, signal, socket, sqlite3, struct, subprocess, sys, tempfile, threading, time
import urllib.error, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("RINKSIDE_BINARY") or os.path.join(ROOT, os.environ.get("BUILD", "build"), "rinkside")
TEMP = tempfile.mkdtemp(prefix="rinkside-test-")
atexit.register(shutil.rmtree, TEMP, True)
DOORS_OPEN = bool(os.environ.get("RINKSIDE_NO_SANDBOX"))  # said by make coverage, whose build writes beside its objects


def is_instrumented():
    """A sanitizer's build: it takes many times the memory and CPU, and shuts no doors."""
    with open(BINARY, "rb") as f:
        return bool(re.search(rb"__(asan|tsan|ubsan)_", f.read()))


# ---- TAP ----

class Tap:
    def __init__(self):
        self.count = self.failures = 0

    def ok(self, holds, name, why=""):
        """One test. `why` is shown when it does not hold."""
        self.count += 1
        self.failures += not holds
        print("%s %d - %s" % ("ok" if holds else "not ok", self.count, name))
        if not holds:
            for line in str(why).strip().splitlines()[:12]:
                print("# " + line[:300])
        sys.stdout.flush()
        return bool(holds)

    def same(self, got, want, name):
        return self.ok(got == want, name, "wanted %r\ngot    %r" % (want, got))

    def note(self, text):
        print("# note: " + text)

    def done(self):
        print("1..%d" % self.count)
        sys.exit(1 if self.failures else 0)


def wait_for(what, deadline_s=10, every_s=0.01):
    """The first true value of what(), or its last one when the deadline has passed."""
    end = time.monotonic() + deadline_s
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(every_s)


def recordings():
    """The directory of recorded bodies, or None."""
    for place in (os.environ.get("RINKSIDE_RECORDINGS"), os.path.join(ROOT, "..", "shared", "recordings")):
        if place and os.path.isdir(place):
            return place
    return None


# ---- the program ----

def environment(db=None, upstream=None, **more):
    """Ours, without whatever the caller's shell may have set for the program or for proxies."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("RINKSIDE_") and not k.lower().endswith("_proxy")
           and k not in ("SSL_CERT_FILE", "SSL_CERT_DIR")}
    env["NO_PROXY"] = "*"
    if DOORS_OPEN:
        env["RINKSIDE_NO_SANDBOX"] = "yes"
    if db:
        env["RINKSIDE_DB"] = db
    if upstream:
        env["RINKSIDE_UPSTREAM"] = upstream
    env.update(more)
    return env


def run(*args, db=None, upstream=None, deadline_s=20, env=None, text=True):
    """The program, to its end: a CompletedProcess with .seconds; returncode None when it had to be killed."""
    started = time.monotonic()
    p = subprocess.Popen([BINARY, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=text, env=environment(db, upstream, **(env or {})), cwd=TEMP)
    was_killed = False
    try:
        out, err = p.communicate(timeout=deadline_s)
    except subprocess.TimeoutExpired:
        was_killed = True
        p.kill()
        out, err = p.communicate()
    r = subprocess.CompletedProcess(args, None if was_killed else p.returncode, out, err)
    r.seconds = time.monotonic() - started
    return r


class Program:
    """The program, under way. Killed when the test ends; stop() ends it by a signal."""
    all = []

    def __init__(self, *args, db=None, upstream=None, env=None, **more):
        self.lines, self.changed = [], threading.Condition()
        self.p = subprocess.Popen([BINARY, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, env=environment(db, upstream, **(env or {})), cwd=TEMP, **more)
        self.pid = self.p.pid
        Program.all.append(self)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.p.stdout:
            with self.changed:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.changed.notify_all()

    @property
    def output(self):
        return "\n".join(self.lines)

    def wait_line(self, word, deadline_s=10):
        """The first line, of either stream, that holds the word; None when none came."""
        def find():
            return next((line for line in self.lines if word in line), None)
        with self.changed:
            self.changed.wait_for(find, deadline_s)
            return find()

    def is_alive(self):
        return self.p.poll() is None

    def stop(self, number=signal.SIGTERM, deadline_s=10):
        """Its exit status; None when it had to be killed."""
        if self.is_alive():
            self.p.send_signal(number)
        try:
            code = self.p.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
            code = None
        self.reader.join(2)
        return code


@atexit.register
def _kill_all():
    for program in Program.all:
        if program.is_alive():
            program.p.kill()
            program.p.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_listening(port):
    with socket.socket() as s:
        s.settimeout(0.5)
        return s.connect_ex(("127.0.0.1", port)) == 0


def get(url, deadline_s=10, method="GET", **headers):
    """(status, headers, body bytes) of a reply, whatever its status."""
    request = urllib.request.Request(url, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=deadline_s) as r:
            return r.status, r.headers, r.read()
    except urllib.error.HTTPError as e:
        return e.code, e.headers, e.read()


def life_s(base):
    """Until somebody who asks for signs of life has one; 5 at most."""
    begin = time.monotonic()
    try:
        status = get(base + "/health/live", deadline_s=5)[0]
        return time.monotonic() - begin if status == 200 else 5
    except OSError:
        return 5


# ---- the database ----

_databases = itertools.count(1)


def database():
    """(URL, path) of a database that does not exist yet."""
    number = next(_databases)  # one step, so that threads can share it
    path = os.path.join(TEMP, "%d.db" % number)
    return "sqlite:" + path, path


def query(path, sql, *parameters):
    """Rows as dicts; [] while there is no database or no table."""
    if not os.path.exists(path):
        return []
    c = sqlite3.connect(path, timeout=5)
    c.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in c.execute(sql, parameters)]
    except sqlite3.OperationalError as e:
        if "no such table" in str(e):
            return []
        raise
    finally:
        c.close()


# ---- a stream of events ----

class EventReader:
    """A client of Server-Sent Events: events as (name, id, data)."""
    def __init__(self, port, target="/stream", last=None, method="GET", receive_bytes=None):
        self.s = socket.socket()
        if receive_bytes:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.s.connect(("127.0.0.1", port))
        head = "%s %s HTTP/1.1\r\nHost: x\r\n" % (method, target)
        self.s.sendall((head + ("Last-Event-ID: %s\r\n" % last if last is not None else "") + "\r\n").encode())
        self.raw, self.text, self.head, self.events, self.comments = b"", "", None, [], 0
        self.is_over = self.is_whole = False
        self.wait(lambda: self.head)

    def read(self, seconds):
        self.s.settimeout(max(seconds, 0.001))
        try:
            data = self.s.recv(1 << 16)
        except socket.timeout:
            return
        except OSError:
            data = b""
        self.is_over = self.is_over or not data
        self.raw += data
        if self.head is None and b"\r\n\r\n" in self.raw:
            head, _, self.raw = self.raw.partition(b"\r\n\r\n")
            self.head = head.decode()
        if self.head and "chunked" in self.head:
            self._take_chunks()

    def _take_chunks(self):
        while b"\r\n" in self.raw:
            size, _, rest = self.raw.partition(b"\r\n")
            n = int(size, 16)
            if len(rest) < n + 2:
                return
            self.text += rest[:n].decode()
            self.is_whole = n == 0
            self.raw = rest[n + 2:]
        while "\n\n" in self.text:
            block, _, self.text = self.text.partition("\n\n")
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            self.comments += block.startswith(":")
            if "data" in fields:
                self.events.append((fields.get("event"), int(fields["id"]), json.loads(fields["data"])))

    def wait(self, what, deadline_s=15):
        end = time.monotonic() + deadline_s
        while not what() and not self.is_over and time.monotonic() < end:
            self.read(end - time.monotonic())
        return what()

    def ids(self, count=0):
        self.wait(lambda: len(self.events) >= count)
        return [e[1] for e in self.events]

    def close(self):
        self.s.close()


# ---- an upstream ----

class Reply:
    """
    One scripted reply. body: bytes, str or anything that becomes JSON. fault:
      "reset"     the connection is reset instead of a reply
      "close"     it is closed without one
      "cut"       half of the body, then closed
      "hang"      nothing comes until the test ends or the client leaves
      "drip"      the body at some ten bytes a second
      "trickle"   the body at some ten KiB a second: slow, but no standstill
    raw: bytes sent as they are, in place of all else.
    """
    def __init__(self, body=b"", status=200, headers=None, fault=None, encoding="gzip", raw=None, delay_s=0):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        self.body = body.encode() if isinstance(body, str) else body
        self.status, self.headers, self.fault, self.encoding = status, headers or {}, fault, encoding
        self.raw, self.delay_s = raw, delay_s


class Request:
    def __init__(self, path, headers, connection):
        self.time, self.path, self.headers, self.connection = time.monotonic(), path, headers, connection
        self.is_answered = False


class Upstream:
    """
    HTTP on loopback. replies[path] is a list of Reply, served in turn, the last one for ever; a
    function of the Request that gives one; or a single Reply. All other paths are 404s. log holds every
    Request, its connection by number. A TLS context makes it https.
    """
    def __init__(self, tls=None):
        self.replies, self.log, self.lock = {}, [], threading.Lock()
        self.is_over = threading.Event()
        self.connections = self.now = self.most = 0  # requests under way now, and at most
        self.tls = tls
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.socket.getsockname()[1]
        self.url = "%s://127.0.0.1:%d" % ("https" if tls else "http", self.port)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.is_over.set()
        self.socket.close()

    def requests(self, word=""):
        with self.lock:
            return [r for r in self.log if word in r.path]

    def forget(self):
        with self.lock:
            self.log.clear()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                number = self.connections
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection, number):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            reader = connection.makefile("rb")
            while self._serve_one(connection, reader, number):
                pass
        except OSError:
            pass
        finally:
            connection.close()

    def _serve_one(self, connection, reader, number):
        line = reader.readline().split()
        if len(line) < 2:
            return False
        headers = {}
        while True:
            field = reader.readline().strip()
            if not field:
                break
            name, _, value = field.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        request = Request(line[1].decode("latin-1"), headers, number)
        with self.lock:
            self.log.append(request)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return self._answer(connection, request)
        finally:
            self._end(request)

    def _end(self, request):
        """Once; before a reply goes out, since whoever has it may ask again at once."""
        with self.lock:
            self.now -= not request.is_answered
            request.is_answered = True

    def _choose(self, request):
        with self.lock:
            script = self.replies.get(request.path.split("?")[0])
            if isinstance(script, list):
                script = script.pop(0) if len(script) > 1 else script[0]
        if callable(script):
            script = script(request)
        return script or Reply("<html><body>404 Not Found</body></html>", 404, {"Content-Type": "text/html"})

    def _answer(self, connection, request):
        reply = self._choose(request)
        if reply.delay_s:
            self.is_over.wait(reply.delay_s)
        if reply.raw is not None:
            connection.sendall(reply.raw)
            return False
        if reply.fault == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if reply.fault == "close":
            return False
        if reply.fault == "hang":
            self.is_over.wait(60)
            return False
        body = reply.body
        fields = {"Content-Type": "application/json", "Date": email.utils.formatdate(usegmt=True), **reply.headers}
        wants_gzip = reply.encoding == "gzip" and "gzip" in request.headers.get("accept-encoding", "")
        if wants_gzip and "Content-Encoding" not in fields and body:
            body = gzip.compress(body, 6)
            fields["Content-Encoding"] = "gzip"
        fields["Content-Length"] = str(len(body))
        head = "HTTP/1.1 %d Scripted\r\n" % reply.status + "".join("%s: %s\r\n" % f for f in fields.items()) + "\r\n"
        if not reply.fault:
            self._end(request)
        connection.sendall(head.encode("latin-1"))
        if reply.fault == "cut":
            connection.sendall(body[:len(body) // 2])
            return False
        if reply.fault in ("drip", "trickle"):
            piece = 1 if reply.fault == "drip" else 1024
            for i in range(0, len(body), piece):
                if self.is_over.wait(0.1):
                    return False
                connection.sendall(body[i:i + piece])
            return True
        connection.sendall(body)
        return request.headers.get("connection", "").lower() != "close"


def etag(seconds):
    """The header of the CDN's that orders replies: the second at which its copy runs out."""
    return {"ETag": 'W/"%08x--gzip"' % seconds}


# ---- a made-up box score ----

def skater(player_id, number, name, goals=0, assists=0, **more):
    return {"playerId": player_id, "sweaterNumber": number, "name": {"default": name}, "position": "C", "goals": goals,
            "assists": assists, "points": goals + assists, "plusMinus": 0, "pim": 0, "hits": 1, "powerPlayGoals": 0,
            "sog": goals + 1, "faceoffWinningPctg": 0.5, "toi": "12:34", "blockedShots": 0, "shifts": 20,
            "giveaways": 0, "takeaways": 1, **more}


def goaltender(player_id, number, name, saves, shots, **more):
    return {"playerId": player_id, "sweaterNumber": number, "name": {"default": name}, "position": "G",
            "evenStrengthShotsAgainst": "%d/%d" % (saves, shots), "powerPlayShotsAgainst": "0/0",
            "shorthandedShotsAgainst": "0/0", "saveShotsAgainst": "%d/%d" % (saves, shots),
            "savePctg": round(saves / shots, 6) if shots else 0.0, "evenStrengthGoalsAgainst": shots - saves,
            "powerPlayGoalsAgainst": 0, "shorthandedGoalsAgainst": 0, "pim": 0, "goalsAgainst": shots - saves,
            "toi": "60:00", "starter": True, "shotsAgainst": shots, "saves": saves, **more}


_box_score = {
    "id": 2023020001, "season": 20232024, "gameType": 2, "limitedScoring": False, "gameDate": "2023-10-10",
    "venue": {"default": "Test Arena"}, "startTimeUTC": "2023-10-10T23:00:00Z", "easternUTCOffset": "-04:00",
    "gameState": "OFF", "gameScheduleState": "OK",
    "periodDescriptor": {"number": 3, "periodType": "REG", "maxRegulationPeriods": 3}, "regPeriods": 3,
    "awayTeam": {"id": 12, "commonName": {"default": "Hurricanes"}, "abbrev": "CAR", "score": 2, "sog": 30,
                 "placeName": {"default": "Carolina"}},
    "homeTeam": {"id": 9, "commonName": {"default": "Senators"}, "abbrev": "OTT", "score": 1, "sog": 25,
                 "placeName": {"default": "Ottawa"}},
    "clock": {"timeRemaining": "00:00", "secondsRemaining": 0, "running": False, "inIntermission": False},
    "playerByGameStats": {
        "awayTeam": {
            "forwards": [skater(8470001, 11, "A. Alpha", 1, 1), skater(8470002, 12, "B. Bravo", 1, 0)],
            "defense": [skater(8470003, 4, "C. Charlie", 0, 1, position="D")],
            "goalies": [goaltender(8470004, 31, "D. Delta", 24, 25, decision="W")]},
        "homeTeam": {
            "forwards": [skater(8470011, 21, "E. Echo", 1, 0), skater(8470012, 22, "F. Fox", 0, 1)],
            "defense": [skater(8470013, 5, "G. Golf", 0, 0, position="D")],
            "goalies": [goaltender(8470014, 41, "H. Hotel", 28, 30, decision="L")]}},
    "gameOutcome": {"lastPeriodType": "REG"}}


def box_score(game_id=2023020001, **members):
    """A finished game of eight players, in today's shape; members are set at its top."""
    body = copy.deepcopy(_box_score)
    body["id"] = game_id
    body.update(members)
    return body


def box_score_path(game_id=2023020001):
    return "/v1/gamecenter/%d/boxscore" % game_id
