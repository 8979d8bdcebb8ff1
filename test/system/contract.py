#!/usr/bin/env python3
"""Every check of ../shared/contract, a test each; a note where the folder is not there.

They share no code with the program: what the design fixes of the outside, worked out apart. Each builds with make
first, which has nothing to do here, and runs build/rinkside, so under another BUILD they are left out.
"""
import os, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
folder = os.path.join(rig.ROOT, "..", "shared", "contract")
runner = os.path.join(folder, "run")
if not os.path.exists(runner):
    tap.ok(True, "no contract here")
    tap.note("no outside checks at ../shared/contract")
elif os.path.realpath(rig.BINARY) != os.path.realpath(os.path.join(rig.ROOT, "build", "rinkside")):
    tap.ok(True, "the contract is for build/rinkside")
    tap.note("the outside checks run build/rinkside only: left out for this one")
else:
    checks = sorted(name for name in os.listdir(folder) if "." not in name and name not in ("run", "__pycache__"))
    for check in checks:
        try:
            r = subprocess.run([runner, check], cwd=rig.ROOT, env=rig.environment(), capture_output=True, text=True, timeout=120)
            line, code = (r.stdout.splitlines() or [r.stderr])[0], r.returncode
        except subprocess.TimeoutExpired:
            line, code = "timed out", 1
        tap.ok(code == 0 and line.startswith("ok"), "the contract's %s" % check, line)
    tap.note("%d outside checks at ../shared/contract" % len(checks))
tap.done()
