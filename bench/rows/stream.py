"""Many readers of /stream: how soon a change has reached the last of them, and what each costs the server."""
import json, os, subprocess, threading, time, urllib.parse

from rig import CLIENT_CORE, Measure, Row, get, make_body, median, tool


class Readers:
    """bench/stream.c, with so many connections; events[revision] is (first, last), Unix milliseconds."""
    def __init__(self, bench, url, count):
        self.events, self.is_ready, self.changed = {}, False, threading.Condition()
        self.p = subprocess.Popen(["taskset", "-c", str(CLIENT_CORE), tool(bench.build, "stream"), str(urllib.parse.urlsplit(url).port), str(count)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.p.stdout:
            words = line.split()
            with self.changed:
                if words[0] == "ready":
                    self.is_ready = True
                elif words[0] == "event":
                    self.events[int(words[1])] = float(words[2]), float(words[3])
                self.changed.notify_all()

    def wait(self, what, seconds):
        with self.changed:
            if not self.changed.wait_for(what, seconds):
                raise RuntimeError("not all readers of the stream were reached in %d s" % seconds)

    def stop(self):
        self.p.stdin.close()
        self.p.wait(20)


class LiveGame:
    """A live game, in whose box score something moves."""
    def __init__(self, bench, db):
        self.bench, self.db, self.path, self.moves = bench, db, make_body(bench), 0
        with open(self.path) as f:
            self.body = json.load(f)
        self.body["gameState"] = "LIVE"
        self.when = time.time() - 3600

    def change(self):
        """One more shot blocked, by a process of its own; the revision, and when that process said that it was stored."""
        self.moves += 1
        self.body["playerByGameStats"]["awayTeam"]["forwards"][0]["blockedShots"] += 1
        with open(self.path, "w") as f:
            json.dump(self.body, f)
        os.utime(self.path, (self.when + self.moves, self.when + self.moves))
        p = subprocess.Popen([self.bench.binary, "ingest", "--file", self.path], env=self.bench.settings(self.db), stdout=subprocess.PIPE, text=True,
                             cwd=self.bench.temp)
        line = p.stdout.readline()
        at = time.time() * 1000
        if p.wait(60) or "revision" not in line:
            raise RuntimeError("the change was not stored: " + line)
        return int(line.split("revision ")[1].split(":")[0]), at


def delays(readers, game, changes):
    """What each of so many changes took to the first and to the last reader, in milliseconds after it was stored."""
    firsts, lasts = [], []
    for _ in range(changes):
        revision, at = game.change()
        readers.wait(lambda: revision in readers.events, 30)
        firsts.append(max(0, readers.events[revision][0] - at))
        lasts.append(max(0, readers.events[revision][1] - at))
    return firsts, lasts


def stream(bench):
    count, db = (500 if bench.is_quick else 10_000), bench.database()
    game = LiveGame(bench, db)
    game.change()
    api = bench.api(db, "--max-connections", 20000, "--max-connections-per-peer", 20000)
    get(api.url + "/health/live")
    before, readers = api.rss_kib(), Readers(bench, api.url, count)
    readers.wait(lambda: readers.is_ready, 60)
    each = (api.rss_kib() - before) / count
    firsts, lasts = delays(readers, game, 5 if bench.is_quick else 20)
    peak = (api.peak_kib() - before) / count
    readers.stop()
    api.stop()
    yield Measure("to the first reader", median(firsts), "ms")
    yield Measure("to the last reader", median(lasts), "ms", "<= 150")
    yield Measure("memory each, listening", each, "KiB", "<= 2")
    yield Measure("memory each, at most", peak, "KiB")


ROWS = [Row("stream", "`/stream`, 10,000 readers, one core", stream)]
