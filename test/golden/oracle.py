"""What a body of the NHL's must become in the tables, worked out from the body and from what is known of the API.

Nothing here looks at the program. Each function takes a body (parsed JSON) and gives what it determines:

    {"games": {game_id: row}, "game_stats": {player_id: row}, "game_events": {event_id: row}, "players": {player_id: row}}

A row has every column that readers see but the bookkeeping below; what the body does not say is None.
"""
import datetime, math, unicodedata

SHAPES = {
    "game_stats": """game_id player_id player_name team_id team_name opponent_team_id opponent_team_name player_age
        player_number player_position goals assists points plus_minus penalty_minutes hits shots blocked_shots giveaways
        takeaways power_play_goals faceoff_win_pct shifts time_on_ice saves shots_against goals_against save_pct
        even_strength_saves even_strength_shots_against power_play_saves power_play_shots_against short_handed_saves
        short_handed_shots_against starter decision""".split(),
    "games": """game_id season game_type game_date start_time venue game_state schedule_state stats_status away_team_id
        away_team_abbrev away_team_name away_score away_shots home_team_id home_team_abbrev home_team_name home_score
        home_shots period period_type clock_seconds clock_running in_intermission last_period_type warning""".split(),
    "game_events": """game_id event_id sort_order type period period_type time_in_period situation team_id player_id
        assist1_player_id assist2_player_id other_player_id goalie_player_id away_score home_score detail penalty_minutes
        x y""".split(),
    "players": "player_id full_name birth_date position shoots_catches sweater_number team_id".split(),
}
# When and in which commit it was stored: not the body's to say.
BOOKKEEPING = {
    "game_stats": ["revision", "observed_at"],
    "games": ["observed_at", "last_poll_at", "next_poll_at", "last_error", "revision"],
    "game_events": [],
    "players": ["fetched_at"],
}
KEYS = {"game_stats": "player_id", "games": "game_id", "game_events": "event_id", "players": "player_id"}


def row(table, **known):
    return {**dict.fromkeys(SHAPES[table]), **known}


def result(games=(), lines=(), events=(), players=()):
    return {"games": {r["game_id"]: r for r in games}, "game_stats": {r["player_id"]: r for r in lines},
            "game_events": {r["event_id"]: r for r in events}, "players": {r["player_id"]: r for r in players}}


# ---- small things ----

def at(value, path):
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def first(*values):
    return next((v for v in values if v is not None), None)


def text(value):
    """A name that may be an object of languages; white space of any kind is one space, control characters go."""
    if isinstance(value, dict):
        value = value.get("default")
    if value is None:
        return None
    spaced = "".join(" " if c.isspace() else c for c in value)
    kept = "".join(c for c in spaced if unicodedata.category(c) != "Cc")
    return " ".join(kept.split()) or None


def seconds(clock):
    if clock is None:
        return None
    minutes, rest = clock.split(":")
    return int(minutes) * 60 + int(rest)


def pair(value):
    return [int(x) for x in value.split("/")] if value else [None, None]


def share(value, whole=1):
    return None if value is None else float(value) / whole


def half_away(value):
    return None if value is None else int(math.copysign(math.floor(abs(value) + 0.5), value))


def instant(value):
    return None if value is None else value.replace("+00:00", "Z")


def eastern_day(utc):
    """The day in New York: summer time from March's second Sunday to November's first, at two in the morning."""
    t = datetime.datetime.strptime(utc[:19], "%Y-%m-%dT%H:%M:%S")
    march, november = datetime.datetime(t.year, 3, 8), datetime.datetime(t.year, 11, 1)
    begin = march + datetime.timedelta(days=(6 - march.weekday()) % 7, hours=7)
    end = november + datetime.timedelta(days=(6 - november.weekday()) % 7, hours=6)
    return (t - datetime.timedelta(hours=4 if begin <= t < end else 5)).date().isoformat()


def age(birth, day):
    """Whole years; who was born on 29 February turns on 1 March."""
    if not birth or not day:
        return None
    b, d = [int(x) for x in birth.split("-")], [int(x) for x in day.split("-")]
    return d[0] - b[0] - (d[1:] < b[1:])


def status(state):
    """Of a game whose lines are there. A state never seen before is taken as live."""
    return {"FUT": "scheduled", "PRE": "scheduled", "LIVE": "live", "CRIT": "live", "OVER": "provisional",
            "FINAL": "provisional", "OFF": "official"}.get(state, "live")


# ---- today's API ----

