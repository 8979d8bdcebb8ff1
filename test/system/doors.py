#!/usr/bin/env python3
"""What a process can no longer do once it has begun, seen from outside: seccomp, Landlock, no new privileges; and how the binary is built."""
import atexit, ctypes, os, re, shutil, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
libc = ctypes.CDLL(None, use_errno=True)
has_landlock = libc.syscall(444, None, 0, 1) >= 1  # landlock_create_ruleset, for its version


def status(pid):
    return dict(re.findall(r"^(\w+):\s*(.*)$", open("/proc/%d/status" % pid).read(), re.M))


# ---- the binary ----

if shutil.which("readelf"):
    def readelf(*flags):
        return subprocess.run(["readelf", "-W", *flags, rig.BINARY], capture_output=True, text=True).stdout

    head, segments, dynamic, symbols = readelf("-h"), readelf("-l"), readelf("-d"), readelf("--dyn-syms")
    tap.ok(re.search(r"Type:\s+DYN", head), "a position-independent executable", head)
    stack = re.search(r"GNU_STACK.*", segments)
    tap.ok(stack and "RWE" not in stack.group(0) and " RW " in stack.group(0), "its stack holds no code", stack and stack.group(0))
    tap.ok(not re.search(r"LOAD.*\bRWE\b", segments), "nothing is writable and executable")
    if not rig.is_instrumented():
        tap.ok("GNU_RELRO" in segments and ("BIND_NOW" in dynamic or re.search(r"FLAGS.*\bNOW\b", dynamic)), "relocations are read-only, all bound at the start", dynamic)
        tap.ok("__stack_chk_fail" in symbols, "stacks have a canary")
        tap.ok(re.search(r"__\w+_chk\b", symbols.replace("__stack_chk_fail", "")), "copies are checked against the size of what they fill")
    tap.ok("RUNPATH" not in dynamic and "RPATH" not in dynamic, "no path to libraries of its own", dynamic)
else:
    tap.note("no readelf: how the binary is built is not looked at")

if rig.is_instrumented():
    tap.note("an instrumented build shuts no doors")
    tap.done()

# ---- what is in force ----

db, path = rig.database()
fake = rig.Program("fake", "--listen", "127.0.0.1:0", "--season", "20232024", "--deadline", "2m")
url = fake.wait_line("listening on").split("listening on ")[1]
r = rig.run("ingest", "2023020001", "--log-level", "debug", db=db, upstream=url)
tap.ok(r.returncode == 0 and "shut in" in r.stderr or not has_landlock, "an ingest goes well behind its doors", r.stderr)
api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
where = api.wait_line("listening on").split("listening on ")[1]
now = status(api.pid)
tap.same((now["NoNewPrivs"], now["Seccomp"]), ("1", "2"), "api: no new privileges, calls are filtered")
tap.same({open("/proc/%d/task/%s/status" % (api.pid, t)).read().split("Seccomp:\t")[1][0] for t in os.listdir("/proc/%d/task" % api.pid)}, {"2"},
         "in every thread")
tap.same(rig.get(where + "/game-stats/2023020001")[0], 200, "and it serves")
opened = rig.Program("api", "--listen", "127.0.0.1:0", "--no-sandbox", db=db)
opened.wait_line("listening on")
tap.same((status(opened.pid)["NoNewPrivs"], status(opened.pid)["Seccomp"]), ("0", "0"), "--no-sandbox leaves everything as it was")
opened.stop()

# ---- what is tried from within: a debugger takes the process over ----

if shutil.which("gdb") and os.geteuid() == 0:
    def within(pid, *calls):
        """What the calls give in that process, as one who has taken it over would make them."""
        lines = ["set confirm off", "set pagination off", "set print thread-events off"]
        for call in calls:
            lines += ["print (long) syscall(%s)" % call]
        r = subprocess.run(["gdb", "-batch", "-nx", "-p", str(pid)] + [x for line in lines for x in ("-ex", line)], capture_output=True, text=True, timeout=60)
        return [int(v) for v in re.findall(r"^\$\d+ = (-?\d+)$", r.stdout, re.M)]

    elsewhere = tempfile.mkdtemp(prefix="rinkside-elsewhere-")
    atexit.register(shutil.rmtree, elsewhere, True)
    secret = os.path.join(elsewhere, "secret")
    open(secret, "w").write("x")
    AT, WRONLY_CREAT = -100, 0o101
    calls = {
        "39": 0,                                                     # getpid: a debugger can make calls here
        "59, \"/bin/true\", 0, 0": -1,                              # execve
        "57": -1,                                                    # fork
        "101, 0, 1, 0, 0": -1,                                       # ptrace
        "41, 2, 1, 0": -1,                                           # socket
        "50, 9, 1": -1,                                              # listen
        "257, %d, \"%s/new\", %d, 0600" % (AT, elsewhere, WRONLY_CREAT): -1 if has_landlock else 0,
        "257, %d, \"%s\", 0, 0" % (AT, secret): -1 if has_landlock else 0,
        "257, %d, \"/etc/shadow\", 0, 0" % AT: -1 if has_landlock else 0,
        "257, %d, \"%s\", 0, 0" % (AT, path): 0,                     # its own database
    }
    if os.uname().machine == "x86_64":
        got = within(api.pid, *calls)
        if got:
            tap.same(len(got), len(calls), "api, taken over: none of the calls has made it another program")
            for (call, want), value in zip(calls.items(), got):
                tap.ok(value == -1 if want < 0 else value >= 0, "api, taken over: syscall(%s) %s" % (re.sub(r"/\S*/", "", call), "is refused" if want < 0 else "goes"), value)
        else:
            tap.note("a debugger could not make calls: nothing tried from within")
    else:
        tap.note("no x86-64: nothing tried from within")
else:
    tap.note("no gdb, or not root: nothing tried from within")
tap.same(api.stop(), 0, "api ends cleanly")

# ---- where files may be ----

os.makedirs(os.path.join(rig.TEMP, "real"), exist_ok=True)
os.symlink(os.path.join(rig.TEMP, "real", "linked.db"), os.path.join(rig.TEMP, "link.db"))
for name, url_of in (("beside", "sqlite:fresh.db"), ("behind a link", "sqlite:" + os.path.join(rig.TEMP, "link.db"))):
    r = rig.run("ingest", "2023020001", db=url_of, upstream=url)
    again = rig.run("ingest", "2023020001", db=url_of, upstream=url)
    tap.ok((r.returncode, again.returncode) == (0, 0) and "unchanged" in again.stdout, "a database %s" % name, r.stderr + again.stderr)
body = os.path.join(rig.TEMP, "real", "body.json")
open(body, "wb").write(rig.get(url + "/v1/gamecenter/2023020002/boxscore")[2])
r = rig.run("ingest", "--file", body, db=db)
tap.same(r.returncode, 0, "a file that is named on the command line")
m = rig.Program("monitor", "--every", "200ms", "--log-level", "debug", db=db, upstream=url)
tap.ok(m.wait_line("shut in", 10) or not has_landlock, "a monitor with children shuts its doors too", m.output)
rig.wait_for(lambda: int(status(m.pid)["SigCgt"], 16) >> 14 & 1)
tap.same(m.stop(), 0, "and ends cleanly")
fake.stop()
tap.done()
