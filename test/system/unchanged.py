#!/usr/bin/env python3
"""If-None-Match and 304: sent where the newest body is known, taken as a poll that counts, and never in an older body's favour."""
import json, os, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig

tap = rig.Tap()
up = rig.Upstream()
GAME, NOW = 2023020001, 0x6567c306
BOX = rig.box_score_path(GAME)
db, path = rig.database()
shown = {"hits": 1, "second": NOW, "state": "LIVE", "events": None}


def tag(second):
    return rig.etag(second)["ETag"]


def box_score(request):
    """As a CDN that knows 304 answers."""
    head = {**rig.etag(shown["second"]), "Cache-Control": "max-age=14", "Age": "4"}
    if request.headers.get("if-none-match") == tag(shown["second"]):
        return rig.Reply(b"", status=304, headers=head)
    body = rig.box_score(GAME, gameState=shown["state"])
    body["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = shown["hits"]
    return rig.Reply(body, headers=head)


def ingest(**more):
    """The result, and what was asked for the box score's sake."""
    up.forget()
    r = rig.run("ingest", GAME, db=db, upstream=up.url, **more)
    return r, [q.headers.get("if-none-match") for q in up.requests("boxscore")]


def game():
    return rig.query(path, "SELECT * FROM games")[0]


def polls():
    return rig.query(path, "SELECT status, changed, body_bytes FROM polls WHERE endpoint = 'boxscore' ORDER BY poll_id")


up.replies[BOX] = box_score
r, asked = ingest()
tap.same((r.returncode, asked), (0, [None]), "nothing is known: nothing is named")
before = game()
r, asked = ingest()
tap.same((r.returncode, asked, r.stdout), (0, [tag(NOW)], "%d unchanged\n" % GAME), "the stored body's ETag is named, 304 is \"unchanged\"")
after = game()
tap.same({k for k in before if before[k] != after[k]} - {"last_poll_at", "expires_at", "events_due"}, set(), "and nothing but the poll is written")
tap.ok(after["last_poll_at"] > before["last_poll_at"] and after["expires_at"] > before["expires_at"], "the poll, and when the CDN's copy runs out")
tap.same([(p["status"], p["changed"]) for p in polls()], [(200, 1), (304, 0)], "the ledger has it as one that brought nothing")
tap.same(polls()[1]["body_bytes"], None, "and no body")

# The next copy comes with another ETag, and what follows an error is a poll that went well.
shown.update(hits=2, second=NOW + 15)
up.replies[BOX] = rig.Reply(status=500)
r, asked = ingest(env={"RINKSIDE_RETRIES": "0"})
tap.ok(r.returncode == 3 and game()["last_error"], "a failure is noted", r.stderr)
up.replies[BOX] = box_score
r, asked = ingest()
tap.ok(asked == [tag(NOW)] and "stored" in r.stdout and not game()["last_error"], "a newer body is stored, asked for by the ETag of the old one", r.stdout)
tap.same(ingest()[1], [tag(NOW + 15)], "and then the new one's is named")

# An older body from another node of the cache: the ETag stays the newest one's.
shown.update(hits=1, second=NOW)
r, asked = ingest()
tap.ok("older" in r.stdout and asked == [tag(NOW + 15)], "an older body has another ETag, comes whole, and changes nothing", r.stdout)
shown.update(hits=2, second=NOW + 15)
tap.same(ingest()[1], [tag(NOW + 15)], "what is named is what is stored")
tap.same(rig.query(path, "SELECT hits FROM game_stats WHERE player_id = 8470001")[0]["hits"], 2, "and the lines are the newest")

# A 304 that names another ETag says nothing: the body is asked for without a condition.
def contradicting(request):
    if request.headers.get("if-none-match"):
        return rig.Reply(b"", status=304, headers=rig.etag(NOW))
    return box_score(request)


shown.update(hits=3, second=NOW + 30)
up.replies[BOX] = contradicting
r, asked = ingest()
tap.ok(r.returncode == 0 and "stored" in r.stdout and asked == [tag(NOW + 15), None], "a 304 of another body is not believed", (r.stdout, r.stderr, asked))
up.replies[BOX] = rig.Reply(b"", status=304)
other, other_path = rig.database()
r = rig.run("ingest", GAME, "--retries", 0, db=other, upstream=up.url)
tap.ok(r.returncode == 3 and "304" in r.stderr, "nor one that nobody asked for: exit 3", r.stderr)

# A body that is kept aside is not the stored one: it is asked for again.
up.replies[BOX] = rig.Reply(rig.box_score(GAME, gameState="LIVE", playerByGameStats={}), headers=rig.etag(NOW + 45))
r, asked = ingest()
tap.ok(r.returncode == 4, "a body without lines is kept aside", r.stderr)
up.replies[BOX] = box_score
tap.same(ingest()[1], [None], "with a warning about it nothing is named")
tap.same(ingest()[1], [tag(NOW + 30)], "and once all is well again it is")

# Past the official end time alone moves a game on: every poll is to bring a body.
shown.update(state="OFF", second=NOW + 60)
ingest()
tap.same(game()["stats_status"], "official", "official")
tap.same(ingest()[1], [None], "from then on nothing is named")

# A database from before the column, and a reply without an ETag.
up.replies[BOX] = rig.Reply(rig.box_score(GAME, gameState="LIVE"))
db, path = rig.database()
ingest()
tap.same(ingest()[1], [None], "a body without an ETag: nothing to name")

# Whoever looks at the schedule knows what he stored last, while he runs.
today = time.strftime("%Y-%m-%d", time.gmtime())
soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
tags = {}


def board(request):
    """One ETag for each path, as long as nothing moves."""
    head = {**rig.etag(NOW + 900), "Cache-Control": "max-age=1"}
    tags.setdefault(request.path.split("/")[2], []).append(request.headers.get("if-none-match"))
    if request.headers.get("if-none-match") == tag(NOW + 900):
        return rig.Reply(b"", status=304, headers=head)
    one = {k: v for k, v in rig.box_score(GAME, gameState="LIVE").items() if k != "playerByGameStats"}
    one.update(gameDate=today, startTimeUTC=soon, gameState="FUT")
    return rig.Reply({"gameWeek": [{"date": today, "games": [one]}], "games": [one], "currentDate": today}, headers=head)


class Boards(dict):
    def get(self, path, default=None):
        return board if "/schedule/" in path or "/score/" in path else dict.get(self, path, default)


up.replies = Boards()
db, path = rig.database()
schedule = rig.Program("schedule", db=db, upstream=up.url, env={"RINKSIDE_CLOCK": "%d/%d/100" % ((time.time() * 1000,) * 2)})
tap.ok(rig.wait_for(lambda: tag(NOW + 900) in tags.get("score", []), 20), "a score board that was stored is named at the next look", tags)
tap.ok(rig.wait_for(lambda: rig.query(path, "SELECT 1 FROM polls WHERE status = 304"), 10), "and its 304 is in the ledger")
tap.ok("error" not in schedule.output, "and no error", schedule.output)
tap.same(len(rig.query(path, "SELECT 1 FROM games")), 1, "the game stays")
schedule.stop()

# The fake says 304 when told to.
for faults, want in (("", [200, 200]), ("unchanged=1", [200, 304])):
    fake = rig.Program("fake", "--listen", "127.0.0.1:0", "--ttl", "3600", *(["--faults", faults] if faults else []))
    url = fake.wait_line("listening on ").split("listening on ")[1].split()[0]
    ids = [g["id"] for d in json.loads(rig.get(url + "/v1/schedule/" + time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400)))[2])["gameWeek"] for g in d["games"]]
    db, path = rig.database()
    for _ in range(2):
        rig.run("ingest", ids[0], db=db, upstream=url)
    tap.same([p["status"] for p in polls()], want, "fake %s: %s" % (faults, want))
    fake.stop()
tap.done()
