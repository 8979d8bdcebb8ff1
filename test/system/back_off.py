#!/usr/bin/env python3
"""A worker without its database: each try is further from the last, and the first after the database is back goes on."""
import os, socket, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import cluster, rig

tap = rig.Tap()
server = cluster.Cluster("fsync = off")
db = server.database()
name = db.rpartition("/")[2]
rig.run("migrate", db=db)  # so that a session that is cut is not one that makes tables
server.stop()

# Where it listened somebody counts, and hangs up.
tries, listener = [], socket.create_server(("127.0.0.1", server.port))


def count():
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        tries.append(time.monotonic())
        peer.close()


threading.Thread(target=count, daemon=True).start()
url = "postgresql://postgres@127.0.0.1:%d/%s?sslmode=disable&gssencmode=disable" % (server.port, name)
worker = rig.Program("worker", db=url, upstream="http://127.0.0.1:9")
# The first three at its start, then after half to all of 1, 2 and 4 seconds.
rig.wait_for(lambda: len(tries) >= 6, 20)
gaps = [b - a for a, b in zip(tries[2:], tries[3:])][:3]
tap.ok(tries[2] - tries[1] < 0.5, "it is tried again at once, in case the connection alone was cut", tries)
tap.ok(len(gaps) == 3 and all(0.5 * 2 ** i - 0.05 <= gap <= 2 ** i + 1 for i, gap in enumerate(gaps)), "each wait is about twice the one before", gaps)
said = lambda: len([line for line in worker.lines if "tried again" in line])
tap.ok(rig.wait_for(lambda: said() == len(tries) - 1, 5), "and each is said, once", worker.output)  # but the one at the start
listener.shutdown(socket.SHUT_RDWR)
listener.close()
server.start()
sessions = lambda: {row[0] for row in server.sql("select pid from pg_stat_activity where datname = '%s'" % name)}
tap.ok(rig.wait_for(sessions, 20, 0.1), "when it is back the worker is, too", worker.output)
before, tried = sessions(), said()
server.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = '%s'" % name)
tap.ok(rig.wait_for(lambda: sessions() - before, 5, 0.02) and said() == tried, "whose session alone was cut has another at the next look, and says nothing", worker.output)
tap.same(worker.stop(), 0, "and ends cleanly")
tap.done()
