#!/usr/bin/env python3
"""How the client treats its host, and what it makes of a host that treats it badly."""
import gzip, json, os, socket, ssl, subprocess, sys, time, zlib, email.utils
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from rig import Reply

CLIENT = os.path.join(rig.ROOT, os.environ.get("BUILD", "build"), "test", "unit", "source")
NETWORK, STATUS, DECODE, NOT_FOUND = 3, 4, 5, 7  # enum err_kind
GAME = 2023020001
PATH = rig.box_score_path(GAME)
BODY = rig.box_score()
tap = rig.Tap()
up = rig.Upstream()


class Result:
    def __init__(self, line):
        head, _, self.text = line.partition(" text=")
        for word in head.split():
            name, _, value = word.partition("=")
            setattr(self, name, int(value))


def client(games=(GAME,), upstream=None, timeout_ms=4000, retries=0, rate=0, patience_ms=0, long=1, threads=1, env=None):
    """(results, seconds)"""
    started = time.monotonic()
    p = subprocess.run([CLIENT, *map(str, (upstream or up.url, timeout_ms, retries, rate, patience_ms, long, threads, *games))],
                       capture_output=True, text=True, timeout=60, env=rig.environment(**(env or {})))
    results = [Result(line) for line in p.stdout.splitlines()]
    return results or [Result("kind=-1 bytes=0 text=the client ended with %d" % p.returncode)], time.monotonic() - started


def script(*replies):
    up.forget()
    up.replies[PATH] = list(replies)


def one(*replies, **settings):
    script(*replies)
    results, seconds = client(**settings)
    results[0].seconds = seconds
    return results[0]


# ---- what is sent ----
r = one(Reply(BODY, headers={"Age": "4", "Cache-Control": "no-transform, max-age=14", **rig.etag(0x6567c306)}))
sent = up.requests()[0].headers
tap.ok(r.kind == 0 and r.bytes == len(json.dumps(BODY)), "a body comes whole", vars(r))
tap.ok("gzip" in sent.get("accept-encoding", "") and r.wire < r.bytes / 2, "gzip is asked for and undone", sent)
tap.ok(sent.get("user-agent", "").startswith("rinkside/0.0.1 (") and "backs off" in sent["user-agent"],
       "the User-Agent says who we are", sent)
tap.ok((r.order, r.age, r.max_age) == (0x6567c306, 4, 14), "ETag time, Age and max-age are read", vars(r))

r = one(Reply(BODY, headers={"ETag": '"33a64df5"', "Date": email.utils.formatdate(1700000000, usegmt=True), "Age": "9"}))
tap.same(r.order, 1699999991, "without a time in the ETag, Date less Age orders")

script(Reply(BODY))
client(games=[GAME] * 5)
tap.same((len(up.requests()), len({q.connection for q in up.requests()})), (5, 1), "five requests share one connection")

# ---- tries ----
r = one(Reply(status=503), Reply(status=500), Reply(BODY), retries=3)
tap.same((r.kind, r.tries, len(up.requests())), (0, 3, 3), "a 503 and a 500 are tried again")
r = one(Reply(status=503), retries=2)
tap.ok((r.kind, len(up.requests())) == (STATUS, 3) and r.text.endswith("%s: 503 Service Unavailable after 3 tries" % PATH),
       "after the retries it gives up, and says so", r.text)
for status, kind in ((400, STATUS), (401, STATUS), (403, STATUS), (404, NOT_FOUND), (410, NOT_FOUND), (204, STATUS), (304, STATUS)):
    r = one(Reply(status=status), retries=3)
    tap.ok((r.kind, len(up.requests())) == (kind, 1) and " %d" % status in r.text, "a %d is not tried again" % status, vars(r))

r = one(Reply(status=429, headers={"Retry-After": "1"}), Reply(BODY), retries=1)
gap = up.requests()[1].time - up.requests()[0].time
tap.ok(r.kind == 0 and 0.98 <= gap < 3, "Retry-After in seconds is obeyed", gap)
now = int(time.time())
r = one(Reply(status=503, headers={"Date": email.utils.formatdate(now, usegmt=True),
                                   "Retry-After": email.utils.formatdate(now + 1, usegmt=True)}), Reply(BODY), retries=1)
gap = up.requests()[1].time - up.requests()[0].time
tap.ok(r.kind == 0 and 0.98 <= gap < 3, "Retry-After as a date is obeyed", gap)
r = one(Reply(status=429, headers={"Retry-After": "3600"}), retries=5)
tap.ok(r.kind == STATUS and len(up.requests()) == 1 and r.seconds < 3 and "left alone for 900 s" in r.text,
       "a Retry-After past our patience ends the fetch at once", vars(r))
