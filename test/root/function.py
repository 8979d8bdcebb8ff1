#!/usr/bin/env python3
"""The package as a function in a minimal Debian: cold and warm, under a fake of the runtime interface. `make check-root`."""
import os, re, shutil, statistics, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rootfs
from rootfs import rig
from runtime import Runtime

COLD_MS, COLD_MIB, WARM_MS = 60, 32, 5
tap = rig.Tap()
debs = os.path.join(rig.TEMP, "debs")
r = subprocess.run([rig.ROOT + "/scripts/deb", rig.BINARY, debs], capture_output=True, text=True)
tap.ok(r.returncode == 0, "the package is built", r.stdout + r.stderr)
root = rootfs.Root("function")
deb = os.listdir(debs)[0]
shutil.copy(os.path.join(debs, deb), root.path + "/root/")
for words in (["update"], ["install", "/root/" + deb]):
    r = root.run("apt-get", "-q", "-y", "--no-install-recommends", *words, deadline_s=300)
tap.ok(r.returncode == 0, "and installed", r.stderr[-500:])
up = rig.Upstream()
up.replies[rig.box_score_path()] = rig.Reply(rig.box_score(), headers=rig.etag(1700000000))
ingest = {"command": "ingest", "game_id": 2023020001}


def status(pid, key):
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"^%s:\s+(\d+)" % key, f.read(), re.M).group(1))


def cpu_ms(pid):
    with open("/proc/%d/schedstat" % pid) as f:
        return int(f.read().split()[0]) / 1e6


def start(db):
    """In the root, as nobody; chroot gives way to the program, so that the process is ours."""
    runtime = Runtime()
    env = dict(root.environment(), AWS_LAMBDA_RUNTIME_API=runtime.address, RINKSIDE_DB=db, RINKSIDE_UPSTREAM=up.url, NO_PROXY="*")
    runtime.send(ingest)
    began = time.monotonic()
    p = subprocess.Popen(["chroot", "--userspec=nobody:nogroup", root.path, "/usr/bin/rinkside", "lambda"], env=env, stdin=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    kind, a = runtime.take()
    return runtime, p, (time.monotonic() - began) * 1000, kind, a


# The first makes the database. Of the others the quickest counts: what else the machine does can only add.
times, work, sizes = [], [], []
STARTS = 12
for i in range(STARTS):
    runtime, p, ms, kind, a = start("sqlite:/tmp/function.db")
    if i:
        times.append(ms)
        work.append(cpu_ms(p.pid))
    sizes.append(status(p.pid, "VmHWM") / 1024)
    if kind != "response" or a["outcome"] != ("unchanged" if i else "stored"):
        tap.ok(False, "a cold ingest is answered", (kind, a))
    if i < STARTS - 1:
        p.kill()
        p.wait()
cold, mib = min(times), max(sizes)
tap.ok(cold < COLD_MS, "init to first answer, an ingest: %.0f ms, under %d" % (cold, COLD_MS), times)
tap.ok(mib < COLD_MIB, "in %.1f MiB, under %d" % (mib, COLD_MIB), sizes)
began, n = cpu_ms(p.pid), 200
for i in range(n):
    kind, a = runtime.invoke(ingest)
warm = (cpu_ms(p.pid) - began) / n
tap.ok(kind == "response" and warm < WARM_MS, "a warm ingest: %.2f ms of CPU, under %d" % (warm, WARM_MS), a)
libraries = []
for _ in range(STARTS):
    began = time.monotonic()
    subprocess.run(["chroot", "--userspec=nobody:nogroup", root.path, "/usr/bin/rinkside", "--version"], capture_output=True, check=True)
    libraries.append((time.monotonic() - began) * 1000)
tap.note("--version, which only loads the libraries: %.0f ms" % min(libraries))
tap.note("cold %.0f to %.0f ms, %.1f ms of CPU, %.1f MiB; warm %.2f ms of CPU; load %.1f"
         % (cold, max(times), statistics.median(work), mib, warm, os.getloadavg()[0]))
p.kill()
p.wait()
root.remove()
tap.done()
