#!/usr/bin/env python3
"""The README's first command, and its curl sessions, as they stand, against a made-up night."""
import os, re, shutil, subprocess, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig

tap = rig.Tap()
plain = {k: v for k, v in rig.environment().items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
r = subprocess.run(["make", "-n", "demo"], capture_output=True, text=True, timeout=60, env=plain, cwd=rig.ROOT)
tap.same((r.returncode, r.stderr), (0, ""), "make demo begins without a warning")
if not shutil.which("curl"):
    tap.ok(True, "no curl here # SKIP")
    tap.done()
with open(os.path.join(rig.ROOT, "README.md")) as f:
    sessions = re.findall(r"^    (curl .*)$", f.read(), re.M)
tap.ok(len(sessions) >= 10, "the README has %d of them" % len(sessions))
db, path = rig.database()
fake = rig.Program("fake", "--listen", "127.0.0.1:0", "--games", 8, "--speed", 30)
upstream = re.search(r"http:[^ ]*", fake.wait_line("listening on")).group(0).rstrip(",;")
up = rig.Program("up", "--listen", "127.0.0.1:0", "--every", "1s", db=db, upstream=upstream)
url = re.search(r"http:[^ ]*", up.wait_line("listening on")).group(0)
rows = lambda: len(rig.get(url + "/game-stats?limit=1000")[2].splitlines())
tap.ok(rig.wait_for(lambda: rig.get(url + "/health/ready")[0] == 200 and rows() >= 100 and b"live_game_lag_seconds{" in rig.get(url + "/metrics")[2], 30), "the night has begun")
for session in sessions:
    command = re.sub(r"^curl", "curl -sS --noproxy '*'", session).replace("http://127.0.0.1:8080", url)
    r = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30, env=rig.environment(), cwd=os.path.dirname(path))
    is_refused = "HTTP/1.1 4" in r.stdout or '"status":4' in r.stdout
    tap.ok(r.returncode == (28 if "--max-time" in session else 0) and r.stdout.strip() and is_refused == ("limit=100000" in session)
           and ("corrections" in session or "delay=" in session or not re.fullmatch(r"\[\]\s*", r.stdout)),
           session, (r.returncode, r.stdout[:300], r.stderr[:300]))
    if "--etag" in session:
        tap.same(r.stdout.strip(), "304" if "compare" in session else "200", "whole at first, then unchanged")
tap.same(up.stop(), 0, "up ends with 0")
fake.stop()
tap.done()
