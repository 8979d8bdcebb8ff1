#!/usr/bin/env python3
"""What a process can no longer do once it has begun, seen from outside: seccomp, Landlock, no new privileges; and how the binary is built."""
import atexit, ctypes, errno, os, re, shutil, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
libc = ctypes.CDLL(None, use_errno=True)
has_landlock = libc.syscall(444, None, 0, 1) >= 1  # landlock_create_ruleset, for its version


def status(pid):
    return dict(re.findall(r"^(\w+):\s*(.*)$", open("/proc/%d/status" % pid).read(), re.M))


is_expected = sys.platform == "linux" and os.uname().machine == "x86_64"


def has(tool):
    """What looks inside; scripts/deps test installs it, and here nothing is passed over in silence."""
    found = shutil.which(tool)
    if not found and is_expected:
        tap.ok(False, tool + " is there: scripts/deps test")
    elif not found:
        tap.note("no %s, and no x86-64: what it would show is not looked at" % tool)
    return found


# ---- the binary ----

if has("readelf"):
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
        # Nothing in the code itself tells for sure; gcc writes down what it was told.
        made_by = re.findall(r"DW_AT_producer\s*:.*(GNU C\d.*)", readelf("--debug-dump=info", "--dwarf-depth=1"))
        if made_by:
            tap.ok(all("-fstack-clash-protection" in m for m in made_by), "stacks are touched page by page, in all %d objects" % len(made_by), made_by[:3])
        else:
            tap.note("no word of the compiler's: whether stacks are touched page by page is not known")
    tap.ok("RUNPATH" not in dynamic and "RPATH" not in dynamic, "no path to libraries of its own", dynamic)

if rig.is_instrumented() or rig.DOORS_OPEN:
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

# ---- what is tried from within: a debugger takes the process over ----

UNIX, INET, STREAM = 1, 2, 1
sockets = ("one", "two")  # of the internet's, where they may be made: whether one can be bound, whether one listens unbound


def within(pid, *calls):
    """What the calls give in that process, or -errno, as one who has taken it over would make them."""
    lines = ["set confirm off", "set pagination off", "set print thread-events off"]
    lines += ["set $%s = (long) syscall(41, %d, %d, 0)" % (name, INET, STREAM) for name in sockets]
    for call in calls:
        lines += ["set $value = (long) syscall(%s)" % call, "print $value < 0 ? -*((int *(*)(void)) __errno_location)() : $value"]
    r = subprocess.run(["gdb", "-batch", "-nx", "-p", str(pid)] + [x for line in lines for x in ("-ex", line)], capture_output=True, text=True, timeout=240)
    return [int(v) for v in re.findall(r"^\$\d+ = (-?\d+)$", r.stdout, re.M)]


def take_over(name, program, calls, is_open=False):
    """calls: what each is, the call, whether it goes, or the error that only who is shut in gets."""
    got = within(program.pid, *(call for _, call, _ in calls))
    if not got and os.geteuid() != 0:
        tap.note("%s: who is not root may not trace it here: nothing tried from within" % name)
        return
    tap.same(len(got), len(calls), "%s, taken over: none of the calls has made it another program" % name)
    for (what, _, goes), value in zip(calls, got):
        if isinstance(goes, bool):
            tap.ok((value >= 0) == goes, "%s, taken over: %s %s" % (name, what, "goes" if goes else "is refused"), value)
        elif not is_open:
            tap.same(value, goes, "%s, taken over: %s is refused" % (name, what))
        elif value == goes:
            tap.note("%s: this machine refuses it to everybody, so that nothing was seen above" % what)


elsewhere = tempfile.mkdtemp(prefix="rinkside-elsewhere-")
atexit.register(shutil.rmtree, elsewhere, True)
secret = os.path.join(elsewhere, "secret")
open(secret, "w").write("x")
AT, RDONLY, RDWR, CREAT, TRUNC = -100, 0, 2, 0o100, 0o1000
other = subprocess.Popen(["sleep", "120"])
atexit.register(other.kill)


def opening(path, flags):
    return '257, %d, "%s", %d, 0600' % (AT, path, flags)  # openat


