#!/usr/bin/env python3
"""Recorded bodies that came out of order, or were corrected: in either order the newer one stays."""
import json, os, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from rig import Reply

NOW = 0x656e80e7
tap = rig.Tap()
place = rig.recordings()
used = 0


def body(path):
    """A recorded body, or None."""
    global used
    full = os.path.join(place or "", path)
    if not place or not os.path.exists(full):
        return None
    used += 1
    with open(full) as f:
        return json.load(f)


def rows(path, table="game_stats"):
    dropped = ("revision", "observed_at")
    return [{k: v for k, v in r.items() if k not in dropped} for r in rig.query(path, "select * from %s order by 1, 2" % table)]


def ingest(db, up, game):
    return rig.run("ingest", game, "--retries", 0, "--timeout", "5s", db=db, upstream=up.url)


def both_orders(name, older, newer, serve, table="game_stats"):
    """serve(upstream, body, seconds): what the upstream shows; then (exit codes, rows) of each order."""
    ends = []
    for order in ((older, newer), (newer, older)):
        up, (db, path) = rig.Upstream(), rig.database()
        codes = []
        for b, at in order:
            game = serve(up, b, at, len(codes))
            r = ingest(db, up, game)
            codes.append((r.returncode, r.stderr))
        ends.append((codes, rows(path, table)))
        up.stop()
    tap.ok(ends[0][1] and ends[0][1] == ends[1][1], "%s: either order ends in the same rows" % name, [len(e[1]) for e in ends])
    tap.same([e[0] for e in ends], [[(0, "")] * 2] * 2, "%s: and none of it is an error" % name)
    return ends[0][1]


def box(up, b, at, turn):
    up.replies[rig.box_score_path(b["id"])] = Reply(b, headers=rig.etag(at))
    return b["id"]


def plays(up, b, at, turn):
    """The play-by-play under its own ETag, beside a box score that asks for it each time."""
    shown = rig.box_score(b["id"], gameState="LIVE", periodDescriptor={"number": 2, "periodType": "REG"},
                          clock={"secondsRemaining": 1000 - turn, "running": True, "inIntermission": False})
    for side in ("awayTeam", "homeTeam"):
        shown[side] = dict(shown[side], id=b[side]["id"], score=turn)
    up.replies[rig.box_score_path(b["id"])] = Reply(shown, headers=rig.etag(NOW + 60 * turn))
    up.replies["/v1/gamecenter/%d/play-by-play" % b["id"]] = Reply(b, headers=rig.etag(at))
    return b["id"]


# ---- made up, so that it is there without recordings ----
a, b = rig.box_score(), rig.box_score()
b["playerByGameStats"]["awayTeam"]["forwards"][0].update(hits=9)
b["playerByGameStats"]["homeTeam"]["defense"] = [rig.skater(8470099, 9, "I. India", position="D")]
got = both_orders("a made-up correction", (a, NOW), (b, NOW + 15), box)
tap.ok({r["player_id"] for r in got} >= {8470099} and not {r["player_id"] for r in got} & {8470013}, "who left the sheet is gone")

# ---- recorded ----
newer, older = body("web/play-by-play/2023020377-LIVE-01.json"), body("web/play-by-play/2023020377-LIVE-02.json")
if newer and older:
    got = both_orders("play-by-play of 2023020377", (older, 0x656e80e7), (newer, 0x656e80f6), plays, "game_events")
    kept = {p["eventId"] for p in newer["plays"]}
    tap.ok({r["event_id"] for r in got} <= kept, "its events are those of the 110 plays")
for game in (2023020032, 2023020167):
    older, newer = body("web/boxscore/%d-OFF-01.json" % game), body("web/boxscore/%d-OFF-02.json" % game)
    if older and newer:
        got = {r["player_id"]: r for r in both_orders("corrected %d" % game, (older, NOW), (newer, NOW + 3600), box)}
        want = {p["playerId"]: p for s in newer["playerByGameStats"].values() for g in ("forwards", "defense") for p in s[g]}
        tap.ok(all(got[i]["hits"] == p["hits"] and got[i]["player_position"] == p["position"] for i, p in want.items()),
               "%d: the lines are the later body's" % game)

first = os.path.join(place or "", "statsapi/live/2022021023-In_Progress-01.json")
second = first.replace("-01", "-02")
if place and os.path.exists(first) and os.path.exists(second):
    used += 2
    ends = []
    for files in ((first, second), (second, first)):
        db, path = rig.database()
        codes = [rig.run("ingest", "--file", f, "--observed-at", "2026-01-0%dT00:00:00Z" % (9 - i), db=db).returncode for i, f in enumerate(files)]
        ends.append((codes, rows(path), rows(path, "game_events")))
    tap.ok(ends[0][0] == [0, 0] and ends[0] == ends[1] and ends[0][1], "legacy 2022021023: its own time orders it, whatever we are told",
           [e[0] for e in ends])

for game in (2025020184, 2025020282):
    b = body("web/boxscore/%d-OFF.json" % game)
    if b:
        up, (db, path) = rig.Upstream(), rig.database()
        box(up, b, NOW, 0)
        r = ingest(db, up, game)
        warning = rig.query(path, "select warning from games")
        tap.ok(r.returncode == 0 and not r.stderr and warning == [{"warning": None}], "%d: own and awarded goals trip no check" % game,
               [r.stderr, warning])

# The same made up: an awarded goal is nobody's shot, an empty net nobody's goal against, an own goal no shot less.
odd = rig.box_score()
odd["awayTeam"]["score"] = 4
odd["playerByGameStats"]["awayTeam"]["forwards"][0].update(goals=3, points=4, sog=1)
odd["playerByGameStats"]["homeTeam"]["goalies"][0].update(goalsAgainst=2, shotsAgainst=30, saves=29)
up, (db, path) = rig.Upstream(), rig.database()
box(up, odd, NOW, 0)
r = ingest(db, up, odd["id"])
tap.ok(r.returncode == 0 and not r.stderr and rig.query(path, "select warning from games") == [{"warning": None}],
       "made-up own, awarded and empty-net goals trip no check", r.stderr)

tap.note("%d recorded bodies were used" % used)
tap.done()
