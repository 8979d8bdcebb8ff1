#!/usr/bin/env python3
"""What is made of what is kept: `reparse`, `coverage` with `season --only-missing`, `export`."""
import csv, datetime, hashlib, io, json, os, sqlite3, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from rig import Reply

GAME, NOW = 2023020001, 0x6567c306
tap = rig.Tap()
up = rig.Upstream()
db, path = rig.database()


def ingest(reply, game=GAME):
    up.replies[rig.box_score_path(game)] = reply
    return rig.run("ingest", game, "--retries", 0, db=db, upstream=up.url)


def stats(game=GAME):
    return rig.query(path, "select * from game_stats where game_id = ? order by player_id", game)


def content(rows):
    return [{k: v for k, v in r.items() if k not in ("revision", "observed_at")} for r in rows]


def as_an_older_decoder_had(sql, where=path):
    """Both the row and its history, as if it had been written so."""
    c = sqlite3.connect(where)
    c.executescript(sql)
    c.close()


# ---- reparse ----
first = rig.box_score(GAME, gameState="LIVE")
last = rig.box_score(GAME)
last["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = 7
ingest(Reply(first, headers=rig.etag(NOW)))
ingest(Reply(last, headers=rig.etag(NOW + 15)))
ingest(Reply(rig.box_score(GAME + 1), headers=rig.etag(NOW)), GAME + 1)
good = stats()
r = rig.run("reparse", db=db)
tap.ok(r.returncode == 0 and "3 bodies of 2 games: 0 changed something, 0 were refused" in r.stdout and stats() == good,
       "the same decoder changes nothing, not even a revision", r.stdout + r.stderr)
as_an_older_decoder_had("""
    update game_stats set takeaways = null where game_id = %d;
    update stat_changes set after = json_set(after, '$.takeaways', null) where game_id = %d and kind = 'insert';
    """ % (GAME, GAME))
tap.ok(rig.run("check", db=db).returncode == 0 and content(stats()) != content(good), "rows of a decoder that knew less")
r = rig.run("reparse", GAME, db=db)
tap.ok(r.returncode == 0 and "%d stored revision" % GAME in r.stdout and "0 inserted, 8 updated" not in r.stdout and "6 updated" in r.stdout,
       "the newest body is decoded again under its own key, and what differs is said", r.stdout + r.stderr)
tap.same(content(stats()), content(good), "and the rows are as the decoder gives them")
tap.ok(rig.run("check", db=db).returncode == 0, "with a history that holds")
r = rig.run("reparse", "--season", "20232024", db=db)
tap.ok(r.returncode == 0 and "0 changed something" in r.stdout, "--season", r.stdout + r.stderr)
r = rig.run("reparse", "--season", "20222023", db=db)
tap.ok(r.returncode == 0 and r.stdout.startswith("0 bodies"), "of another season there is nothing", r.stdout)
r = rig.run("reparse", GAME + 5, db=db)
tap.ok(r.returncode == 0 and "no body of game %d" % (GAME + 5) in r.stderr, "nor of a game never seen, which is said", r.stderr)

# A body that was not understood, and is by now: kept under what it was taken for.
ingest(Reply("{}", headers=rig.etag(NOW + 30)))
better = dict(last, homeTeam=dict(last["homeTeam"], sog=26))

text = json.dumps(better).encode()
packed = subprocess.run(["zstd", "-c"], input=text, capture_output=True).stdout if any(
    os.access(os.path.join(p, "zstd"), os.X_OK) for p in os.environ.get("PATH", "").split(":")) else None
if packed:
    c = sqlite3.connect(path)
    c.execute("update raw_bodies set body = ?, size = ?, sha256 = ?, game_id = ? where size = 2", (packed, len(text), hashlib.sha256(text).hexdigest(), GAME))
    c.commit()
    c.close()
    r = rig.run("reparse", GAME, db=db)
    shots = rig.query(path, "select home_shots from games where game_id = ?", GAME)
    tap.ok(r.returncode == 0 and "1 changed something" in r.stdout and shots == [{"home_shots": 26}], "a newer body that nobody understood then is taken now", r.stdout + r.stderr)
else:
    tap.note("no zstd here: a body understood late was left out")
# What was kept aside is not counted again, nor told again.
def worse(hits):
    body = rig.box_score(GAME + 6, gameState="LIVE")
    body["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = -hits
    return body


for at, body in ((0, rig.box_score(GAME + 6, gameState="LIVE")), (60, worse(1)), (600, worse(2))):
    ingest(Reply(body, headers=rig.etag(NOW + at)), GAME + 6)
seen = [rig.query(path, "select %s" % what) for what in ("revision from revisions", "* from quarantine", "warning from games")]
for _ in range(2):
    r = rig.run("reparse", db=db)
    tap.ok(r.returncode == 0 and "0 changed something, 2 were refused" in r.stdout, "reparse refuses again what was refused", r.stdout + r.stderr)
tap.same([rig.query(path, "select %s" % what) for what in ("revision from revisions", "* from quarantine", "warning from games")], seen,
         "and takes no revision, counts nothing and leaves the warnings")
# A schedule is of no game, and changes some.
db, path = rig.database()
rig.run("ingest", "--file", os.path.join(rig.ROOT, "test", "golden", "cases", "schedule-postponed", "body.json"), db=db)
listed = rig.query(path, "select game_id, start_time from games order by game_id")
as_an_older_decoder_had("""
    update games set start_time = null where game_id = %d;
    update game_changes set after = json_set(after, '$.start_time', null) where game_id = %d;
    """ % ((listed[0]["game_id"],) * 2), path)
for said in ("1 changed something", "0 changed something"):
    r = rig.run("reparse", db=db)
    tap.ok(r.returncode == 0 and "1 bodies of 0 games: " + said in r.stdout, "a schedule again: " + said, r.stdout + r.stderr)
tap.same(rig.query(path, "select game_id, start_time from games order by game_id"), listed, "and its games are as the decoder gives them")
for words in (["x"], [GAME, "--season", "20232024"], ["--season", "7"]):
    r = rig.run("reparse", *words, db=db)
    tap.ok(r.returncode == 2 and len(r.stderr.splitlines()) == 1, "reparse %s: exit 2" % words, r.stderr)

# ---- coverage, and what heals it ----
up = rig.Upstream()
db, path = rig.database()


def week(day, games):
    shown = []
    for game, state, off in games:
        b = rig.box_score(game, gameState=state, gameType=game // 10000 % 100, gameDate=day.isoformat(), startTimeUTC=day.isoformat() + "T23:00:00Z")
        b = {k: v for k, v in b.items() if k != "playerByGameStats"}
        b["gameScheduleState"] = off
        shown.append(b)
    return {"nextStartDate": (day + datetime.timedelta(days=7)).isoformat(), "previousStartDate": (day - datetime.timedelta(days=7)).isoformat(),
            "preSeasonStartDate": "2023-09-23", "regularSeasonStartDate": "2023-10-10", "regularSeasonEndDate": "2024-04-18", "playoffEndDate": "2024-06-24",
            "numberOfGames": len(shown), "gameWeek": [{"date": day.isoformat(), "numberOfGames": len(shown), "games": shown}]}


GAMES = [(GAME, "OFF", "OK"), (GAME + 1, "OFF", "OK"), (GAME + 2, "OFF", "OK"), (GAME + 3, "FUT", "PPD"), (GAME + 4, "FUT", "OK"),
         (2023010001, "OFF", "OK")]
start = datetime.date(2023, 10, 10)
for i in range(60):
    day = start + datetime.timedelta(days=7 * i)
    up.replies["/v1/schedule/%s" % day] = Reply(week(day, GAMES if not i else []))
up.replies["/v1/schedule/2024-01-15"] = Reply(week(datetime.date(2024, 1, 15), []))
for game, state, _ in GAMES[:2]:
    up.replies[rig.box_score_path(game)] = Reply(rig.box_score(game), headers=rig.etag(NOW))
r = rig.run("season", "20232024", "--retries", 0, db=db, upstream=up.url)
tap.ok(r.returncode == 3 and str(GAME + 2) in r.stdout, "a season of which a game could not be had", r.stdout + r.stderr[-200:])
r = rig.run("coverage", "20232024", db=db)
tap.same((r.returncode, r.stdout.splitlines()), (0, ["20232024: 4 games expected, 2 stored, 2 official", str(GAME + 2)]), "coverage says which")
r = rig.run("coverage", "20232024", "--format", "json", db=db)
tap.same(json.loads(r.stdout), {"season": 20232024, "expected": 4, "stored": 2, "official": 2, "missing": [GAME + 2]}, "in JSON as well")
r = rig.run("coverage", "20232024", "--game-types", "1", "--format", "json", db=db)
tap.same(json.loads(r.stdout)["missing"], [2023010001], "of the kinds of game that are asked for")
up.replies[rig.box_score_path(GAME + 2)] = Reply(rig.box_score(GAME + 2), headers=rig.etag(NOW))
up.forget()
r = rig.run("season", "20232024", "--only-missing", "--retries", 0, db=db, upstream=up.url)
asked = [q.path for q in up.requests("boxscore")]
tap.ok(r.returncode == 0 and asked == [rig.box_score_path(GAME + 2)], "season --only-missing asks for that one alone", [asked, r.stderr[-200:]])
r = rig.run("coverage", "20232024", db=db)
tap.same(r.stdout.splitlines(), ["20232024: 4 games expected, 3 stored, 3 official"], "and heals it")
for words in ([], ["2023"], ["20232024", "--format", "csv"], ["20232024", "--game-types", "x"]):
    r = rig.run("coverage", *words, db=db)
    tap.ok(r.returncode == 2 and len(r.stderr.splitlines()) == 1, "coverage %s: exit 2" % words, r.stderr)

# ---- export ----
rows = rig.query(path, "select * from game_stats order by game_id, player_id")
r = rig.run("export", "game_stats", db=db)
got = list(csv.DictReader(io.StringIO(r.stdout)))
tap.ok(r.returncode == 0 and len(got) == len(rows) == 24 and [int(x["player_id"]) for x in got] == [x["player_id"] for x in rows] and
       got[3]["hits"] == "" and got[0]["player_name"] == rows[0]["player_name"], "CSV, in the order of the key, absent is empty", r.stderr + r.stdout[:300])
r = rig.run("export", "games", "--format", "ndjson", db=db)
got = [json.loads(line) for line in r.stdout.splitlines()]
tap.ok(r.returncode == 0 and [g["game_id"] for g in got] == sorted(g["game_id"] for g in got) and len(got) == 6 and "lease_owner" not in got[0], "NDJSON", r.stdout[:300])
place = os.path.join(rig.TEMP, "polls.json")
r = rig.run("export", "polls", "--format", "json", "--output", place, db=db)
got = json.load(open(place))
tap.ok(r.returncode == 0 and not r.stdout and len(got) == rig.query(path, "select count(*) as n from polls")[0]["n"] > 60, "JSON into a file, whole", len(got))
r = rig.run("export", "game_events", "--format", "json", db=db)
tap.ok(r.returncode == 0 and json.loads(r.stdout) == [], "an empty table is an empty list", r.stdout)
r = rig.run("export", "games", "--output", os.path.join(rig.TEMP, "no", "such", "place"), db=db)
tap.ok(r.returncode == 5 and r.stderr == "rinkside: export: %s: No such file or directory\n" % os.path.join(rig.TEMP, "no", "such", "place"),
       "a file that can't be made: exit 5, by the name that was given", r.stderr)
r = rig.run("export", "revisions", db=db)
tap.ok(r.returncode == 2 and '"revisions" is no table: game_stats' in r.stderr, "no table of ours: exit 2", r.stderr)
r = rig.run("export", "games", db="sqlite:" + os.path.join(rig.TEMP, "none.db"))
tap.ok(r.returncode == 5, "no database: exit 5", r.stderr)
# Lines from while it was played are not those of its end, whatever the schedule says of the game by then.
PLAYS = "/v1/gamecenter/%d/play-by-play"
for words in (["--only-missing"], []):
    db, path = rig.database()
    up.replies[rig.box_score_path(GAME)] = Reply(rig.box_score(GAME, gameState="LIVE"), headers=rig.etag(NOW - 3600))
    ingest(up.replies[rig.box_score_path(GAME)])
    c = sqlite3.connect(path)
    c.execute("update games set game_state = 'OFF'")
    c.commit()
    c.close()
    r = rig.run("coverage", "20232024", db=db)
    tap.same(r.stdout.splitlines(), ["20232024: 1 games expected, 1 stored, 0 official", str(GAME)], "coverage lists a game whose end is not stored")
    up.replies[rig.box_score_path(GAME)] = Reply(rig.box_score(GAME), headers=rig.etag(NOW))
    up.forget()
    r = rig.run("season", "20232024", *words, "--retries", 0, db=db, upstream=up.url)
    tap.ok(rig.box_score_path(GAME) in [q.path for q in up.requests("boxscore")], "season %s asks for it" % " ".join(words), r.stderr[-200:])
    tap.same([rig.query(path, "select stats_status from games where game_id = ?", GAME), up.requests("play-by-play")], [[{"stats_status": "official"}], []], "and heals it")
for game in (GAME, GAME + 1, GAME + 2):
    up.replies[PLAYS % game] = Reply({**{k: v for k, v in rig.box_score(game).items() if k != "playerByGameStats"}, "plays": [
        {"eventId": 7, "typeDescKey": "goal", "timeInPeriod": "10:00", "periodDescriptor": {"number": 1, "periodType": "REG"},
         "details": {"scoringPlayerId": 8470001, "assist1PlayerId": 8470004, "eventOwnerTeamId": 12}}]}, headers=rig.etag(NOW))
for asked in ([PLAYS % g for g in (GAME, GAME + 1, GAME + 2)], []):
    up.forget()
    r = rig.run("season", "20232024", "--events", "--retries", 0, db=db, upstream=up.url)
    tap.same(sorted(q.path for q in up.requests("play-by-play")), asked, "season --events asks for the play-by-plays that are due")
tap.done()
