#!/usr/bin/env python3
"""GET /health/upstream counts what was asked today as the upstream itself counted it."""
import json, os, sys

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
tap.same(api.stop(), 0, "and the end")
tap.done()