def team_name(team):
    """Carolina Hurricanes; a place alone names nobody, and a name that holds its place is whole."""
    place, name = text(team.get("placeName")), text(first(team.get("commonName"), team.get("name")))
    if not name:
        return None
    return name if not place or name == place or name.startswith(place + " ") else place + " " + name


def web_game(j, day=None):
    away, home, clock = j["awayTeam"], j["homeTeam"], j.get("clock") or {}
    state = j.get("gameState")
    return row("games", game_id=j["id"], season=j.get("season"), game_type=j.get("gameType"),
               game_date=first(j.get("gameDate"), day), start_time=instant(j.get("startTimeUTC")), venue=text(j.get("venue")),
               game_state=state, schedule_state=j.get("gameScheduleState"), stats_status=status(state),
               away_team_id=away["id"], away_team_abbrev=away.get("abbrev"), away_team_name=team_name(away),
               away_score=away.get("score"), away_shots=away.get("sog"),
               home_team_id=home["id"], home_team_abbrev=home.get("abbrev"), home_team_name=team_name(home),
               home_score=home.get("score"), home_shots=home.get("sog"),
               period=first(at(j, "periodDescriptor.number"), j.get("period")),
               period_type=at(j, "periodDescriptor.periodType"),
               clock_seconds=first(clock.get("secondsRemaining"), seconds(clock.get("timeRemaining"))),
               clock_running=clock.get("running"), in_intermission=clock.get("inIntermission"),
               last_period_type=at(j, "gameOutcome.lastPeriodType"))


def without_lines(games):
    """Whose lines nobody has is not yet official here, whatever the upstream says."""
    return [dict(g, stats_status="provisional") if g["stats_status"] == "official" else g for g in games]


def web_line(e, game, side, is_nested):
    other = "home" if side == "away" else "away"
    r = row("game_stats", game_id=game["game_id"], player_id=e["playerId"], player_name=text(e.get("name")),
            team_id=game[side + "_team_id"], team_name=game[side + "_team_name"],
            opponent_team_id=game[other + "_team_id"], opponent_team_name=game[other + "_team_name"],
            player_number=e.get("sweaterNumber"), player_position=e.get("position"), penalty_minutes=e.get("pim"),
            time_on_ice=seconds(e.get("toi")))
    if e["position"] == "G":
        saves, shots = pair(e.get("saveShotsAgainst"))
        even, power, short = (pair(e.get(k + "ShotsAgainst")) for k in ("evenStrength", "powerPlay", "shorthanded"))
        r.update(saves=first(e.get("saves"), saves), shots_against=first(e.get("shotsAgainst"), shots),
                 goals_against=e.get("goalsAgainst"), save_pct=share(e.get("savePctg")),
                 even_strength_saves=even[0], even_strength_shots_against=even[1],
                 power_play_saves=power[0], power_play_shots_against=power[1],
                 short_handed_saves=short[0], short_handed_shots_against=short[1],
                 starter=e.get("starter"), decision=e.get("decision"))
        return r
    r.update(goals=e.get("goals"), assists=e.get("assists"), points=e.get("points"), plus_minus=e.get("plusMinus"),
             hits=e.get("hits"), shots=first(e.get("sog"), e.get("shots")), blocked_shots=e.get("blockedShots"),
             giveaways=e.get("giveaways"), takeaways=e.get("takeaways"), power_play_goals=e.get("powerPlayGoals"),
             faceoff_win_pct=share(e.get("faceoffWinningPctg"), 100 if is_nested else 1), shifts=e.get("shifts"))
    if "faceoffs" in e:  # the nested shape says the same twice: the scale must be the right one
        won, taken = pair(e["faceoffs"])
        assert abs(r["faceoff_win_pct"] - (won / taken if taken else 0)) < 0.001, e
    return r


def box_score(j):
    game = web_game(j)
    nested = at(j, "boxscore.playerByGameStats")
    stats = first(j.get("playerByGameStats"), nested) or {}
    lines = [web_line(e, game, side, "playerByGameStats" not in j)
             for side in ("away", "home") for group in ("forwards", "defense", "goalies")
             for e in (stats.get(side + "Team") or {}).get(group, [])]
    return result([game], lines)


