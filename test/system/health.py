#!/usr/bin/env python3
"""health: what a container's health check asks."""
import os, re, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
db, _ = rig.database()
rig.run("migrate", db=db)
api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
address = "127.0.0.1:" + re.search(r":(\d+)$", api.wait_line("listening")).group(1)
ready = "http://%s/health/ready" % address
tap.ok(rig.wait_for(lambda: rig.get(ready)[0] == 200), "an API is ready")
tap.same(rig.run("health", "--listen", address).returncode, 0, "health, where it listens: exit 0")
tap.same(rig.run("health", env={"RINKSIDE_LISTEN": address.replace("127.0.0.1", "0.0.0.0")}).returncode, 0, "every address: this machine's own")
tap.same(rig.run("health", ready).returncode, 0, "health URL")
r = rig.run("health", "http://%s/nothing" % address)
tap.ok(r.returncode == 3 and "404" in r.stderr and r.stderr.count("\n") == 1, "another status: exit 3 and a sentence", r.stderr)
for listen, word in (("systemd", "names no address"), ("x" * 400 + ":80", "too long")):
    r = rig.run("health", env={"RINKSIDE_LISTEN": listen})
    tap.ok(r.returncode == 2 and word in r.stderr and r.stderr.count("\n") == 1, "--listen %.10s: exit 2 and a sentence" % listen, r.stderr)
api.stop()
r = rig.run("health", "--listen", address)
tap.ok(r.returncode == 3 and r.stderr.count("\n") == 1, "nobody there: exit 3 and a sentence", r.stderr)
tap.done()
