#!/usr/bin/env python3
"""PostgreSQL that fails over under one URL, TLS, passwords from their usual places, and statements that take too long."""
import http.client, json, os, re, signal, subprocess, sys, time, urllib.parse

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import cluster, rig
from rig import Reply

GAME, NOW = 2023020001, 0x6567c306
SECRET, WRONG = "not-to-be-seen", "nor-is-this"
tap = rig.Tap()
up = rig.Upstream()
moves = [0]


def next_body():
    """A live box score that differs from the last in one player's hits, and is newer."""
    moves[0] += 1
    body = rig.box_score(GAME, gameState="LIVE")
    body["playerByGameStats"]["awayTeam"]["forwards"][0]["hits"] = moves[0]
    up.replies[rig.box_score_path(GAME)] = Reply(body, headers={**rig.etag(NOW + 15 * moves[0]), "Cache-Control": "max-age=1"})


def ingest(db, **more):
    return rig.run("ingest", GAME, "--retries", 0, db=db, upstream=up.url, **more)


def one_sentence(r):
    said = r.stdout + r.stderr
    return r.returncode == 5 and len(r.stderr.strip().splitlines()) == 1 and "database: " in r.stderr and SECRET not in said and WRONG not in said


def begin_api(db, **more):
    api = rig.Program("api", "--listen", "127.0.0.1:0", "--log-level", "debug", db=db, **more)
    return api, api.wait_line("listening on ").split("listening on ")[1].strip()


def shows(base, hits):
    status, headers, body = rig.get("%s/game-stats/%d" % (base, GAME))
    return status == 200 and json.loads(body)[0]["hits"] == hits and not headers.get("X-Stale")


# ---- two servers, of which the second follows the first ----

first = cluster.Cluster("fsync = off\nwal_level = replica\nmax_wal_senders = 4")
name = first.database().rpartition("/")[2]
second = cluster.Cluster("fsync = off\nhot_standby = on", copy_of=first)
both = "postgresql://postgres@127.0.0.1:%d,127.0.0.1:%d/%s" % (first.port, second.port, name)
next_body()
tap.same(ingest(both).returncode, 0, "two hosts in the URL: a writer takes the one that takes writes")
swapped = "postgresql://postgres@127.0.0.1:%d,127.0.0.1:%d/%s" % (second.port, first.port, name)
next_body()
tap.same(ingest(swapped).returncode, 0, "in whichever order they stand")