# In each type, who did it, who else was in it, and what kind of it.
WEB_EVENTS = {
    "goal": ("scoringPlayerId", (), "shotType"),
    "penalty": ("committedByPlayerId", ("drawnByPlayerId", "servedByPlayerId"), "descKey"),
    "shot-on-goal": ("shootingPlayerId", (), "shotType"),
    "missed-shot": ("shootingPlayerId", (), "reason"),
    "blocked-shot": ("shootingPlayerId", ("blockingPlayerId",), "reason"),
    "failed-shot-attempt": ("shootingPlayerId", (), "shotType"),
    "hit": ("hittingPlayerId", ("hitteePlayerId",), None),
    "faceoff": ("winningPlayerId", ("losingPlayerId",), None),
    "giveaway": ("playerId", (), None),
    "takeaway": ("playerId", (), None),
}


def web_event(play, game_id):
    who, others, kind = WEB_EVENTS[play["typeDescKey"]]
    d = play.get("details") or {}
    return row("game_events", game_id=game_id, event_id=play["eventId"], sort_order=play.get("sortOrder"),
               type=play["typeDescKey"], period=first(at(play, "periodDescriptor.number"), play.get("period")),
               period_type=at(play, "periodDescriptor.periodType"), time_in_period=seconds(play.get("timeInPeriod")),
               situation=play.get("situationCode"), team_id=d.get("eventOwnerTeamId"), player_id=d.get(who),
               assist1_player_id=d.get("assist1PlayerId"), assist2_player_id=d.get("assist2PlayerId"),
               other_player_id=first(*(d.get(k) for k in others)), goalie_player_id=d.get("goalieInNetId"),
               away_score=d.get("awayScore"), home_score=d.get("homeScore"), detail=text(d.get(kind)) if kind else None,
               penalty_minutes=d.get("duration"), x=half_away(d.get("xCoord")), y=half_away(d.get("yCoord")))


def full_name(p):
    return " ".join(filter(None, (text(p.get("firstName")), text(p.get("lastName"))))) or None


def play_by_play(j):
    events = [web_event(p, j["id"]) for p in j.get("plays", []) if p.get("typeDescKey") in WEB_EVENTS]
    players = [row("players", player_id=s["playerId"], full_name=full_name(s), position=s.get("positionCode"),
                   sweater_number=s.get("sweaterNumber"), team_id=s.get("teamId")) for s in j.get("rosterSpots", [])]
    return result(without_lines([web_game(j)]), events=events, players=players)


def schedule(j):
    """A week, the score of a day, a club's week or season."""
    games = [web_game(g, day["date"]) for day in j.get("gameWeek", []) for g in day.get("games", [])]
    if "games" in j:
        games = [web_game(g) for g in j["games"]]
    return result(without_lines(games))


def roster(j):
    return result(players=[
        row("players", player_id=p["id"], full_name=full_name(p), birth_date=p.get("birthDate"), position=p.get("positionCode"),
            shoots_catches=p.get("shootsCatches"), sweater_number=p.get("sweaterNumber"))
        for group in ("forwards", "defensemen", "goalies") for p in j.get(group, [])])


def player(j):
    return result(players=[row("players", player_id=j["playerId"], full_name=full_name(j), birth_date=j.get("birthDate"),
                               position=j.get("position"), shoots_catches=j.get("shootsCatches"),
                               sweater_number=j.get("sweaterNumber"), team_id=j.get("currentTeamId"))])


# ---- the API before ----

LEGACY_STATES = {"1": ("FUT", "OK"), "2": ("PRE", "OK"), "3": ("LIVE", "OK"), "4": ("CRIT", "OK"), "5": ("OVER", "OK"),
                 "6": ("FINAL", "OK"), "7": ("OFF", "OK"), "8": ("FUT", "TBD"), "9": ("FUT", "PPD")}
LEGACY_TYPES = {"PR": 1, "R": 2, "P": 3, "A": 4}


def legacy_period_type(ordinal):
    if ordinal == "SO":
        return "SO"
    return "OT" if ordinal.endswith("OT") else "REG"


def legacy_line_score(s):
    """What a line score says of a game; before one its zeros say nothing."""
    if not s or s.get("currentPeriod", 0) < 1:
        return {}
    left, pause = s.get("currentPeriodTimeRemaining"), s.get("intermissionInfo") or {}
    kind = legacy_period_type(s["currentPeriodOrdinal"])
    known = dict(period=s["currentPeriod"], period_type=kind, in_intermission=pause.get("inIntermission"),
                 away_score=s["teams"]["away"]["goals"], home_score=s["teams"]["home"]["goals"],
                 away_shots=s["teams"]["away"].get("shotsOnGoal"), home_shots=s["teams"]["home"].get("shotsOnGoal"))
    if left == "Final":
        known["last_period_type"] = kind
    elif pause.get("inIntermission"):
        known["clock_seconds"] = pause.get("intermissionTimeRemaining")
    elif left is not None:
        known["clock_seconds"] = 0 if left == "END" else seconds(left)
    return known


