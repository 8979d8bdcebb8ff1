#!/usr/bin/env python3
"""/stream: every commit once and in order, to everyone who wants it, across whatever breaks."""
import json, os, signal, socket, sqlite3, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig
from rig import EventReader as Reader

tap = rig.Tap()
upstream = rig.Upstream()
GAMES = (2023020001, 2023020002)
made = {game: 0 for game in GAMES}


def change(db, game=GAMES[0], hits=None):
    """One more commit: one player's hits. The revision."""
    made[game] += 1
    body = rig.box_score(game, gameState="LIVE")
    body["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = hits or made[game]
    if game != GAMES[0]:  # clubs and players of its own
        body["awayTeam"].update(id=22, abbrev="EDM")
        body["homeTeam"].update(id=20, abbrev="CGY")
    upstream.replies[rig.box_score_path(game)] = rig.Reply(body, headers=rig.etag(0x6567c306 + 15 * made[game]))
    r = rig.run("ingest", game, db=db, upstream=upstream.url)
    return int(r.stdout.split("revision ")[1].split(":")[0])


def serve(db, *words):
    api = rig.Program("api", "--listen", "127.0.0.1:0", *words, db=db)
    api.port = int(api.wait_line("listening").rsplit(":", 1)[1].strip("/ "))
    return api


def is_ready(api):
    return rig.wait_for(lambda: rig.get("http://127.0.0.1:%d/health/ready" % api.port)[0] == 200)


def read_link(name):
    try:
        return os.readlink(name)
    except OSError:  # closed meanwhile
        return ""


def sockets(api):
    """Connections that the process holds, one more than its listener's."""
    folder = "/proc/%d/fd/" % api.pid
    return sum(read_link(folder + f).startswith("socket:") for f in os.listdir(folder))


db, path = rig.database()
change(db)
api = serve(db)
is_ready(api)

# In order, all that a commit changed, shared with the pages of /changes.
live = Reader(api.port)
tap.ok("text/event-stream" in live.head and "no-store" in live.head, "its head", live.head)
live.wait(lambda: api.output is not None, 0.01)
want = [change(db) for _ in range(3)]
tap.same(live.ids(3), want, "three commits, three events, in order")
status, _, body = rig.get("http://127.0.0.1:%d/changes?after=%d" % (api.port, want[0] - 1))
tap.same([e[2] for e in live.events], json.loads(body), "an event says what /changes says")
line = live.events[0][2]["lines"][0]
tap.ok(line["after"] == {"hits": made[GAMES[0]] - 2} and line["kind"] == "update", "before and after", line)

# Who comes back has missed nothing; from the header before the query.
want += [change(db) for _ in range(2)]
again = Reader(api.port, last=want[0])
tap.same(again.ids(4), want[1:], "what came after Last-Event-ID")
from_query = Reader(api.port, "/stream?after=%d" % want[2])
tap.same(from_query.ids(2), want[3:], "what came after ?after=")
both = Reader(api.port, "/stream?after=0", last=want[3])
tap.same(both.ids(1), want[4:], "the header goes before the query")
everything = Reader(api.port, "/stream?after=0")
tap.same(everything.ids(6), list(range(1, 7)), "from the beginning")
want.append(change(db))
for name, reader in (("live", live), ("resumed", again), ("from the beginning", everything)):
    tap.ok(reader.wait(lambda: reader.events[-1][1] == want[-1]), "%s goes on" % name, reader.ids())
    tap.ok(len(set(reader.ids())) == len(reader.ids()), "%s: none twice" % name, reader.ids())

# Filters.
filters = {"game": Reader(api.port, "/stream?game=%d" % GAMES[1]), "team": Reader(api.port, "/stream?team=20"),
           "letters": Reader(api.port, "/stream?team=EDM"), "player": Reader(api.port, "/stream?player=8470001"),
           "other team": Reader(api.port, "/stream?team=12"),
           "neither": Reader(api.port, "/stream?game=%d&team=12" % GAMES[1]),
           "either": Reader(api.port, "/stream?team=12&team=22"),
           "resumed": Reader(api.port, "/stream?after=0&game=%d" % GAMES[1])}
first, second, third = change(db), change(db, GAMES[1]), change(db)
end = Reader(api.port, "/stream?after=%d" % (third - 1))
end.ids(1)
for name, ids in (("game", [second]), ("team", [second]), ("letters", [second]), ("player", [first, second, third]),
                  ("other team", [first, third]), ("either", [first, second, third]), ("resumed", [second])):
    tap.same(filters[name].ids(len(ids)), ids, "filtered by %s" % name)
tap.same(filters["neither"].ids(), [], "filters of two kinds must both hold")

# What is not understood, and what cannot be. A club that nobody has heard of may yet come, as EDM did.
for target, last, want_status in (("/stream?after=x", None, 400), ("/stream?nonsense=1", None, 400),
                                  ("/stream?game=0", None, 400), ("/stream", "abc", 400), ("/stream", "-1", 400), ("/stream?team=ZZZ", None, 200)):
    r = Reader(api.port, target, last)
    tap.ok(" %d " % want_status in r.head.split("\r\n")[0], "%s, Last-Event-ID %s: %d" % (target, last, want_status), r.head)
    r.close()
for place in (third + 1000, 2**53, 2**63 - 1):
    ahead = Reader(api.port, last=place)
    ahead.ids(1)
    tap.same([(e[0], e[1]) for e in ahead.events], [("reset", third)], "a place beyond the database, %d: reset" % place)
    ahead.close()
r = Reader(api.port, method="HEAD")
tap.ok(" 200 " in r.head.split("\r\n")[0] and not r.wait(lambda: r.events, 0.2), "HEAD has a head alone", r.head)
r.close()

# Across a restart of the server, with commits while it is away.
live.wait(lambda: live.events[-1][1] == third)
late = socket.create_connection(("127.0.0.1", api.port), 15)
late.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /stream HTTP/1.1\r\nHost: x\r\n")
tap.ok(b'"live"' in late.recv(1000), "a request is under way")
api.p.send_signal(signal.SIGTERM)
live.wait(lambda: live.is_over)
tap.ok(live.is_whole, "told to end, it ends its streams", live.raw)
late.sendall(b"\r\n")
said = b"".join(iter(lambda: late.recv(1000), b""))
tap.ok(said.startswith(b"HTTP/1.1 200 ") and said.endswith(b"0\r\n\r\n"), "and the one that is begun then", said)
tap.same(api.p.wait(10), 0, "and goes")
missed = [change(db), change(db)]
api = serve(db)
is_ready(api)
quiet = Reader(api.port, "/stream?game=1")
late = Reader(api.port, last=live.ids()[-1])
late.ids(2)
missed.append(change(db))
tap.same(late.ids(3), missed, "nothing lost and nothing doubled across a restart")

# Resumed while commits come: the hand-over from the database to what is live.
readers = []
for _ in range(6):
    readers.append(Reader(api.port, "/stream?after=0"))
    newest = change(db)
for reader in readers:
    reader.wait(lambda: reader.events and reader.events[-1][1] == newest)
tap.ok(all(r.ids() == list(range(1, newest + 1)) for r in readers), "joined in the middle of commits: each once",
       [r.ids() for r in readers])

# Who leaves is noticed at once.
before = sockets(api)
for reader in readers:
    reader.close()
tap.ok(rig.wait_for(lambda: sockets(api) <= before - len(readers), 5), "those who leave are noticed", sockets(api))

# A reader that does not read is dropped, and resumes; others are told meanwhile.
def commit_large(size=100000):
    """Commits as a writer does, but large; the revision."""
    c = sqlite3.connect(path, timeout=10, isolation_level=None)
    c.execute("BEGIN IMMEDIATE")
    revision = c.execute("UPDATE revisions SET revision = revision + 1 RETURNING revision").fetchone()[0]
    c.execute("INSERT INTO game_changes (revision, game_id, kind, before, after, phase, observed_at) VALUES "
              "(?, ?, 'update', '{}', ?, 'live', '2023-10-11T02:00:00.000Z')",
              (revision, GAMES[0], json.dumps({"warning": "x" * size})))
    c.execute("COMMIT")
    c.close()
    return revision


def is_told(reader):
    revision = commit_large()
    return reader.wait(lambda: reader.events and reader.events[-1][1] == revision)


slow, quick = Reader(api.port, receive_bytes=4096), Reader(api.port)
start, newest = newest, newest + 120
tap.ok(all(is_told(quick) for _ in range(120)), "who reads is told everything", quick.ids())
tap.same(quick.ids(), list(range(start + 1, newest + 1)), "in order")
slow.wait(lambda: slow.is_over, 20)
tap.ok(slow.is_over and len(slow.events) < 120, "who does not is dropped", len(slow.events))
resumed = Reader(api.port, last=slow.ids()[-1] if slow.events else start)
resumed.wait(lambda: resumed.events and resumed.events[-1][1] == newest, 30)
tap.same(slow.ids() + resumed.ids(), list(range(start + 1, newest + 1)), "and resumes without loss, 10 MB behind")

# A heartbeat, of a comment, for one who filters everything out.
tap.ok(quiet.wait(lambda: quiet.comments, 25), "a heartbeat")
api.stop()

# A database in another's place, with fewer commits: readers are told to begin anew.
other, other_path = rig.database()
for _ in range(3):
    change(other)
moved, moved_path = rig.database()
change(moved)
api = serve(moved)
is_ready(api)
ahead = Reader(api.port, last=3)
ahead.ids(1)
tap.same([(e[0], e[1]) for e in ahead.events], [("reset", 1)], "another database: reset to what it has")
api.stop()

# The same while they listen: a backup is put in its place.
api = serve(other)
is_ready(api)
listening = Reader(api.port, last=0)
tap.ok(listening.wait(lambda: listening.ids(3)[-1:] == [3], 15), "a reader who listens", listening.events)
os.rename(moved_path, other_path)
for left in ("-wal", "-shm"):
    if os.path.exists(other_path + left):
        os.unlink(other_path + left)
tap.ok(listening.wait(lambda: listening.events[-1][:2] == ("reset", 1), 15), "a backup in its place meanwhile: reset to what that has", listening.events[-2:])
change(other)
tap.ok(listening.wait(lambda: listening.events[-1][1] == 2 and listening.events[-1][0] != "reset", 15), "and what comes after it", listening.events[-2:])
api.stop()
tap.done()
