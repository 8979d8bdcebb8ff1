#!/usr/bin/env python3
"""/changes, /corrections, as_of and delay: the history, and the tables as they were."""
import datetime, json, os, random, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig

tap = rig.Tap()
seed = int(os.environ.get("RINKSIDE_SEED") or random.randrange(1 << 30))
tap.note("RINKSIDE_SEED=%d" % seed)
random.seed(seed)
GAMES = (2023020001, 2023020002)
db, path = rig.database()
BEGIN = datetime.datetime(2023, 10, 11, 0, 0, 0)
STEPS = 24


def moment(step):
    return (BEGIN + datetime.timedelta(seconds=60 * step)).strftime("%Y-%m-%dT%H:%M:%SZ")


def body(game, step):
    """A game that goes on, one player of which is not on the sheet at times."""
    b = rig.box_score(game, gameState="LIVE" if step < STEPS - 6 else "FINAL", clock={
        "timeRemaining": "10:00", "secondsRemaining": 600, "running": True, "inIntermission": False})
    home = b["playerByGameStats"]["homeTeam"]["forwards"]
    for player in home + b["playerByGameStats"]["awayTeam"]["forwards"]:
        player["hits"] = random.randrange(4)
        player["blockedShots"] = random.randrange(2)
    if step < STEPS - 6 and random.random() < 0.3:
        home.pop()
    return b


def ingest(game, step):
    name = os.path.join(rig.TEMP, "body.json")
    with open(name, "w") as f:
        json.dump(body(game, step), f)
    at = (BEGIN + datetime.timedelta(seconds=60 * step)).timestamp()
    os.utime(name, (at, at))
    r = rig.run("ingest", "--file", name, "--observed-at", moment(step), db=db)
    if r.returncode:
        tap.ok(False, "ingest", r.stderr)


def get(target, **headers):
    status, head, data = rig.get("http://127.0.0.1:%d%s" % (port, target), **headers)
    return status, head, data


def rows(target):
    status, head, data = get(target)
    return json.loads(data) if status == 200 else "%d %s" % (status, data[:200])


def table(name, key):
    return [dict(r) for r in rig.query(path, "SELECT * FROM %s ORDER BY %s" % (name, key))]


TARGETS = ("/game-stats?limit=1000", "/game-stats?sort=-hits,player_name&position=C&limit=1000", "/game-stats/%d?limit=1000" % GAMES[0], "/games")
CENTRES = {p["playerId"] for side in rig.box_score()["playerByGameStats"].values() for p in side["forwards"] if p["position"] == "C"}

# An evening of two games, and what each moment of it looked like.
seen = []
api = None
for step in range(STEPS):
    ingest(GAMES[step % 2], step)
    if api is None:
        api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
        port = int(api.wait_line("listening").rsplit(":", 1)[1].strip("/ "))
        rig.wait_for(lambda: get("/health/ready")[0] == 200)
    lines = table("game_stats", "game_id, player_id")
    # Each answer is outdated for itself, when the loop hears of the commit.
    marks = {(r["game_id"], r["player_id"], r["revision"]) for r in lines} | {(r["game_id"], 0, r["revision"]) for r in table("games", "game_id")}
    wanted = {target: {m for m in marks if (m[1] == 0) == (target == "/games") and ("C" not in target or m[1] in CENTRES) and
                       (str(GAMES[0]) not in target or m[0] == GAMES[0])} for target in TARGETS}
    rig.wait_for(lambda: all({(r["game_id"], r.get("player_id", 0), r["revision"]) for r in rows(t)} == wanted[t] for t in TARGETS))
    seen.append({t: rows(t) for t in TARGETS})