LEGACY_EVENTS = {
    "GOAL": ("goal", "Scorer", ()), "PENALTY": ("penalty", "PenaltyOn", ("DrewBy", "ServedBy")),
    "SHOT": ("shot-on-goal", "Shooter", ()), "MISSED_SHOT": ("missed-shot", "Shooter", ()),
    "BLOCKED_SHOT": ("blocked-shot", "Shooter", ("Blocker",)), "HIT": ("hit", "Hitter", ("Hittee",)),
    "FACEOFF": ("faceoff", "Winner", ("Loser",)), "GIVEAWAY": ("giveaway", "PlayerID", ()),
    "TAKEAWAY": ("takeaway", "PlayerID", ()),
}


def legacy_event(play, game):
    kind, who, others = LEGACY_EVENTS[play["result"]["eventTypeId"]]
    about, result_, people = play["about"], play["result"], play.get("players", [])
    part = lambda name: [p["player"]["id"] for p in people if p["playerType"] == name]
    assists = part("Assist") + [None, None]
    team = at(play, "team.id")
    if kind == "blocked-shot" and team:  # the blocker's club then, the shooter's today
        team = game["home_team_id"] if team == game["away_team_id"] else game["away_team_id"]
    is_goal = kind == "goal"
    return row("game_events", game_id=game["game_id"], event_id=about["eventId"], sort_order=about.get("eventIdx"), type=kind,
               period=about["period"], period_type=legacy_period_type(about["ordinalNum"]),
               time_in_period=seconds(about.get("periodTime")), team_id=team, player_id=first(*part(who)),
               assist1_player_id=assists[0], assist2_player_id=assists[1],
               other_player_id=first(*(i for name in others for i in part(name))), goalie_player_id=first(*part("Goalie")),
               away_score=about["goals"]["away"] if is_goal else None, home_score=about["goals"]["home"] if is_goal else None,
               detail=text(result_.get("secondaryType")), penalty_minutes=result_.get("penaltyMinutes"),
               x=half_away(at(play, "coordinates.x")), y=half_away(at(play, "coordinates.y")))


def legacy_line(entry, person, game, side):
    other = "home" if side == "away" else "away"
    position = entry["position"]["code"]
    if position not in ("C", "L", "R", "D", "G"):
        position = at(person, "primaryPosition.code")
    r = row("game_stats", game_id=game["game_id"], player_id=entry["person"]["id"], player_name=text(entry["person"]["fullName"]),
            team_id=game[side + "_team_id"], team_name=game[side + "_team_name"], opponent_team_id=game[other + "_team_id"],
            opponent_team_name=game[other + "_team_name"], player_age=age(person.get("birthDate"), game["game_date"]),
            player_number=int(entry["jerseyNumber"]) if entry.get("jerseyNumber") else None, player_position=position)
    s, g = entry["stats"].get("skaterStats"), entry["stats"].get("goalieStats")
    if g:
        decision = g.get("decision") or None
        if decision == "L" and game["game_type"] != 3 and game["last_period_type"] in ("OT", "SO"):
            decision = "O"  # what a loss after regulation is called today
        r.update(goals=g["goals"], assists=g["assists"], points=g["goals"] + g["assists"], penalty_minutes=g.get("pim"),
                 time_on_ice=seconds(g["timeOnIce"]), saves=g["saves"], shots_against=g["shots"],
                 save_pct=share(g.get("savePercentage"), 100), even_strength_saves=g["evenSaves"],
                 even_strength_shots_against=g["evenShotsAgainst"], power_play_saves=g["powerPlaySaves"],
                 power_play_shots_against=g["powerPlayShotsAgainst"], short_handed_saves=g["shortHandedSaves"],
                 short_handed_shots_against=g["shortHandedShotsAgainst"], decision=decision)
        return r
    taken = s.get("faceoffTaken") or 0
    r.update(goals=s["goals"], assists=s["assists"], points=s["goals"] + s["assists"], plus_minus=s["plusMinus"],
             penalty_minutes=s.get("penaltyMinutes"), hits=s["hits"], shots=s["shots"], blocked_shots=s["blocked"],
             giveaways=s["giveaways"], takeaways=s["takeaways"], power_play_goals=s["powerPlayGoals"],
             faceoff_win_pct=s["faceOffWins"] / taken if taken else None, time_on_ice=seconds(s["timeOnIce"]))
    return r


