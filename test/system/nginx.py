#!/usr/bin/env python3
"""deploy/nginx: the sample is taken by nginx as it is, speaks TLS, caches as it is told, and lets streams through."""
import os, socket, ssl, subprocess, sys, urllib.request
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import edge, rig

tap = rig.Tap()
place = os.path.join(rig.TEMP, "nginx")
up = rig.Upstream()
up.replies["/games"] = rig.Reply("[]", headers={"Cache-Control": "max-age=60", "ETag": '"a"', "Vary": "Accept, Accept-Encoding"})
up.replies["/game-stats"] = rig.Reply("a,b\n", headers={"Cache-Control": "max-age=60"})
up.replies["/metrics"] = rig.Reply("up 1\n")
up.replies["/stream"] = rig.Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\n")

if not edge.PROGRAM:
    tap.ok(False, "nginx is installed", "scripts/deps test installs it")
    tap.done()
tls = rig.free_port()
nginx = edge.fill_in(place, up.port, tls, rig.free_port())
r = subprocess.run(nginx + ["-t"], capture_output=True, text=True)
warnings = [line for line in r.stderr.splitlines() if "[warn]" in line and "deprecated" not in line]
if not tap.ok(r.returncode == 0 and not warnings, "nginx takes it, without a warning", r.stderr):
    tap.done()
server = subprocess.Popen(nginx, stderr=subprocess.DEVNULL)
try:
    tap.ok(rig.wait_for(lambda: rig.is_listening(tls)), "it listens")
    trust = ssl.create_default_context(cafile=place + "/cert.pem")
    modern = ssl.create_default_context(cafile=place + "/cert.pem")
    modern.set_alpn_protocols(["h2", "http/1.1"])
    with modern.wrap_socket(socket.create_connection(("127.0.0.1", tls), 5), server_hostname="localhost") as s:
        tap.same(s.selected_alpn_protocol(), "h2", "HTTP/2 over TLS")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))

    def ask(path, **headers):
        q = urllib.request.Request("https://localhost:%d%s" % (tls, path), headers={k.replace("_", "-"): v for k, v in headers.items()})
        with opener.open(q, timeout=10) as r:
            return r.headers.get("X-Cache"), r.read()

    tap.same([ask("/games")[0], ask("/games")[0], len(up.requests("/games"))], ["MISS", "HIT", 1], "asked once, served twice")
    tap.same([ask("/games", Authorization="Bearer x")[0], len(up.requests("/games"))], ["MISS", 2], "a reader with a token has a copy of its own")
    ask("/game-stats?format=csv"), ask("/game-stats?format=csv"), ask("/game-stats", Accept="text/csv")
    tap.same(len(up.requests("/game-stats")), 3, "whole tables are not kept")
    tap.same(ask("/stream")[1], b"data: one\n\n", "a stream goes through")
    tap.same(ask("/metrics")[1], b"up 1\n", "metrics, from this machine")
finally:
    server.terminate()
    server.wait(10)
tap.done()
