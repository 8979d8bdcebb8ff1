#!/usr/bin/env python3
"""The package in a minimal Debian: installed, every command run by a user who owns nothing, its service started, upgraded, removed, purged.

`make check-root`. It takes a minute or two for the root the first time, which is why `make check` leaves it out.
"""
import os, re, shutil, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rootfs
from rootfs import rig

tap = rig.Tap()
debs = os.path.join(rig.TEMP, "debs")
for version in ("0.0.9", ""):
    r = subprocess.run([rig.ROOT + "/scripts/deb", rig.BINARY, debs], env=dict(os.environ, DEB_VERSION=version), capture_output=True, text=True)
    tap.ok(r.returncode == 0, "scripts/deb builds %s" % (version or "this version"), r.stdout + r.stderr)
old, new = sorted(os.listdir(debs))
root = rootfs.Root("package")
for f in (old, new):
    shutil.copy(os.path.join(debs, f), root.path + "/root/")


def apt(*words):
    return root.run("apt-get", "-q", "-y", "--no-install-recommends", *words, deadline_s=300)


def installed(path):
    return os.path.exists(root.path + path)


def owner(path):
    return root.run("stat", "-c", "%U:%G %a", path).stdout.strip()


apt("update")
r = apt("install", "/root/" + old)
if not tap.ok(r.returncode == 0, "apt installs it and what it depends on", r.stdout[-500:] + r.stderr[-500:]):
    tap.done()
tap.same(owner("/var/lib/rinkside"), "rinkside:rinkside 750", "its state belongs to a user of its own")
tap.ok("nologin" in root.run("getent", "passwd", "rinkside").stdout, "who cannot log in")
r = root.run("sh", "-c", "ldd /usr/bin/rinkside; dpkg -V rinkside")
tap.ok("not found" not in r.stdout and r.returncode == 0, "every library is there, every file as it was packed", r.stdout)

with open(root.path + "/usr/bin/rinkside", "rb") as f:
    tap.ok(b"uPlot" in f.read(), "the page's script is in it")

# ---- every command, as nobody ----

nobody = "nobody:nogroup"
port = rig.free_port()
fake = root.start("rinkside", "fake", "--listen", "127.0.0.1:%d" % port, "--season", "20232024", user=nobody)
tap.ok(rig.wait_for(lambda: rig.is_listening(port)), "the fake upstream listens")
upstream = "http://127.0.0.1:%s" % port
db = "sqlite:/tmp/a.db"
game = "2023020001"
told_to_end = ["timeout", "--preserve-status", "-s", "TERM", "3"]
runs = {
    "ingest": ["rinkside", "ingest", game],
    "monitor": ["rinkside", "monitor", "--once"],
    "season": ["rinkside", "season", "20232024", "--game-types", "3"],
    "schedule": ["rinkside", "schedule", "--once"],
    "worker": ["rinkside", "worker", "--once"],
    "coverage": ["rinkside", "coverage", "20232024"],
    "export": ["rinkside", "export", "game_stats", "--output", "/tmp/lines.csv"],
    "reparse": ["rinkside", "reparse"],
    "copy": ["rinkside", "copy", db, "sqlite:/tmp/b.db"],
    "cost": ["rinkside", "cost", "--began", "2026-01-01T00:00:00Z", "--length", "10m"],
    "fake": ["rinkside", "fake", "--season", "20232024", "--truth", "-"],
    "completion": ["rinkside", "completion", "bash"],
    "man": ["rinkside", "man", "ingest"],
    "migrate": ["rinkside", "migrate"],
    "check": ["rinkside", "check"],
    "health": ["sh", "-c", "rinkside api & for i in $(seq 100); do rinkside health && break; sleep 0.1; done; code=$?; kill $!; exit $code"],
    "api": told_to_end + ["rinkside", "api", "--listen", "127.0.0.1:0"],
    "up": told_to_end + ["rinkside", "up", "--listen", "127.0.0.1:0"],
}
commands = re.findall(r"^  ([a-z-]+) ", root.run("rinkside", "--help", user=nobody).stdout, re.M)
tap.ok({"ingest", "monitor"} <= set(commands), "--help lists the commands")
try:
    for c in ["ingest"] + [c for c in commands if c != "ingest"]:
        r = root.run(*runs.get(c, ["rinkside", c]), user=nobody, RINKSIDE_DB=db, RINKSIDE_UPSTREAM=upstream)
        tap.ok(r.returncode == 0 if c in runs else "AWS_LAMBDA_RUNTIME_API" in r.stderr, "%s, as nobody" % c, r.stdout[-200:] + r.stderr[-300:])
    tap.same([c for c in commands if c not in runs], ["lambda"], "no command was left out, and lambda has test/root/function.py")
