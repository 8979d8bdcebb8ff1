#!/usr/bin/env python3
"""The API over time: a database that comes, changes, goes and returns; many who ask at once; tokens; whole results; the end."""
import http.client, json, os, re, resource, signal, socket, sqlite3, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig

tap = rig.Tap()
GAME = 2023020001


def start(db, *more, **env):
    api = rig.Program("api", "--listen", "127.0.0.1:0", *more, db=db, env=env)
    line = api.wait_line("listening on")
    return api, line.split()[-1]


def box_score_file(name, **members):
    place = os.path.join(rig.TEMP, name)
    with open(place, "w") as f:
        json.dump(rig.box_score(GAME, **members), f)
    return place


def ingest(db, at, **members):
    r = rig.run("ingest", "--file", "--observed-at", at, box_score_file("body.json", **members), db=db)
    assert r.returncode == 0, r.stderr


def with_goals(n):
    body = rig.box_score(GAME)
    stats = body["playerByGameStats"]
    stats["awayTeam"]["forwards"][0] = rig.skater(8470001, 11, "A. Alpha", n, 1)
    return stats


def metric(url, name):
    found = re.search(r"^rinkside_%s (\S+)$" % name, rig.get(url + "/metrics")[2].decode(), re.M)
    return float(found.group(1)) if found else None


def goals(url, target="/game-stats/%d" % GAME):
    status, headers, body = rig.get(url + target)
    return {r["player_id"]: r["goals"] for r in json.loads(body)}.get(8470001) if status == 200 else status


for option, url, quoted in (("--db", "nhl.db", "is it sqlite:nhl.db?\n"), ("--db-read", "nosuch:x", "nosuch:\n"), ("--db", "user=me password=x", "DATABASE\n"),
                            ("--db", "me:x@y/nhl", "DATABASE, got me:\n"), ("--db", "1me@y/nhl", "DATABASE\n")):
    r = rig.run("api", "--listen", "127.0.0.1:0", option, url, db="sqlite:" + os.devnull)
    tap.ok(r.returncode == 2 and option + ": wants sqlite:FILE" in r.stderr and r.stderr.endswith(quoted), "%s %s: exit 2, a sentence" % (option, url), r.stderr)

# ---- no database yet; then there is one, and it changes ----

db, path = rig.database()
api, url = start(db)
status, headers, body = rig.get(url + "/games")
tap.ok(status == 503 and headers["Retry-After"] and "problem+json" in headers["Content-Type"], "no database yet: 503, Retry-After", body)
tap.ok(api.wait_line(path + ": unable to open database file: No such file or directory; answers are 503 until it is there"), "and a line says which, and why", api.output)
told = rig.get(url + "/")
tap.ok(told[0] == 503 and told[1]["Retry-After"] and told[1]["Cache-Control"] == "no-store" and not told[1]["ETag"], "the page, too, and nobody is to hold it", (told[0], str(told[1])))
tap.ok(told[1]["Content-Type"].startswith("text/html") and b"The database is away" in told[2], "though it is one", told[2])
tap.same(rig.get(url + "/", If_None_Match="*")[0], 503, "and never unchanged")
tap.ok(b"the database is away" in body and os.path.dirname(path).encode() not in body, "and not a word of where it should be", body)
tap.same(rig.get(url + "/health/ready")[0], 503, "not ready")
tap.same(rig.get(url + "/health/live")[0], 200, "but live")
tap.ok(metric(url, "database_away") == 1, "and says so in /metrics")
ingest(db, "2023-10-11T00:00:00Z", gameState="LIVE")
tap.ok(rig.wait_for(lambda: rig.get(url + "/health/ready")[0] == 200), "with the first ingest it is ready")
tap.same(goals(url), 1, "and serves it")
tap.same(rig.get(url + "/")[0], 200, "the page, too")
other = "/teams?limit=1"
rig.get(url + other)
tags = {t: rig.get(url + t)[1]["ETag"] for t in ("/game-stats/%d" % GAME, "/game-stats")}
before = metric(url, "cache_misses_total")
for _ in range(5):
    goals(url)
tap.same(metric(url, "cache_misses_total") - before, 1, "asked again it is not made again (the one is /metrics itself)")
ingest(db, "2023-10-11T00:01:00Z", gameState="LIVE", playerByGameStats=with_goals(2))
changed = rig.wait_for(lambda: goals(url) == 2, 5)
tap.ok(changed, "a commit is seen")
tap.ok(all(rig.get(url + t)[1]["ETag"] != tag for t, tag in tags.items()), "in the list too, with other ETags")
tap.ok(rig.get(url + "/game-stats/%d" % GAME, If_None_Match=tags["/game-stats/%d" % GAME])[0] == 200, "so that the old one is no 304")

