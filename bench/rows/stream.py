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


def stream(bench):
    count, db = (500 if bench.is_quick else 10_000), bench.database()
    path = make_body(bench)
    with open(path) as f:
        body = json.load(f)
    body["gameState"] = "LIVE"
    when = time.time() - 3600

    def change(n):
        """One more shot blocked; the revision, and when the ingest said that it was stored."""
        body["playerByGameStats"]["awayTeam"]["forwards"][0]["blockedShots"] += 1
        with open(path, "w") as f:
            json.dump(body, f)
        os.utime(path, (when + n, when + n))
        p = subprocess.Popen([bench.binary, "ingest", "--file", path], env=bench.settings(db), stdout=subprocess.PIPE, text=True, cwd=bench.temp)
        line = p.stdout.readline()
        at = time.time() * 1000
        if p.wait(60) or "revision" not in line:
            raise RuntimeError("the change was not stored: " + line)
        return int(line.split("revision ")[1].split(":")[0]), at

    change(0)
    api = bench.api(db, "--max-connections", 20000, "--max-connections-per-peer", 20000)
    get(api.url + "/health/live")
    before, readers = api.rss_kib(), Readers(bench, api.url, count)
    readers.wait(lambda: readers.is_ready, 60)
    each = (api.rss_kib() - before) / count
    firsts, lasts = [], []
    for n in range(1, 6 if bench.is_quick else 21):
        revision, at = change(n)
        readers.wait(lambda: revision in readers.events, 30)
        firsts.append(max(0, readers.events[revision][0] - at))
        lasts.append(max(0, readers.events[revision][1] - at))
    peak = (api.peak_kib() - before) / count
    readers.stop()
    api.stop()
    yield Measure("to the first reader", median(firsts), "ms")
    yield Measure("to the last reader", median(lasts), "ms", "<= 150")
    yield Measure("memory each, listening", each, "KiB", "<= 2")
    yield Measure("memory each, at most", peak, "KiB")


ROWS = [Row("stream", "`/stream`, 10,000 readers, one core", stream)]
