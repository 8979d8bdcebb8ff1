#!/usr/bin/env python3
"""Every generated page under docs/ is what `make docs` would write now."""
import os, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
fresh = os.path.join(rig.TEMP, "docs")
os.mkdir(fresh)
r = subprocess.run([os.path.join(rig.ROOT, "scripts", "docs"), rig.BINARY, fresh], capture_output=True, text=True,
                   env=rig.environment(), timeout=60)
pages = sorted(os.listdir(fresh))
tap.ok(r.returncode == 0 and "columns.md" in pages, "scripts/docs writes its pages", r.stderr)


def read(directory, page):
    try:
        with open(os.path.join(directory, page), encoding="utf-8") as f:
            return f.read().splitlines()
    except OSError as e:
        return [str(e)]


for page in pages:
    old, new = read(os.path.join(rig.ROOT, "docs"), page), read(fresh, page)
    at = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
    tap.ok(old == new, "docs/%s is fresh" % page, "line %d differs: make docs writes it again" % (at + 1))

# ---- what the pages are made from ----
r = rig.run("ingest", "--columns", "games")
tap.ok(r.returncode == 0 and "\nhome_score\tinteger\t" in r.stdout and "lease_owner" not in r.stdout,
       "--columns TABLE lists a table's columns, its bookkeeping left out", r.stdout + r.stderr)
r = rig.run("ingest", "--columns", "polls")
tap.ok(r.returncode == 2 and r.stderr.count("\n") == 1 and "polls" in r.stderr, "--columns of no table: exit 2", r.stderr)
tap.done()
