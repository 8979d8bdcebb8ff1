#!/usr/bin/env python3
"""Corrections after the official end: on the third day they are seen and begin the week anew; past it, by whoever asks."""
import datetime, json, os, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig

tap = rig.Tap()
up = rig.Upstream()
GAME, HOUR, DAY = 2023020001, 3600, 86400
END = int(datetime.datetime(2023, 10, 11, 3, 0, tzinfo=datetime.timezone.utc).timestamp())  # 23:00 in the East on the game's day
db, path = rig.database()
shown = {"hits": 1, "at": 0}


class Season(dict):
    """The box score of the moment, and schedules that show other days."""
    def get(self, name, default=None):
        if name == rig.box_score_path(GAME):
            body = rig.box_score(GAME, gameState="OFF")
            body["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = shown["hits"]
            return rig.Reply(body, headers={**rig.etag(shown["at"] + 15), "Date": datetime.datetime.fromtimestamp(shown["at"], datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")})
        if "/schedule/" in name or "/score/" in name:
            return rig.Reply({"gameWeek": [], "games": []}, headers=rig.etag(shown["at"] + 15))
        return dict.get(self, name, default)


up.replies = Season()


def at(seconds, *words):
    """The program at that moment after the official end; how often it asked for the box score."""
    shown["at"] = END + int(seconds)
    up.forget()
    r = rig.run(*words, db=db, upstream=up.url, env={"RINKSIDE_CLOCK": "%d/%d/1" % (time.time() * 1000, shown["at"] * 1000)})
    assert r.returncode == 0, r.stdout + r.stderr
    return len(up.requests("boxscore"))


def monitor(seconds):
    return at(seconds, "monitor", "--once", "--inline")


def status():
    return rig.query(path, "SELECT stats_status FROM games")[0]["stats_status"]


def corrections():
    return rig.query(path, "SELECT before, after, phase FROM stat_changes WHERE correction = 1")


at(0, "ingest", GAME)
tap.same((status(), corrections()), ("official", []), "the official end corrects nothing")
tap.same([monitor(hours * HOUR + 60) for hours in (0, 1, 1.5, 2, 4, 8, 16, 32, 64)], [0, 1, 0, 1, 1, 1, 1, 1, 1], "asked after 1, 2, 4, … hours")

# On the third day a hit is added.
shown["hits"] = 2
tap.same((monitor(72 * HOUR), corrections()), (0, []), "nobody looks on that day")
tap.same(monitor(128 * HOUR + 60), 1, "but after 128 hours")
tap.same([(json.loads(c["before"]), json.loads(c["after"]), c["phase"]) for c in corrections()], [({"hits": 1}, {"hits": 2}, "official")], "it is a correction")
tap.same(status(), "official", "and the game not settled")
tap.same([monitor((128 + hours) * HOUR + 120) for hours in (0, 1, 2)], [0, 1, 1], "and is watched anew, after 1, 2, … hours")
tap.same((monitor(7 * DAY + 120), status()), (1, "official"), "a week after the end it has been corrected within the week")
tap.same((monitor(128 * HOUR + 7 * DAY - 300), status()), (1, "official"), "what was missed is made up for; it is not a week yet")
tap.same((monitor(128 * HOUR + 7 * DAY + 180), status()), (1, "settled"), "a week after the correction it is settled")
tap.same(monitor(128 * HOUR + 8 * DAY), 0, "and asked no more")

# On the fifteenth day another: nobody is waiting for it; who asks has it, and the game is watched again.
shown["hits"] = 3
tap.same((monitor(15 * DAY), len(corrections())), (0, 1), "past its week nobody asks for a settled game")
tap.same(at(15 * DAY + HOUR, "ingest", GAME), 1, "but by hand")
tap.same(([json.loads(c["after"]) for c in corrections()], corrections()[-1]["phase"], status()), ([{"hits": 2}, {"hits": 3}], "settled", "official"),
         "it is a correction of a settled game, which is official again")
tap.same([monitor(15 * DAY + hours * HOUR + 120) for hours in (1, 2, 3)], [0, 1, 1], "and watched for another week")

# A name that is learnt later corrects nothing, and leaves a settled game settled.
tap.same((at(25 * DAY, "ingest", GAME), status()), (1, "settled"), "settled again")
first = rig.query(path, "SELECT player_id FROM game_stats ORDER BY player_id LIMIT 1")[0]["player_id"]
roster = os.path.join(rig.TEMP, "roster.json")
with open(roster, "w") as f:
    json.dump({"forwards": [{"id": first, "firstName": {"default": "Aaron"}, "lastName": {"default": "Alphabet"}, "birthDate": "1999-05-06", "positionCode": "C"}], "defensemen": [], "goalies": []}, f)
at(25 * DAY + HOUR, "ingest", "--file", roster)
tap.same(rig.query(path, "SELECT player_name FROM game_stats WHERE player_id = ?", first)[0]["player_name"], "Aaron Alphabet", "a full name is learnt")
tap.same((at(25 * DAY + 2 * HOUR, "ingest", GAME), status(), len(corrections())), (1, "settled", 2), "the game stays settled")
tap.same(rig.run("check", db=db).returncode, 0, "and all holds")
tap.done()