up.forget()
results, _ = client(games=[GAME, GAME + 1])
tap.ok(len(up.requests()) == 1 and results[1].tries == 0 and "not asked" in results[1].text,
       "and holds for the next game too", [vars(x) for x in results])
r = one(Reply(status=429), Reply(BODY), retries=1)
tap.same((r.kind, r.tries), (0, 2), "a 429 without Retry-After is tried again")

one(Reply(status=500), retries=4, timeout_ms=20000)
gap = up.requests()[-1].time - up.requests()[0].time
tap.ok(len(up.requests()) == 5 and gap > 0.1, "between tries it backs off", gap)  # of 6 s at most, by chance; less once in 300,000 runs
r = one(Reply(status=500), retries=20, timeout_ms=10000, patience_ms=1000)
tap.ok(r.kind == STATUS and r.seconds < 3, "patience bounds all tries together", vars(r))
script(Reply(status=500))
results, seconds = client(games=[GAME] * 12)
tap.ok(len(up.requests()) == 8 and results[-1].tries == 0 and "left alone" in results[-1].text,
       "after eight failures running the host is left alone", len(up.requests()))

# ---- caps ----
script(Reply(BODY))
_, seconds = client(games=[GAME] * 6, rate=10)
times = [q.time for q in up.requests()]
tap.ok(times[-1] - times[0] >= 0.45, "the cap spaces requests", times)
up.forget()
client(games=[GAME] * 3, rate=10, threads=2)
times = [q.time for q in up.requests()]
tap.ok(len(times) == 6 and times[-1] - times[0] >= 0.45, "and is shared by threads", times)
up.forget()
for game in range(GAME, GAME + 4):
    up.replies[rig.box_score_path(game)] = Reply(rig.box_score(game))
r = rig.run("ingest", *range(GAME, GAME + 4), "--rate", 5, db=rig.database()[0], upstream=up.url)
times = [q.time for q in up.requests()]
tap.ok(r.returncode == 0 and len(times) > 4 and times[-1] - times[0] >= 0.19 * (len(times) - 1), "--rate is that cap", (r.stderr, times))
script(Reply(BODY))
up.replies[PATH] = Reply(BODY, delay_s=0.1)
up.most = 0
client(games=[GAME] * 2, threads=3)
tap.same(up.most, 1, "one request at a time for a game")
others = list(range(GAME, GAME + 3))
for game in others:
    up.replies[rig.box_score_path(game)] = Reply(BODY, delay_s=0.3)
up.most = 0
client(games=others, threads=3)
tap.ok(up.most > 1, "and more for several", up.most)

# ---- limits ----
r = one(Reply(BODY, fault="hang"), timeout_ms=500)
tap.ok(r.kind == NETWORK and r.seconds < 2 and "no answer within" in r.text, "a hang ends at the time-out", vars(r))
r = one(Reply(BODY, fault="drip", encoding=None), timeout_ms=8000)
tap.ok(r.kind == NETWORK and r.seconds < 7 and "stalled" in r.text, "a drip is a stall, and ends before the time-out", vars(r))
r = one(Reply(b" " * 100000, fault="trickle", encoding=None), timeout_ms=2500)
tap.ok(r.kind == NETWORK and 2.3 <= r.seconds < 6 and r.bytes == 0, "what is slow without standing still ends at the time-out too", vars(r))
full = socket.socket()
full.bind(("127.0.0.1", 0))
full.listen(0)
waiting = []
for _ in range(4):  # until nobody is let in any more: what comes then is left standing
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(full.getsockname())
    waiting.append(s)
