#!/usr/bin/env python3
"""The monitor: who is due, children and their limits, what goes wrong around it, and its end."""
import datetime, json, os, re, resource, signal, sys, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from rig import Reply

tap = rig.Tap()
# Eastern within an hour: near midnight the days could not be told apart, so the tests never are there.
EASTERN = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=5)
STATES = ["FUT", "PRE", "LIVE", "CRIT", "OVER", "FINAL", "OFF"]


def day(offset):
    return (EASTERN + datetime.timedelta(days=offset)).strftime("%Y-%m-%d")


def entry(game_id, state, offset=0, schedule="OK", hour=17):
    start = datetime.datetime.strptime(day(offset), "%Y-%m-%d") + datetime.timedelta(hours=hour)
    return {"id": game_id, "season": 20262027, "gameType": 2, "gameDate": day(offset), "venue": {"default": "Test Arena"},
            "startTimeUTC": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "easternUTCOffset": "-05:00", "gameState": state,
            "gameScheduleState": schedule, "awayTeam": {"id": 12, "abbrev": "CAR", "commonName": {"default": "Hurricanes"}},
            "homeTeam": {"id": 9, "abbrev": "OTT", "commonName": {"default": "Senators"}}}


def show(up, games, **box):
    """The schedule's week from yesterday, and a box score for each game."""
    days = {day(o): [] for o in range(-1, 6)}
    for g in games:
        days.setdefault(g["gameDate"], []).append({k: v for k, v in g.items() if k != "gameDate"})
        up.replies.setdefault(rig.box_score_path(g["id"]), Reply(
            rig.box_score(g["id"], gameState=g["gameState"], season=20262027, gameDate=g["gameDate"], **box), headers=rig.etag(int(time.time()))))
    week = {"gameWeek": [{"date": d, "dayAbbrev": "MON", "numberOfGames": len(list_), "games": list_}
                         for d, list_ in sorted(days.items())]}
    for offset in (-2, -1, 0):
        up.replies["/v1/schedule/" + day(offset)] = Reply(week, headers=rig.etag(int(time.time())))
    return up


def asked(up):
    return sorted({int(r.path.split("/")[3]) for r in up.requests("/boxscore")})


# ---- who is due ----

for how in ([], ["--inline"]):
    name = " ".join(how) or "children"
    games = [entry(2026020001 + i, s) for i, s in enumerate(STATES)] + [
        entry(2026020011, "FUT", schedule="PPD"), entry(2026020012, "LIVE", schedule="CNCL"),
        entry(2026020013, "LIVE", -1), entry(2026020014, "LIVE", 1), entry(2026020015, "BRAND_NEW")]
    up = show(rig.Upstream(), games)
    db, path = rig.database()
    r = rig.run("monitor", "--once", *how, db=db, upstream=up.url)
    tap.ok(r.returncode == 0, name + ": --once ends well", r.stderr)
    tap.same(asked(up), [2026020002, 2026020003, 2026020004, 2026020005, 2026020006, 2026020007, 2026020013, 2026020014,
                         2026020015],
             name + ": PRE to OFF of yesterday, today and tomorrow, and a state never seen; not FUT, PPD, CNCL")
    states = {g["game_id"]: g["schedule_state"] for g in rig.query(path, "select * from games")}
    tap.same((states.get(2026020011), len(states)), ("PPD", 12), name + ": a postponed game keeps its row")
    up.forget()
    r = rig.run("monitor", "--once", *how, db=db, upstream=up.url)
    again = asked(up)
    tap.ok(r.returncode == 0 and 2026020007 not in again and 2026020003 in again,
           name + ": an official game with its lines is left alone, a live one is not", again)
    up.stop()

# ---- one child for a game, a deadline, a limit ----

