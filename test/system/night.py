#!/usr/bin/env python3
"""A made-up night, an hour of it in a second, asked over and over: all lines end as the fake says they must."""
import json, os, sys, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
fake = rig.Program("fake", "--listen", "127.0.0.1:0", "--seed", "11", "--games", "5", "--speed", "3600", "--deadline", "1m")
url = (fake.wait_line("listening on") or sys.exit(fake.output)).split("listening on ")[1]
ids = [g["id"] for g in json.loads(rig.get(url + "/v1/score/now")[2])["games"]]
truth = {(t["game_id"], t["player_id"]): t
         for i in ids for t in map(json.loads, rig.get("%s/fake/truth/%d" % (url, i))[2].splitlines())}
tap.same((len(ids), len(truth)), (5, 200), "five games, forty players each")

db, path = rig.database()
codes, totals = set(), []


def wrong():
    rows = {(r["game_id"], r["player_id"]): r for r in rig.query(path, "select * from game_stats")}
    return ["%s %s: wanted %r, got %r" % (key, k, v, rows[key].get(k)) if key in rows else "%s is missing" % (key,)
            for key, t in truth.items() for k, v in t.items() if key not in rows or rows[key].get(k) != v]


def ask():
    r = rig.run("ingest", *ids, db=db, upstream=url)
    codes.add((r.returncode, r.stderr))
    totals.append(rig.query(path, "select coalesce(sum(shots), 0) as n from game_stats")[0]["n"])
    return not wrong()


rig.wait_for(ask, 17, 0.3)
tap.ok(not wrong(), "every line of every game ends in the truth", "\n".join(wrong()[:10]))
tap.same(codes, {(0, "")}, "no ingest failed on the way")
tap.ok(len(set(totals)) > 2 and totals == sorted(totals), "shots only grew", totals)
tap.same(fake.stop(), 0, "the fake ends cleanly")
tap.done()