results, seconds = client(upstream="http://127.0.0.1:%d" % full.getsockname()[1], timeout_ms=20000, patience_ms=20000)
tap.ok(results[0].kind == NETWORK and 4.5 <= seconds < 15, "a connection that is not made is given up after 5 s, whatever the time-out", [seconds, vars(results[0])])
bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
bomb = b"".join([bomb.compress(b" " * 1048576) for _ in range(300)] + [bomb.flush()])
r = one(Reply(bomb, headers={"Content-Encoding": "gzip"}), retries=2)
tap.ok(r.kind == DECODE and len(up.requests()) == 1 and "more than 8 MiB" in r.text, "300 MiB in %d KiB of gzip are refused" % (len(bomb) >> 10), vars(r))
r = one(Reply(b" " * (8 << 20), encoding=None))
tap.same((r.kind, r.bytes), (0, 8 << 20), "exactly 8 MiB come through")
r = one(Reply(b" " * ((8 << 20) + 1), encoding=None))
tap.ok(r.kind == DECODE and "more than 8 MiB" in r.text, "one byte more does not", vars(r))
r = one(Reply(raw=b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b" " * ((8 << 20) + 1)))
tap.ok(r.kind == DECODE and "more than 8 MiB" in r.text, "nor without a Content-Length", vars(r))
r = one(Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X-Much: %s\r\n" % (b"x" * 1000) * 100 + b"Content-Length: 0\r\n\r\n"))
tap.ok(r.kind == DECODE and r.seconds < 3, "a head without end is refused", vars(r))
r = one(Reply(b"no gzip at all", headers={"Content-Encoding": "gzip"}))
tap.ok(r.kind == DECODE and "gzip is broken" in r.text, "broken gzip is said to be so", vars(r))

# ---- a bad line ----
for fault in ("reset", "close", "cut"):
    r = one(Reply(BODY, fault=fault), Reply(BODY), retries=1)
    tap.same((r.kind, r.tries), (0, 2), "%s: tried again" % fault)
    r = one(Reply(BODY, fault=fault))
    tap.ok(r.kind == NETWORK and r.text, "%s: an error of the network" % fault, vars(r))
r = one(Reply(raw=b"220 smtp.example ESMTP\r\n"))
tap.ok(r.kind == NETWORK, "what is no HTTP is refused", vars(r))
r = client(upstream="http://127.0.0.1:%d" % rig.free_port())[0][0]
tap.ok(r.kind == NETWORK and "connect" in r.text, "a refused connection", r.text)
r = client(upstream="http://no-such-host.invalid")[0][0]
tap.ok(r.kind == NETWORK and "no-such-host.invalid" in r.text, "an unknown host", r.text)

# ---- redirects ----
week = "/v1/schedule/2023-11-29"
up.replies["/v1/schedule/now"] = Reply(status=307, headers={"Location": up.url + week, "ETag": 'W/"7fffffff--gzip"'})
up.replies[week] = Reply({}, headers=rig.etag(0x6567c306))
r = client(games=["now"])[0][0]
tap.same((r.kind, r.order), (0, 0x6567c306), "the 307 of /now is followed, and its own head forgotten")
r = one(Reply(status=307, headers={"Location": up.url + PATH}), retries=3)
tap.ok(r.kind == STATUS and len(up.requests()) == 4 and "more than 3 redirects" in r.text, "a loop ends after three redirects", vars(r))
for scheme in ("https://127.0.0.1:1/", "file:///etc/hostname", "ftp://127.0.0.1:1/"):
    r = one(Reply(status=302, headers={"Location": scheme}), retries=3)
    tap.ok(r.kind == STATUS and "another scheme" in r.text, "no redirect to %s" % scheme.split(":")[0], vars(r))
r = one(Reply(status=302))
tap.ok(r.kind == STATUS and "302" in r.text, "a redirect to nowhere is no answer", vars(r))

# ---- TLS ----
key, certificate = os.path.join(rig.TEMP, "key.pem"), os.path.join(rig.TEMP, "certificate.pem")
made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                       "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                      capture_output=True, text=True)
tap.ok(made.returncode == 0, "openssl makes a certificate", made.stderr)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
secure = rig.Upstream(tls=context)
secure.replies[PATH] = Reply(BODY)
for long in (0, 1):
    r = client(upstream=secure.url, retries=3, long=long)[0][0]
    tap.ok(r.kind == NETWORK and r.tries == 1 and "certificate" in r.text and not secure.log,
           "a certificate that nobody signed is refused, at once (%s)" % ("long-lived" if long else "one-shot"), vars(r))
    r = client(upstream=secure.url, long=long, env={"SSL_CERT_FILE": certificate})[0][0]
    tap.same(r.kind, 0, "one that is trusted is taken (%s)" % ("long-lived" if long else "one-shot"))
    secure.forget()
secure.replies[PATH] = Reply(status=302, headers={"Location": up.url + PATH})
script(Reply(BODY))
r = client(upstream=secure.url, env={"SSL_CERT_FILE": certificate})[0][0]
tap.ok(r.kind == STATUS and "another scheme" in r.text and not up.requests(), "https never falls back to http", vars(r))

tap.done()
