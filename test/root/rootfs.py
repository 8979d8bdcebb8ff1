"""A minimal Debian in a directory: made by debootstrap once, copied for each test, entered in a mount namespace of its own.

Needs root. The mirror is the one that apt already uses; what is downloaded is kept in $BUILD/root.
"""
import os, re, shutil, signal, subprocess, sys, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

PLACE = os.path.join(rig.ROOT, os.environ.get("BUILD", "build"), "root")
ENTER = """
mount --make-rprivate /
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
root=$1 user=$2
shift 2
exec chroot --userspec="$user" "$root" "$@"
"""

# As rinkside-.service.d has it, as far as that goes without systemd: a file system of which only the state may be
# written, no devices but four, no other processes in /proc, no right of root's, a network of its own.
SERVICE = """
mount --make-rprivate /
root=$1
mount --bind "$root" "$root"
mount -t proc -o subset=pid proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for d in null zero random urandom; do touch "$root/dev/$d"; mount --bind "/dev/$d" "$root/dev/$d"; done
mount -t tmpfs tmp "$root/tmp"
mount --bind "$root/var/lib/rinkside" "$root/var/lib/rinkside"
mount -o remount,bind,ro "$root"
ip link set lo up
exec chroot "$root" sh -euc "$2"
"""
AS_SERVICE = "setpriv --reuid=rinkside --regid=rinkside --init-groups --no-new-privs --bounding-set=-all --inh-caps=-all"


def codename():
    with open("/etc/os-release", encoding="utf-8") as f:
        return re.search(r"^VERSION_CODENAME=(\w+)", f.read(), re.M).group(1)


def mirror():
    texts = []
    for place, _, files in os.walk("/etc/apt"):
        texts += [open(os.path.join(place, f), encoding="utf-8").read() for f in sorted(files) if f.endswith((".list", ".sources"))]
    found = re.search(r"^URIs: *(\S+)|^deb +(?:\[.*?\] *)?(\S+)", "\n".join(texts), re.M)
    return found.group(1) or found.group(2)


def base():
    """The pristine root; None and a sentence when it cannot be had."""
    root = os.path.join(PLACE, codename())
    if os.path.exists(root + "/.whole"):
        return root
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(PLACE, exist_ok=True)
    began = time.monotonic()
    r = subprocess.run(["debootstrap", "--variant=minbase", codename(), root, mirror()], capture_output=True, text=True)
    if r.returncode:
        sys.exit("debootstrap: " + (r.stdout + r.stderr)[-600:])
    # apt in there sees the same sources, by the same ways, as the one outside.
    shutil.rmtree(root + "/etc/apt")
    shutil.copytree("/etc/apt", root + "/etc/apt", symlinks=True)
    for f in ("/etc/resolv.conf", "/etc/hosts"):
        shutil.copyfile(f, root + f)
    open(root + "/.whole", "w").close()
    print("# note: debootstrap took %.0f s" % (time.monotonic() - began))
    return root


class Root:
    """A copy of the pristine root, gone with the test."""
    def __init__(self, name):
        self.path = os.path.join(PLACE, name)
        shutil.rmtree(self.path, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", base(), self.path], check=True)

    def command(self, *words, user="root:root"):
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", ENTER, "sh", self.path, user, *map(str, words)]

    def environment(self, **more):
        env = {k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")}
        return dict(env, HOME="/tmp", PATH="/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive", **more)

    def run(self, *words, user="root:root", deadline_s=120, **env):
        return subprocess.run(self.command(*words, user=user), env=self.environment(**env), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=deadline_s)

    def run_as_service(self, script, deadline_s=120):
        """A shell's script, in which $run before a command shuts it in as the service is."""
        words = ["unshare", "--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child", "sh", "-euc", SERVICE, "sh", self.path, script]
        return subprocess.run(words, env=self.environment(run=AS_SERVICE), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=deadline_s)

    def start(self, *words, user="root:root"):
        """A program that goes on, in a session of its own: stop() ends all of it."""
        return subprocess.Popen(self.command(*words, user=user), env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, start_new_session=True)

    def stop(self, p):
        os.killpg(p.pid, signal.SIGKILL)  # not unshare alone: a change of user takes --kill-child away
        p.wait()

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