for how in ([], ["--inline"]):
    name = " ".join(how) or "children"
    up = show(rig.Upstream(), [entry(2026020001, "LIVE"), entry(2026020002, "LIVE")])
    quick = up.replies[rig.box_score_path(2026020002)]
    up.replies[rig.box_score_path(2026020001)] = Reply(fault="hang")
    db, path = rig.database()
    m = rig.Program("monitor", "--every", "100ms", "--child-deadline", "4s", "--timeout", "30s", *how, db=db, upstream=up.url)
    rig.wait_for(lambda: len(up.requests(rig.box_score_path(2026020002))) >= 5)
    tap.same(len(up.requests(rig.box_score_path(2026020001))), 1, name + ": one that hangs is asked once, the other goes on")
    if not how:
        tap.ok(m.wait_line("2026020001", 15), name + ": past the deadline it is ended, and said so", m.output)
        tap.ok(rig.wait_for(lambda: len(up.requests(rig.box_score_path(2026020001))) >= 2, 15), name + ": and tried again", m.output)
    started = time.monotonic()
    code = m.stop()
    tap.ok(code == 0 and time.monotonic() - started < 5, name + ": SIGTERM ends it, and what it waits for", (code, m.output))
    up.stop()

up = show(rig.Upstream(), [entry(2026020001, "LIVE")])
up.replies[rig.box_score_path(2026020001)] = Reply(fault="hang")
db, path = rig.database()
m = rig.Program("monitor", "--every", "100ms", "--child-deadline", "3s", "--timeout", "30s", db=db, upstream=up.url)
rig.wait_for(lambda: up.requests("/boxscore"))
with open("/proc/%d/task/%d/children" % (m.pid, m.pid)) as f:
    os.kill(int(f.read().split()[0]), signal.SIGSTOP)  # it hears no SIGTERM
tap.ok(m.wait_line("ended by signal 9, its deadline", 15), "a child that does not end when it is asked is killed", m.output)
tap.ok(rig.wait_for(lambda: len(up.requests("/boxscore")) >= 2), "and its game is tried again", m.output)
m.stop()
up.stop()

up = show(rig.Upstream(), [entry(2026020001 + i, "LIVE") for i in range(8)])
for i in range(8):
    up.replies[rig.box_score_path(2026020001 + i)].delay_s = 0.2
db, path = rig.database()
r = rig.run("monitor", "--once", "--max-children", "2", db=db, upstream=up.url)
tap.ok(r.returncode == 0 and len(asked(up)) == 8 and up.most <= 2, "--max-children 2: all eight, never three at a time", (up.most, r.stderr))
up.stop()

up = show(rig.Upstream(), [entry(2026020001 + i, "LIVE") for i in range(6)])
for command in (["monitor", "--once"], ["worker", "--once", "--children"]):
    db, path = rig.database()
    if command[0] == "worker":
        rig.run("schedule", "--once", db=db, upstream=up.url)
        up.forget()
    r = rig.run(*command, "--rate", 10, db=db, upstream=up.url)
    times = [q.time for q in up.requests()]
    tap.ok(r.returncode == 0 and len(asked(up)) == 6 and times[-1] - times[0] >= 0.1 * (len(times) - 2),
           "%s --rate: one cap for all children" % command[0], (times, r.stderr))
    up.forget()
up.stop()

# ---- --once: the exit code is that of what went wrong ----

up = show(rig.Upstream(), [entry(2026020001, "LIVE")])
for what, reply, code in (("a 500", Reply(status=500), 3), ("HTML", Reply("<html>", headers={"Content-Type": "text/html"}), 4), ("a 404", Reply(status=404), 6)):
    up.replies[rig.box_score_path(2026020001)] = reply
    for command in (["monitor", "--once"], ["monitor", "--once", "--inline"], ["worker", "--once", "--children"], ["worker", "--once"]):
        db, path = rig.database()
        if command[0] == "worker":
            rig.run("schedule", "--once", db=db, upstream=up.url)
        r = rig.run(*command, "--retries", 0, db=db, upstream=up.url)
        tap.ok(r.returncode == code, "%s: %s ends with %d" % (" ".join(command), what, code), (r.returncode, r.stderr))
up.stop()

# ---- --no-sandbox holds for the children ----

up = show(rig.Upstream(), [entry(2026020001, "LIVE")])
for how, want in (([], 2), (["--no-sandbox"], 0)):
    db, path = rig.database()
    r = rig.run("monitor", "--once", "--log-level", "debug", *how, db=db, upstream=up.url)
    said = re.findall(r"shut in|is not limited", r.stderr)  # or that the kernel cannot
    tap.ok(r.returncode == 0 and len(said) == want, "%s: %d of a monitor and its child see to their doors" % (" ".join(how) or "as usual", want), r.stderr)
