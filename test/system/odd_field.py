#!/usr/bin/env python3
"""A field that has become something else costs itself, an entry of a list itself; with nothing left, or no ids, a body is refused."""
import copy, json, os, sqlite3, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

CASES = os.path.join(rig.ROOT, "test", "golden", "cases")
tap = rig.Tap()


# Two bodies that no golden case is of.
SHORT = {
    "player": {"playerId": 8470400, "firstName": {"default": "Jean-Luc"}, "lastName": {"default": "Huttunen"}, "position": "C",
               "birthDate": "1993-11-04", "sweaterNumber": 3},
    "teams": {"total": 2, "data": [{"id": 12, "triCode": "CAR", "fullName": "Carolina Hurricanes"}, {"id": 3, "triCode": "NYR", "fullName": "New York Rangers"}]},
}


def case(name):
    if name in SHORT:
        return copy.deepcopy(SHORT[name])
    with open(os.path.join(CASES, name, "body.json"), encoding="utf-8") as f:
        return json.load(f)


def rows(path):
    return {t: rig.query(path, "select count(*) n from " + t)[0]["n"] for t in ("game_stats", "game_events", "games", "players", "teams")}


def take(body):
    db, path = rig.database()
    file = os.path.join(rig.TEMP, "odd.json")
    with open(file, "w", encoding="utf-8") as f:
        json.dump(body, f)
    return rig.run("ingest", "--file", file, "--log-level", "warning", db=db), path


def put(where, value):
    """Sets what the dotted way leads to."""
    def edit(body):
        *way, last = [int(w) if w.isdigit() else w for w in where.split(".")]
        for w in way:
            body = body.setdefault(w, {}) if isinstance(body, dict) else body[w]
        body[last] = value
    return edit


def again(*way):
    """The list's second entry comes again."""
    def edit(body):
        for w in way:
            body = body[w]
        body.append(copy.deepcopy(body[1]))
    return edit


def insert(where, value):
    """As the list's first entry."""
    return lambda body: body[where].insert(0, value)


def legacy_player(body):
    side = body["liveData"]["boxscore"]["teams"]["home"]["players"]
    next(p for p in side.values() if p.get("stats", {}).get("skaterStats"))["stats"]["skaterStats"]["takeaways"] = "1"


def of_all(where, key, value):
    def edit(body):
        for w in where.split("."):
            body = body[w]
        for e in body:
            e[key] = value
    return edit


