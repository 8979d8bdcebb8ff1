#!/usr/bin/env python3
"""/stream?delay=: every commit so long after the upstream showed it, once and in order, whatever the server does meanwhile."""
import json, os, sqlite3, sys, threading, time
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig
from rig import EventReader as Reader

tap = rig.Tap()
DELAY_S = 3
GAMES = (2023020001, 2023020002)
db, path = rig.database()
assert rig.run("migrate", db=db).returncode == 0
shown = {}  # by revision: when it was shown, by the clock


def commit(count=1, game=GAMES[0], ago_s=0.0, place=None):
    """As a writer makes them, of what the upstream showed so long ago. The last revision."""
    c = sqlite3.connect(place or path, timeout=10, isolation_level=None)
    for _ in range(count):
        at = time.time() - ago_s
        c.execute("BEGIN IMMEDIATE")
        revision = c.execute("UPDATE revisions SET revision = revision + 1 RETURNING revision").fetchone()[0]
        c.execute("INSERT INTO game_changes (revision, game_id, kind, before, after, phase, observed_at) VALUES (?, ?, 'update', '{}', '{\"period\":1}', 'live', ?)",
                  (revision, game, datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"))
        c.execute("COMMIT")
        shown[revision] = at
    c.close()
    return revision


def serve(db=db, *words):
    api = rig.Program("api", "--listen", "127.0.0.1:0", *words, db=db)
    api.port = int(api.wait_line("listening").rsplit(":", 1)[1].strip("/ "))
    rig.wait_for(lambda: rig.get("http://127.0.0.1:%d/health/ready" % api.port)[0] == 200)
    return api


def changes(after, query):
    return json.loads(rig.get("http://127.0.0.1:%d/changes?after=%d&%s" % (api.port, after, query))[2])


class Late:
    """A reader whose events are stamped with the time of their coming, and with what could be read then."""
    def __init__(self, target="/stream?delay=%ds" % DELAY_S, last=None, looks=False):
        self.reader, self.came, self.could_read = Reader(api.port, target, last), {}, {}
        self.thread = threading.Thread(target=self._watch, args=(looks,), daemon=True)
        self.thread.start()

    def _watch(self, looks):
        while not self.reader.is_over:
            self.reader.read(0.2)
            for _, number, _ in self.reader.events[len(self.came):]:
                self.came[number] = time.time()
                if looks:
                    self.could_read[number] = [c["revision"] for c in changes(number - 1, "delay=%ds" % DELAY_S)]

    def ids(self, last, deadline_s=30):
        rig.wait_for(lambda: last in self.came, deadline_s)
        return list(self.came)

    def was_early(self):
        return {n: round(shown[n] + DELAY_S - at, 3) for n, at in self.came.items() if n in shown and at < shown[n] + DELAY_S}


commit(5, ago_s=3600)
api = serve()
plain = Late("/stream")
late = Late(looks=True)
of_game = Late("/stream?delay=%ds&game=%d" % (DELAY_S, GAMES[1]))
no_delay = Late("/stream?delay=0s")
rig.wait_for(lambda: late.reader.head, 5)
want = [commit(), commit(game=GAMES[1]), commit()]
tap.same(plain.ids(want[-1]), want, "without a delay at once")
tap.same(no_delay.ids(want[-1]), want, "and with one of nothing")
tap.ok(not late.came, "who is late has nothing of it yet", late.came)
joined = Late()  # in the middle of it: what it could not read yet is still to come
resumed = Late(last=want[0])
from_start = Late("/stream?after=0&delay=%ds" % DELAY_S)
tap.same(from_start.ids(5, 10)[:5], [1, 2, 3, 4, 5], "what is older than the delay is there at once, from the beginning on")
for name, reader, ids in (("from before", late, want), ("joined in between", joined, want), ("resumed", resumed, want[1:]), ("of a game", of_game, want[1:2]),
                          ("from the beginning", from_start, list(range(1, want[-1] + 1)))):
    tap.same(reader.ids(ids[-1]), ids, "%s: each once, in order" % name)
    tap.same(reader.was_early(), {}, "%s: none too early" % name)
tap.note("late by %s s after what was shown" % ", ".join("%.2f" % (late.came[n] - shown[n]) for n in want))
tap.same({n for n in want if n in plain.came and n in late.came and late.came[n] - plain.came[n] > 30}, set(), "and none much too late")
data = {e[1]: e[2] for e in plain.reader.events}
tap.ok(all(e[2] == data[e[1]] for e in late.reader.events), "what it says is what the others were told")
rig.wait_for(lambda: len(late.could_read) == len(want), 10)
tap.ok(all(n in read for n, read in late.could_read.items()), "when an event comes, delay= shows what it is about", late.could_read)

# What is taken in long after it was shown is shown at once, but never before what was committed before it.
want = [commit(), commit(ago_s=7200)]
tap.ok(rig.wait_for(lambda: want[-1] in late.came) and late.came[want[1]] >= shown[want[0]] + DELAY_S, "in the order of commits: nothing overtakes")
old = commit(ago_s=7200)
rig.wait_for(lambda: old in late.came)
tap.ok(late.came[old] - plain.came[old] < DELAY_S, "what is older than the delay comes at once", late.came[old] - plain.came[old])

# The server ends and begins again in between.
want = [commit(), commit()]
last = list(late.came)[-1]
api.stop()
rig.wait_for(lambda: late.reader.is_over)
want.append(commit())
api = serve()
again, anew = Late(last=last), Late()
tap.same(again.ids(want[-1]), want, "across a restart: nothing lost, nothing doubled")
tap.same(again.was_early(), {}, "nor too early")
tap.ok(anew.ids(want[-1])[-1:] == want[-1:] and not anew.was_early() and set(anew.came) <= set(want), "who begins then gets what is not due yet", anew.came)

# More than is kept in memory within the delay: from the database.
first = want[-1] + 1
newest = commit(1100)
tap.same(again.ids(newest, 60), want + list(range(first, newest + 1)), "1,100 commits within the delay: all of them, in order")
tap.same(again.was_early(), {}, "none too early")

for target in ("/stream?delay=x", "/stream?delay=-1s", "/stream?delay=8d", "/stream?delay=1s&delay=2s"):
    r = Reader(api.port, target)
    tap.ok(" 400 " in r.head.split("\r\n")[0], "%s: 400" % target, r.head)
    r.close()
tap.same(api.stop(), 0, "told to end, it ends those streams too")

# A database in another's place.
other, other_path = rig.database()
assert rig.run("migrate", db=other).returncode == 0
commit(2, ago_s=100, place=other_path)
api = serve(other)
r = Reader(api.port, "/stream?delay=%ds" % DELAY_S, last=50)
r.ids(1)
tap.same([(e[0], e[1]) for e in r.events], [("reset", 2)], "a place beyond the database: reset")
api.stop()
tap.done()
