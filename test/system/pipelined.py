#!/usr/bin/env python3
"""Requests in one packet: what is asked behind an answer is taken while that answer goes out, be it for the same, and be nothing kept."""
import os, re, socket, sqlite3, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig

tap = rig.Tap()
ROUNDS = 40
db, path = rig.database()
assert rig.run("migrate", db=db).returncode == 0
with sqlite3.connect(path) as store:
    store.execute("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59999) INSERT INTO game_stats (game_id, player_id, player_name,"
                  " goals, revision, observed_at) SELECT 2020020000 + i / 40, 8470000 + i % 40, 'Nobody In Particular ' || i, i % 3, 1 + i / 12, '2021-01-01T00:00:00.000Z' FROM n")
    store.execute("INSERT INTO games (game_id, season, game_type, game_date, stats_status, revision, observed_at) SELECT DISTINCT game_id, 20202021, 2, '2021-01-01',"
                  " 'settled', 1, '2021-01-01T00:00:00.000Z' FROM game_stats")
    store.execute("INSERT INTO stat_changes (revision, game_id, player_id, kind, before, after, phase, correction, observed_at) SELECT revision, game_id, player_id,"
                  " 'insert', '{\"goals\":null}', '{\"goals\":1}', 'live', 0, observed_at FROM game_stats")
    store.execute("UPDATE revisions SET revision = 5000")


def start(*words):
    api = rig.Program("api", "--listen", "127.0.0.1:0", *words, db=db)
    port = int(api.wait_line("listening on").rsplit(":", 1)[1])
    rig.wait_for(lambda: rig.get("http://127.0.0.1:%d/health/ready" % port)[0] == 200)
    return api, port


def dial(port, receive_bytes=None):
    s = socket.socket()
    if receive_bytes:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    s.settimeout(30)
    s.connect(("127.0.0.1", port))
    return s


def send(s, targets, method="GET"):
    """All in one packet; the last asks for the end."""
    lines = ["%s %s HTTP/1.1\r\nHost: x\r\n\r\n" % (method if i == 0 else "GET", t) for i, t in enumerate(targets)]
    s.sendall(("".join(lines[:-1]) + lines[-1].replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).encode())


def statuses(s):
    """Of every answer until the end."""
    data = b""
    try:
        while piece := s.recv(1 << 20):
            data += piece
    except OSError as e:
        return repr(e)
    finally:
        s.close()
    return [int(n) for n in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]


def ask(port, targets):
    try:
        s = dial(port)
        send(s, targets)
    except OSError as e:
        return repr(e)
    return statuses(s)


def try_all(what, targets, want, port):
    got = want
    for _ in range(ROUNDS):
        got = ask(port, targets)
        if got != want:
            break
    tap.same(got, want, what)


NOT_KEPT = [("/metrics", 200), ("/games/1", 404), ("/health/ready", 200), ("/game-stats?team=ZZZ", 400), ("/health/upstream", 200)]
for words in ((), ("--cache", 1)):
    how = " ".join(map(str, ("api",) + words))
    api, port = start(*words)
    for target, status in NOT_KEPT:
        for n in (2, 5):
            try_all("%s: %s %d times in a packet" % (how, target, n), [target] * n, [status] * n, port)
    mixed = NOT_KEPT * 3
    try_all("%s: different ones" % how, [t for t, _ in mixed], [s for _, s in mixed], port)
    got = []
    try:
        for i in range(10):  # four wait for one answer of two megabytes, and what the first asks then drives it out
            waiting = [dial(port) for _ in range(4)]
            for s in waiting:
                send(s, ["/changes?limit=1000&after=%d" % (i * 100), "/openapi.json"], "HEAD")
            got += [statuses(s) for s in waiting]
    except OSError as e:
        got.append(repr(e))
    tap.same(got, [[200, 200]] * 40, "%s: four who wait for one answer, each with another request behind it" % how)
    tap.same(api.stop(), 0, "%s: exit 0" % how)

# ---- results that are streamed, with no room for one more ----

api, port = start("--exports", 1)
deaf = dial(port, 4096)
send(deaf, ["/game-stats?format=csv"])
deaf.recv(1000)
try_all("a result that finds no room, twice in a packet", ["/game-stats?format=csv&sort=goals"] * 2 + ["/metrics"], [503, 503, 200], port)
deaf.close()
tap.ok(rig.wait_for(lambda: ask(port, ["/game-stats?format=csv&sort=goals"]) == [200], 30), "when there is room again it comes")
tap.same(api.stop(), 0, "exit 0")
tap.done()
