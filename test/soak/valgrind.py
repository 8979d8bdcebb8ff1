#!/usr/bin/env python3
"""The one-shot ingest under valgrind: no error, nothing lost, over good bodies and those that are not."""
import os, re, shutil, subprocess, sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
if not shutil.which("valgrind"):
    tap.ok(False, "valgrind is there: scripts/deps soak")
    tap.done()


def look(name, wanted, *words, **more):
    db = more.pop("db")
    r = subprocess.run(["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect", "--error-exitcode=99",
                        "--track-fds=yes", rig.BINARY, *map(str, words)], capture_output=True, text=True,
                       env=rig.environment(db, more.get("upstream"), RINKSIDE_NO_SANDBOX="yes"), cwd=rig.TEMP, timeout=300)
    tap.ok(r.returncode == wanted, "%s: exit %d, and nothing found" % (name, wanted), "%s\n%s" % (r.returncode, r.stderr[-2000:]))


fake = rig.Program("fake", "--listen", "127.0.0.1:0", "--season", "20252026", "--deadline", "20m")
url = fake.wait_line("listening on").split("listening on ")[1]
db, _ = rig.database()
look("ingest", 0, "ingest", 2025020001, db=db, upstream=url)
look("of one that is there and one that is not", 0, "ingest", 2025020001, 2025020002, db=db, upstream=url)
look("a game that does not exist", 6, "ingest", 2025029999, db=db, upstream=url)
fake.stop()
for fault, code in (("cut", 4), ("gzip", 4), ("html", 4), ("wrong-types", 4), ("wrong-game", 4), ("lost-lines", 4), ("twice", 4), ("oversized", 4),
                    ("torn", 3), ("status-500", 3), ("redirect", 3), ("new-fields", 0)):
    bad = rig.Program("fake", "--listen", "127.0.0.1:0", "--season", "20252026", "--deadline", "20m", "--faults", fault + "=1@path:boxscore")
    url = bad.wait_line("listening on").split("listening on ")[1]
    look("fault " + fault, code, "ingest", 2025020001, "--retries", 0, db=db, upstream=url)
    bad.stop()
tap.done()