in_all = [
    ("getpid", "39", True),  # a debugger can make calls here
    ("execve", '59, "/bin/true", 0, 0', False),
    ("fork", "57", False),
    ("ptrace", "101, 0, 1, 0, 0", False),
    ("kill of itself, by no signal", "62, %d, 0", True),
    ("kill of another, by no signal", "62, %d, 0" % other.pid, False),
    ("kill of all", "62, -1, 0", False),
    ("tgkill of another", "234, %d, %d, 0" % (other.pid, other.pid), False),
    ("tkill of another", "200, %d, 0" % other.pid, False),
    ("a new file elsewhere", opening(elsewhere + "/new", 1 | CREAT), not has_landlock),
    ("a file elsewhere, read", opening(secret, RDONLY), not has_landlock),
    ("a file elsewhere, emptied", opening(secret, RDONLY | TRUNC), False),
    ("a file elsewhere, truncate", '76, "%s", 0' % secret, False),
    ("a file elsewhere, chmod", '90, "%s", 0644' % secret, False),
    ("a file elsewhere, fchmodat", '268, %d, "%s", 0644' % (AT, secret), False),
    ("a file elsewhere, chown", '92, "%s", -1, -1' % secret, False),
    ("a file elsewhere, setxattr", '188, "%s", "user.x", "x", 1, 0' % secret, False),
    ("/etc/shadow", opening("/etc/shadow", RDONLY), not has_landlock),
    ("a socket of this machine", "41, %d, %d, 0" % (UNIX, STREAM), False),
    ("a file elsewhere, unlink", '87, "%s"' % secret, not has_landlock),
    ("its own database, read", opening(path, RDONLY), True),
]
NOT_PERMITTED, NO_SYSCALL, NO_FAMILY = -errno.EPERM, -errno.ENOSYS, -errno.EAFNOSUPPORT
# Words that a kernel answers with another error, or that do nothing: what is open changes nothing, and the error tells who has refused.
refused_in_all = [
    ("process_vm_readv", "310, %d, 0, 0, 0, 0, 0", NOT_PERMITTED),
    ("process_vm_writev", "311, %d, 0, 0, 0, 0, 0", NOT_PERMITTED),
    ("pidfd_getfd", "438, -1, -1, 0", NOT_PERMITTED),
    ("kcmp", "312, %d, %d, 99, 0, 0", NOT_PERMITTED),
    ("io_uring_setup", "425, 1, 0", NOT_PERMITTED),
    ("io_uring_enter", "426, -1, 0, 0, 0, 0, 0", NOT_PERMITTED),
    ("io_uring_register", "427, -1, 0, 0, 0", NOT_PERMITTED),
    ("bpf", "321, -1, 0, 0", NOT_PERMITTED),
    ("perf_event_open", "298, 0, 0, -1, -1, 0", NOT_PERMITTED),
    ("userfaultfd", "323, -1", NOT_PERMITTED),
    ("mount", "165, 0, 0, 0, 0, 0", NOT_PERMITTED),
    ("umount2", "166, 0, 0", NOT_PERMITTED),
    ("move_mount", "429, -1, 0, -1, 0, 0", NOT_PERMITTED),
    ("open_tree", "428, -1, 0, 0", NOT_PERMITTED),
    ("mount_setattr", "442, -1, 0, 0, 0, 0", NOT_PERMITTED),
    ("pivot_root", "155, 0, 0", NOT_PERMITTED),
    ("chroot", "161, 0", NOT_PERMITTED),
    ("mknod", "133, 0, 0, 0", NOT_PERMITTED),
    ("mknodat", "259, -1, 0, 0, 0", NOT_PERMITTED),
    ("name_to_handle_at", "303, -1, 0, 0, 0, 0", NOT_PERMITTED),
    ("open_by_handle_at", "304, -1, 0, 0", NOT_PERMITTED),
    ("unshare", "272, 0", NOT_PERMITTED),
    ("setns", "308, -1, 0", NOT_PERMITTED),
    ("keyctl", "250, -1, 0, 0, 0, 0", NOT_PERMITTED),
    ("add_key", "248, 0, 0, 0, 0, 0", NOT_PERMITTED),
    ("request_key", "249, 0, 0, 0, 0", NOT_PERMITTED),
    ("setuid", "105, -1", NOT_PERMITTED),
    ("setgid", "106, -1", NOT_PERMITTED),
    ("setreuid", "113, -1, -1", NOT_PERMITTED),
    ("setregid", "114, -1, -1", NOT_PERMITTED),
    ("setresuid", "117, -1, -1, -1", NOT_PERMITTED),
    ("setresgid", "119, -1, -1, -1", NOT_PERMITTED),
    ("personality", "135, 0xffffffff", NOT_PERMITTED),
    ("clock_settime", "227, 99, 0", NOT_PERMITTED),
    ("clock_adjtime", "305, 99, 0", NOT_PERMITTED),
    ("settimeofday", "164, 1, 0", NOT_PERMITTED),
    ("clone of a process", "56, 0x811, 0, 0, 0, 0", NOT_PERMITTED),  # SIGCHLD, and CLONE_SIGHAND without CLONE_VM
    ("clone3", "435, 0, 0", NO_SYSCALL),
    ("execveat", "322, -1, 0, 0, 0, 0", NOT_PERMITTED),
    ("openat2", "437, -1, 0, 0, 0", NO_SYSCALL),
    ("pidfd_send_signal", "424, -1, 0, 0, 0", NOT_PERMITTED),
    ("rt_sigqueueinfo to another", "129, %d, 0, 0" % other.pid, NOT_PERMITTED),
    ("rt_tgsigqueueinfo to another", "297, %d, %d, 0, 0" % (other.pid, other.pid), NOT_PERMITTED),
    ("prlimit64 of another", "302, %d, 7, 0, 0" % other.pid, NOT_PERMITTED),
    ("fcntl F_SETOWN", "72, 0, 8, 0", NOT_PERMITTED),
    ("fcntl F_SETOWN_EX", "72, 0, 15, 0", NOT_PERMITTED),
    ("ioctl FIOSETOWN", "16, 0, 0x8901, 0", NOT_PERMITTED),
    ("ioctl SIOCSPGRP", "16, 0, 0x8902, 0", NOT_PERMITTED),
    ("fcntl F_SETOWN, with bits that the kernel drops", "72, 0, 0x100000008, 0", NOT_PERMITTED),
    ("ioctl FIOSETOWN, with bits that the kernel drops", "16, 0, 0x100008901, 0", NOT_PERMITTED),
    ("fchmodat2", "452, -1, 0, 0, 0", NOT_PERMITTED),
    ("setxattrat", "463, -1, 0, 0, 0, 0, 0", NOT_PERMITTED),
]
# The API with a file makes no socket at all: not permitted.
families = [("a socket of %s" % name, "41, %d, 15, 0" % family, NO_FAMILY) for name, family in (  # 15 is no type
    ("packets", 17), ("Bluetooth", 31), ("the kernel's ciphers", 38), ("virtual machines", 40), ("express data paths", 44))]