finally:
    root.stop(fake)

# ---- the service ----

with open(root.path + "/usr/lib/systemd/system/rinkside.service", encoding="utf-8") as f:
    start = re.search(r"^ExecStart=(.+)$", f.read(), re.M).group(1)
SERVICE = """
cd /var/lib/rinkside
umask 0027
set -a
. /etc/default/rinkside
RINKSIDE_UPSTREAM=http://127.0.0.1:8081
$run rinkside fake --listen 127.0.0.1:8081 --speed 60 >/tmp/fake 2>&1 &
fake=$!
$run %s >/tmp/log 2>&1 &
main=$!
for i in $(seq 200); do $run rinkside health 2>/dev/null && break; sleep 0.1; done
$run rinkside health 2>/dev/null && echo "it is ready"
for i in $(seq 200); do
	lines=$($run rinkside export game_stats --format csv 2>/dev/null | wc -l)
	[ "$lines" -lt 20 ] || break
	sleep 0.1
done
echo "lines: $lines"
grep -E '^(NoNewPrivs|CapBnd|CapEff|Seccomp):' /proc/$main/status
kill -TERM $main
wait $main && echo "it ended well"
kill $fake
cat /tmp/log >&2
""" % start
r = root.run_as_service(SERVICE)
tap.ok("it is ready" in r.stdout, "the service starts, shut in as its unit says", r.stdout + r.stderr)
tap.ok(int((re.search(r"lines: (\d+)", r.stdout) or ["", "0"])[1]) >= 20, "and ingests", r.stdout + r.stderr)
tap.ok("it ended well" in r.stdout, "SIGTERM: exit 0", r.stdout + r.stderr)
tap.ok(re.search(r"CapBnd:\s+0{16}", r.stdout) and re.search(r"NoNewPrivs:\s+1", r.stdout) and re.search(r"Seccomp:\s+2", r.stdout),
       "without any right of root's, its own doors shut too", r.stdout)
tap.same(owner("/var/lib/rinkside/rinkside.db"), "rinkside:rinkside 640", "its database is its own")

# ---- upgrade, removal, purge ----

lines = "sh", "-c", "RINKSIDE_DB=sqlite:/var/lib/rinkside/rinkside.db rinkside export game_stats --format csv | sha256sum"
before = root.run(*lines).stdout
root.run("sh", "-c", "echo RINKSIDE_LOG_FORMAT=json >>/etc/default/rinkside")
r = apt("install", "/root/" + new)
version = re.search(r"^rinkside (\S+)", subprocess.run([rig.BINARY, "--version"], capture_output=True, text=True).stdout).group(1)
tap.ok(r.returncode == 0 and root.run("dpkg-query", "-W", "-f", "${Version}", "rinkside").stdout == version, "an upgrade", r.stderr[-500:])
tap.same(root.run(*lines).stdout, before, "keeps the data, and reads it")
tap.ok("LOG_FORMAT=json\n" in open(root.path + "/etc/default/rinkside").read().splitlines(True)[-1], "and the settings")
r = apt("remove", "rinkside")
tap.ok(r.returncode == 0 and not installed("/usr/bin/rinkside"), "removed", r.stderr[-500:])
tap.ok(installed("/var/lib/rinkside/rinkside.db") and installed("/etc/default/rinkside"), "removal leaves data and settings")
r = apt("purge", "rinkside")
tap.ok(r.returncode == 0 and not installed("/var/lib/rinkside") and not installed("/etc/default/rinkside"), "a purge does not", r.stderr[-500:])
tap.same(root.run("getent", "passwd", "rinkside").stdout, "", "nor the user")
tap.same([f for f in ("/usr/share/doc/rinkside", "/usr/share/man/man1/rinkside.1.gz", "/usr/lib/systemd/system/rinkside.service")
          if installed(f)], [], "nothing else stays")
root.remove()
tap.done()
