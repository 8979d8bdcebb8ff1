#!/usr/bin/env python3
"""Every recorded body of the NHL's, through the built program, against rows worked out apart (oracle.py).

Box scores and legacy feeds go the whole way, over HTTP from `fake --recordings`; all bodies are also taken from
their files, where nothing but the body can have a say. What is no body for the tables must say so, exit 4.
"""
import concurrent.futures, glob, json, os, sqlite3, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from golden import oracle

tap = rig.Tap()
recordings = rig.recordings()
# What each folder holds, and which tables it fills.
KINDS = {
    "web/boxscore": (oracle.box_score, ["games", "game_stats"]),
    "web/play-by-play": (oracle.play_by_play, ["games", "game_events", "players"]),
    "web/schedule": (oracle.schedule, ["games"]),
    "web/score": (oracle.schedule, ["games"]),
    "web/club-schedule-season": (oracle.schedule, ["games"]),
    "web/club-schedule-week": (oracle.schedule, ["games"]),
    "web/roster": (oracle.roster, ["players"]),
    "web/player": (oracle.player, ["players"]),
    "statsapi/live": (oracle.legacy_live, ["games", "game_stats", "game_events", "players"]),
    "statsapi/schedule": (oracle.legacy_schedule, ["games"]),
}
NOTHING_FOR_US = ("web/landing", "web/right-rail", "web/scoreboard", "web/season")


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def files(folder):
    return sorted(glob.glob(os.path.join(recordings, folder, "*.json")))


def stored(path, tables, game_id=None):
    connection = sqlite3.connect(path)
    try:
        return {t: oracle.read(connection, t, game_id if t != "players" else None) for t in tables}
    finally:
        connection.close()


def compare(what, want, got, tables):
    found = [t + " " + d for t in tables for d in oracle.differences(want[t], got[t])]
    return (not found, "%s: %s" % (what, ", ".join("%d %s" % (len(want[t]), t) for t in tables)),
            "%d differences\n%s" % (len(found), "\n".join(found[:10])))


def from_file(folder, path):
    worked_out, tables = KINDS[folder]
    db, database = rig.database()
    r = rig.run("ingest", "--file", path, db=db, deadline_s=60)
    what = "%s/%s" % (folder, os.path.basename(path))
    return compare(what, worked_out(load(path)), stored(database, tables), tables) if r.returncode == 0 else (False, what, r.stderr)


def refused(_, path):
    db, database = rig.database()
    r = rig.run("ingest", "--file", path, db=db, deadline_s=60)
    is_good = (r.returncode == 4 and r.stderr.count("\n") == 1 and os.path.basename(path) in r.stderr
               and not rig.query(database, "select * from games"))
    return is_good, "%s: says why not" % os.path.relpath(path, recordings), "exit %s\n%s" % (r.returncode, r.stderr)


def teams(folder, path):
    db, database = rig.database()
    r = rig.run("ingest", "--file", path, db=db, deadline_s=60)
    want = sorted((c["id"], oracle.text(c["triCode"]), oracle.text(c["fullName"])) for c in load(path)["data"])
    got = sorted((t["team_id"], t["abbrev"], t["full_name"]) for t in rig.query(database, "select * from teams"))
    return (r.returncode == 0 and got == want, "%s/%s: %d clubs" % (folder, os.path.basename(path), len(want)),
            r.stderr + str([p for p in zip(want, got) if p[0] != p[1]][:3]))


# ---- over HTTP: what the box score says, and what is learned from the other endpoints that are recorded ----

class Served:
    """What `fake --recordings` answers."""
    def __init__(self):
        self.program = rig.Program("fake", "--recordings", recordings, "--listen", "127.0.0.1:0")
        line = self.program.wait_line("listening on")
        self.url = line.split("listening on ")[1].split()[0] if line else None

    def body(self, nth, path):
        status, _, body = rig.get("%s/at/%d%s" % (self.url, nth, path))
        return json.loads(body) if status == 200 else None


STATE = """game_state stats_status away_score away_shots home_score home_shots period period_type clock_seconds clock_running
    in_intermission last_period_type""".split()


def how_far(game):
    """An order of two looks at a game: ended, period, seconds played in it."""
    is_over = game["game_state"] in ("OVER", "FINAL", "OFF")
    played = 1200 if game["in_intermission"] else 1200 - (game["clock_seconds"] or 0)
    return is_over, game["period"] or 0, played


