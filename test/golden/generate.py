#!/usr/bin/env python3
"""Makes the cases of test/golden/cases: bodies of a made-up league, in every shape that the NHL's API has had.

    python3 test/golden/generate.py build/rinkside

The bodies come from `rinkside fake`, cut down to a few players, and are turned into the older shapes here; the rows
are oracle.py's, which has never seen the program. Run it again when a shape or a column is added, and read the
difference before it is committed: the rows are only worth what the eye that passed them is worth.
"""
import copy, json, os, subprocess, sys, urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
MOST_EVENTS = 40


# ---- the made-up league ----

class Fake:
    def __init__(self, program, *words):
        self.p = subprocess.Popen([program, "fake", "--listen", "127.0.0.1:0", *words], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        self.games = self.url = None
        while not self.url:
            line = self.p.stdout.readline()
            if "games " in line and " to " in line:
                words = line.split("games ")[1].replace(",", "").split()
                self.games = range(int(words[0]), int(words[2]) + 1)
            if "listening on " in line:
                self.url = line.split("listening on ")[1].strip()

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as r:
            return json.load(r)

    def box_score(self, game_id):
        return self.get("/v1/gamecenter/%d/boxscore" % game_id)

    def find(self, wanted):
        return next((b for b in map(self.box_score, self.games) if "playerByGameStats" in b and wanted(b)), None)

    def stop(self):
        self.p.terminate()
        self.p.wait()


def search(program, wanted, *words):
    """The first body that will do, of the first seed that has one, and the league that it is of."""
    for seed in range(1, 200):
        fake = Fake(program, "--seed", str(seed), *words)
        body = fake.find(wanted)
        if body:
            return fake, body
        fake.stop()
    sys.exit("no seed has such a game")


# ---- smaller ----

def cut_lines(body):
    """Two forwards with the most to tell, a defender and all goaltenders of each side."""
    body = copy.deepcopy(body)
    for side in body["playerByGameStats"].values():
        telling = lambda e: (-e["points"], -e["sog"], -bool(e["faceoffWinningPctg"]), e["playerId"])
        side["forwards"] = sorted(side["forwards"], key=telling)[:2]
        side["defense"] = sorted(side["defense"], key=telling)[:1]
    return body


def cut_plays(body):
    """One or two events of each type, all goals and penalties, and the roster spots of those in them."""
    body, seen, plays = copy.deepcopy(body), {}, []
    for p in body["plays"]:
        kind = p["typeDescKey"]
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= 2 or kind in ("goal", "penalty"):
            plays.append(p)
    body["plays"] = plays[:MOST_EVENTS]
    people = {v for p in body["plays"] for k, v in p.get("details", {}).items() if k.endswith("Id")}
    body["rosterSpots"] = [s for s in body["rosterSpots"] if s["playerId"] in people]
    return body


# ---- as it was from October 2023 to March 2024 ----

def nested(body, plays=None):
    b = copy.deepcopy(body)
    b.pop("regPeriods", None), b.pop("limitedScoring", None)
    b["period"] = b["periodDescriptor"]["number"]
    b["periodDescriptor"].pop("maxRegulationPeriods", None)
    for key in ("awayTeam", "homeTeam"):
        b[key]["name"] = b[key].pop("commonName")
        b[key].pop("placeName", None)
    stats = b.pop("playerByGameStats")
    for side in stats.values():
        for e in side["forwards"] + side["defense"]:
            taken = 7 if e["faceoffWinningPctg"] else 0
            won = round(e["faceoffWinningPctg"] * taken)
            e["faceoffs"] = "%d/%d" % (won, taken)
            e["faceoffWinningPctg"] = round(100 * won / taken, 6) if taken else 0.0
            e["shots"] = e.pop("sog")
            e.update(powerPlayPoints=0, shorthandedGoals=0, shPoints=0, powerPlayToi="00:10", shorthandedToi="00:00")
            for key in ("shifts", "giveaways", "takeaways"):
                del e[key]
        for e in side["goalies"]:
            if "savePctg" in e:
                e["savePctg"] = "%.3f" % e["savePctg"]
            for key in ("starter", "decision", "saves", "shotsAgainst"):
                e.pop(key, None)
    b["boxscore"] = {"linescore": {"totals": {"away": b["awayTeam"].get("score"), "home": b["homeTeam"].get("score")}},
                     "playerByGameStats": stats}
    return b


# ---- as it was until November 2023: statsapi ----

STATES = {"FUT": ("1", "Scheduled"), "PRE": ("2", "Pre-Game"), "LIVE": ("3", "In Progress"),
          "CRIT": ("4", "In Progress - Critical"), "OVER": ("5", "Game Over"), "FINAL": ("6", "Final"), "OFF": ("7", "Final")}
TYPES = {1: "PR", 2: "R", 3: "P"}
PARTS = {"goal": ("GOAL", [("scoringPlayerId", "Scorer"), ("assist1PlayerId", "Assist"), ("assist2PlayerId", "Assist"), ("goalieInNetId", "Goalie")]),
         "penalty": ("PENALTY", [("committedByPlayerId", "PenaltyOn"), ("drawnByPlayerId", "DrewBy")]),
         "shot-on-goal": ("SHOT", [("shootingPlayerId", "Shooter"), ("goalieInNetId", "Goalie")]),
         "missed-shot": ("MISSED_SHOT", [("shootingPlayerId", "Shooter"), ("goalieInNetId", "Unknown")]),
         "blocked-shot": ("BLOCKED_SHOT", [("blockingPlayerId", "Blocker"), ("shootingPlayerId", "Shooter")]),
         "hit": ("HIT", [("hittingPlayerId", "Hitter"), ("hitteePlayerId", "Hittee")]),
         "faceoff": ("FACEOFF", [("winningPlayerId", "Winner"), ("losingPlayerId", "Loser")]),
         "giveaway": ("GIVEAWAY", [("playerId", "PlayerID")]), "takeaway": ("TAKEAWAY", [("playerId", "PlayerID")])}


def legacy_status(state):
    code, words = STATES[state]
    kind = "Final" if code in "567" else "Live" if code in "34" else "Preview"
    return {"abstractGameState": kind, "codedGameState": code, "detailedState": words, "statusCode": code, "startTimeTBD": False}


def ordinal(number, kind):
    return "SO" if kind == "SO" else {1: "1st", 2: "2nd", 3: "3rd", 4: "OT"}.get(number, "%dOT" % (number - 3))


def legacy_line_score(g):
    period, clock = g.get("periodDescriptor"), g.get("clock") or {}
    teams = {side: {"team": {"id": g[side + "Team"]["id"]}, "goals": g[side + "Team"].get("score", 0),
                    "shotsOnGoal": g[side + "Team"].get("sog", 0)} for side in ("away", "home")}
    pause = clock.get("inIntermission", False)
    score = {"currentPeriod": period["number"] if period else 0, "teams": teams,
             "intermissionInfo": {"intermissionTimeRemaining": clock.get("secondsRemaining", 0) if pause else 0, "inIntermission": pause}}
    if period:
        score["currentPeriodOrdinal"] = ordinal(period["number"], period["periodType"])
        is_over = g["gameState"] in ("OVER", "FINAL", "OFF")
        score["currentPeriodTimeRemaining"] = "Final" if is_over else "END" if pause else clock.get("timeRemaining", "20:00")
    return score


def legacy_team(team):
    place = team["placeName"]["default"]
    return {"id": team["id"], "name": place + " " + team["commonName"]["default"], "abbreviation": team["abbrev"],
            "triCode": team["abbrev"], "teamName": team["commonName"]["default"], "locationName": place}


def legacy_skater(e):
    taken = 9 if e["faceoffWinningPctg"] else 0
    won = round(e["faceoffWinningPctg"] * taken)
    s = {"timeOnIce": e["toi"], "assists": e["assists"], "goals": e["goals"], "shots": e["sog"], "hits": e["hits"],
         "powerPlayGoals": e["powerPlayGoals"], "powerPlayAssists": 0, "penaltyMinutes": e["pim"], "faceOffWins": won,
         "faceoffTaken": taken, "takeaways": e["takeaways"], "giveaways": e["giveaways"], "shortHandedGoals": 0,
         "shortHandedAssists": 0, "blocked": e["blockedShots"], "plusMinus": e["plusMinus"], "evenTimeOnIce": e["toi"]}
    if taken:
        s["faceOffPct"] = round(100 * won / taken, 2)
    return {"skaterStats": s}


def legacy_goaltender(e):
    g = {"timeOnIce": e["toi"], "assists": 0, "goals": 0, "pim": e.get("pim", 0), "shots": e["shotsAgainst"], "saves": e["saves"],
         "decision": {"O": "L"}.get(e.get("decision"), e.get("decision", ""))}
    for ours, theirs in (("evenStrength", "even"), ("powerPlay", "powerPlay"), ("shorthanded", "shortHanded")):
        g[theirs + "Saves"], g[theirs + "ShotsAgainst"] = oracle.pair(e[ours + "ShotsAgainst"])
    if e["shotsAgainst"]:
        g["savePercentage"] = 100 * e["saves"] / e["shotsAgainst"]
    return {"goalieStats": g}


def legacy_play(p, index, score):
    if p["typeDescKey"] not in PARTS:
        return {"result": {"event": "Period Start", "eventTypeId": "PERIOD_START"}, "about": {"eventIdx": index, "eventId": p["eventId"]}}
    kind, parts = PARTS[p["typeDescKey"]]
    d, period = p["details"], p["periodDescriptor"]
    if "awayScore" in d:
        score.update(away=d["awayScore"], home=d["homeScore"])
    team = d.get("eventOwnerTeamId")
    play = {"players": [{"player": {"id": d[k]}, "playerType": part} for k, part in parts if k in d],
            "result": {"event": kind.capitalize(), "eventTypeId": kind},
            "about": {"eventIdx": index, "eventId": p["eventId"], "period": period["number"],
                      "ordinalNum": ordinal(period["number"], period["periodType"]), "periodTime": p["timeInPeriod"], "goals": dict(score)}}
    if kind == "BLOCKED_SHOT":  # theirs was the blocker's club
        team = score["clubs"][1] if team == score["clubs"][0] else score["clubs"][0]
    play["about"]["goals"].pop("clubs")
    if team:
        play["team"] = {"id": team}
    if "xCoord" in d:
        play["coordinates"] = {"x": float(d["xCoord"]), "y": float(d["yCoord"])}
    if "duration" in d:
        play["result"].update(secondaryType=d["descKey"].capitalize(), penaltyMinutes=d["duration"])
    if "shotType" in d:
        play["result"]["secondaryType"] = d["shotType"].capitalize()
    return play


def legacy_live(fake, box, plays):
    """The whole feed in one body, of a box score, its play-by-play and the two rosters."""
    people, teams = {}, {}
    for side in ("away", "home"):
        squad = fake.get("/v1/roster/%s/%d" % (box[side + "Team"]["abbrev"], box["season"]))
        squad = {p["id"]: p for group in squad.values() if isinstance(group, list) for p in group}
        players, stats = {}, box["playerByGameStats"][side + "Team"]
        for group in ("forwards", "defense", "goalies"):
            for e in stats[group]:
                p = squad[e["playerId"]]
                code = {"code": e["position"]}
                people["ID%d" % p["id"]] = {"id": p["id"], "fullName": oracle.full_name(p), "primaryNumber": str(e["sweaterNumber"]),
                                            "birthDate": p["birthDate"], "shootsCatches": p.get("shootsCatches"), "currentTeam": {"id": box[side + "Team"]["id"]},
                                            "primaryPosition": code}
                players["ID%d" % p["id"]] = {"person": {"id": p["id"], "fullName": oracle.full_name(p)}, "jerseyNumber": str(e["sweaterNumber"]),
                                             "position": code, "stats": legacy_goaltender(e) if group == "goalies" else legacy_skater(e)}
        scratched = next(p for i, p in squad.items() if "ID%d" % i not in players)
        players["ID%d" % scratched["id"]] = {"person": {"id": scratched["id"], "fullName": oracle.full_name(scratched)},
                                             "jerseyNumber": "", "position": {"code": "N/A"}, "stats": {}}
        teams[side] = {"team": {"id": box[side + "Team"]["id"]}, "players": players}
    score = {"away": 0, "home": 0, "clubs": (box["awayTeam"]["id"], box["homeTeam"]["id"])}
    return {"gamePk": box["id"], "metaData": {"wait": 10, "timeStamp": box["startTimeUTC"].translate({45: None, 58: None}).replace("T", "_").rstrip("Z")},
            "gameData": {"game": {"pk": box["id"], "season": str(box["season"]), "type": TYPES[box["gameType"]]},
                         "datetime": {"dateTime": box["startTimeUTC"]}, "status": legacy_status(box["gameState"]),
                         "teams": {side: legacy_team(box[side + "Team"]) for side in ("away", "home")}, "players": people,
                         "venue": {"name": box["venue"]["default"]}},
            "liveData": {"plays": {"allPlays": [legacy_play(p, i, score) for i, p in enumerate(plays["plays"])]},
                         "linescore": legacy_line_score(box), "boxscore": {"teams": teams}}}


def legacy_schedule(week):
    dates = []
    for day in week["gameWeek"]:
        games = []
        for g in day["games"]:
            side = lambda s: {"score": g[s + "Team"].get("score", 0), "team": legacy_team(g[s + "Team"])}
            games.append({"gamePk": g["id"], "gameType": TYPES[g["gameType"]], "season": str(g["season"]), "gameDate": g["startTimeUTC"],
                          "status": legacy_status(g["gameState"]), "teams": {"away": side("away"), "home": side("home")},
                          "linescore": legacy_line_score(g), "venue": {"name": g["venue"]["default"]}})
        if games:
            dates.append({"date": day["date"], "totalGames": len(games), "games": games})
    return {"totalGames": sum(d["totalGames"] for d in dates), "dates": dates}


# ---- the cases ----

def write(name, body, rows):
    folder = os.path.join(CASES, name)
    os.makedirs(folder, exist_ok=True)
    for file, text in (("body.json", json.dumps(body, ensure_ascii=False, indent=1)), ("rows.json", dump_rows(rows))):
        with open(os.path.join(folder, file), "w", encoding="utf-8") as f:
            f.write(text + "\n")
    print("%-24s %s" % (name, {t: len(r) for t, r in rows.items() if r}))


def dump_rows(rows):
    """A row a line: what differs after a change is then easy to read."""
    tables = ['  "%s": [\n%s\n  ]' % (t, ",\n".join("    " + json.dumps(r, ensure_ascii=False) for r in sorted(rows[t].values(), key=lambda r: r[oracle.KEYS[t]])))
              for t in rows if rows[t]]
    return "{\n" + ",\n".join(tables) + "\n}"


def make_finished(program):
    fake, box = search(program, lambda b: b["gameOutcome"]["lastPeriodType"] == "REG", "--season", "20252026")
    write("flat", cut_lines(box), oracle.box_score(cut_lines(box)))
    write("nested", nested(cut_lines(box)), oracle.box_score(nested(cut_lines(box))))
    plays = cut_plays(fake.get("/v1/gamecenter/%d/play-by-play" % box["id"]))
    write("play-by-play", plays, oracle.play_by_play(plays))
    feed = legacy_live(fake, cut_lines(box), plays)
    write("legacy-final", feed, oracle.legacy_live(feed))
    roster = fake.get("/v1/roster/%s/%d" % (box["awayTeam"]["abbrev"], box["season"]))
    roster = {group: people[:2] for group, people in roster.items()}
    write("roster", roster, oracle.roster(roster))
    week = fake.get("/v1/schedule/%s" % box["gameDate"])
    for day in week["gameWeek"]:
        day["games"] = day["games"][:1]
    past = week["gameWeek"][0]["games"][0]
    put_off = dict(copy.deepcopy(past), id=past["id"] + 900, gameState="FUT", gameScheduleState="PPD")
    for key in ("periodDescriptor", "gameOutcome", "clock", "gameDate"):
        put_off.pop(key, None)
    for side in ("awayTeam", "homeTeam"):
        put_off[side].pop("score", None), put_off[side].pop("sog", None)
    played = dict(copy.deepcopy(put_off), gameScheduleState="OK", startTimeUTC=week["gameWeek"][2]["date"] + "T23:00:00Z")
    week["gameWeek"][0]["games"].append(put_off)  # under its old day, and under its new one
    week["gameWeek"][2]["games"].append(played)
    write("schedule-postponed", week, oracle.schedule(week))
    week["gameWeek"][2]["games"].remove(played)
    old = legacy_schedule(week)
    old["dates"][0]["games"][-1]["status"] = {"abstractGameState": "Preview", "codedGameState": "9", "detailedState": "Postponed", "statusCode": "9"}
    write("legacy-schedule", old, oracle.legacy_schedule(old))
    for name, kind in (("overtime", "OT"), ("shoot-out", "SO")):
        box = fake.find(lambda b: b["gameOutcome"]["lastPeriodType"] == kind)
        write(name, cut_lines(box), oracle.box_score(cut_lines(box)))
        if kind == "SO":
            feed = legacy_live(fake, cut_lines(box), cut_plays(fake.get("/v1/gamecenter/%d/play-by-play" % box["id"])))
            write("legacy-shoot-out", feed, oracle.legacy_live(feed))
    fake.stop()


def make_live(program):
    wanted = lambda b: b["gameState"] == "LIVE" and b["clock"]["running"] and b["periodDescriptor"]["number"] == 2
    fake, box = search(program, wanted, "--games", "16")
    plays = cut_plays(fake.get("/v1/gamecenter/%d/play-by-play" % box["id"]))
    write("live", cut_lines(box), oracle.box_score(cut_lines(box)))
    write("nested-live", nested(cut_lines(box)), oracle.box_score(nested(cut_lines(box))))
    feed = legacy_live(fake, cut_lines(box), plays)
    write("legacy-live", feed, oracle.legacy_live(feed))
    box = fake.find(lambda b: b["clock"]["inIntermission"])
    write("intermission", cut_lines(box), oracle.box_score(cut_lines(box)))
    feed = legacy_live(fake, cut_lines(box), cut_plays(fake.get("/v1/gamecenter/%d/play-by-play" % box["id"])))
    write("legacy-intermission", feed, oracle.legacy_live(feed))
    score = fake.get("/v1/score/now")
    kinds = {}
    for g in score["games"]:
        kinds.setdefault(g["gameState"], g)
    score["games"] = list(kinds.values())
    write("score", score, oracle.schedule(score))
    box = next(b for b in map(fake.box_score, fake.games) if "playerByGameStats" not in b)
    write("to-come", box, oracle.box_score(box))
    strange = cut_lines(fake.find(wanted))
    strange["gameState"], strange["awayTeam"]["commonName"]["default"] = "LIVE", "Hurri\tcanes"
    strange["playerByGameStats"]["awayTeam"]["forwards"][0]["name"]["default"] = "  I,  Samsonov\u00a0 "
    strange["playerByGameStats"]["awayTeam"]["forwards"][1].update(sweaterNumber=None, hits=None)
    del strange["playerByGameStats"]["homeTeam"]["forwards"][0]["toi"]
    write("dirty", strange, oracle.box_score(strange))
    fake.stop()


if len(sys.argv) != 2:
    sys.exit("which program? test/golden/generate.py build/rinkside")
make_finished(sys.argv[1])
make_live(sys.argv[1])