in_api = [
    ("a socket of the internet", "41, %d, %d, 0" % (INET, STREAM), False),
    ("listen", "50, 9, 1", False),
    ("its database, written", opening(path, RDWR), not has_landlock),
    ("its database's log, written", opening(path + "-wal", RDWR), not has_landlock),
    ("its database, emptied", opening(path, RDONLY | TRUNC), False),
    ("its database, truncate", '76, "%s", 0' % path, False),
    ("its database, unlink", '87, "%s"' % path, not has_landlock),
    ("its database, another name", '82, "%s", "%s"' % (path, path + ".old"), not has_landlock),
    ("its database, fchmod", "91, 3, 0644", False),
]
# Not tried where they may go: they would do what they say, or depend on who asks and on the file system.
no_control = ("execve", "fork", "ptrace", "kill of all", "/etc/shadow", "a file elsewhere, setxattr")
may_bind = '"\\002\\000\\000\\000\\177\\000\\000\\001\\000\\000\\000\\000\\000\\000\\000"'  # 127.0.0.1, any port


def of(pid, calls):
    return [(what, call.replace("%d", str(pid)), goes) for what, call, goes in calls]


if has("gdb") and is_expected:
    with open(path, "rb") as f:
        before = f.read()
    take_over("api", api, of(api.pid, in_all + refused_in_all + in_api))
    with open(path, "rb") as f:
        tap.ok(before == f.read(), "the database is untouched")
    tap.same(open(secret).read(), "x", "and so is what lies elsewhere")
    hanging = rig.Program("fake", "--listen", "127.0.0.1:0", "--season", "20232024", "--faults", "hang=1", "--deadline", "2m")
    stands = hanging.wait_line("listening on").split("listening on ")[1]
    ingest = rig.Program("ingest", "2023020003", "--timeout", "60s", db=db, upstream=stands)
    up = rig.Program("up", "--listen", "127.0.0.1:0", db=db, upstream=stands)
    up.wait_line("listening on")
    rig.wait_for(lambda: len(os.listdir("/proc/%d/task" % ingest.pid)) > 1 or any("socket" in os.readlink("/proc/%d/fd/%s" % (ingest.pid, f))
                                                                                  for f in os.listdir("/proc/%d/fd" % ingest.pid)))
    for name, program in (("ingest", ingest), ("up", up), ("api --no-sandbox", opened)):
        may = program is opened
        bound = [("bind", "49, $one, %s, 16" % may_bind, may), ("listen", "50, $two, 1", may)]
        # The control: where nothing is shut each of these calls goes, so that a refusal above is one.
        calls = [(w, c, True) for w, c, _ in in_all if w not in no_control] if may else in_all
        take_over(name, program, of(program.pid, bound + calls + refused_in_all + families), is_open=may)
        program.stop(9)
    hanging.stop(9)
