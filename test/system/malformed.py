#!/usr/bin/env python3
"""
Requests that are none, and peers that are no readers: each gets the status that it must, or a close; others
are served meanwhile, the limits hold, and what was held comes back. Runs alone.
"""
import os, random, re, resource, selectors, socket, struct, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig

tap = rig.Tap()
seed = int(os.environ.get("RINKSIDE_SEED") or random.randrange(1 << 30))
tap.note("RINKSIDE_SEED=%d" % seed)
random.seed(seed)
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
CROWD = min(2000, (hard - 200) // 2)
db, path = rig.database()
upstream = rig.Upstream()
upstream.replies[rig.box_score_path()] = rig.Reply(rig.box_score(), headers=rig.etag(0x6567c306))
rig.run("ingest", "2023020001", db=db, upstream=upstream.url)
HEAD_S, IDLE_S, THREADS = 2, 4, 3
api = rig.Program("api", "--listen", "127.0.0.1:0", "--head-timeout", "%ds" % HEAD_S, "--idle-timeout", "%ds" % IDLE_S,
                  "--threads", str(THREADS),
                  "--max-connections-per-peer", str(CROWD + 100), "--max-connections", str(CROWD + 200), db=db)
port = int(api.wait_line("listening").rsplit(":", 1)[1].strip("/ "))
rig.wait_for(lambda: rig.get("http://127.0.0.1:%d/health/ready" % port)[0] == 200)

H = b"Host: x\r\n"
E = H + b"\r\n"
CLOSE = b"Host: x\r\nConnection: close\r\n\r\n"
# name, request, status; CLOSED: nothing but the end; a list: a status each, in order.
CLOSED = 0
requests = [
    ("two Hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("the same Host twice", b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    ("no Host", b"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", 400),
    ("a Host with a space", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("a Host with a path", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("a Host with credentials", b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    ("bare LF", b"GET / HTTP/1.1\nHost: x\n\n", 400),
    ("bare LF after one field", b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400),
    ("bare CR in a value", b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400),
    ("bare CR for the end of a line", b"GET / HTTP/1.1\rHost: x\r\r", 400),
    ("a folded line", b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
    ("a folded line by a tab", b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n", 400),
    ("a first line that is folded", b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
    ("NUL in a value", b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400),
    ("NUL in a name", b"GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n", 400),
    ("NUL in the target", b"GET /\0 HTTP/1.1\r\n" + E, 400),
    ("a control character in a value", b"GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n", 400),
    ("DEL in the target", b"GET /\x7f HTTP/1.1\r\n" + E, 400),
    ("a byte above ASCII in the target", b"GET /\xff HTTP/1.1\r\n" + E, 400),
    ("a space in a name", b"GET / HTTP/1.1\r\nHost: x\r\nA B: c\r\n\r\n", 400),
    ("a space before the colon", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    ("no name", b"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400),
    ("no colon", b"GET / HTTP/1.1\r\nHost: x\r\nABC\r\n\r\n", 400),
    ("a lower-case method", b"get / HTTP/1.1\r\n" + E, 400),
    ("a method of nobody's", b"BREW / HTTP/1.1\r\n" + E, 400),
    ("no method", b" / HTTP/1.1\r\n" + E, 400),
    ("a long method", b"G" * 300 + b" / HTTP/1.1\r\n" + E, 400),
    ("POST", b"POST / HTTP/1.1\r\nContent-Length: 0\r\n" + E, 405),
    ("PUT", b"PUT / HTTP/1.1\r\n" + E, 405),
    ("DELETE", b"DELETE /games HTTP/1.1\r\n" + E, 405),
    ("TRACE", b"TRACE / HTTP/1.1\r\n" + E, 405),
    ("CONNECT", b"CONNECT a:1 HTTP/1.1\r\n" + E, 405),
    ("HTTP/0.9", b"GET /\r\n\r\n", 505),
    ("HTTP/0.9 by name", b"GET / HTTP/0.9\r\n" + E, 505),
    ("HTTP/2.0 by name", b"GET / HTTP/2.0\r\n" + E, 505),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("HTTP/1.2", b"GET / HTTP/1.2\r\n" + E, 400),
    ("HTTP/11.1", b"GET / HTTP/11.1\r\n" + E, 400),
    ("another protocol", b"GET / HTTQ/1.1\r\n" + E, 400),
    ("lower-case http", b"GET / http/1.1\r\n" + E, 400),
    ("two spaces before the target", b"GET  / HTTP/1.1\r\n" + E, 400),
    ("two targets", b"GET / /a HTTP/1.1\r\n" + E, 400),
    ("a tab in the first line", b"GET\t/ HTTP/1.1\r\n" + E, 400),
    ("a target without slash", b"GET games HTTP/1.1\r\n" + E, 400),
    ("* for GET", b"GET * HTTP/1.1\r\n" + E, 400),
    ("a fragment", b"GET /games#a HTTP/1.1\r\n" + E, 400),
    ("a target of 8193", b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\n" + E, 414),
    ("a target of 8192", b"GET /" + b"a" * 8191 + b" HTTP/1.1\r\n" + CLOSE, 404),
    ("65 fields", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 64 + E, 431),
    ("a head of 17,000", b"GET / HTTP/1.1\r\nA: " + b"a" * 17000 + b"\r\n" + E, 431),
    ("a name of 17,000", b"GET / HTTP/1.1\r\n" + b"a" * 17000 + b": b\r\n" + E, 431),
    ("a head without end", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000, 431),
    ("a body", b"GET / HTTP/1.1\r\nContent-Length: 3\r\n" + E + b"abc", 413),
    ("a body that is chunked", b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + E + b"0\r\n\r\n", 413),
    ("both lengths", b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n" + E + b"0\r\n\r\n", 400),
    ("another encoding", b"GET / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n" + E, (400, 413)),
    ("Content-Length twice", b"GET / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n" + E + b"abc", 400),
    ("two lengths in one", b"GET / HTTP/1.1\r\nContent-Length: 0, 0\r\n" + E, 400),
    ("a negative length", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n" + E, 400),
    ("a length with a plus", b"GET / HTTP/1.1\r\nContent-Length: +0\r\n" + E, 400),
    ("a length in hex", b"GET / HTTP/1.1\r\nContent-Length: 0x0\r\n" + E, 400),
    ("a length beyond 64 bits", b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n" + E, 400),
    ("an empty length", b"GET / HTTP/1.1\r\nContent-Length:\r\n" + E, 400),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 60 + b"\r\n\r\n", 400),
    ("JSON", b"{\"json\": true}\r\n\r\n", 400),
    ("the end within a head", b"GET / HTTP/1.1\r\nHost:", "half"),
    ("nothing at all", b"", "half"),
    ("empty lines, then a request", b"\r\n\r\nGET /health/live HTTP/1.1\r\n" + CLOSE, 200),
    ("Expect", b"GET /health/live HTTP/1.1\r\nExpect: 100-continue\r\n" + CLOSE, 200),
    ("an upgrade", b"GET /health/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n\r\n", 200),
    ("an absolute target", b"GET http://elsewhere/health/live HTTP/1.1\r\n" + CLOSE, 200),
    ("an absolute target of https", b"GET https://elsewhere/ HTTP/1.1\r\n" + CLOSE, 200),
    ("an absolute target in capitals", b"GET HTTP://ELSEWHERE/teams HTTP/1.1\r\n" + CLOSE, 200),
    ("an absolute target without a path", b"GET http://elsewhere HTTP/1.1\r\n" + CLOSE, 200),
    ("a query without a path", b"GET http://elsewhere?date=2023-10-10 HTTP/1.1\r\n" + CLOSE, 200),
    ("a query without a path that is not known", b"GET http://elsewhere?y=1 HTTP/1.1\r\n" + CLOSE, 400),
    ("a query without a path nor a host", b"GET http://?y=1 HTTP/1.1\r\n" + CLOSE, 400),
    ("an absolute target with a fragment alone", b"GET http://elsewhere#a HTTP/1.1\r\n" + CLOSE, 400),
    ("an absolute target of another scheme", b"GET ftp://elsewhere/teams HTTP/1.1\r\n" + CLOSE, 400),
    ("a query without anything", b"GET ?y=1 HTTP/1.1\r\n" + CLOSE, 400),
    ("an ETag that is another", b"GET /teams HTTP/1.1\r\nIf-Match: \"nope\"\r\n" + CLOSE, 412),
    ("any ETag", b"GET /teams HTTP/1.1\r\nIf-Match: *\r\n" + CLOSE, 200),
    ("an ETag of what is not there", b"GET /games/1 HTTP/1.1\r\nIf-Match: \"nope\"\r\n" + CLOSE, 404),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + CLOSE, 204),
    ("HTTP/1.0 without a Host", b"GET /health/live HTTP/1.0\r\n\r\n", 200),
    ("a pair", b"GET /health/live HTTP/1.1\r\n" + E + b"GET /health/live HTTP/1.1\r\n" + CLOSE, [200, 200]),
    ("a good one, then a bad one", b"GET /health/live HTTP/1.1\r\n" + E + b"GET / HTTP/1.1\r\n\r\n", [200, 400]),
    ("a bad one, then a good one", b"GET / HTTP/1.1\r\n\r\n" + b"GET /health/live HTTP/1.1\r\n" + CLOSE, [400]),
    ("a smuggled one", b"GET / HTTP/1.1\r\nContent-Length: 44\r\n" + E + b"GET /health/live HTTP/1.1\r\n" + CLOSE, [413]),
    ("a percent without digits", b"GET /game-stats?team=%zz HTTP/1.1\r\n" + CLOSE, 400),
    ("a percent that is cut", b"GET /game-stats?team=%4 HTTP/1.1\r\n" + CLOSE, 400),
    ("an escaped NUL", b"GET /game-stats?team=%00 HTTP/1.1\r\n" + CLOSE, 400),
    ("overlong UTF-8", b"GET /game-stats?sort=%c0%af HTTP/1.1\r\n" + CLOSE, 400),
    ("a surrogate in UTF-8", b"GET /game-stats?sort=%ed%a0%80 HTTP/1.1\r\n" + CLOSE, 400),
    ("no UTF-8", b"GET /game-stats?%ff=1 HTTP/1.1\r\n" + CLOSE, 400),
    ("an unknown parameter", b"GET /game-stats?nonsense=1 HTTP/1.1\r\n" + CLOSE, 400),
    ("a parameter twice", b"GET /game-stats?limit=1&limit=2 HTTP/1.1\r\n" + CLOSE, 400),
    ("a parameter without a value", b"GET /game-stats?limit HTTP/1.1\r\n" + CLOSE, 400),
    ("a path upwards", b"GET /../../etc/passwd HTTP/1.1\r\n" + CLOSE, 404),
    ("a path upwards, escaped", b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + CLOSE, 404),
    ("an id that is too large", b"GET /games/99999999999999999999 HTTP/1.1\r\n" + CLOSE, 400),
    ("If-None-Match that never ends", b"GET /health/live HTTP/1.1\r\nIf-None-Match: " + b'"a",' * 3000 + b"\r\n" + CLOSE, 200),
]


def dial():
    return socket.create_connection(("127.0.0.1", port), 10)


def hear(s):
    """All until the end, which must come."""
    data = b""
    try:
        while True:
            piece = s.recv(1 << 16)
            if not piece:
                return data
            data += piece
    except ConnectionResetError:
        return data
    except socket.timeout:
        return data + b"[no end]"


def ask(request, is_half=False):
    with dial() as s:
        try:
            s.sendall(request)
        except OSError:
            pass  # refused half-way: the answer tells
        if is_half:
            s.shutdown(socket.SHUT_WR)
        return hear(s)


def statuses(answer):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def check(name, request, want, how):
    answer = ask(request, want == "half")
    got = statuses(answer)
    wanted = [] if want in ("half", CLOSED) else want if isinstance(want, list) else None
    holds = got == wanted if wanted is not None else len(got) == 1 and got[0] in (want if isinstance(want, tuple) else (want,))
    if got and got[-1] >= 400:
        holds = holds and b"application/problem+json" in answer
    tap.ok(holds and not answer.endswith(b"[no end]"), "%s%s: %s" % (name, how, want), answer[:300])


for name, request, want in requests:
    check(name, request, want, "")

# The same a byte at a time, where that does not take long: the answer is no other.
with dial() as s:
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n":
        s.send(bytes([byte]))
    tap.same(statuses(hear(s)), [400], "two Hosts, a byte at a time")

# Gone at any byte of a request, by an end or by a reset.
request = b"GET /game-stats?limit=5 HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
for i in range(len(request) + 1):
    for is_reset in (False, True):
        s = dial()
        s.sendall(request[:i])
        if is_reset:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
tap.same(rig.get("http://127.0.0.1:%d/health/live" % port)[0], 200, "closed at every byte: it goes on")


# ---- crowds ----

def rss():
    with open("/proc/%d/status" % api.pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))


def kept_ready():
    """KiB of answers."""
    return int(re.search(r"^rinkside_cache_bytes (\d+)", rig.get("http://127.0.0.1:%d/metrics" % port)[2].decode(), re.M).group(1)) >> 10


def descriptors(of):
    """What it has open and is called so."""
    count, folder = 0, "/proc/%d/fd" % api.pid
    for number in os.listdir(folder):
        try:
            count += of in os.readlink(os.path.join(folder, number))
        except FileNotFoundError:
            pass  # closed since it was listed
    return count


def slowest(count=30):
    """The longest that one who asks has to wait, each on a connection of its own."""
    worst = 0
    for _ in range(count):
        began = time.monotonic()
        status = statuses(ask(b"GET /game-stats/2023020001 HTTP/1.1\r\n" + CLOSE))
        worst = max(worst, time.monotonic() - began)
        if status != [200]:
            return 99
    return worst


class Crowd:
    """Connections that are all looked after at once; what each does is told by a function of it."""
    def __init__(self, count, first=b"", receive_bytes=None):
        self.sockets, self.ended, self.heard = [], 0, {}
        self.selector = selectors.DefaultSelector()
        for _ in range(count):
            s = socket.socket()
            if receive_bytes:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            s.connect(("127.0.0.1", port))
            s.setblocking(False)
            self.sockets.append(s)
            if first:
                s.send(first)

    def say(self, data):
        for s in self.sockets:
            try:
                s.send(data)
            except OSError:
                pass

    def count_ended(self, deadline_s):
        """How many the server has ended, once all are or the deadline has passed."""
        for s in self.sockets:
            self.selector.register(s, selectors.EVENT_READ)
        left, end = len(self.sockets), time.monotonic() + deadline_s
        while left and time.monotonic() < end:
            for key, _ in self.selector.select(0.5):
                try:
                    data = key.fileobj.recv(1 << 16)
                except OSError:
                    data = b""
                self.heard[key.fileobj] = self.heard.get(key.fileobj, b"") + data[:100]
                if not data:
                    self.selector.unregister(key.fileobj)
                    left -= 1
        return len(self.sockets) - left

    def close(self):
        self.selector.close()
        for s in self.sockets:
            s.close()


slowest()
base_others = descriptors("") - descriptors("socket:") - descriptors(".db")
base_rss, base_kept = rss(), kept_ready()
QUICK_S = 3.0  # on a machine that does much else; a stall would be ten times that

silent = Crowd(CROWD)
worst = slowest()
tap.ok(worst < QUICK_S, "%d that say nothing: others are served" % CROWD, worst)
tap.ok(rss() - base_rss < CROWD * 2 + 4096, "and cost little", rss() - base_rss)
extra = Crowd(120)
extra.count_ended(2)
turned_away = [h for h in extra.heard.values() if h.startswith(b"HTTP/1.1 429")]
tap.ok(20 <= len(turned_away) <= 30, "beyond the limit of one address: 429", len(turned_away))
extra.close()
tap.same(silent.count_ended(IDLE_S + 15), CROWD, "all are closed when their time is over")
silent.close()

never = Crowd(CROWD // 2, b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
worst, end = 0, time.monotonic() + HEAD_S + 1
while time.monotonic() < end:
    never.say(b"a")  # now and then a byte
    worst = max(worst, slowest(2))
tap.ok(worst < QUICK_S, "%d heads that never end: others are served" % len(never.sockets), worst)
tap.same(never.count_ended(15), len(never.sockets), "all are told that it took too long")
tap.ok(all(h.startswith(b"HTTP/1.1 408") for h in never.heard.values()), "by a 408", list(never.heard.values())[:2])
never.close()

deaf = Crowd(200, b"GET /game-stats HTTP/1.1\r\nHost: x\r\n\r\n" * 60, receive_bytes=4096)
worst = slowest()
tap.ok(worst < QUICK_S, "200 that never read what they ask for: others are served", worst)
tap.note("the slowest answer meanwhile: %.0f ms" % (worst * 1000))
deaf.close()

storm = time.monotonic() + 2
while time.monotonic() < storm:
    s = dial()
    s.send(request[:random.randrange(len(request))])
    if random.random() < 0.5:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
tap.ok(rig.wait_for(lambda: descriptors("socket:") == 1, 15), "every connection is closed, and it listens still",
       descriptors("socket:"))
connections, most = descriptors(".db") - descriptors(".db-"), THREADS + 1
tap.ok(0 < connections <= most, "of the database no more is open than once for each thread, and for the watch", connections)
others = descriptors("") - descriptors("socket:") - descriptors(".db")
tap.same(others, base_others, "every other descriptor has come back")
if not rig.is_instrumented():  # which keeps for a while what has been given back
    kept = kept_ready() - base_kept
    tap.ok(rig.wait_for(lambda: rss() - base_rss - kept < 12 << 10, 5), "and the memory, but for what is kept ready", (rss() - base_rss, kept))
tap.same(api.stop(), 0, "it ends well")
tap.done()
