"""One-shot ingests, a tick of the monitor, a season."""
import datetime, json, os, resource, sqlite3, subprocess, threading, time

from rig import SERVER_CORE, Measure, Row, get, median, tool

SEASON, FIRST_GAME, GAMES = 20252026, 2025020001, 1312
# What a process may cost was set where loading libcurl alone, most of any start, takes five milliseconds.
LOADING_MS = 5


def loading(bench, times):
    """A process that loads libcurl and ends: the median's milliseconds and MiB, and how much slower than LOADING_MS it is."""
    floor = bench.spawn([[]] * times, core=SERVER_CORE, program=tool(bench.build, "floor", "-lcurl"))
    cpu_ms = median(s.cpu_ms for s in floor)
    return cpu_ms, median(s.rss_kib for s in floor) / 1024, max(1, cpu_ms / LOADING_MS)


def loading_at_once(bench, count):
    """The same of so many at once: two cores that share what they are made of take longer for each."""
    program, spent = tool(bench.build, "floor", "-lcurl"), []
    for _ in range(9):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for p in [subprocess.Popen([program]) for _ in range(count)]:
            p.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / count)
    return median(spent), max(1, median(spent) / LOADING_MS)


def one_shot(bench):
    times = 15 if bench.is_quick else 100
    fake, db = bench.fake("--season", SEASON), bench.database()
    new = bench.spawn([["ingest", FIRST_GAME + i] for i in range(times)], db=db, upstream=fake.url, core=SERVER_CORE)
    same = bench.spawn([["ingest", FIRST_GAME + i] for i in range(times)], db=db, upstream=fake.url, core=SERVER_CORE)
    fake.stop()
    loading_ms, loading_mib, slower = loading(bench, times)
    least, most = ("loading libcurl alone", loading_ms), "<= %.1f" % (10 * slower)
    yield Measure("unchanged: CPU", median(s.cpu_ms for s in same), "ms", most, least)
    yield Measure("unchanged: wall", median(s.wall_ms for s in same), "ms")
    yield Measure("unchanged: memory", median(s.rss_kib for s in same) / 1024, "MiB", "<= 14", ("loading libcurl alone", loading_mib))
    yield Measure("new, with its play-by-play: CPU", median(s.cpu_ms for s in new[times // 2:]), "ms", "", least)
    yield Measure("new, with its play-by-play: memory", median(s.rss_kib for s in new[times // 2:]) / 1024, "MiB")


def live_night(bench, count=16):
    """A directory of recordings: so many games, each of them live, held still an hour after its start."""
    place = os.path.join(bench.temp, "night")
    if os.path.exists(place):
        return place
    fake = bench.fake("--games", count)
    fake.wait("games ")
    first = int(fake.output().split("games ")[1].split()[0])
    ask = lambda path: json.loads(get(fake.url + path))
    save = lambda name, body: (os.makedirs(os.path.dirname(os.path.join(place, name)), exist_ok=True),
                               json.dump(body, open(os.path.join(place, name), "w")))
    boxes = {}
    for game in range(first, first + count):
        path = "/v1/gamecenter/%d/" % game
        start = datetime.datetime.fromisoformat(ask(path + "boxscore")["startTimeUTC"].replace("Z", "+00:00"))
        moment = "?at=" + (start + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        box = boxes[game] = ask(path + "boxscore" + moment)
        if box["gameState"] not in ("LIVE", "CRIT"):
            raise RuntimeError("game %d is %s an hour after its start" % (game, box["gameState"]))
        save("web/boxscore/%d-LIVE.json" % game, box)
        save("web/play-by-play/%d-LIVE.json" % game, ask(path + "play-by-play" + moment))
        for side in ("awayTeam", "homeTeam"):
            name = box[side]["abbrev"]
            save("web/roster/%s-%d.json" % (name, box["season"]), ask("/v1/roster/%s/%d" % (name, box["season"])))
    day, week, score = box["gameDate"], ask("/v1/schedule/now"), ask("/v1/score/now")
    for g in [g for d in week["gameWeek"] for g in d["games"]] + score["games"]:
        box = boxes.get(g["id"], {})
        g.update({key: box[key] for key in ("gameState", "periodDescriptor", "clock") if key in box})
        for side in ("awayTeam", "homeTeam"):
            g[side].update({key: box[side][key] for key in ("score", "sog") if key in box.get(side, {})})
    save("stats-rest/team/team.json", ask("/stats/rest/en/team"))
    for shift in range(-2, 3):
        save("web/schedule/%s.json" % plus(day, shift), week)
        save("web/score/%s.json" % plus(day, shift), score if shift == 0 else dict(score, games=[]))
    fake.stop()
    return place


def plus(day, shift):
    return (datetime.date.fromisoformat(day) + datetime.timedelta(days=shift)).isoformat()


class LastRow(threading.Thread):
    """Notes when the table first holds lines of all games; asks the database every few milliseconds."""
    def __init__(self, db, games):
        super().__init__(daemon=True)
        self.db, self.games, self.at, self.is_over = db, games, None, False

    def run(self):
        connection = None
        while not self.is_over and self.at is None:
            try:
                connection = connection or (sqlite3.connect("file:%s?mode=ro" % self.db, uri=True, timeout=5, check_same_thread=False))
                if connection.execute("select count(*) from games where exists (select 1 from game_stats s where s.game_id = games.game_id)").fetchone()[0] >= self.games:
                    self.at = time.monotonic()
            except sqlite3.OperationalError:
                connection = None  # not there yet
            time.sleep(0.004)


def tick(bench, *more):
    """A first tick, which stores every game, and ticks after it, which find them unchanged."""
    place, count = live_night(bench), 16
    lasts, colds, warms = [], [], []
    for _ in range(2 if bench.is_quick else 7):
        fake, db = bench.fake("--recordings", place), bench.database()
        bench.run("ingest", "--file", os.path.join(place, "stats-rest/team/team.json"), db=db)  # the schema is there before a tick
        watch = LastRow(db, count)
        watch.start()
        begin = time.monotonic()
        colds += bench.spawn([["monitor", "--once", *more]], db=db, upstream=fake.url)
        watch.join(2)
        watch.is_over = True
        if watch.at is None:
            raise RuntimeError("not all of the %d games have lines after a tick" % count)
        lasts.append(watch.at - begin)
        warms += bench.spawn([["monitor", "--once", *more]] * 3, db=db, upstream=fake.url)
        fake.stop()
    return median(lasts), median(s.cpu_ms for s in colds), median(s.cpu_ms for s in warms), median(s.wall_ms for s in warms)


def tick_children(bench):
    loading_ms, slower = loading_at_once(bench, 16)
    last_s, cold_ms, warm_ms, wall_ms = tick(bench)
    least, most = ("17 times loading libcurl, at once", 17 * loading_ms / 1000), "<= %.2f" % (0.2 * slower)
    yield Measure("all new: to the last row", last_s, "s", most)
    yield Measure("all new: CPU, with names and events", cold_ms / 1000, "s", "", least)
    yield Measure("unchanged: whole tick", wall_ms / 1000, "s", most)
    yield Measure("unchanged: CPU", warm_ms / 1000, "s", most, least)


def tick_inline(bench):
    loading_ms, _, slower = loading(bench, 15)
    last_s, cold_ms, warm_ms, wall_ms = tick(bench, "--inline")
    yield Measure("all new: to the last row", last_s, "s", "<= %.2f" % (0.2 * slower))
    yield Measure("all new: CPU, with names and events", cold_ms, "ms")
    yield Measure("unchanged: whole tick", wall_ms / 1000, "s", "<= %.2f" % (0.2 * slower))
    yield Measure("unchanged: CPU", warm_ms, "ms", "<= %.0f" % (30 * slower), ("loading libcurl alone", loading_ms))


def season(bench):
    latency_ms, jobs = 30, 8
    fake, db = bench.fake("--season", SEASON, "--latency", "%dms" % latency_ms), bench.database()
    run, = bench.spawn([["season", SEASON, "--jobs", jobs, "--log-level", "warning"]], db=db, upstream=fake.url)
    stored = sqlite3.connect(db).execute("select count(distinct game_id) from game_stats").fetchone()[0]
    if stored != GAMES:
        raise RuntimeError("%d games stored of %d" % (stored, GAMES))
    again, = bench.spawn([["season", SEASON, "--jobs", jobs, "--log-level", "warning"]], db=db, upstream=fake.url)
    fake.stop()
    floor_s = GAMES * latency_ms / jobs / 1000
    yield Measure("time", run.wall_ms / 1000, "s", "<= %.2f" % (1.2 * floor_s), ("the latency's own limit", floor_s))
    yield Measure("CPU", run.cpu_ms / 1000, "s", "<= 6")
    yield Measure("memory", run.rss_kib / 1024, "MiB")
    yield Measure("again, all of it there: time", again.wall_ms / 1000, "s")


ROWS = [
    Row("one-shot", "one-shot ingest, plain HTTP on loopback", one_shot),
    Row("tick", "a tick with 16 live games, a child each", tick_children),
    Row("inline", "a tick with 16 live games, inline", tick_inline),
    Row("season", "a season of 1,312 games, 30 ms upstream latency, 8 jobs", season),
]
