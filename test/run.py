#!/usr/bin/env python3
"""Runs every test and counts: `N passed, N failed` is the last line.

A test is a program that prints TAP ("ok 1 - name", "not ok 2 - name", "1..2"). Unit and
conformance tests, and fuzz targets that replay their corpora, are built under $BUILD/test; golden, system and browser tests are the
executable files under test/. `test/run.py WORD…` runs those whose path holds a word; those that need
root and minutes, or half an hour, only when `test/root` or `test/soak` is such a word.
"""
import concurrent.futures, os, re, subprocess, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
DEADLINE_S = 420
SOAK_DEADLINE_S = 3600


def programs():
    """What takes longest goes first, so that no core waits for the other at the end."""
    return sorted(named(), key=lambda p: not ("/browser/" in p or "/conformance/store" in p))


def named():
    found = []
    for place in ("unit", "conformance", "fuzz"):
        for f in sorted(os.listdir(os.path.join(ROOT, "test", place))) if os.path.isdir(os.path.join(ROOT, "test", place)) else []:
            if f.endswith(".c"):
                found.append(os.path.join(BUILD, "test", place, f[:-2]))
    for place in ["golden", "system", "browser"] + [p for p in ("root", "soak") if "test/" + p in sys.argv[1:]]:
        d = os.path.join(ROOT, "test", place)
        for f in sorted(os.listdir(d)) if os.path.isdir(d) else []:
            if os.access(os.path.join(d, f), os.X_OK) and os.path.isfile(os.path.join(d, f)):
                found.append(os.path.join(d, f))
    words = sys.argv[1:]
    return [p for p in found if not words or any(w in p for w in words)]


def run(program):
    started = time.time()
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", RINKSIDE_BINARY=os.path.join(BUILD, "rinkside"),
               BUILD=BUILD, PYTHONDONTWRITEBYTECODE="1")
    try:
        deadline_s = SOAK_DEADLINE_S if "/soak/" in program else DEADLINE_S
        r = subprocess.run([program], capture_output=True, timeout=deadline_s, env=env, cwd=ROOT)
        code, out = r.returncode, (r.stdout + r.stderr).decode("utf-8", "replace")
    except subprocess.TimeoutExpired as e:
        code, out = -1, (e.stdout or b"").decode("utf-8", "replace") + "\ntimed out after %d s" % deadline_s
    except OSError as e:
        code, out = -1, str(e) if os.path.exists(program) else "not built: make units"
    passed = len(re.findall(r"^ok\b", out, re.M))
    failed = len(re.findall(r"^not ok\b", out, re.M))
    plan = re.search(r"^1\.\.(\d+)", out, re.M)
    if not failed and (code != 0 or not plan or int(plan.group(1)) != passed):
        failed, out = 1, out + "\nended with %d, without a full plan" % code
    return program, passed, failed, out, time.time() - started


def is_alone(program):
    """Whether it counts what time does to the program, and wants no other test beside it: "Runs alone." at its top."""
    if not os.path.exists(program):
        return False
    with open(program, "rb") as f:
        return b"Runs alone." in f.read(1000)


def results():
    every = programs()
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        yield from pool.map(run, [p for p in every if not is_alone(p)])
    yield from map(run, [p for p in every if is_alone(p)])


def main():
    passed = failed = 0
    for program, p, f, out, seconds in results():
        name = os.path.relpath(program, ROOT)
        print("%-6s %-44s %4d passed %s(%.1f s)" % ("FAILED" if f else "ok", name, p, "%d failed " % f if f else "", seconds))
        for line in out.splitlines():
            if f and not re.match(r"ok\b", line) or line.startswith("# note:"):
                print("       | " + line[:400])
        sys.stdout.flush()
        passed, failed = passed + p, failed + f
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


sys.exit(main())
