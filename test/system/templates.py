#!/usr/bin/env python3
"""deploy/: Kubernetes and SAM by their schemas, Prometheus and Grafana by PromQL's grammar and the metrics that the API exports."""
import filecmp, os, re, shutil, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

source = os.path.join(rig.ROOT, "test", "templates")
place = os.path.join(rig.ROOT, os.environ.get("BUILD", "build"), "templates")
os.makedirs(place, exist_ok=True)
installed = os.path.join(place, "installed")
lock = os.path.join(source, "package-lock.json")
for f in ("package.json", "package-lock.json", ".npmrc", "validate.mjs"):
    shutil.copy(os.path.join(source, f), place)
if not (os.path.exists(installed) and filecmp.cmp(lock, installed, shallow=False)):
    r = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=place, capture_output=True,
                       text=True, timeout=200)
    if r.returncode:
        print("not ok 1 - npm ci\n# " + (r.stdout + r.stderr)[-400:].replace("\n", "\n# ") + "\n1..1")
        sys.exit(1)
    shutil.copy(lock, installed)

# The names that an API over a database with a live game and a quarantined one would tell.
db, path = rig.database()
up = rig.Upstream()
box = rig.box_score()
box.update(gameState="LIVE")
up.replies[rig.box_score_path()] = rig.Reply(box, headers=rig.etag(1700000000))
rig.run("ingest", 2023020001, db=db, upstream=up.url)
api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
port = int(re.search(r":(\d+)$", api.wait_line("listening")).group(1))
rig.get("http://127.0.0.1:%d/games" % port)
status, _, body = rig.get("http://127.0.0.1:%d/metrics" % port)
names = re.findall(r"^# TYPE (\w+)", body.decode(), re.M) if status == 200 else []
with open(os.path.join(rig.TEMP, "metrics"), "w") as f:
    f.write("\n".join(names))
api.stop()
sys.exit(subprocess.run(["node", os.path.join(place, "validate.mjs"), os.path.join(rig.ROOT, "deploy"), os.path.join(rig.TEMP, "metrics")]).returncode)