up.stop()

# ---- a bad schedule, a full process table, a database that is away ----

up = show(rig.Upstream(), [entry(2026020001, "LIVE")])
good = {p: up.replies[p] for p in list(up.replies) if "/schedule/" in p}
for p in good:
    up.replies[p] = Reply("<html>", headers={"Content-Type": "text/html"})
    up.replies[p.replace("schedule", "score")] = Reply(status=500)
db, path = rig.database()
m = rig.Program("monitor", "--every", "100ms", "--retries", "0", db=db, upstream=up.url)
tap.ok(m.wait_line("schedule"), "a bad schedule is told", m.output)
tap.ok(m.p.poll() is None and not asked(up), "and outlived")
up.replies.update(good)
tap.ok(rig.wait_for(lambda: rig.query(path, "select * from game_stats"), 30), "the next good one puts everything right", m.output)
tap.same(m.stop(), 0, "and it ends cleanly")
up.stop()

up = show(rig.Upstream(), [entry(2026020001, "LIVE")])
for p in [p for p in up.replies if "/schedule/" in p]:
    week = json.loads(up.replies[p].body)
    for d in week["gameWeek"]:
        up.replies["/v1/score/" + d["date"]] = Reply({"games": [{**g, "gameDate": d["date"]} for g in d["games"]]},
                                                     headers=rig.etag(int(time.time())))
    up.replies[p] = Reply(status=404)
db, path = rig.database()
r = rig.run("monitor", "--once", "--retries", "0", db=db, upstream=up.url)
tap.ok(r.returncode == 0 and asked(up) == [2026020001], "without a week, the days' scores tell who is on", r.stderr)
up.stop()

up = show(rig.Upstream(), [entry(2026020001, "LIVE"), entry(2026020002, "LIVE")])
db, path = rig.database()
rig.run("monitor", "--once", "--inline", db=db, upstream=up.url)  # the database is there
up.forget()


def no_more_processes():
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


if os.geteuid() != 0:
    import subprocess
    p = subprocess.run([rig.BINARY, "monitor", "--once", "--db", db, "--upstream", up.url], capture_output=True, text=True,
                       env=rig.environment(), preexec_fn=no_more_processes, timeout=20)
    tap.ok(p.returncode == 1 and "2026020001" in p.stderr, "no process to be had: said, and exit 1", (p.returncode, p.stderr))
else:
    tap.note("root has no limit on processes: that part was left out")
up.stop()

up = show(rig.Upstream(), [entry(2026020001, "LIVE")])
db, path = rig.database()
m = rig.Program("monitor", "--every", "100ms", "--inline", db=db, upstream=up.url)
rig.wait_for(lambda: rig.query(path, "select * from game_stats"))
m.p.send_signal(signal.SIGKILL)
m.p.wait()
r = rig.run("monitor", "--once", db=db, upstream=up.url)
tap.ok(r.returncode == 0 and len(rig.query(path, "select * from game_stats")) == 8, "killed, and begun again: as if nothing had been", r.stderr)
up.stop()

r = rig.run("monitor", "word", db=db)
tap.ok(r.returncode == 2 and "word" in r.stderr, "a word is a usage error", r.stderr)
# ---- the host asks to be left alone: its children are told, too ----

up = show(rig.Upstream(), [entry(2026020001 + i, "LIVE") for i in range(6)])
for i in range(6):
    up.replies[rig.box_score_path(2026020001 + i)] = Reply(status=429, headers={"Retry-After": "600"})
db, path = rig.database()
m = rig.Program("monitor", "--every", "200ms", "--max-children", 1, "--retries", 0, db=db, upstream=up.url)
tap.ok(rig.wait_for(lambda: "left alone" in m.output or "not asked" in m.output, 15), "what a child was told is known to the others", m.output)
before = len(up.requests())
tap.ok(rig.wait_for(lambda: m.output.count("not asked") > 5, 15), "and to the monitor", m.output)
tap.same((len(up.requests("/boxscore")), len(up.requests()) - before), (1, 0), "one asked, and nobody since")
m.stop()

tap.done()