# ---- away, and back ----

os.rename(path, path + ".away")
stale = rig.wait_for(lambda: rig.get(url + "/game-stats/%d" % GAME)[1].get("X-Stale"), 5)
tap.same(stale, "true", "the database is away: the last answer, marked")
tap.same(goals(url), 2, "and whole")
tap.same(rig.get(url + "/game-stats/%d" % GAME)[1]["Cache-Control"], "no-store", "and not to be held by anybody")
tap.same(rig.get(url + "/games?limit=7")[0], 503, "what was never asked: 503")
told = rig.get(url + "/?game=%d" % GAME)
tap.same((told[0], told[1]["Cache-Control"]), (503, "no-store"), "and so a page that was never asked")
tap.same(rig.get(url + "/health/ready")[0], 503, "not ready")
os.rename(path + ".away", path)
tap.ok(rig.wait_for(lambda: rig.get(url + "/game-stats/%d" % GAME)[1].get("X-Stale") is None, 5), "back: unmarked again, by itself")
tap.same(rig.get(url + "/games?limit=7")[0], 200, "and the rest is served")
with open(path + ".other", "wb") as f:
    f.write(b"this is no database" * 1000)
os.rename(path, path + ".good")
os.rename(path + ".other", path)
tap.ok(rig.wait_for(lambda: rig.get(url + "/game-stats/%d" % GAME)[1].get("X-Stale"), 5), "a file that is none in its place: marked")
os.rename(path + ".good", path)
tap.ok(rig.wait_for(lambda: rig.get(url + "/health/ready")[0] == 200, 5), "and back")
tap.same(api.stop(), 0, "SIGTERM: exit 0")

# ---- many rows: made once for many who ask, streamed whole ----

ROWS = 200_000
big, big_path = rig.database()
assert rig.run("migrate", db=big).returncode == 0
with sqlite3.connect(big_path) as store:
    store.execute("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO game_stats (game_id, player_id, player_name, team_id, team_name,"
                  " player_position, goals, assists, points, time_on_ice, revision, observed_at) SELECT 2020020000 + i / 40, 8470000 + i %% 40, 'Nobody In Particular ' || i, 1,"
                  " 'Some Club or Other', 'C', i %% 3, 1, 1 + i %% 3, i %% 1500, 1, '2021-01-01T00:00:00.000Z' FROM n" % (ROWS - 1))
    store.execute("UPDATE revisions SET revision = 1")
api, url = start(big, "--threads", 2, "--exports", 2, "--grace", "120s")
port = int(url.rsplit(":", 1)[1])
slow = "/game-stats?sort=-plus_minus&limit=5"  # no index: long enough for all to come meanwhile
results = []
many = [threading.Thread(target=lambda: results.append(rig.get(url + slow, 60)[0])) for _ in range(24)]
for t in many:
    t.start()
for t in many:
    t.join()
made = metric(url, "cache_misses_total")
tap.ok(results == [200] * 24 and made <= 2, "24 ask the same at once: made once", "%r, made %r" % (results, made))