PLAYS, SPOTS = ("plays",), ("rosterSpots",)
SPOTS_OF_ALL = len(case("play-by-play")["rosterSpots"])
costs = [
    # case, what is odd, what the warning says, what is one less
    ("live", put("venue", 5), "venue left out: wanted text", {}),
    ("live", put("awayTeam.sog", "12"), "awayTeam.sog left out", {}),
    ("live", put("situation.secondsRemaining", "95"), "situation.secondsRemaining left out", {}),
    ("live", put("gameDate", "12/14/2024"), "gameDate left out", {}),
    ("live", put("awayTeam.commonName", 7), "awayTeam.commonName left out", {}),
    ("legacy-final", legacy_player, "takeaways left out", {}),
    ("legacy-final", put("gameData.venue", {"name": 5}), "venue.name left out", {}),
    ("legacy-final", put("liveData.linescore.currentPeriodOrdinal", 3), "currentPeriodOrdinal left out", {}),
    ("legacy-final", put("liveData.plays.allPlays.1", 5), "allPlays[1] left out", None),
    ("play-by-play", again(*PLAYS), "comes twice", {}),
    ("play-by-play", again(*SPOTS), "was already at rosterSpots[1]", {}),
    ("play-by-play", put("rosterSpots.0.playerId", "x"), "rosterSpots[0].playerId left out", {"players": 1}),
    ("play-by-play", put("plays.1", 5), "plays[1] left out", None),
    ("play-by-play", of_all("rosterSpots", "playerId", "x"), "rosterSpots[0].playerId left out", {"players": SPOTS_OF_ALL}),
    ("play-by-play", put("rosterSpots", "moved"), "rosterSpots left out: wanted a list, found text", {"players": SPOTS_OF_ALL}),
    ("legacy-final", put("gameData.players", "moved"), "gameData.players left out", None),
    ("score", put("games.0.startTimeUTC", "TBD"), "games[0].startTimeUTC left out", {}),
    ("score", put("games.0.clock", {"timeRemaining": "END"}), "timeRemaining left out", {}),
    ("score", put("games.0.id", "x"), "games[0].id left out", {"games": 1}),
    ("schedule-postponed", put("gameWeek.0.games.0.startTimeUTC", "TBD"), "startTimeUTC left out", {}),
    ("schedule-postponed", put("nextStartDate", 5), "nextStartDate left out", {}),
    # One of these days' two games is of another day, too.
    ("schedule-postponed", put("gameWeek.0", None), "gameWeek[0] left out: wanted an object, found null", {"games": 1}),
    ("schedule-postponed", put("gameWeek.2", "x"), "gameWeek[2] left out: wanted an object, found text", {"games": 1}),
    ("schedule-postponed", put("gameWeek.1.games", 5), "gameWeek[1].games left out: wanted a list", {"games": 1}),
    ("schedule-postponed", put("gameWeek.0.games.0.awayTeam.id", case("schedule-postponed")["gameWeek"][0]["games"][0]["homeTeam"]["id"]),
     "plays against itself", {"games": 1}),
    ("legacy-schedule", insert("dates", "x"), "dates[0] left out: wanted an object, found text", {}),
    ("score", put("gameWeek", "x"), None, {}),
    ("legacy-schedule", put("dates.0.games.0.gameDate", "TBD"), "games[0].gameDate left out", {}),
    ("legacy-schedule", put("dates.0.games.0.teams", 5), "games[0].teams left out", {"games": 1}),
    ("roster", put("forwards.0.sweaterNumber", "3"), "forwards[0].sweaterNumber left out: wanted a number", {}),
    ("roster", put("forwards.0.lastName", 7), "forwards[0].lastName left out", {}),
    ("roster", put("forwards.1.id", "x"), "forwards[1].id left out", {"players": 1}),
    ("roster", again("forwards"), "player 8470401 was already at forwards[1]", {}),
    ("roster", put("forwards", "none"), "forwards left out: wanted a list, found text", None),
    ("player", put("birthDate", "11/04/1993"), "birthDate left out", {}),
    ("player", put("firstName", 5), "firstName left out", {}),
    ("teams", put("data.0.fullName", 5), "data[0].fullName left out", {}),
    ("teams", put("data.1.id", None), "data[1].id left out", {"teams": 1}),
]
for name, edit, words, less in costs:
    body = case(name)
    whole = rows(take(body)[1])
    edit(body)
    r, path = take(body)
    left = rows(path)
    tap.ok(r.returncode == 0 and (words in r.stderr if words else not r.stderr), "%s: %s" % (name, words or "not looked at"), r.stdout + r.stderr)
    if less is not None:
        tap.same(left, {t: n - less.get(t, 0) for t, n in whole.items()}, "%s: %s: and nothing else" % (name, words))

# Entries after one that is no day are read into room of their own.
def week(body):
    r, path = take(body)
    games = rig.query(path, "select * from games order by game_id")
    return r, [{k: v for k, v in g.items() if not k.endswith(("_time", "_at", "revision"))} for g in games]


body = case("schedule-postponed")
_, games = week(body)
body["gameWeek"] = [None, "x", 5] + body["gameWeek"]
r, left = week(body)
tap.ok(r.returncode == 0, "three days that are none", r.stdout + r.stderr)
tap.same(left, games, "and the week's games are what they were")

# A place alone says little of New York: a club's name that cannot be read stays what it was.
db, path = rig.database()
for name in ({"default": "Somethings"}, {}, {"fr": "Choses"}, {"default": "  "}, 7):
    body = case("live")
    body["awayTeam"].pop("name", None)
    body["awayTeam"].update(placeName={"default": "Somewhere"}, commonName=name)
    with open(os.path.join(rig.TEMP, "odd.json"), "w", encoding="utf-8") as f:
        json.dump(body, f)
    r = rig.run("ingest", "--file", os.path.join(rig.TEMP, "odd.json"), db=db)
    tap.same([g["away_team_name"] for g in rig.query(path, "select away_team_name from games")], ["Somewhere Somethings"], "a club's name after %s" % name)

# What the game itself had is not lost with a later body that tells it no more, and is never nonsense.
GAME = 2023020001
KEPT = ("game_state", "stats_status", "season", "away_score", "home_score", "away_shots", "period", "period_type")


def later(at_s, edit):
    """What readers see of the game after its box score came so, a minute later each time."""
    body = rig.box_score(GAME)
    edit(body)
    up.replies[rig.box_score_path(GAME)] = rig.Reply(body, headers=dict(rig.etag(0x6567c306 + at_s), Age=str(9000 - at_s)))
    r = rig.run("ingest", GAME, "--retries", 0, "--log-level", "warning", db=db, upstream=up.url)
    return r, rig.query(path, "select * from games")[0]