elif not is_expected:
    tap.note("no x86-64, whose numbers the calls have: nothing tried from within")
opened.stop()
tap.same(api.stop(), 0, "api ends cleanly")

# ---- a reader alone: the log and its index are there, or made, or read as they are ----

goals = "/game-stats/2023020001?fields=goals"


def end_of_writers():
    """As the last of them leaves a database: nothing beside it."""
    for end in ("-wal", "-shm"):
        if os.path.exists(path + end):
            os.remove(path + end)


def cpu_seconds(pid):
    fields = open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def held_files(pid):
    links = []
    for fd in os.listdir("/proc/%d/fd" % pid):
        try:
            links.append(os.readlink("/proc/%d/fd/%s" % (pid, fd)))
        except FileNotFoundError:  # closed meanwhile
            continue
    return [l for l in links if l.startswith(path)]


end_of_writers()
alone = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
where = alone.wait_line("listening on").split("listening on ")[1]
tap.same(rig.get(where + goals)[0], 200, "nobody writes: the API finds its way alone")
r = rig.run("ingest", "2023020001", "2023020002", db=db, upstream=url)
tap.ok(r.returncode == 0 and rig.wait_for(lambda: rig.get(where + "/game-stats/2023020002?fields=goals")[0] == 200), "who then writes is seen", r.stderr)
os.rename(path, path + ".away")
end_of_writers()
# Noticed without a question: each thread that still had it open would show its log, which is gone, to all that open it again.
tap.ok(alone.wait_line("its file has gone") and rig.wait_for(lambda: not held_files(alone.pid)), "the database goes, and nobody keeps a hold of it", held_files(alone.pid))
tap.same(rig.get(where + "/health/ready")[0], 503, "and it is not ready")
os.rename(path + ".away", path)
tap.ok(rig.wait_for(lambda: rig.get(where + "/games?limit=4")[0] == 200), "and comes back without its log and index: read all the same", alone.output)
# SQLite, which may not write the index that is there, takes each look at it for a change.
spent = cpu_seconds(alone.pid)
time.sleep(0.5)
spent = cpu_seconds(alone.pid) - spent
tap.ok(spent < 0.1, "and then rests", "%.2f s of CPU in half a second" % spent)
r = rig.run("ingest", "2023020004", db=db, upstream=url)
tap.ok(r.returncode == 0 and rig.wait_for(lambda: rig.get(where + "/game-stats/2023020004?fields=goals")[0] == 200), "and written beside it", r.stderr)
tap.ok(rig.run("check", db=db).returncode == 0 and alone.stop() == 0, "all holds, and it ends cleanly", alone.output)

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
