#!/usr/bin/env python3
"""deploy/systemd: every unit is understood, and shuts the services in as it claims."""
import ctypes, errno, os, re, shutil, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

MOST_EXPOSED = 2.0
tap = rig.Tap()
source = os.path.join(rig.ROOT, "deploy", "systemd")
place = os.path.join(rig.TEMP, "units")
shutil.copytree(source, place, symlinks=True)
commands = re.findall(r"^  ([a-z-]+) ", rig.run("--help").stdout, re.M)
units = sorted(f for f in os.listdir(place) if f.endswith((".service", ".socket", ".timer")))
for unit in units:
    path = os.path.join(place, unit)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for command in re.findall(r"^ExecStart=/usr/bin/rinkside (\S+)", text, re.M):
        tap.ok(command in commands, "%s starts a command that there is" % unit, command)
        words = re.search(r"^ExecStart=/usr/bin/rinkside \S+(.*)", text, re.M).group(1).split()
        options = rig.run("help", command).stdout
        tap.ok(all(w in options for w in words if w.startswith("--")), "%s: with options that it takes" % unit, words)
    binds = re.search(r"^ExecStart=/usr/bin/rinkside (up|api)(?!.* systemd)", text, re.M)
    tap.ok(not (binds and "RestartPreventExitStatus" in text), "%s: a port that another holds for now is not the end of it" % unit)
    text = text.replace("/usr/bin/rinkside", rig.BINARY)
    # A template is looked at as one of its instances; systemd-analyze makes up a name that is no port.
    os.remove(path)
    with open(path.replace("@.", "@8080."), "w", encoding="utf-8") as f:
        f.write(text)
names = [u.replace("@.", "@8080.") for u in units]
env = dict(os.environ, SYSTEMD_UNIT_PATH=place + ":", SYSTEMD_LOG_LEVEL="warning")
for name in names:
    r = subprocess.run(["systemd-analyze", "verify", "--man=no", "./" + name], capture_output=True, text=True, cwd=place, env=env)
    tap.ok(r.returncode == 0 and not re.search("rinkside", r.stderr), name + " is understood", r.stderr)
    if name.endswith(".service"):
        r = subprocess.run(["systemd-analyze", "security", "--no-pager", "--offline=yes", "./" + name], capture_output=True, text=True,
                           cwd=place, env=env)
        found = re.search(r"exposure level for \S+: ([0-9.]+)", r.stdout)
        tap.ok(found and float(found.group(1)) < MOST_EXPOSED, "%s: exposure %s, under %.1f" % (name, found and found.group(1), MOST_EXPOSED),
               r.stdout + r.stderr)

# ---- limits: each service has them, and they leave the room that it was measured to need ----


def setting(unit, name):
    """As systemd reads it: the drop-in after the unit, the last one holds."""
    found = None
    stem = re.sub(r"@?\.service$", "", unit)
    for name_of in (unit, "rinkside-.service.d/hardening.conf" if stem != "rinkside" else "rinkside.service.d/hardening.conf"):
        with open(os.path.join(source, name_of), encoding="utf-8") as f:
            found = (re.findall(r"^%s=(.*)$" % name, f.read(), re.M) or [found])[-1]
    return found


MIB = {"M": 1, "G": 1024}
children = int(re.search(r"--max-children N .*\((\d+)\)", rig.run("help", "monitor").stdout).group(1))
cache = int(re.search(r"--cache MIB .*\((\d+)\)", rig.run("help", "api").stdout).group(1))
for unit in (u for u in units if u.endswith(".service")):
    memory, tasks = setting(unit, "MemoryMax") or "0M", int(setting(unit, "TasksMax") or 0)
    mib = int(memory[:-1]) * MIB[memory[-1]]
    tap.ok(mib >= 2 * max(15 * children, 96 + cache) and mib <= 2048, "%s: MemoryMax is twice the most that was measured, and no machine" % unit, memory)
    tap.ok(8 * children <= tasks <= 1024, "%s: TasksMax has room for its children and their threads" % unit, tasks)
    tap.ok(setting(unit, "LimitCORE") == "0", "%s: what it held in memory is not written down when it crashes" % unit)
    fetches = not re.search(r"rinkside (api|up)\b", open(os.path.join(source, unit), encoding="utf-8").read())
    tap.same(setting(unit, "CPUWeight"), "50" if fetches else None, "%s: %s" % (unit, "readers come first" if fetches else "the usual share"))