tap.ok(len({json.dumps(s) for s in seen}) > STEPS // 2, "an evening goes by")

BOOKKEEPING = ("last_poll_at", "next_poll_at", "last_error", "observed_at")


def without_bookkeeping(target, answer):
    if not target.startswith("/games"):
        return answer
    return [{k: v for k, v in row.items() if k not in BOOKKEEPING} for row in answer]


for target in seen[0]:
    wrong = []
    for step in range(STEPS):
        then = rows(target + ("&" if "?" in target else "?") + "as_of=" + moment(step))
        if isinstance(then, str) or without_bookkeeping(target, then) != without_bookkeeping(target, seen[step][target]):
            wrong.append((step, then))
    tap.ok(not wrong, "%s as of every moment" % target, wrong[:1])

one = rows("/games/%d?as_of=%s" % (GAMES[0], moment(2)))
tap.ok(isinstance(one, dict) and one["game_state"] == "LIVE" and one["last_poll_at"] is None, "one game as of a moment", one)
status, head, data = get("/games/%d?as_of=%s" % (GAMES[1], moment(0)))
tap.same(status, 404, "a game is not known before it was")
tap.same(rows("/game-stats?as_of=" + moment(-1)), [], "nothing is, before the first")
tap.same([rows(route + "?as_of=1970-01-01T00:00:00Z") for route in ("/game-stats", "/games", "/changes")], [[], [], []], "nor as 1970 began")

# Pages of the past, however small, hold every line once.
url, paged = "/game-stats?limit=3&sort=-hits&as_of=" + moment(STEPS // 2), []
while url and len(paged) < 100:
    status, head, data = get(url)
    paged += json.loads(data)
    link = head.get("Link") or ""
    url = link.split("<")[1].split(">")[0] if link else None
whole = rows("/game-stats?limit=1000&sort=-hits&as_of=" + moment(STEPS // 2))
tap.same(paged, whole, "pages of the past")
status, head, data = get("/game-stats?limit=1&count=exact&as_of=" + moment(STEPS // 2))
tap.same(head.get("X-Total-Count"), str(len(whole)), "counted")
status, head, data = get("/game-stats?format=ndjson&sort=-hits&as_of=" + moment(STEPS // 2))
tap.same([json.loads(line) for line in data.splitlines()], whole, "the whole of it as NDJSON")

# A delay counts back from now, which is long after the evening.
tap.same(rows("/game-stats?limit=1000&delay=45s"), seen[-1]["/game-stats?limit=1000"], "delay: all of it is older")
for target, name in (("as_of=2999-01-01T00:00:00Z", "a time to come"), ("as_of=yesterday", "no time"),
                     ("delay=45", "no duration"), ("delay=400d", "too long"), ("delay=-1s", "negative"),
                     ("delay=45s&as_of=" + moment(1), "both")):
    for route in ("/game-stats", "/games/%d" % GAMES[0], "/game-stats/%d" % GAMES[0], "/changes"):
        status, head, data = get("%s?%s" % (route, target))
        if status != 400 or json.loads(data).get("parameter") not in ("as_of", "delay"):
            tap.ok(False, "%s?%s" % (route, target), (status, data))
            break
    else:
        tap.ok(True, "refused: %s" % name)
for target in ("/players/8470001", "/players", "/teams"):
    tap.same(get(target + "?as_of=" + moment(1))[:1] + get(target)[2:], get(target)[:1] + get(target + "?as_of=" + moment(1))[2:], "%s has no past: as it is" % target)

# The play-by-play is kept as it was last; of a moment it is shown as far as the clock stood then.
PLAYED, FIRST = 2023020003, 200


def put(body, step):
    name = os.path.join(rig.TEMP, "body.json")
    with open(name, "w") as f:
        json.dump(body, f)
    r = rig.run("ingest", "--file", name, "--observed-at", moment(step), db=db)
    tap.ok(r.returncode == 0, "a body of step %d" % step, r.stderr)


def hit(number, period, played):
    return {"eventId": number, "periodDescriptor": {"number": period, "periodType": "REG", "maxRegulationPeriods": 3}, "typeCode": 503, "typeDescKey": "hit",
            "timeInPeriod": "%02d:%02d" % divmod(played, 60), "timeRemaining": "%02d:%02d" % divmod(1200 - played, 60), "sortOrder": number,
            "situationCode": "1551", "details": {"hittingPlayerId": 8470001, "hitteePlayerId": 8470011, "eventOwnerTeamId": 12}}


clocks = [(1, 1200, False), (1, 610, False), (1, 600, False), (1, 900, True), (2, 1200, False), (2, 1, False), (3, 1200, False), (3, 0, False)]
for k, (period, left, is_between) in enumerate(clocks):
    put(rig.box_score(PLAYED, gameState="LIVE" if k < 7 else "FINAL", periodDescriptor={"number": period, "periodType": "REG", "maxRegulationPeriods": 3},
                      clock={"timeRemaining": "%02d:%02d" % divmod(left, 60), "secondsRemaining": left, "running": not is_between, "inIntermission": is_between}), FIRST + k)
plays = {k: v for k, v in rig.box_score(PLAYED, gameState="FINAL").items() if k != "playerByGameStats"}
plays["plays"] = [hit(n + 1, 1 + n // 24, 50 * (n % 24 + 1)) for n in range(72)]
put(plays, FIRST + len(clocks))
target = "/games/%d/events?limit=1000" % PLAYED
tap.ok(rig.wait_for(lambda: len(rows(target)) == 72), "all of its events", rows(target))
for k, (period, left, is_between) in enumerate(clocks):
    reached = (period, 1200 if is_between else 1200 - left)
    want = [e["event_id"] for e in rows(target) if (e["period"], e["time_in_period"]) <= reached]
    tap.same([e["event_id"] for e in rows(target + "&as_of=" + moment(FIRST + k))], want, "%d events when period %d had %d s left%s" % (
        len(want), period, left, " of the intermission" if is_between else ""))
tap.same(get(target + "&as_of=" + moment(FIRST - 1))[0], 404, "none of a game that was not known")
tap.same(len(rows(target + "&delay=45s")), 72, "with a delay that is over: all")

# Pages of changes: replayed from empty they give the tables; full ones never change.
def replay(revisions):
    lines, games = {}, {}
    for revision in revisions:
        for change in revision["games"] + revision["lines"]:
            key = (change["game_id"], change.get("player_id"))
            target = lines if "player_id" in change else games
            if change["kind"] == "delete":
                if {k: v for k, v in change["before"].items() if target[key].get(k) != v}:
                    raise ValueError("before of a delete")
                del target[key]
                continue
            row = target.setdefault(key, {})
            for k, v in change["before"].items():
                if row.get(k) != v:
                    raise ValueError("before: %s is %r, not %r" % (k, row.get(k), v))
            row.update(change["after"])
    return lines, games


def all_changes(limit):
    url, revisions, pages = "/changes?after=0&limit=%d" % limit, [], []
    while url:
        status, head, data = get(url)
        pages.append((url, head, data))
        revisions += json.loads(data)
        link = head.get("Link") or ""
        url = link.split("<")[1].split(">")[0] if link else None
    return revisions, pages


newest = rig.query(path, "SELECT revision FROM revisions")[0]["revision"]
for limit in (1, 7, 1000):
    revisions, pages = all_changes(limit)
    tap.same([r["revision"] for r in revisions], list(range(1, newest + 1)), "every revision once, %d a page" % limit)
    full = [p for p in pages if "immutable" in p[1]["Cache-Control"]]
    tap.same(len(full), newest // limit, "full pages say that they hold for ever, %d a page" % limit)
stored = {(r["game_id"], r["player_id"]): r for r in table("game_stats", "game_id, player_id")}
try:
    lines, games = replay(revisions)
    shown = [c for c in next(iter(stored.values())) if c not in ("game_id", "player_id", "revision", "observed_at")]
    tap.ok(set(lines) == set(stored) and all(
        lines[k].get(c) == (bool(stored[k][c]) if c == "starter" and stored[k][c] is not None else stored[k][c])
        for k in stored for c in shown), "replayed from empty they give game_stats")
    tap.same(games[(GAMES[0], None)]["home_score"], 1, "and games")
except ValueError as e:
    tap.ok(False, "replayed from empty", e)

before = {url: (head["ETag"], data) for url, head, data in all_changes(7)[1] if "immutable" in head["Cache-Control"]}
middle = get("/changes?after=3&limit=7")
tap.same([r["revision"] for r in json.loads(middle[2])], [4, 5, 6, 7], "a page ends at a multiple of its limit")
ingest(GAMES[0], STEPS)
rig.wait_for(lambda: len(rows("/changes?after=%d" % newest)) == 1)
after = {url: get(url) for url in before}
tap.ok(all((h["ETag"], d) == before[url] for url, (s, h, d) in after.items()), "full pages are the same after more commits")
tap.same(rows("/changes?after=%d" % (newest + 100)), [], "beyond the newest: none yet")
lines = get("/changes?after=0&format=ndjson&limit=1000")[2].splitlines()
tap.same([json.loads(line)["revision"] for line in lines], list(range(1, newest + 2)), "NDJSON: a revision a line")
cut = rows("/changes?limit=1000&as_of=" + moment(STEPS // 2))
tap.ok(cut and max(r["observed_at"] for r in cut) <= moment(STEPS // 2) and len(cut) < newest, "changes as of a moment")

# Corrections: lines that changed after the horn.
want = rig.query(path, "SELECT revision, game_id, player_id FROM stat_changes WHERE correction = 1 ORDER BY 1, 2, 3")
tap.ok(want, "there were corrections")
got, url = [], "/corrections?since=0&limit=2"
while url:
    status, head, data = get(url)
    got += json.loads(data)
    link = head.get("Link") or ""
    url = link.split("<")[1].split(">")[0] if link else None
tap.same([{k: c[k] for k in ("revision", "game_id", "player_id")} for c in got], want, "all corrections, in pages")
tap.ok(all(c["correction"] and c["before"] != c["after"] for c in got), "before and after")
tap.same(rows("/corrections?since=%d" % want[-1]["revision"]), [], "since the last: none")
for target in ("/corrections?since=-1", "/corrections?since=x", "/changes?after=9999999999999999999", "/changes?limit=0",
               "/changes?after=1&after=2", "/corrections?after=1"):
    tap.same(get(target)[0], 400, target)
api.stop()
tap.done()
