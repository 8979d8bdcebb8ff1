#!/usr/bin/env python3
"""What an ingest fetches besides the box score: each thing once, never in the way of the lines."""
import copy, os, sqlite3, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from rig import Reply

GAME, NOW = 2023020001, 0x6567c306
tap = rig.Tap()


def person(player_id, first, last, birth, position="C"):
    return {"id": player_id, "firstName": {"default": first}, "lastName": {"default": last}, "sweaterNumber": player_id % 100,
            "positionCode": position, "shootsCatches": "L", "birthDate": birth}


def roster(forwards, defense, goalies):
    return {"forwards": forwards, "defensemen": defense, "goalies": goalies}


AWAY = roster([person(8470001, "Adam", "Alpha", "1993-10-11"), person(8470002, "Ben", "Bravo", "1993-10-10")],
              [person(8470003, "Carl", "Charlie", "1990-01-01", "D")], [person(8470004, "Dan", "Delta", "1989-02-28", "G")])
HOME = roster([person(8470011, "Eric", "Echo", "2000-02-29")], [person(8470013, "Gus", "Golf", "1999-12-31", "D")],
              [person(8470014, "Hal", "Hotel", "1995-05-05", "G")])
FOX = {"playerId": 8470012, "isActive": True, "firstName": {"default": "Fred"}, "lastName": {"default": "Fox"}, "position": "C",
       "shootsCatches": "R", "birthDate": "1998-10-10", "currentTeamId": 1, "sweaterNumber": 22,
       "fullTeamName": {"default": "New Jersey Devils"}}
TEAMS = {"data": [{"id": i, "franchiseId": i, "fullName": n, "leagueId": 133, "rawTricode": t, "triCode": t}
                  for i, n, t in ((9, "Ottawa Senators", "OTT"), (12, "Carolina Hurricanes", "CAR"), (1, "New Jersey Devils", "NJD"))],
         "total": 3}


def goal(event_id, period, time, team, scorer, assists, away, home, goaltender):
    details = {"xCoord": 70, "yCoord": 3, "zoneCode": "O", "shotType": "wrist", "scoringPlayerId": scorer, "eventOwnerTeamId": team,
               "goalieInNetId": goaltender, "awayScore": away, "homeScore": home}
    for n, player in enumerate(assists, 1):
        details["assist%dPlayerId" % n] = player
    return {"eventId": event_id, "periodDescriptor": {"number": period, "periodType": "REG", "maxRegulationPeriods": 3},
            "timeInPeriod": time, "timeRemaining": "10:00", "situationCode": "1551", "typeCode": 505, "typeDescKey": "goal",
            "sortOrder": event_id, "details": details}


box = rig.box_score(GAME)
events = {k: v for k, v in box.items() if k not in ("playerByGameStats",)}
events["plays"] = [
    {"eventId": 1, "periodDescriptor": {"number": 1, "periodType": "REG"}, "timeInPeriod": "00:00", "timeRemaining": "20:00",
     "typeCode": 520, "typeDescKey": "period-start", "sortOrder": 1},
    goal(10, 1, "10:00", 12, 8470001, [8470004, 8470003], 1, 0, 8470014), goal(20, 2, "10:00", 9, 8470011, [8470012], 1, 1, 8470004),
    goal(30, 3, "10:00", 12, 8470002, [8470001], 2, 1, 8470014)]
events["rosterSpots"] = [{"teamId": 12, "playerId": 8470001, "firstName": {"default": "Adam"}, "lastName": {"default": "Alpha"},
                          "sweaterNumber": 11, "positionCode": "C"}]
PLAYS = "/v1/gamecenter/%d/play-by-play" % GAME


def upstream():
    up = rig.Upstream()
    up.replies = {rig.box_score_path(GAME): Reply(box, headers=rig.etag(NOW)), PLAYS: Reply(events, headers=rig.etag(NOW)),
                  "/v1/roster/CAR/20232024": Reply(AWAY), "/v1/roster/OTT/20232024": Reply(HOME),
                  "/v1/player/8470012/landing": Reply(FOX), "/stats/rest/en/team": Reply(TEAMS)}
    return up


def ingest(up, db, *words):
    up.forget()
    r = rig.run("ingest", GAME, "--retries", 0, "--timeout", "2s", *words, db=db, upstream=up.url)
    r.asked = [q.path for q in up.requests()]
    return r


def lines(path):
    return {x["player_id"]: x for x in rig.query(path, "select * from game_stats")}


