#!/usr/bin/env python3
"""GET /health/upstream counts what was asked today as the upstream itself counted it."""
import json, os, sqlite3, sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
up = rig.Upstream()
db, path = rig.database()
up.replies[rig.box_score_path()] = [
    rig.Reply(rig.box_score(), headers=rig.etag(0x6567C306)),
    rig.Reply(rig.box_score(), headers=rig.etag(0x6567C306 + 15)),
    rig.Reply("<html>away</html>", 503),
]
codes = [rig.run("ingest", 2023020001, "--retries", 0, db=db, upstream=up.url).returncode for _ in range(3)]
tap.same(codes, [0, 0, 3], "stored, the same again, and an upstream that is away")
api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
url = "http://" + api.wait_line("listening on").split("http://")[1].split()[0]
status, headers, body = rig.get(url + "/health/upstream")
told = json.loads(body)
asked = up.requests()
polls = rig.query(path, "SELECT count(*) AS n, sum(bytes) AS bytes, sum(changed) AS changed FROM polls")[0]
tap.same(status, 200, "an answer")
tap.same((told["requests"], polls["n"]), (len(asked), len(asked)), "as many requests as the upstream has counted")
tap.same((told["bytes"], told["changed"]), (polls["bytes"], polls["changed"]), "their bytes, and how many brought something new")
tap.same(told["failed"], sum(1 for r in rig.query(path, "SELECT status FROM polls") if r["status"] is None or r["status"] >= 400),
         "and how many came to nothing")
tap.ok(told["gap_mean_s"] >= 0 and told["gap_worst_s"] >= told["gap_mean_s"], "time between two polls of the game", told)
tap.ok(told["requests_fixed"] > 0, "beside what fixed polling would have taken", told)

# How late changes are: from the upstream's showing them (its cache's Age) to their rows.
tap.ok(told["lag_median_s"] is not None and 0 <= told["lag_median_s"] < 60 and told["lag_worst_s"] == told["lag_median_s"], "the lag of the one change", told)
BUSY, QUIET, OLD = 2023020002, 2023020003, 2023020004


def change(game, number, age_s, **members):
    body = rig.box_score(game, gameState="LIVE", **members)
    body["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = number
    up.replies[rig.box_score_path(game)] = rig.Reply(body, headers={**rig.etag(0x6567C306 + 15 * number), "Age": str(age_s)})
    r = rig.run("ingest", game, db=db, upstream=up.url)
    assert r.returncode == 0, r.stderr


for number, age_s in enumerate((2, 60, 9)):
    change(BUSY, number, age_s)
change(BUSY, 2, 500)  # the same numbers again: nothing changed, so nothing was late
change(QUIET, 1, 3)
change(OLD, 1, 40)
with sqlite3.connect(path) as store:  # more than an hour ago
    store.execute("UPDATE polls SET poll_id = poll_id - (3601000 << 20) WHERE game_id = ?", (OLD,))


def lags():
    found = {r["game_id"]: r for r in json.loads(rig.get(url + "/health/lag")[2])}
    return found if sorted(found) == [2023020001, BUSY, QUIET] and found[BUSY]["changes"] == 3 else None


busy = (rig.wait_for(lags, 20) or {}).get(BUSY)
tap.ok(busy, "the games that changed in the last hour, as often as they did", rig.get(url + "/health/lag")[2])
tap.ok(busy and 9 <= busy["lag_median_s"] < 50, "the median of one", busy)
tap.ok(busy and 60 <= busy["lag_worst_s"] < 120, "and its worst", busy)
told = rig.wait_for(lambda: (lambda t: t if t["lag_worst_s"] >= 60 else None)(json.loads(rig.get(url + "/health/upstream")[2])), 20)
tap.ok(told and 60 <= told["lag_worst_s"] < 120 and told["lag_median_s"] < 50, "and of all together", told)
tap.same(rig.get(url + "/health/lag?format=csv")[2].decode().splitlines()[0], "game_id,changes,lag_median_s,lag_worst_s", "as CSV too")
empty = rig.database()[0]
rig.run("migrate", db=empty)
bare = rig.Program("api", "--listen", "127.0.0.1:0", db=empty)
base = "http://" + bare.wait_line("listening on").split("http://")[1].split()[0]
rig.wait_for(lambda: rig.get(base + "/health/ready")[0] == 200)
told = json.loads(rig.get(base + "/health/upstream")[2])
tap.same({k for k, v in told.items() if v is None}, {"bytes_fixed", "gap_mean_s", "gap_worst_s", "lag_median_s", "lag_worst_s"}, "nothing was asked, nothing changed: absent, and not 0")
tap.same([told[k] for k in ("requests", "bytes", "changed", "failed")], [0, 0, 0, 0], "but what is counted is 0")
tap.same(json.loads(rig.get(base + "/health/lag")[2]), [], "and no game")
bare.stop()
tap.same(api.stop(), 0, "and the end")
tap.done()