up = rig.Upstream()
db, path = rig.database()
_, good = later(0, lambda body: None)
lost = [
    ("awayTeam.score", "away_score"), ("homeTeam.score", "home_score"), ("awayTeam.sog", "away_shots"), ("gameState", "game_state"),
    ("periodDescriptor", "period"), ("awayTeam.score", "away_score"),
]
for i, (where, column) in enumerate(lost, 1):
    r, game = later(i * 15, put(where, None))
    tap.same([game[c] for c in KEPT], [good[c] for c in KEPT], "a later body without %s: it is held" % where)
    tap.ok(game["warning"] == "shown as it was: the game has no %s any more" % column, "and said", game["warning"])
nonsense = [
    ("awayTeam.score", -7, "awayTeam.score left out: a number out of range: -7"),
    ("homeTeam.sog", -9, "homeTeam.sog left out"),
    ("periodDescriptor.number", -3, "periodDescriptor.number left out"),
    ("season", 7, "season 7 of game %d" % GAME),
    ("gameType", 99999999999, "game type 99999999999"),
]
for i, (where, value, words) in enumerate(nonsense, len(lost) + 1):
    r, game = later(i * 15, put(where, value))
    tap.same([game[c] for c in KEPT], [good[c] for c in KEPT], "a later body with %s %s: as it was" % (where, value))
    tap.ok(r.returncode == 0 and words in r.stderr, "and said: %s" % words, r.stdout + r.stderr)
_, game = later(600, lambda body: None)
tap.ok(not game["warning"] and rig.run("check", db=db).returncode == 0, "a good one takes the warning away")
for i in range(3):
    _, game = later(700 + i * 300, put("awayTeam.score", None))
tap.ok(game["away_score"] is None and game["warning"].startswith("accepted, it keeps coming"), "what keeps coming is taken in the end", game["warning"])
for i in range(3):
    _, game = later(2000 + i * 300, put("gameState", None))
tap.same((game["game_state"], game["stats_status"]), (good["game_state"], good["stats_status"]), "but a game's state is held for ever")
_, game = later(3100, lambda body: body.update(gameState="FUT", awayTeam=dict(body["awayTeam"], score=None)))
tap.ok(game["game_state"] == "FUT" and game["away_score"] is None, "a game that is put off after all has no score", game)
for column, value in (("away_score", -1), ("season", 7)):
    db, path = rig.database()
    later(0, lambda body: None)
    c = sqlite3.connect(path)
    c.execute("update games set %s = ?" % column, (value,))
    c.execute("update game_changes set after = json_set(after, '$.%s', ?) where after like '%%\"%s\"%%'" % (column, column), (value,))
    c.commit()
    r = rig.run("check", db=db)
    tap.ok(r.returncode == 1 and "its %s is %d" % (column, value) in r.stdout + r.stderr, "check tells a %s of %d" % (column, value), r.stdout + r.stderr)
    c.close()

refused = [
    ("live", put("id", "x"), "id: wanted a number"),
    ("live", put("id", 2023020001.5), "id: wanted a whole number"),
    ("live", put("id", 1e40), "id: a number out of range"),
    ("live", put("homeTeam.id", None), "homeTeam.id: wanted a number"),
    ("live", put("playerByGameStats.homeTeam.forwards.0.playerId", "x"), "forwards[0].playerId: wanted a number"),
    ("legacy-live", put("gameData.teams.home.id", "x"), "gameData.teams.home.id: wanted a number"),
    ("play-by-play", of_all("plays", "eventId", "x"), "plays: nothing in it can be read; plays[1].eventId left out"),
    ("play-by-play", put("plays", [1, 2]), "plays: nothing in it can be read"),
    ("play-by-play", put("plays", "none"), "plays: wanted a list, found text"),
    ("score", of_all("games", "id", "x"), "games: nothing in it can be read; games[0].id left out"),
    ("schedule-postponed", put("gameWeek", [1, "x"]), "gameWeek: nothing in it can be read"),
    ("legacy-schedule", put("dates", [1]), "dates: nothing in it can be read"),
    ("player", put("playerId", "x"), "playerId: wanted a number"),
    ("teams", of_all("data", "id", "x"), "data: nothing in it can be read; data[0].id left out"),
    ("teams", put("data", "none"), "data: wanted a list of clubs"),
]
for name, edit, words in refused:
    body = case(name)
    edit(body)
    r, path = take(body)
    tap.ok(r.returncode == 4 and words in r.stderr, "%s: refused: %s" % (name, words), r.stdout + r.stderr)
tap.done()