def learn(want, served, nth):
    """Full names, ages and goaltenders' points, from the play-by-play, rosters and players that are served."""
    (game,), lines = want["games"].values(), want["game_stats"]
    plays = served.body(nth, "/v1/gamecenter/%d/play-by-play" % game["game_id"])
    told = oracle.play_by_play(plays) if plays else oracle.result()
    for side in ("away", "home"):
        squad = served.body(nth, "/v1/roster/%s/%s" % (game[side + "_team_abbrev"], game["season"]))
        for line in [r for r in lines.values() if r["team_id"] == game[side + "_team_id"]]:
            known = {line["player_id"]: told["players"].get(line["player_id"])}
            on_roster = oracle.roster(squad)["players"].get(line["player_id"]) if squad else None
            # Only who is missing from a roster that exists is asked for, and at most eight of a club at a time.
            asked = served.body(nth, "/v1/player/%d/landing" % line["player_id"]) if squad and not on_roster else None
            person = oracle.player(asked)["players"][line["player_id"]] if asked else None
            names = [p["full_name"] for p in (known[line["player_id"]], on_roster, person) if p]
            if names:
                line["player_name"] = set(names) | (set() if on_roster or told["players"].get(line["player_id"]) else {line["player_name"]})
            if on_roster or person:
                birth = (on_roster or person)["birth_date"]
                ages = {oracle.age(birth, game["game_date"])}
                line["player_age"] = ages if on_roster or line["player_age"] else ages | {None}
    clubs = {c["id"]: oracle.text(c["fullName"]) for c in (served.body(nth, "/stats/rest/en/team") or {}).get("data", [])}
    for side in ("away", "home"):
        game[side + "_team_name"] = clubs.get(game[side + "_team_id"], game[side + "_team_name"])
    for line in lines.values():
        own, other = ("away", "home") if line["team_id"] == game["away_team_id"] else ("home", "away")
        line["team_name"], line["opponent_team_name"] = game[own + "_team_name"], game[other + "_team_name"]
    if plays:
        goals = [e for e in told["game_events"].values() if e["type"] == "goal" and e["period_type"] != "SO"]
        for line in [r for r in lines.values() if r["player_position"] == "G" and r["points"] is None]:
            me = line["player_id"]
            line["goals"] = sum(e["player_id"] == me for e in goals)
            line["assists"] = sum(me in (e["assist1_player_id"], e["assist2_player_id"]) for e in goals)
            line["points"] = line["goals"] + line["assists"]
        want["game_events"] = told["game_events"]
        (seen,) = told["games"].values()
        if how_far(seen) > how_far(game):  # recorded later than the box score: what it says of the game is newer
            game.update({c: seen[c] for c in STATE if seen[c] is not None})


def over_http(served, folder):
    count = {}
    for path in files(folder):
        if "modified" in path:
            continue
        worked_out, tables = KINDS[folder]
        want = worked_out(load(path))
        (game_id,) = want["games"]
        count[game_id] = nth = count.get(game_id, 0) + 1
        db, database = rig.database()
        r = rig.run("ingest", game_id, "--retries", 0, deadline_s=60, db=db, upstream="%s/at/%d" % (served.url, nth))
        what = "%s %d over HTTP" % (game_id, nth)
        if r.returncode:
            tap.ok(False, what, r.stderr)
            continue
        if folder == "statsapi/live" and want["games"][game_id]["stats_status"] == "official":
            want["games"][game_id]["stats_status"] = {"official", "settled"}  # its own time is years ago
        if want["game_stats"]:
            learn(want, served, nth)
        tables = ["games", "game_stats"] + (["game_events"] if want["game_events"] else [])
        tap.ok(*compare(what, want, stored(database, tables, game_id), tables))


if not recordings:
    tap.ok(True, "no recorded bodies here")
    tap.note("0 recorded bodies")
    tap.done()

served = Served()
tap.ok(served.url, "fake serves the recordings", served.program.output)
over_http(served, "web/boxscore")
over_http(served, "statsapi/live")
served.program.stop()
bodies = [(from_file, folder, path) for folder in KINDS for path in files(folder)]
bodies += [(refused, folder, path) for folder in NOTHING_FOR_US for path in files(folder)]
bodies += [(refused, "http", path) for path in sorted(glob.glob(os.path.join(recordings, "http", "*.html")))]
bodies += [(teams, "stats-rest/team", path) for path in files("stats-rest/team")]
with concurrent.futures.ThreadPoolExecutor(3) as pool:  # most of the time is the disk's
    for verdict in pool.map(lambda b: b[0](b[1], b[2]), bodies):
        tap.ok(*verdict)
tap.note("%d recorded bodies" % len(bodies))
tap.done()