# ---- system calls: the filter lets the program shut its own doors ----


def groups_of_calls():
    """systemd's, with what they hold; a group may hold others."""
    groups, name = {}, None
    for line in subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter"], capture_output=True, text=True).stdout.splitlines():
        word = line.strip()
        if line.startswith("@"):
            name = word
            groups[name] = []
        elif line.startswith(" ") and name and not word.startswith("#"):
            groups[name].append(word)
    return groups


def expand(words, groups):
    return {call for w in words for call in (expand(groups[w], groups) if w.startswith("@") else {w})}


def allowed_calls(groups):
    """As systemd reads the lines, one after the other: the first allows, "~" takes away."""
    calls = set()
    with open(os.path.join(source, "rinkside-.service.d", "hardening.conf"), encoding="utf-8") as f:
        for line in re.findall(r"^SystemCallFilter=(.*)$", f.read(), re.M):
            calls = calls - expand(line[1:].split(), groups) if line.startswith("~") else calls | expand(line.split(), groups)
    return calls


def doors_said(calls=None):
    """What the program says of its doors, where no more than these calls may be made."""
    def shut():
        libseccomp = ctypes.CDLL("libseccomp.so.2")
        libseccomp.seccomp_init.restype = ctypes.c_void_p
        libseccomp.seccomp_rule_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint]
        libseccomp.seccomp_load.argtypes = [ctypes.c_void_p]
        refuse, allow = 0x00050000 | errno.EPERM, 0x7fff0000
        context = libseccomp.seccomp_init(refuse)
        for call in sorted(calls):
            number = libseccomp.seccomp_syscall_resolve_name(call.encode())
            if number != -1:  # which this libseccomp does not know
                libseccomp.seccomp_rule_add(context, allow, number, 0)
        if libseccomp.seccomp_load(context):
            raise OSError("the filter can't be loaded")
    r = subprocess.run([rig.BINARY, "ingest", "--columns", "--log-level", "debug"], capture_output=True, text=True, cwd=rig.TEMP,
                       env=rig.environment(), preexec_fn=shut if calls else None)
    return [r.returncode] + re.findall(r"shut in.*|is not limited.*", r.stderr)


with open(os.path.join(rig.ROOT, "src", "base", "doors.c"), encoding="utf-8") as f:
    made = set(re.findall(r"\bSYS_(\w+)", f.read())) | {"prctl", "seccomp"}
groups = groups_of_calls()
allowed = allowed_calls(groups)
tap.ok(len(made) >= 5 and made <= allowed and "execve" in allowed and "mount" not in allowed, "the filter allows the calls that shut doors", made - allowed)
if not rig.is_instrumented():
    tap.same(doors_said(allowed), doors_said(), "as many doors shut under it as without it")

# ---- what make install makes of them ----
stage = os.path.join(rig.TEMP, "stage")
r = subprocess.run(["make", "-s", "install", "-o", rig.BINARY, "BUILD=" + os.path.dirname(rig.BINARY), "DESTDIR=" + stage, "PREFIX=/opt/r"], cwd=rig.ROOT,
                   capture_output=True, text=True, env=dict(os.environ, MAKEFLAGS=""))
there = sorted(f for f in os.listdir(stage + "/opt/r/lib/systemd/system") if not f.endswith(".d")) if r.returncode == 0 else []
tap.same(there, units, "make install has all of them")
tap.ok(all("/usr/bin" not in open(stage + "/opt/r/lib/systemd/system/" + u, encoding="utf-8").read() for u in there),
       "and they start the program that was installed with them")
tap.ok(os.access(stage + "/opt/r/bin/rinkside", os.X_OK), "which is there", r.stderr)
tap.done()
