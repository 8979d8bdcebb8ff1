#!/usr/bin/env python3
"""What many want: the same bytes from memory's own file as before, to quick and slow readers; the newest body all the same; no more files than there may be."""
import http.client, json, os, socket, sys, urllib.parse
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig

tap = rig.Tap()
GAME, GAMES, OFTEN, MOST_FILES = 2023020001, 4, 64, 64
db, path = rig.database()


def ingest(at, goals=0):
    for game in range(GAME, GAME + GAMES):
        body = rig.box_score(game)
        body["playerByGameStats"]["awayTeam"]["forwards"][0] = rig.skater(8470001, 11, "A. Alpha", goals, 1)
        place = os.path.join(rig.TEMP, "%d.json" % game)
        with open(place, "w") as f:
            json.dump(body, f)
        assert rig.run("ingest", "--file", "--observed-at", at, place, db=db).returncode == 0


class Reader:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)

    def get(self, target, method="GET", **headers):
        self.connection.request(method, target, headers={k.replace("_", "-"): v for k, v in headers.items()})
        r = self.connection.getresponse()
        return r.status, r.headers, r.read()


def files(api):
    place = "/proc/%d/fd" % api.p.pid
    return sum("rinkside-body" in os.readlink(os.path.join(place, n)) for n in os.listdir(place))


ingest("2023-10-10T23:00:00Z")
api = rig.Program("api", "--listen", "127.0.0.1:0", "--max-connections-per-peer", "200", db=db)
url = api.wait_line("listening on").split()[-1]
reader = Reader(url)
first = reader.get("/game-stats")
tap.ok(first[0] == 200 and len(first[2]) > 16 << 10, "a page of some size", len(first[2]))
tap.same(files(api), 0, "which one reader does not make hot")
answers = {(status, headers["ETag"], body) for status, headers, body in (reader.get("/game-stats") for _ in range(3 * OFTEN))}
tap.same(answers, {(200, first[1]["ETag"], first[2])}, "asked often it stays what it was")
tap.same(files(api), 1, "and lies in one file")
tap.same(reader.get("/game-stats", If_None_Match=first[1]["ETag"])[0], 304, "304 to who has it")
head = reader.get("/game-stats", method="HEAD")
tap.same((head[0], head[1]["Content-Length"], head[2]), (200, str(len(first[2])), b""), "HEAD has its length and no body")
closing = Reader(url).get("/game-stats", Connection="close")
tap.same((closing[0], closing[2]), (200, first[2]), "and a connection that ends with it gets all of it")

# A reader who takes his time: the kernel takes a part of an answer only, and the rest is sent later.
ASKED = 60
with socket.socket() as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(30)
    parts = urllib.parse.urlsplit(url)
    s.connect((parts.hostname, parts.port))
    s.sendall(b"GET /game-stats HTTP/1.1\r\nHost: h\r\n\r\n" * (ASKED - 1) + b"GET /game-stats HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    got = bytearray()
    while chunk := s.recv(1500):
        got += chunk
bodies = [piece.partition(b"\r\n\r\n")[2] for piece in bytes(got).split(b"HTTP/1.1 200 OK\r\n")[1:]]
tap.same([b == first[2] for b in bodies], [True] * ASKED, "a slow reader of many gets each whole")

# One who goes away in the middle of an answer is nobody else's trouble.
for _ in range(20):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect((parts.hostname, parts.port))
        s.sendall(b"GET /game-stats HTTP/1.1\r\nHost: h\r\n\r\n" * 20)
        s.recv(100)
tap.same(reader.get("/game-stats")[2], first[2], "those who leave in the middle harm nobody")

ingest("2023-10-10T23:05:00Z", goals=2)
rig.wait_for(lambda: reader.get("/game-stats")[1]["ETag"] != first[1]["ETag"], 10)
second = reader.get("/game-stats")
tap.ok({r["goals"] for r in json.loads(second[2]) if r["player_id"] == 8470001} == {2}, "what has changed is shown", second[2][:300])
# Of four commits the last may be heard of later, which begins the counting anew.
again = lambda: {reader.get("/game-stats")[2] for _ in range(3 * OFTEN)}
tap.same(again(), {second[2]}, "and becomes hot in its turn")
tap.ok(rig.wait_for(lambda: again() == {second[2]} and files(api) == 1, 10), "and the file of the one before has gone", files(api))

targets = ["/game-stats?limit=%d" % n for n in range(14, 14 + MOST_FILES + 16)]
wrong = [t for t in targets if len({reader.get(t)[2] for _ in range(OFTEN + 4)}) != 1]
tap.same(wrong, [], "eighty hot pages at once are all well")
tap.same(files(api), MOST_FILES, "though not all have a file")
tap.same(api.stop(), 0, "and it ends well")
tap.done()