# ---- everything is there ----
up = upstream()
db, path = rig.database()
r = ingest(up, db)
tap.ok(r.returncode == 0 and not r.stderr, "all is fetched", r.stdout + r.stderr)
tap.ok(r.asked[0].endswith("/boxscore") and sorted(r.asked) == sorted([rig.box_score_path(GAME), PLAYS, "/v1/roster/CAR/20232024",
       "/v1/roster/OTT/20232024", "/v1/player/8470012/landing", "/stats/rest/en/team"]), "each once, the box score first", r.asked)
got = lines(path)
tap.same({x: got[x]["player_name"] for x in (8470001, 8470012, 8470014)}, {8470001: "Adam Alpha", 8470012: "Fred Fox", 8470014: "Hal Hotel"},
         "names are full, also of who is on no roster")
tap.same([got[x]["player_age"] for x in (8470001, 8470002, 8470011, 8470012)], [29, 30, 23, 25], "ages are those of the day of the game")
tap.same((got[8470001]["team_name"], got[8470001]["opponent_team_name"]), ("Carolina Hurricanes", "Ottawa Senators"), "so are clubs' names")
tap.same([got[8470004][x] for x in ("goals", "assists", "points")], [0, 1, 1], "a goaltender's assist comes from the play-by-play")
goals = rig.query(path, "select player_id, assist1_player_id, away_score, home_score from game_events where type = 'goal' order by sort_order")
tap.same([tuple(g.values()) for g in goals], [(8470001, 8470004, 1, 0), (8470011, 8470012, 1, 1), (8470002, 8470001, 2, 1)], "goals are in game_events")

