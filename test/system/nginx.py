#!/usr/bin/env python3
"""deploy/nginx: the sample is taken by nginx as it is, speaks TLS, caches as it is told, and lets streams through."""
import os, shutil, socket, ssl, subprocess, sys, urllib.request
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
place = os.path.join(rig.TEMP, "nginx")
os.makedirs(place + "/cache")
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", place + "/key.pem", "-out", place + "/cert.pem",
                "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
up = rig.Upstream()
up.replies["/games"] = rig.Reply("[]", headers={"Cache-Control": "max-age=60", "ETag": '"a"', "Vary": "Accept, Accept-Encoding"})
up.replies["/game-stats"] = rig.Reply("a,b\n", headers={"Cache-Control": "max-age=60"})
up.replies["/metrics"] = rig.Reply("up 1\n")
up.replies["/stream"] = rig.Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\n")

with open(os.path.join(rig.ROOT, "deploy", "nginx", "rinkside.conf"), encoding="utf-8") as f:
    sample = f.read()
tls, plain = rig.free_port(), rig.free_port()
for old, new in (("listen 80;", "listen 127.0.0.1:%d;" % plain), ("listen [::]:80;", ""), ("listen 443 ", "listen 127.0.0.1:%d " % tls),
                 ("listen [::]:443 ssl http2;", ""), ("127.0.0.1:8080", "127.0.0.1:%d" % up.port), ("/var/cache/nginx/rinkside", place + "/cache/r"),
                 ("/etc/letsencrypt/live/stats.example.org/fullchain.pem", place + "/cert.pem"),
                 ("/etc/letsencrypt/live/stats.example.org/privkey.pem", place + "/key.pem")):
    assert old in sample, old
    sample = sample.replace(old, new)
with open(place + "/nginx.conf", "w", encoding="utf-8") as f:
    f.write("daemon off; master_process off; pid %s/pid; error_log stderr; events {}\nhttp { access_log off;\n" % place
            + "".join("%s_temp_path %s/%s;\n" % (k, place, k) for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) + sample + "}\n")

nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
if not nginx:
    tap.ok(False, "nginx is installed", "scripts/deps test installs it")
    tap.done()
r = subprocess.run([nginx, "-t", "-p", place, "-c", place + "/nginx.conf"], capture_output=True, text=True)
warnings = [line for line in r.stderr.splitlines() if "[warn]" in line and "deprecated" not in line]
if not tap.ok(r.returncode == 0 and not warnings, "nginx takes it, without a warning", r.stderr):
    tap.done()
server = subprocess.Popen([nginx, "-p", place, "-c", place + "/nginx.conf"], stderr=subprocess.DEVNULL)
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