def ask(target, **headers):
    s = socket.create_connection(("127.0.0.1", port), 60)
    lines = "".join("%s: %s\r\n" % (k.replace("_", "-"), v) for k, v in headers.items())
    s.sendall(("GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (target, lines)).encode())
    return s


def memory_kib(what="VmRSS"):
    with open("/proc/%d/status" % api.pid) as f:
        return int(re.search(r"%s:\s+(\d+)" % what, f.read()).group(1))


def read_whole(target, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", target, headers={k.replace("_", "-"): v for k, v in headers.items()})
    r = connection.getresponse()
    count = size = 0
    while chunk := r.read(1 << 20):
        count, size = count + chunk.count(b"\n"), size + len(chunk)
    connection.close()
    return r.status, r.headers, count, size


before = memory_kib()
status, headers, count, size = read_whole("/game-stats?format=csv")
tap.ok(status == 200 and count == ROWS + 1, "CSV of %d rows, streamed" % ROWS, (status, count))
if not rig.is_instrumented():
    tap.ok(memory_kib("VmHWM") - before < 12 * 1024, "in constant memory", "%d KiB before, %d at most, for %d" % (before, memory_kib("VmHWM"), size >> 10))
tag = headers["ETag"]
tap.ok(tag and read_whole("/game-stats?format=csv", If_None_Match=tag)[0] == 304, "its ETag is good for a 304", tag)
tap.ok(read_whole("/game-stats?format=ndjson", If_None_Match=tag)[2] == ROWS, "not for another format")
status, headers, count, packed = read_whole("/game-stats?format=csv", Accept_Encoding="gzip")
tap.ok(status == 200 and headers["Content-Encoding"] == "gzip" and packed < size / 5, "gzip, as it is streamed", (packed, size))
tap.same([metric(url, r'http_requests_total\{route="/game-stats",status="%d"\}' % n) for n in (200, 304)], [24 + 3, 1], "whole results are counted as other answers are, and their 304")

# Who reads nothing holds up nobody; when that one goes, memory comes back.
idle = [ask("/game-stats?format=csv") for _ in range(2)]
for s in idle:
    s.recv(1000)
tap.same(rig.get(url + "/game-stats/2020020000?fields=goals", 20)[0] in (200, 404), True, "two who read no further stop nobody else")
third = rig.get(url + "/game-stats?format=csv", 20)
tap.ok(third[0] == 503 and third[1]["Retry-After"], "a third result beyond --exports 2: 503", third[0])
for s in idle:
    s.close()
tap.ok(rig.wait_for(lambda: read_whole("/game-stats?format=csv")[0] == 200, 10), "after they have gone there is room")

# ---- the end: what is under way is brought to its end, and not cut ----

s = ask("/game-stats?format=csv")
got = s.recv(100_000)
api.p.send_signal(signal.SIGTERM)
api.wait_line("ending")
refused = rig.wait_for(lambda: not rig.is_listening(port), 5)
while chunk := s.recv(1 << 20):
    got = got[-20:] + chunk if len(got) > 1 << 22 else got + chunk
tap.ok(refused, "SIGTERM: nobody new is let in")
tap.ok(got.endswith(b"\r\n0\r\n\r\n"), "and who reads a result reads it to its end", got[-40:])
tap.same(api.p.wait(120), 0, "then exit 0")
for version in ("1.1", "1.0"):  # of which the second has no chunks: a reset alone is no end
    api, url = start(big, "--grace", "300ms")
    port = int(url.rsplit(":", 1)[1])
    s = socket.create_connection(("127.0.0.1", port), 60)
    s.sendall(("GET /game-stats?format=csv HTTP/%s\r\nHost: x\r\n\r\n" % version).encode())
    s.recv(1000)
    code = api.stop()
    s.settimeout(20)
    got = b""
    try:
        while chunk := s.recv(1 << 20):
            got = got[-20:] + chunk
    except OSError:
        got += b"reset"
    is_whole = got.endswith(b"\r\n0\r\n\r\n") if version == "1.1" else not got.endswith(b"reset")
    tap.ok(code == 0 and not is_whole, "HTTP/%s: who does not read is cut off after --grace, and can tell" % version, (code, got[-40:], api.output[-3000:]))

# ---- tokens ----

tokens = os.path.join(rig.TEMP, "tokens")
with open(tokens, "w") as f:
    f.write("# who may ask\n\n0123456789abcdef-first\nfedcba9876543210-second\n")
api, url = start(db, "--token-file", tokens)
tap.same(rig.get(url + "/health/live")[0], 200, "/health/live asks for no token")
tap.ok(rig.wait_for(lambda: rig.run("health", "--listen", url.split("/")[-1]).returncode == 0), "nor does /health/ready, of which health asks")
for target in ("/games", "/metrics", "/health/upstream", "/openapi.json", "/stream", "/game-stats?format=csv"):
    status, headers, body = rig.get(url + target)
    tap.ok(status == 401 and headers["WWW-Authenticate"].startswith("Bearer") and b"0123456789" not in body, "%s without one: 401" % target, status)
for sent, want in (("Bearer 0123456789abcdef-first", 200), ("bearer fedcba9876543210-second", 200), ("Bearer 0123456789abcdef-firsT", 401), ("Bearer 0123456789abcdef-firs", 401),
                   ("Bearer 0123456789abcdef-first2", 401), ("Bearer ", 401), ("Bearer", 401), ("Basic 0123456789abcdef-first", 401), ("Bearer # who may ask", 401)):
    tap.same(rig.get(url + "/games", Authorization=sent)[0], want, "Authorization: %s is %d" % (sent, want))
tap.ok(rig.get(url + "/games", Authorization="Bearer 0123456789abcdef-first")[1]["Cache-Control"].startswith("private"), "and no shared cache keeps it")
tap.same(rig.get(url + "/games", method="OPTIONS")[0], 204, "OPTIONS asks for none, as browsers send none")
tap.ok(rig.get(url + "/")[0] == 401 and "needs a proxy" in rig.run("api", "--help").stdout, "the page asks for one, as --help says")
tap.same(api.stop(), 0, "exit 0")
for content, word in (("", "no token"), ("short\n", "line 1: wants"), ("0123456789abcdef ok\n", "line 1: wants"), ("0123456789abcdef\n" * 1001, "more than 1000 tokens"),
                      ("#" * (1 << 20), "larger than 1 MiB")):
    with open(tokens, "w") as f:
        f.write(content)
    r = rig.run("api", "--listen", "127.0.0.1:0", "--token-file", tokens, db=db)
    tap.ok(r.returncode == 2 and word in r.stderr, "a token file of %.40r: exit 2" % content, r.stderr)
for name, word in ((tokens + ".none", "No such file"), (rig.TEMP, "Is a directory"), (rig.TEMP + "/." * 3000 + "/tokens", "too long")):
    r = rig.run("api", "--listen", "127.0.0.1:0", "--token-file", name, db=db)
    tap.ok(r.returncode == 2 and word in r.stderr, "and one whose trouble is \"%s\"" % word, r.stderr)
for words, env in ((["--token-file", ""], {}), (["--token-file="], {}), ([], {"RINKSIDE_TOKEN_FILE": ""})):
    r = rig.run("api", "--listen", "127.0.0.1:0", *words, db=db, env=env, deadline_s=5)
    tap.ok(r.returncode == 2 and r.stderr.count("\n") == 1, "an empty name of one, %s: exit 2, not open to all" % (words or env), r.stderr)
tap.same(rig.run("api", "--listen", "nowhere", db=db).returncode, 2, "--listen nowhere: exit 2")
with socket.create_server(("127.0.0.1", 0)) as other:
    held = "127.0.0.1:%d" % other.getsockname()[1]
    for command, address, word in (("api", held, held + ": address already in use"), ("up", held, "in use"), ("fake", held, "in use"),
                                   ("api", "192.0.2.1:80", "192.0.2.1:80: address not available"), ("api", ":8080", "such as 127.0.0.1:8080"),
                                   ("api", "example.com:80", '"example.com" is no address; wants an IP address and a port')):
        r = rig.run(command, "--listen", address, db=db)
        tap.ok(r.returncode == 2 and word in r.stderr, "%s --listen %s: exit 2, and why" % (command, address), (r.returncode, r.stderr))

# ---- limits, and migrate ----

api, url = start(db, "--max-connections-per-peer", 3, "--max-target", 200, "--max-head", 1000)
port = int(url.rsplit(":", 1)[1])
tap.same(rig.get(url + "/games?fields=" + "goals," * 50)[0], 414, "--max-target: 414 beyond")
tap.same(rig.get(url + "/games", X_Much="x" * 2000)[0], 431, "--max-head: 431 beyond")
held = []


def is_full():
    """One more is held each time: the first may have been turned away, while those before them were still closing."""
    held.append(socket.create_connection(("127.0.0.1", port)))
    return len(held) > 3 and rig.get(url + "/health/live")[0] == 429


tap.ok(rig.wait_for(is_full, 5), "--max-connections-per-peer: 429 beyond")
for s in held:
    s.close()
tap.ok(rig.wait_for(lambda: rig.get(url + "/health/live")[0] == 200, 5), "and room again")
tap.same(api.stop(signal.SIGINT), 0, "SIGINT: exit 0")


def with_descriptors(count, *more):
    """What is said of them by one that listens, and has no more of them."""
    api = rig.Program("api", "--listen", "127.0.0.1:0", *more, db=db, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count)))
    api.wait_line("listening on")
    api.stop()
    return [line.split("http: ")[1] for line in api.lines if "descriptors" in line]


tap.same(with_descriptors(500, "--max-connections", 501), ["at most 400 connections: 500 descriptors (LimitNOFILE), of which 100 are ours"], "too few descriptors")
tap.same(with_descriptors(500, "--max-connections", 500), [], "but for a few: not a word")
fresh, fresh_path = rig.database()
first, second = rig.run("migrate", db=fresh), rig.run("migrate", db=fresh)
tap.ok(first.returncode == 0 and re.fullmatch(r"schema 0 to \d+\n", first.stdout), "migrate says from which to which", first.stdout)
tap.ok(second.returncode == 0 and "nothing to do" in second.stdout, "and that nothing is to do", second.stdout)
with sqlite3.connect(fresh_path) as store:
    store.execute("PRAGMA user_version = 9990000")
tap.same(rig.run("migrate", db=fresh).returncode, 5, "a database newer than the program: exit 5")
tap.same(rig.run("migrate", "x", db=fresh).returncode, 2, "a word: exit 2")
tap.done()