# A statement that waits for ever is not waited for: begun here, its end is looked at below.
blocker = subprocess.Popen(["psql", "-X", "-q", "-d", first.url(name)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
blocker.stdin.write("begin; select revision from revisions for update; select 'held';\n")
blocker.stdin.flush()
while "held" not in blocker.stdout.readline():
    pass
next_body()
began = time.monotonic()
r = ingest(both + "?options=-cstatement_timeout%3D700")
tap.ok(one_sentence(r) and "statement timeout" in r.stderr and time.monotonic() - began < 15, "a limit in the URL is the statement's", r.stderr)
patient = rig.Program("ingest", GAME, "--retries", 0, db=both, upstream=up.url)
longer = rig.Program("ingest", GAME, "--retries", 0, db=both + "?options=-cstatement_timeout%3D21s", upstream=up.url)

# ---- TLS and passwords, on a server of their own ----

place = os.path.join(rig.TEMP, "tls")
os.mkdir(place)
os.chmod(rig.TEMP, 0o755)


def certificate(of):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", of + ".key", "-out", of + ".crt", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], cwd=place, check=True, capture_output=True)
    return os.path.join(place, of + ".crt")


ours, strange = certificate("server"), certificate("strange")
server = cluster.Cluster("fsync = off")
for end in (".crt", ".key"):
    with open(os.path.join(place, "server" + end)) as f, open(os.path.join(server.data, "server" + end), "w") as to:
        to.write(f.read())
    os.chmod(to.name, 0o600)
    if server.user:
        os.chown(to.name, server.user.pw_uid, server.user.pw_gid)
server.sql("alter system set ssl = on")
server.sql("create role keeper login password '%s'" % SECRET)
db = server.database().rpartition("/")[2]
server.sql("alter database %s owner to keeper" % db)
server.sql("grant all on schema public to keeper", db)
with open(os.path.join(server.data, "pg_hba.conf")) as f:
    others = f.read()
with open(os.path.join(server.data, "pg_hba.conf"), "w") as f:
    f.write("hostssl all keeper 127.0.0.1/32 scram-sha-256\nhostnossl all keeper 127.0.0.1/32 reject\n" + others)
server.restart()
url = "postgresql://%s127.0.0.1:%d/%s?sslmode=%s"
named = lambda mode, more="": url % ("keeper@", server.port, db, mode) + more
with_password = lambda password, mode="require": url % ("keeper:%s@" % password, server.port, db, mode)

tap.same(ingest(named("require"), env={"PGPASSWORD": SECRET}).returncode, 0, "a password in PGPASSWORD, over TLS")
passwords = os.path.join(place, "passwords")
with open(passwords, "w") as f:
    f.write("127.0.0.1:%d:*:keeper:%s\n" % (server.port, SECRET))
os.chmod(passwords, 0o600)
tap.same(ingest(named("require"), env={"PGPASSFILE": passwords}).returncode, 0, "one in a password file")
r = ingest(named("disable"), env={"PGPASSWORD": SECRET})
tap.ok(one_sentence(r), "sslmode=disable where the server wants TLS: exit 5 and a sentence", r.stderr)
r = ingest(named("verify-full", "&sslrootcert=" + ours), env={"PGPASSWORD": SECRET})
tap.same(r.returncode, 0, "sslmode=verify-full and the server's own certificate %s" % r.stderr)
r = ingest(named("verify-full", "&sslrootcert=" + strange), env={"PGPASSWORD": SECRET})
tap.ok(one_sentence(r) and "certificate" in r.stderr, "and another's: exit 5 and a sentence", r.stderr)
r = ingest(with_password(WRONG))
tap.ok(one_sentence(r) and "password" in r.stderr, "a password that is wrong: exit 5 and a sentence without it", r.stderr)
r = ingest(named("require"), env={"PGPASSWORD": WRONG})
tap.ok(one_sentence(r), "the same from PGPASSWORD", r.stderr)

# Those who stay connect again later, with what they may still read, and what has taken its place.
link = os.path.join(rig.TEMP, "links", "passwords")
os.mkdir(os.path.dirname(link))
os.symlink(passwords, link)
services = os.path.join(rig.TEMP, "services")
os.mkdir(services)
with open(os.path.join(services, "pg_service.conf"), "w") as f:
    f.write("[nhl]\nhost=127.0.0.1\nport=%d\nuser=keeper\ndbname=%s\nsslmode=verify-full\nsslrootcert=%s\npassfile=%s\n" % (server.port, db, ours, passwords))
apis = [begin_api(named("verify-full", "&sslrootcert=" + ours), env={"PGPASSFILE": passwords}),
        begin_api(named("require", "&passfile=" + passwords)), begin_api(named("require", "&passfile=" + link)), begin_api(with_password(SECRET)),
        begin_api("postgresql:///?service=nhl", env={"PGSYSCONFDIR": services})]
tap.ok(all(rig.wait_for(lambda: shows(base, moves[0])) for _, base in apis), "APIs with certificate and password from files, from the URL, from a service of the machine",
       "\n".join(a.output[-300:] for a, _ in apis))
for path in (passwords, ours):
    with open(path) as f, open(path + ".new", "w") as to:
        to.write(f.read())
    os.chmod(to.name, 0o600)
    os.replace(to.name, path)
server.restart()
next_body()
tap.ok(rig.wait_for(lambda: ingest(with_password(SECRET)).returncode == 0) and
       all(rig.wait_for(lambda: shows(base, moves[0])) for _, base in apis), "and once more when the server has started again, with other files of the same names",
       "\n".join(a.output[-300:] for a, _ in apis))
refused, _ = begin_api(with_password(WRONG))
stuck = rig.Program("worker", "--log-level", "debug", db=with_password(WRONG), upstream=up.url)
tap.ok(refused.wait_line("password") and stuck.wait_line("password"), "an API and a worker with a wrong one say so", refused.output + stuck.output)
server.stop()
everyone = [a for a, _ in apis] + [refused, stuck]
tap.ok(rig.wait_for(lambda: all("database" in a.output for a in everyone)), "the server stops: all say so")
for p in everyone:
    p.stop()
said = "".join(p.output for p in everyone)
tap.ok(SECRET not in said and WRONG not in said, "no password in any log", said[-500:])

# ---- the statement that waits ----

code = patient.p.wait(40)
tap.ok(code == 5 and patient.wait_line("statement timeout"), "without one a statement has 15 seconds: exit 5", "%d %s" % (code, patient.output))
code = longer.p.wait(40)
tap.ok(code == 5 and longer.wait_line("statement timeout"), "a longer one in the URL is the statement's too", "%d %s" % (code, longer.output))
blocker.stdin.close()
blocker.wait()

# ---- the first server is lost, the second is promoted ----

next_body()
tap.same(ingest(both).returncode, 0, "when the other one is done, the next does it")
api, base = begin_api(both)
tap.ok(rig.wait_for(lambda: shows(base, moves[0])), "an API reads of the first")
replay = "select pg_last_wal_replay_lsn() >= '%s'" % first.sql("select pg_current_wal_lsn()")[0][0]
rig.wait_for(lambda: second.sql(replay) == [["t"]])
place = urllib.parse.urlparse(base)
stream = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
stream.request("GET", "/stream")
words = stream.getresponse()


def next_place():
    """The id of the next event that has one, and whether it says to begin anew; None when none comes."""
    text, end = b"", time.monotonic() + 10
    while time.monotonic() < end:
        line = words.readline().strip()
        text += line + b"\n"
        if not line and (id := re.search(rb"^id: (\d+)$", text, re.M)):
            return id[1], b"event: reset" in text
        text = text if line else b""
    return None


second.sql("alter system set primary_conninfo = ''")
second.sql("select pg_reload_conf()")
rig.wait_for(lambda: not second.sql("select 1 from pg_stat_wal_receiver"))
next_body()
tap.same(ingest(both).returncode, 0, "a commit that the second is never to hear of")
lost = next_place()
first.stop(signal.SIGQUIT)
next_body()
r = ingest(both)
tap.ok(one_sentence(r), "it is lost, the second takes no writes yet: exit 5 and a sentence", r.stderr)
tap.ok(rig.wait_for(lambda: rig.get("%s/game-stats/%d" % (base, GAME))[0] == 200), "the API still answers")
second.sql("select pg_promote()")
tap.ok(rig.wait_for(lambda: ingest(both).returncode == 0, 20), "promoted: an ingest with the same URL goes well")
tap.ok(rig.wait_for(lambda: shows(base, moves[0]), 20), "and the API shows it", api.output[-400:])
anew = next_place()
# Heard of before the next commit it is a database that has one fewer.
was = int(lost[0]) if lost else 0
tap.ok(was and not lost[1] and anew in ((b"%d" % was, True), (b"%d" % (was - 1), True)), "as the one that was lost had its number, the streams begin anew", (lost, anew))
tap.ok(int(anew[0]) == was or next_place() == (lost[0], False), "and go on with what has taken it")
r = rig.run("check", db=both)
tap.ok(r.returncode == 0, "and all holds", r.stdout + r.stderr)
api.stop()
tap.done()
