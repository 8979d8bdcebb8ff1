#!/usr/bin/env python3
"""up beside a fake night: the requests that the fake counts are those that the plan foretold. Runs alone."""
import json, os, re, sys, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()


def clock(speed, shown="2026-01-10T01:30:00Z"):
    """What all processes of a rehearsal are told: the time, and how fast it goes."""
    at = time.mktime(time.strptime(shown, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    return "%d/%d/%g" % (time.time() * 1000, at * 1000, speed)


def league(games, env):
    fake = rig.Program("fake", "--listen", "127.0.0.1:0", "--seed", "5", "--games", games, "--deadline", "2m", env=env)
    line = fake.wait_line("listening on") or sys.exit(fake.output)
    return fake, line.split("listening on ")[1]


def counted(fake):
    """What the fake says it was asked for."""
    fake.stop()
    line = next(line for line in fake.lines if line.startswith("requests "))
    return {k: int(n) for k, n in re.findall(r"([a-z-]+)=(\d+)", line)}


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + "Z"


def unix(text):
    return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


SPEED, GAMES, LENGTH_S, TTL_S = 40, 8, 640, 15


def rehearse():
    """A quarter of an hour of a night: requests that the fake counted, and that the plan foretold."""
    told = clock(SPEED)
    env = {"RINKSIDE_CLOCK": told}
    real, at, speed = map(float, told.split("/"))
    shown = lambda: at / 1000 + (time.time() - real / 1000) * speed
    fake, url = league(GAMES, env)
    # The first of the night's games is in its hundredth minute when the fake begins.
    began = 6000 + min(unix(g["startTimeUTC"]) for g in json.loads(rig.get(url + "/v1/score/now")[2])["games"])
    db, path = rig.database()
    # It begins and ends in the middle of a copy's life: else it hangs on milliseconds whether all of them are asked once more.
    rig.wait_for(lambda: 2 < shown() % TTL_S < 4, 5, 0.001)
    up = rig.Program("up", "--listen", "127.0.0.1:0", "--retries", "0", db=db, upstream=url, env=env)
    up.wait_line("listening on")
    first = shown()
    rig.wait_for(lambda: shown() >= first + LENGTH_S and 7 < shown() % TTL_S < 9, 60, 0.001)
    length = shown() - first
    code = up.stop()
    asked = counted(fake)
    asked["score"] -= 1  # that was this test
    r = rig.run("cost", "--began", iso(began), "--after", "%ds" % (first - began), "--length", "%ds" % length, "--games", GAMES,
                "--seed", 5, "--format", "json")
    foretold = json.loads(r.stdout)["policies"][0]["requests_by_endpoint"]
    kinds = ("schedule", "score", "boxscore", "play-by-play")
    return code, {k: asked.get(k, 0) for k in kinds}, {k: foretold[k] for k in kinds}


def near(a, b):
    return abs(sum(a.values()) - sum(b.values())) <= 0.02 * sum(b.values())


# On a machine that has no time for us copies are missed: then once more. A plan that is wrong is wrong each time.
for _ in range(3):
    code, asked, foretold = rehearse()
    tap.note("asked %r, foretold %r" % (asked, foretold))
    if near(asked, foretold):
        break
tap.same(code, 0, "up ends cleanly")
tap.ok(near(asked, foretold), "up asks what the plan foretold, within 2 %", (asked, foretold))
tap.ok(abs(asked["boxscore"] - foretold["boxscore"]) <= 0.04 * foretold["boxscore"] and asked["boxscore"] > 100, "box scores alone within 4 %",
       (asked, foretold))

tap.done()
