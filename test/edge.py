"""deploy/nginx's sample, filled in to run on loopback: ports, a certificate of its own, folders."""
import os, shutil, subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


def fill_in(place, origin_port, port, plain_port, has_tls=True, events="", http=""):
    """Writes nginx.conf into an empty folder; the words that run nginx with it."""
    os.makedirs(place + "/cache")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", place + "/key.pem", "-out", place + "/cert.pem",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    with open(os.path.join(ROOT, "deploy", "nginx", "rinkside.conf"), encoding="utf-8") as f:
        sample = f.read()
    for old, new in (("listen 80;", "listen 127.0.0.1:%d;" % plain_port), ("listen [::]:80;", ""),
                     ("listen 443 ssl http2", "listen 127.0.0.1:%d%s" % (port, " ssl http2" if has_tls else "")), ("listen [::]:443 ssl http2;", ""),
                     ("127.0.0.1:8080", "127.0.0.1:%d" % origin_port), ("/var/cache/nginx/rinkside", place + "/cache/r"),
                     ("/etc/letsencrypt/live/stats.example.org/fullchain.pem", place + "/cert.pem"),
                     ("/etc/letsencrypt/live/stats.example.org/privkey.pem", place + "/key.pem")):
        assert old in sample, old
        sample = sample.replace(old, new)
    with open(place + "/nginx.conf", "w", encoding="utf-8") as f:
        f.write("daemon off; master_process off; pid %s/pid; error_log stderr; events { %s }\nhttp { access_log off; %s\n" % (place, events, http)
                + "".join("%s_temp_path %s/%s;\n" % (k, place, k) for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) + sample + "}\n")
    return [PROGRAM, "-p", place, "-c", place + "/nginx.conf"]
