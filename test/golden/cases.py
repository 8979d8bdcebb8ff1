#!/usr/bin/env python3
"""Each folder of cases/: body.json, taken by `ingest --file`, gives exactly rows.json in every table."""
import json, os, sqlite3, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig
from golden import oracle

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
tap = rig.Tap()


def load(name, file):
    with open(os.path.join(CASES, name, file), encoding="utf-8") as f:
        return json.load(f)


for name in sorted(os.listdir(CASES)):
    want = {t: {r[oracle.KEYS[t]]: r for r in rows} for t, rows in load(name, "rows.json").items()}
    db, database = rig.database()
    r = rig.run("ingest", "--file", os.path.join(CASES, name, "body.json"), db=db)
    if not tap.ok(r.returncode == 0, "%s is taken" % name, r.stderr):
        continue
    connection = sqlite3.connect(database)
    found = []
    for table in oracle.SHAPES:
        got = oracle.read(connection, table)
        found += ["%s %s" % (table, d) for d in oracle.differences(want.get(table, {}), got)]
    connection.close()
    tap.ok(not found, "%s: %s" % (name, ", ".join("%d %s" % (len(r), t) for t, r in want.items())),
           "%d differences\n%s" % (len(found), "\n".join(found[:10])))
tap.done()