r = ingest(up, db)
tap.ok(r.returncode == 0 and r.asked == [rig.box_score_path(GAME)] and lines(path) == got, "the second time only the box score is due", r.asked)
again = rig.box_score(GAME)
again["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = 5
up.replies[rig.box_score_path(GAME)] = Reply(again, headers=rig.etag(NOW + 15))
r = ingest(up, db)
tap.ok(r.asked == [rig.box_score_path(GAME), PLAYS] and lines(path)[8470001]["hits"] == 5, "a correction after the horn is one of its events too", r.asked)
now = lines(path)[8470004]
tap.same((now["player_name"], now["assists"]), ("Dan Delta", 1), "and what was completed stays")

# ---- while it is played ----
up = upstream()
playing, path_playing = rig.database()
live = rig.box_score(GAME, gameState="LIVE")
up.replies[rig.box_score_path(GAME)] = Reply(live, headers=rig.etag(NOW))
up.replies[PLAYS] = Reply(dict(events, gameState="LIVE"), headers=rig.etag(NOW))
tap.ok(PLAYS in ingest(up, playing).asked, "the play-by-play of a game that is on")
live["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = 5
up.replies[rig.box_score_path(GAME)] = Reply(live, headers=rig.etag(NOW + 15))
r = ingest(up, playing)
tap.ok(r.asked == [rig.box_score_path(GAME)] and lines(path_playing)[8470001]["hits"] == 5,
       "is not asked for again when neither score nor period has moved", r.asked)

# ---- what is corrected after the horn ----
def play_by_play(state, edit=lambda plays: None):
    body = copy.deepcopy(dict(events, gameState=state))
    edit(body["plays"])
    return body


def drop_assist(plays):
    del plays[1]["details"]["assist1PlayerId"]


up = upstream()
up.replies[rig.box_score_path(GAME)] = Reply(rig.box_score(GAME, gameState="FINAL"), headers=rig.etag(NOW))
up.replies[PLAYS] = Reply(play_by_play("FINAL"), headers=rig.etag(NOW))
db, path = rig.database()
r = ingest(up, db)
tap.ok(PLAYS in r.asked and lines(path)[8470004]["assists"] == 1, "the play-by-play of a provisional game", r.asked)
up.replies[rig.box_score_path(GAME)] = Reply(rig.box_score(GAME, gameState="OFF"), headers=rig.etag(NOW + 30))
up.replies[PLAYS] = Reply(play_by_play("FINAL", drop_assist), headers=rig.etag(NOW + 30))
r = ingest(up, db)
tap.ok(PLAYS in r.asked and lines(path)[8470004]["assists"] == 0, "is asked for again at the official end, and a goaltender's assist goes", r.asked)
flags = rig.query(path, "select correction, before, after from stat_changes where player_id = 8470004 order by revision desc limit 1")
tap.ok(flags and flags[0]["correction"] == 1 and '"assists":1' in flags[0]["before"], "as a correction", flags)
up.replies[PLAYS] = Reply(play_by_play("OFF"), headers=rig.etag(NOW + 45))
r = ingest(up, db)
tap.ok(PLAYS in r.asked and lines(path)[8470004]["assists"] == 1, "until it is itself the official one, though nothing else has changed", r.asked)
r = ingest(up, db)
tap.same(r.asked, [rig.box_score_path(GAME)], "then no more")
moved = rig.box_score(GAME)
side = moved["playerByGameStats"]["awayTeam"]
side["forwards"][1].update(goals=0, assists=1, points=1)
moved["awayTeam"]["score"] = 1  # the third goal is taken back
side["defense"][0].update(assists=0, points=0)
up.replies[rig.box_score_path(GAME)] = Reply(moved, headers=rig.etag(NOW + 60))
fewer = play_by_play("OFF", lambda plays: plays.pop(3))
up.replies[PLAYS] = Reply(fewer, headers=rig.etag(NOW + 60))
r = ingest(up, db)
warning = rig.query(path, "select warning, events_due from games")
tap.ok(PLAYS in r.asked and warning == [{"warning": "the play-by-play has 2 goals, its score says 3", "events_due": 1}],
       "a play-by-play without a goal that its score has is kept aside, and asked for again", [r.asked, warning])
fewer["awayTeam"]["score"] = 1
up.replies[PLAYS] = Reply(fewer, headers=rig.etag(NOW + 60))
r = ingest(up, db)
tap.ok(PLAYS in r.asked and len(rig.query(path, "select 1 from game_events where type = 'goal'")) == 2,
       "an assist given to somebody else asks for it too, and an event that was deleted goes", r.asked)
up.replies[rig.box_score_path(GAME)] = Reply(rig.box_score(GAME, gameState="OFF"), headers=rig.etag(NOW + 75))
up.replies[PLAYS] = Reply(play_by_play("OFF"), headers=rig.etag(NOW + 45))
r = ingest(up, db)
tap.ok(PLAYS in r.asked and len(rig.query(path, "select 1 from game_events where type = 'goal'")) == 2,
       "an older play-by-play, from another node of the cache, changes nothing", r.asked)

# ---- nothing of it is there ----
up = upstream()
up.replies = {rig.box_score_path(GAME): Reply(box, headers=rig.etag(NOW))}
db, path = rig.database()
r = ingest(up, db)
tap.ok(r.returncode == 0 and not r.stderr and len(lines(path)) == 8, "an upstream without any of it: quiet, exit 0", r.stderr)
tap.ok(len(r.asked) <= 5, "nor asked for each player", r.asked)
r = ingest(up, db)
tap.same(r.asked, [rig.box_score_path(GAME)], "and what is not there is remembered")

# ---- it fails ----
FAILURES = ("a 500", Reply(status=500)), ("HTML", Reply("<html>")), ("a hang", Reply(fault="hang"))
for name, reply in FAILURES:
    up = upstream()
    for place in up.replies:
        if not place.endswith("boxscore"):
            up.replies[place] = reply
    db, path = rig.database()
    r = ingest(up, db)
    tap.ok(r.returncode == 0 and len(lines(path)) == 8 and "stored" in r.stdout and len(r.stderr.splitlines()) == 1 and "warning" in r.stderr,
           "%s in place of the rest: the lines are stored, one warning, exit 0" % name, r.stdout + r.stderr)
    tap.same(len(r.asked), len(set(r.asked)), "%s: nothing is asked for twice" % name)

SEVERAL = {"play-by-play": PLAYS, "a roster": "/v1/roster/CAR/20232024", "a player": "/v1/player/8470012/landing", "clubs": "/stats/rest/en/team"}
for what, place in SEVERAL.items():
    for name, reply in FAILURES:
        up = upstream()
        up.replies[place] = reply
        db, path = rig.database()
        r = ingest(up, db, "--retries", 2, "--timeout", "1s")
        got = lines(path)
        have = {"play-by-play": got[8470004]["assists"] == 1, "a roster": got[8470002]["player_name"] == "Ben Bravo",
                "a player": got[8470012]["player_name"] == "Fred Fox", "clubs": bool(rig.query(path, "select 1 from teams where full_name = 'Carolina Hurricanes'"))}
        tap.same({k for k in have if not have[k]}, {what}, "%s is %s: that alone lacks" % (what, name))
        if what == "play-by-play":
            continue
        tap.same(r.asked.count(place), 1, "%s: it is not tried again and again" % what)
        tap.ok(place not in ingest(up, db).asked, "%s: nor at the next poll" % what)
        up.replies[place] = upstream().replies[place]
        column = "update %s set fetched_at = strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', fetched_at, '-11 minutes')"
        with sqlite3.connect(path) as store:
            store.execute(column % ("teams" if what == "clubs" else "players"))
        r = ingest(up, db)
        tap.ok(place in r.asked and r.returncode == 0 and not r.stderr, "%s: but after ten minutes" % what, (r.asked, r.stderr))

tap.done()
