#!/usr/bin/env python3
"""--listen systemd: the socket that a service manager hands over, as sd_listen_fds(3) describes it."""
import os, socket, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()


def start(socket_of_ours, pid="$$", count="1"):
    """A fake that finds the socket as descriptor 3."""
    script = 'exec 3<&%d; LISTEN_PID=%s LISTEN_FDS=%s exec "$0" fake --log-level error --listen systemd' % (socket_of_ours.fileno(), pid, count)
    return subprocess.Popen(["bash", "-c", script, rig.BINARY], pass_fds=[socket_of_ours.fileno()], env=rig.environment(),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=rig.TEMP)


with socket.create_server(("127.0.0.1", 0)) as listener:
    port = listener.getsockname()[1]
    waiting = socket.create_connection(("127.0.0.1", port))  # before there is anyone to take it
    waiting.sendall(b"GET /v1/season HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    p = start(listener)
    try:
        waiting.settimeout(10)
        tap.ok(waiting.recv(12) == b"HTTP/1.1 200", "who connected before the program was there is answered")
        tap.same(rig.get("http://127.0.0.1:%d/v1/season" % port)[0], 200, "and who comes later")
    finally:
        p.terminate()
        p.communicate(timeout=10)
    tap.same(p.returncode, 0, "SIGTERM ends it cleanly")

    for name, more in (("a socket for another process", {"pid": "1"}), ("no socket", {"count": "0"})):
        p = start(listener, **more)
        out, err = p.communicate(timeout=10)
        tap.ok(p.returncode == 2 and "LISTEN_FDS" in err and err.count("\n") == 1, name + ": exit 2 and a sentence", err)
tap.done()
