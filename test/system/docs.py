#!/usr/bin/env python3
"""Every generated file is what `make docs` would write now, and what is quoted from one is in it."""
import os, re, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
fresh = os.path.join(rig.TEMP, "docs")
r = subprocess.run([os.path.join(rig.ROOT, "scripts", "docs"), rig.BINARY, fresh], capture_output=True, text=True,
                   env=rig.environment(), timeout=60)
pages = sorted(os.path.relpath(os.path.join(d, f), fresh) for d, _, files in os.walk(fresh) for f in files)
tap.ok(r.returncode == 0 and "docs/columns.md" in pages and "docs/man/rinkside.1" in pages, "scripts/docs writes its pages", r.stderr)


def read(directory, page):
    try:
        with open(os.path.join(directory, page), encoding="utf-8") as f:
            return f.read().splitlines()
    except OSError as e:
        return [str(e)]


for page in pages:
    old, new = read(rig.ROOT, page), read(fresh, page)
    at = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
    tap.ok(old == new, "%s is fresh" % page, "line %d differs: make docs writes it again" % (at + 1))

for directory in ("docs/man", "deploy/completions"):
    there = {directory + "/" + f for f in os.listdir(os.path.join(rig.ROOT, directory))}
    tap.same(sorted(there - set(pages)), [], directory + " has nothing else")

# ---- what is quoted ----
costs = re.sub(r"(\d),(\d)", r"\1\2", "\n".join(read(rig.ROOT, "docs/costs.md")))
quoted = re.findall(r"\$([\d.]+\d)|([\d,]{7,}) requests", "\n".join(read(rig.ROOT, "docs/deploy.md")))
numbers = {(a or b).replace(",", "") for a, b in quoted}
tap.ok(len(numbers) > 4, "docs/deploy.md tells costs", numbers)
tap.same(sorted(n for n in numbers if not re.search(r"(?<![\d.])%s(?![\d.]*\d)" % re.escape(n), costs)), [], "and all of them are in docs/costs.md")

sys.path.insert(0, os.path.join(rig.ROOT, "bench"))
import quoted

benchmarks, scaling = quoted.read(quoted.BENCHMARKS), quoted.read(quoted.SCALING)
told = re.findall(r"\d[\d,.]*(?:/s| ms| KiB)", scaling.partition(quoted.BEGIN)[2].partition(quoted.END)[0])
tap.ok(len(told) > 12, "docs/scaling.md tells rates and times", told)
tap.same(quoted.renewed(scaling, benchmarks), scaling, "and they are those of docs/benchmarks.md")
tap.same(quoted.renewed(scaling.replace(told[0], "1/s"), benchmarks), scaling, "a run writes them anew, and nothing around them")

# ---- what the pages are made from ----
r = rig.run("ingest", "--columns", "games")
tap.ok(r.returncode == 0 and "\nhome_score\tinteger\t" in r.stdout and "lease_owner" not in r.stdout,
       "--columns TABLE lists a table's columns, its bookkeeping left out", r.stdout + r.stderr)
r = rig.run("ingest", "--columns", "pulls")
tap.ok(r.returncode == 2 and r.stderr.count("\n") == 1 and "pulls" in r.stderr, "--columns of no table: exit 2", r.stderr)

# ---- one test, before it is built ----
r = subprocess.run([sys.executable, os.path.join(rig.ROOT, "test", "run.py"), "test/unit/model"], capture_output=True, text=True, timeout=60,
                   env=rig.environment(BUILD=os.path.join(rig.TEMP, "none")))
tap.ok(r.returncode == 1 and "not built: make units" in r.stdout and r.stdout.endswith("0 passed, 1 failed\n") and not r.stderr,
       "test/run.py says how a test is built that is not there", r.stdout + r.stderr)
tap.done()
