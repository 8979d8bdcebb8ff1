#!/usr/bin/env python3
"""What came is kept as it came: each distinct body once, a line a fetch; what is old goes."""
import hashlib, json, os, sqlite3, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from rig import Reply

GAME, NOW = 2023020001, 0x6567c306
PATH = rig.box_score_path(GAME)
tap = rig.Tap()
up = rig.Upstream()
db, path = rig.database()


def ingest(reply, *words, game=GAME, to=None):
    up.replies[rig.box_score_path(game)] = reply
    return rig.run("ingest", game, "--retries", 0, "--timeout", "5s", *words, db=to or db, upstream=up.url)


def bodies(where="endpoint = 'boxscore'"):
    return rig.query(path, "select * from raw_bodies where %s order by body_id" % where)


def polls(where="endpoint = 'boxscore'"):
    return rig.query(path, "select * from polls where %s order by poll_id" % where)


a = rig.box_score(GAME, gameState="LIVE")
b = rig.box_score(GAME)
r = ingest(Reply(a, headers=rig.etag(NOW)))
tap.ok(r.returncode == 0, "a game is ingested", r.stderr)
kept = bodies()
text = json.dumps(a).encode()
tap.same([(x["sha256"], x["size"], x["game_id"], x["order_time"]) for x in kept], [(hashlib.sha256(text).hexdigest(), len(text), GAME, NOW)],
         "its body is kept, by its SHA-256")
tap.ok(kept and len(kept[0]["body"]) < len(text) / 2 and kept[0]["body"][:4] == b"\x28\xb5\x2f\xfd", "in zstd", [len(x["body"]) for x in kept])
line = polls()
tap.ok(len(line) == 1 and (line[0]["status"], line[0]["game_id"], line[0]["tries"], line[0]["changed"], line[0]["body_bytes"]) == (200, GAME, 1, 1, len(text))
       and 0 < line[0]["bytes"] < len(text), "a line of the ledger", line)
asked = len(up.requests())
tap.same(len(polls("1=1")), asked, "every fetch has one, also those that found nothing")
first = bodies()[0]
ingest(Reply(a, headers=rig.etag(NOW + 15)))
again = bodies()
tap.ok(len(again) == 1 and again[0]["order_time"] == NOW + 15 and again[0]["first_seen"] == first["first_seen"] <= again[0]["last_seen"]
       and again[0]["last_seen"] > first["last_seen"], "the same again is seen, not kept twice", again[0]["last_seen"])
tap.same([x["changed"] for x in polls()], [1, 0], "and has changed nothing")
ingest(Reply(b, headers=rig.etag(NOW + 30)))
ingest(Reply(a, headers=rig.etag(NOW)))
tap.same([(x["order_time"]) for x in bodies()], [NOW + 15, NOW + 30], "an older sighting does not make a body older")
for reply, status in ((Reply("<html>", 404), 404), (Reply(status=500), 500), (Reply(a, fault="hang"), None)):
    ingest(reply, "--timeout", "300ms")
    tap.same((polls()[-1]["status"], polls()[-1]["changed"], polls()[-1]["body_bytes"]), (status, 0, None), "a %s has its line" % status)
p = rig.Program("ingest", GAME, "--retries", 0, db=db, upstream=up.url)
p.p.wait(20)
low = polls()[-1]["poll_id"] % 2**20
tap.ok((low - p.pid * 64) % 2**20 >= 64, "a line's number is not that of its process, which other machines' have too", (low, p.pid))
torn = json.dumps(a)[:300]
ingest(Reply(torn, headers=rig.etag(NOW + 60)))
tap.ok(bodies()[-1]["sha256"] == hashlib.sha256(torn.encode()).hexdigest(), "a body that is not understood is kept", bodies()[-1]["size"])
negative = rig.box_score(GAME)
negative["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = -1
ingest(Reply(negative, headers=rig.etag(NOW + 75)))
aside = rig.query(path, "select kind, sha256 from quarantine")
tap.same(aside, [{"kind": "negative", "sha256": hashlib.sha256(json.dumps(negative).encode()).hexdigest()}], "the quarantine says which body it was")
r = rig.run("check", db=db)
tap.ok(r.returncode == 0 and ", 4 bodies" in r.stdout, "check counts them", r.stdout + r.stderr)
c = sqlite3.connect(path)
c.execute("update raw_bodies set sha256 = replace(sha256, substr(sha256, 1, 4), '0000') where size = %d" % len(torn))
c.commit()
r = rig.run("check", db=db)
tap.ok(r.returncode == 1 and "SHA-256" in r.stderr, "and finds one that is not what it says", r.stdout + r.stderr)
c.close()

# ---- files ----
place = os.path.join(rig.TEMP, "body.json")
with open(place, "w") as f:
    json.dump(rig.box_score(GAME + 1), f)
rig.run("ingest", "--file", place, "--observed-at", "2023-11-30T00:00:00Z", db=db)
kept = bodies("game_id = %d" % (GAME + 1))
tap.ok(len(kept) == 1 and kept[0]["observed_at"].startswith("2023-11-30") and not polls("game_id = %d" % (GAME + 1)),
       "a file's body is kept, and nobody was polled for it", kept and kept[0]["observed_at"])

# ---- off ----
other, where = rig.database()
ingest(Reply(b, headers=rig.etag(NOW)), "--keep-raw", 0, "--keep-polls", "0", to=other)
tap.same([rig.query(where, "select count(*) as n from %s" % t)[0]["n"] for t in ("raw_bodies", "polls", "games")], [0, 0, 1], "0 keeps nothing")

# ---- what is old goes, seldom, and then by the thousand ----
c = sqlite3.connect(path)
c.executescript("""
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
    insert into polls (poll_id, polled_at, endpoint) select (1600000000000 + i) * 1048576, '2020-09-13T12:26:40.000Z', 'old' from n;
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
    insert into raw_bodies select (1600000000000 + i) * 1048576, 'old' || i, 'old', 0, 1600000000, 1600000000000, '2020-09-13T12:26:40.000Z',
        '2020-09-13T12:26:40.000Z', '2020-09-13T12:26:40.000Z', 1, x'00' from n;
""")
c.close()
many = list(range(GAME + 100, GAME + 130))
for game in many:
    up.replies[rig.box_score_path(game)] = Reply(rig.box_score(game), headers=rig.etag(NOW))
left, runs = [(3000, 3000)], 0


def old():
    global runs
    runs += 1
    rig.run("ingest", *many, "--retries", 0, db=db, upstream=up.url, deadline_s=60)
    left.append((len(polls("endpoint = 'old'")), len(bodies("endpoint = 'old'"))))
    return left[-1] < (3000, 3000)


rig.wait_for(old, 150, 0)  # of 256 commits one prunes, by chance
tap.ok(left[-1][0] % 8 == 3000 % 1024 % 8 and left[-1][0] < 3000 and left[-1][0] == left[-1][1], "old lines and bodies go, a thousand at a time", left)
tap.ok(len(bodies("endpoint = 'boxscore'")) >= 32, "what is young stays")
tap.done()