def legacy_live(j):
    data, live = j["gameData"], j["liveData"]
    away, home = data["teams"]["away"], data["teams"]["home"]
    state, schedule_state = LEGACY_STATES[data["status"]["statusCode"]]
    start = instant(data["datetime"]["dateTime"])
    game = row("games", game_id=j["gamePk"], season=int(data["game"]["season"]), game_type=LEGACY_TYPES[data["game"]["type"]],
               game_date=eastern_day(start), start_time=start, venue=text(at(data, "venue.name")), game_state=state,
               schedule_state=schedule_state, stats_status=status(state), away_team_id=away["id"],
               away_team_abbrev=away.get("triCode"), away_team_name=text(away["name"]), home_team_id=home["id"],
               home_team_abbrev=home.get("triCode"), home_team_name=text(home["name"]))
    game.update(legacy_line_score(live.get("linescore")))
    people = {p["id"]: p for p in data["players"].values()}
    entries = [(side, e) for side in ("away", "home") for e in live["boxscore"]["teams"][side]["players"].values() if any(e["stats"].values())]
    lines = [legacy_line(e, people.get(e["person"]["id"], {}), game, side) for side, e in entries]
    events = [legacy_event(p, game) for p in live["plays"]["allPlays"] if p["result"]["eventTypeId"] in LEGACY_EVENTS]
    players = [row("players", player_id=p["id"], full_name=text(p["fullName"]), birth_date=p.get("birthDate"),
                   position=at(p, "primaryPosition.code"), shoots_catches=p.get("shootsCatches"),
                   sweater_number=int(p["primaryNumber"]) if p.get("primaryNumber") else None, team_id=at(p, "currentTeam.id"))
               for p in people.values()]
    return result([game], lines, events, players)


def legacy_schedule(j):
    games = []
    for day in j.get("dates", []):
        for g in day["games"]:
            state, schedule_state = LEGACY_STATES[g["status"]["statusCode"]]
            away, home = g["teams"]["away"], g["teams"]["home"]
            game = row("games", game_id=g["gamePk"], season=int(g["season"]), game_type=LEGACY_TYPES[g["gameType"]],
                       game_date=day["date"], start_time=instant(g["gameDate"]), venue=text(at(g, "venue.name")),
                       game_state=state, schedule_state=schedule_state, stats_status=status(state),
                       away_team_id=away["team"]["id"], away_team_abbrev=away["team"].get("abbreviation"),
                       away_team_name=text(away["team"]["name"]), home_team_id=home["team"]["id"],
                       home_team_abbrev=home["team"].get("abbreviation"), home_team_name=text(home["team"]["name"]))
            if state not in ("FUT", "PRE"):
                game.update(away_score=away.get("score"), home_score=home.get("score"))
                game.update(legacy_line_score(g.get("linescore")))
            games.append(game)
    return result(without_lines(games))


# ---- comparing ----

def read(connection, table, game_id=None):
    """The table's rows by their key, the bookkeeping left out; every other column is there."""
    where = " where game_id = %d" % game_id if game_id else ""
    cursor = connection.execute("select * from %s%s" % (table, where))
    names = [c[0] for c in cursor.description]
    shown = set(SHAPES[table]) | set(BOOKKEEPING[table])
    rows = [dict(zip(names, values)) for values in cursor]
    return {r[KEYS[table]]: {n: v for n, v in r.items() if n in shown and n not in BOOKKEEPING[table]} for r in rows}


def is_same(want, got):
    if isinstance(want, bool) and got is not None:
        got = bool(got)
    if isinstance(got, str) and got.endswith(".000Z"):
        got = got[:-5] + "Z"  # an instant, as SQLite keeps it
    if isinstance(want, float) and isinstance(got, (int, float)):
        return abs(want - got) < 1e-6
    return want == got


def differences(want, got):
    """Sentences, one a field; want maps a key to a row, or to a row of sets of values that will do."""
    found = ["%s: no such row" % k for k in want if k not in got] + ["%s: a row too many" % k for k in got if k not in want]
    for k in want:
        for name, value in want[k].items() if k in got else ():
            choices = value if isinstance(value, set) else {value}
            if name not in got[k]:
                found.append("%s.%s: no such column" % (k, name))
            elif not any(is_same(v, got[k][name]) for v in choices):
                found.append("%s.%s: wanted %r, got %r" % (k, name, value, got[k][name]))
        found += ["%s.%s: a column that no one worked out" % (k, n) for n in got.get(k, {}) if n not in want[k]]
    return found
