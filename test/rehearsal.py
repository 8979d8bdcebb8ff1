"""A league of our own: a made-up season, played many times faster than life, with everything going wrong.

    r = Rehearsal(seed=7, start="2025-11-15T21:00:00Z", end="2025-11-16T12:00:00Z", speed=1500)
    r.play(tap)      # the fake's season goes by; processes are killed, the database locked, its disk full
    r.settle(tap)    # the faults are over, the season too: every game is asked once more
    r.compare(tap)   # rows, events, changes, corrections and streams against what the fake says happened

All processes are told the same clock (RINKSIDE_CLOCK), so the calendar, the plan and the orders of
replies are as in life. Everything random comes from the seed; what the operating system does
in which order does not, and must not matter.
"""
import collections, datetime, hashlib, http.client, itertools, json, os, random, resource, signal, sqlite3, subprocess, threading, time
import rig

TOKEN = "RINKSIDE_REHEARSAL"
WINDOW_S = 15  # of the fake's cache: an ETag names its end, the body shows its beginning

# Some twelve in a hundred requests, and an upstream that is dead for the first hour of every day (UTC).
FAULTS = """status-500=0.01 status-503=0.01 status-404=0.004 status-403=0.001 status-429=0.003 retry-after-1=0.002 slow=0.001
hang=0.001 drip=0.001 reset=0.01 drop=0.005 torn=0.01 redirect=0.005 html=0.01 empty=0.01 cut=0.01 gzip=0.01 oversized=0.001
stale=0.03 back=0.01 contradict=0.02@path:play-by-play wrong-game=0.005 lost-lines=0.01 lost-fields=0.004 new-fields=0.01
wrong-types=0.01 wrong-sums=0.005 twice=0.005 flapping=0.003 unknown-state=0.003 reset=1@every:24h@for:1h"""

# The kinds of game_events: what else the play-by-play tells is no row.
KINDS = {"goal", "penalty", "shot-on-goal", "missed-shot", "blocked-shot", "failed-shot-attempt", "hit", "faceoff", "giveaway",
         "takeaway"}


# Who an event is about, by kind: what the details call the player of `player_id`, and of `other_player_id`.
WHO = {"goal": ("scoringPlayerId", None), "penalty": ("committedByPlayerId", "drawnByPlayerId"), "hit": ("hittingPlayerId", "hitteePlayerId"),
       "faceoff": ("winningPlayerId", "losingPlayerId"), "blocked-shot": ("shootingPlayerId", "blockingPlayerId"), "giveaway": ("playerId", None),
       "takeaway": ("playerId", None)}

# What the older shape of a box score does not tell.
NOT_NESTED = {"shifts", "giveaways", "takeaways", "starter", "decision"}


def event_of_play(p):
    """What `game_events` must have of a play."""
    d, (minutes, seconds) = p.get("details", {}), p["timeInPeriod"].split(":")
    player, other = WHO.get(p["typeDescKey"], ("shootingPlayerId", None))
    if p["typeDescKey"] == "penalty":  # one of a bench has who serves it, one that nobody drew too
        other = other if other in d else "servedByPlayerId"
        player = player if player in d else None
    return {"type": p["typeDescKey"], "period": p["periodDescriptor"]["number"], "period_type": p["periodDescriptor"]["periodType"],
            "time_in_period": int(minutes) * 60 + int(seconds), "sort_order": p["sortOrder"], "situation": p.get("situationCode"),
            "team_id": d.get("eventOwnerTeamId"), "player_id": d.get(player), "other_player_id": d.get(other),
            "assist1_player_id": d.get("assist1PlayerId"), "assist2_player_id": d.get("assist2PlayerId"), "goalie_player_id": d.get("goalieInNetId"),
            "away_score": d.get("awayScore"), "home_score": d.get("homeScore"), "x": d.get("xCoord"), "y": d.get("yCoord")}


def seed():
    return int(os.environ.get("RINKSIDE_SEED") or random.randrange(1, 10 ** 6))


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def rig_time(at):
    return datetime.datetime.utcfromtimestamp(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def digest(games, lines):
    """What an event says, in so few bytes that a season of them can be kept."""
    rows = [[(x["game_id"], x.get("player_id"), x["kind"], x["before"], x["after"]) for x in part] for part in (games, lines)]
    text = json.dumps([sorted(part, key=lambda row: row[:3]) for part in rows], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=12).digest()


class Subscriber(threading.Thread):
    """Reads /stream, goes away, comes back with Last-Event-ID. Everything that it ever got is in events."""

    def __init__(self, port, rng, until):
        super().__init__(daemon=True)
        self.port, self.rng, self.until = port, rng, until
        self.events, self.visits, self.trouble = [], 0, []
        self.last = 0
        self.start()

    def run(self):
        while not self.until.is_set():
            try:
                self.visit(self.rng.uniform(0.2, 3))
            except (OSError, http.client.HTTPException):
                pass
            self.until.wait(self.rng.uniform(0.02, 0.3))

    def visit(self, seconds):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        end = time.monotonic() + seconds
        try:
            c.request("GET", "/stream?after=0" if not self.last else "/stream",
                      headers={"Last-Event-ID": str(self.last)} if self.last else {})
            r = c.getresponse()
            if r.status != 200:
                return
            self.visits += 1
            identity, kind, data = None, None, []
            while time.monotonic() < end and not self.until.is_set():
                line = r.readline()
                if not line.endswith(b"\n"):
                    return
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "id":
                    identity = int(value)
                elif name == "data":
                    data.append(value)
                elif name == "event":
                    kind = value
                elif not name and data:
                    self.take(kind, identity, "\n".join(data))
                    identity, kind, data = None, None, []
        finally:
            c.close()

    def take(self, kind, identity, data):
        event = json.loads(data)
        if kind or event.get("revision") != identity:
            self.trouble.append("%s %s after %d" % (kind, data[:80], self.last))
        else:
            self.events.append((identity, digest(event["games"], event["lines"])))
            self.last = identity


class Visitor(threading.Thread):
    """Asks one API for one page after the other, some of them of before."""

    def __init__(self, port, rng, rehearsal, until):
        super().__init__(daemon=True)
        self.port, self.rng, self.rehearsal, self.until = port, rng, rehearsal, until
        self.answers = collections.Counter()
        self.start()

    def target(self):
        game = self.rehearsal.season // 10000 * 1000000 + 20000 + self.rng.randrange(1, 1313)
        past = rig_time(self.rehearsal.now() - self.rng.uniform(600, 86400))
        return self.rng.choice(["/game-stats/%d" % game, "/game-stats?limit=%d&sort=-goals" % self.rng.randrange(1, 1000), "/games?limit=50",
                                "/games/%d/events" % game, "/game-stats/%d?as_of=%s" % (game, past), "/corrections?since=0",
                                "/changes?after=%d" % self.rng.randrange(0, 20000), "/leaders?season=%d&stat=goals" % self.rehearsal.season,
                                "/game-stats?format=csv", "/", "/metrics"])

    def run(self):
        while not self.until.is_set():
            c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                for _ in range(self.rng.randrange(1, 20)):
                    c.request("GET", self.target(), headers={"Accept-Encoding": self.rng.choice(["gzip", "identity"])})
                    r = c.getresponse()
                    r.read()
                    self.answers[r.status] += 1
                    self.until.wait(0.05)
            except (OSError, http.client.HTTPException) as e:
                self.answers[type(e).__name__] += 1
            finally:
                c.close()


class Rehearsal:
    """`shape_from`: until then box scores have the older shape."""

    def __init__(self, seed, start, end, speed, season=20252026, faults=FAULTS, playoffs=False, chaos=True, long_lock=False, shape_from=None):
        self.seed, self.rng = seed, random.Random(seed)
        self.start, self.end, self.speed, self.season = instant(start), instant(end), speed, season
        self.chaos_wanted, self.long_lock = chaos, long_lock
        self.db, self.path = rig.database()
        self.truth_file = os.path.join(rig.TEMP, "truth")
        quiet = rig_time(self.end - 3 * 3600)
        rules = ",".join(rule + "@to:" + quiet for rule in faults.split())
        self.env = {TOKEN: str(os.getpid())}
        self.counts = collections.Counter()
        self.common = ["--season", str(season), "--seed", str(seed)] + (["--playoffs"] if playoffs else [])
        self.shape_from = instant(shape_from) if shape_from else 0
        shape = ["--shape", "nested,%s=flat" % shape_from] if shape_from else []
        self.fake = rig.Program("fake", *self.common, *shape, "--listen", "127.0.0.1:0", "--from", start, "--speed", str(speed),
                                "--truth", self.truth_file, "--faults", rules, "--deadline", "2h", env=self.env)
        line = self.fake.wait_line("listening on", 60) or self.fake.output
        self.upstream = line.split("listening on ")[1]
        clock = self.fake.wait_line("RINKSIDE_CLOCK=").split("=")[1]
        self.real, self.shown = (int(x) / 1000 for x in clock.split("/")[:2])
        self.env["RINKSIDE_CLOCK"] = clock
        self.port = rig.free_port()
        self.up, self.still, self.samples = None, {}, collections.defaultdict(list)
        self.gone = threading.Event()
        self.subscribers, self.diary = [], []

    def now(self):
        return self.shown + (time.time() - self.real) * self.speed

    # ---- processes ----

    def start_up(self):
        # A signal for a full disk would end the process before it could say so.
        self.up = rig.Program("up", "--every", "100ms", "--timeout", "1s", "--retries", "1", "--listen", "127.0.0.1:%d" % self.port,
                              "--log-level", "warning", db=self.db, upstream=self.upstream, env=self.env, restore_signals=False)

    def start_still(self):
        """An API and a worker that nobody kills: what they hold is what stays."""
        self.still["api"] = rig.Program("api", "--listen", "127.0.0.1:0", "--cache", "8", "--log-level", "warning", db=self.db, env=self.env)
        where = self.still["api"].wait_line("listening on", 20) or self.still["api"].output
        self.still["worker"] = rig.Program("worker", "--timeout", "1s", "--retries", "1", "--log-level", "warning", db=self.db, upstream=self.upstream,
                                           env=self.env)
        self.still_port = int(where.rsplit(":", 1)[1])

    def sample(self):
        for name, program in dict(self.still, up=self.up).items():
            try:
                fds = len(os.listdir("/proc/%d/fd" % program.pid))
                with open("/proc/%d/status" % program.pid) as f:
                    rss = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
            except (OSError, StopIteration):
                continue
            self.samples[name].append((fds, rss))

    # ---- what goes wrong on this side ----

    def kill(self):
        self.up.p.send_signal(signal.SIGKILL)
        self.up.p.wait()
        self.start_up()

    def lock(self):
        held = 7 if self.long_lock and self.rng.random() < 0.2 else self.rng.uniform(0.1, 1)
        c = sqlite3.connect(self.path, timeout=2, isolation_level=None)
        try:
            c.execute("begin exclusive")
            self.pause(held)
            c.execute("rollback")
        except sqlite3.OperationalError:
            pass
        finally:
            c.close()

    def fill_disk(self):
        """No file may grow beyond what the database's journal is now."""
        try:
            size = max(os.path.getsize(self.path + "-wal"), 4096)
            resource.prlimit(self.up.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            self.pause(self.rng.uniform(0.3, 1.5))
            resource.prlimit(self.up.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ProcessLookupError):
            pass

    def stranger(self):
        """Another ingest of the same games, killed in the middle of it."""
        games = [row["game_id"] for row in rig.query(self.path, "select game_id from games where stats_status in ('live', 'provisional')")]
        if not games:
            return
        p = rig.Program("ingest", *self.rng.sample(games, min(3, len(games))), "--timeout", "1s", db=self.db, upstream=self.upstream, env=self.env)
        self.pause(self.rng.uniform(0.005, 0.15))
        p.p.kill()
        p.p.wait()

    def pause(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.sample()
            time.sleep(min(0.2, max(0, end - time.monotonic())))

    def newest_revision(self):
        try:
            return (rig.query(self.path, "select max(revision) as n from revisions") or [{"n": 0}])[0]["n"]
        except sqlite3.OperationalError:
            return None

    def play(self, tap):
        began = time.monotonic()
        self.start_up()
        tap.ok(self.up.wait_line("listening on", 20), "up starts", self.up.output)
        self.start_still()
        self.subscribers = [Subscriber(port, random.Random(self.seed * 10 + i), self.gone)
                            for i, port in enumerate([self.port, self.port, self.port, self.still_port])]
        self.visitor = Visitor(self.still_port, random.Random(self.seed * 10 + 9), self, self.gone)
        quiet = self.end - 3 * 3600
        while self.now() < quiet:
            self.pause(self.rng.uniform(0.3, 2))
            if not self.chaos_wanted:
                continue
            what = self.rng.choice([self.kill, self.lock, self.fill_disk, self.stranger])
            self.counts[what.__name__] += 1
            first, before = self.newest_revision(), [x.last for x in self.subscribers]
            what()
            self.diary.append("%s: %s to %s, told %s to %s" % (what.__name__, first, self.newest_revision(), before,
                                                              [x.last for x in self.subscribers]))
            if not self.up.is_alive():
                tap.ok(False, "up ended by itself", self.up.output[-2000:])
                self.start_up()
        while self.now() < self.end:
            self.pause(0.5)
        tap.ok(self.up.is_alive(), "up has borne it all", self.up.output[-1000:])
        self.compare_machine(tap)
        self.compare_answers(tap)
        self.counts["seconds"] = round(time.monotonic() - began)
        self.read_truth()
        self.compare_live(tap)

    # ---- what happened, as the fake says ----

    def read_truth(self):
        """versions[game] is a list of (since when, {player: row}): the horn's, and after each correction."""
        steps = collections.defaultdict(list)
        with open(self.truth_file) as f:
            for line in f:
                step = json.loads(line)
                row = step.get("row") or step["gone"]
                steps[row["game_id"]].append((step["at"], row["player_id"], step.get("row")))
        self.versions = {}
        for game, list_of in steps.items():
            versions, rows = [], {}
            for at, player, row in list_of:
                if versions and versions[-1][0] != at or not versions:
                    versions.append((at, dict(rows)))
                if row:
                    rows[player] = row
                else:
                    rows.pop(player, None)
                versions[-1] = (at, dict(rows))
            self.versions[game] = versions

    @staticmethod
    def differences(rows, want, but=()):
        found = []
        for player in sorted(set(rows) | set(want)):
            if player not in rows or player not in want:
                found.append("%d: only %s" % (player, "stored" if player in rows else "true"))
                continue
            found += ["%d.%s: wanted %r, got %r" % (player, k, v, rows[player].get(k)) for k, v in want[player].items()
                      if k not in but and rows[player].get(k) != v]
        return found

    def stored(self, where="1"):
        games = collections.defaultdict(dict)
        for row in rig.query(self.path, "select * from game_stats where " + where):
            games[row["game_id"]][row["player_id"]] = row
        return games

    def whole_games(self):
        """The official games whose lines are those of one moment of theirs, and what is wrong with the others."""
        names = {"player_name", "player_age", "team_name", "opponent_team_name"}  # they may still be on their way
        ended = {r["game_id"] for r in rig.query(self.path, "select game_id from games where stats_status in ('official', 'settled')")}
        wrong, exact = {}, 0
        for game, rows in self.stored().items():
            if game not in ended:
                continue
            versions = self.versions[game]
            # Of the older shape alone: polled to its end before the other came, or not yet again since.
            late = names | (NOT_NESTED if instant(versions[0][0]) < self.shape_from else set())
            if any(not self.differences(rows, version, late) for _, version in versions):
                exact += 1
            else:
                wrong[game] = "%d: %s" % (game, self.differences(rows, versions[-1][1], late)[:3])
        self.counts["official_games"] = exact
        self.counts["await_their_next_poll"] = len(wrong)
        return exact, wrong

    def compare_live(self, tap):
        """What was polled alone has become."""
        exact, wrong = self.whole_games()
        due = {g for g, v in self.versions.items() if self.start + 12 * 3600 < instant(v[0][0]) < self.end - 15 * 3600}
        stored = {r["game_id"] for r in rig.query(self.path, "select distinct game_id from game_stats")}
        tap.ok(due and due <= stored, "all %d games that ended hours ago are there" % len(due), sorted(due - stored)[:20])
        few = len(wrong) <= exact // 20  # whose last poll was one of those that went wrong
        tap.ok(exact and few, "what was polled: %d official games are whole, %d await their next poll" % (exact, len(wrong)),
               "\n".join(wrong.values()))

    # ---- the end ----

    def settle(self, tap):
        self.fake.stop()
        for line in self.fake.lines:
            if line.startswith(("requests ", "faults ")):
                tap.note(line)
                kind = line.split()[0]
                for pair in line.split()[1:]:
                    self.counts[kind + " " + pair.split("=")[0]] = int(pair.split("=")[1])
        # Two days later: what was said not to exist is asked for again after one.
        real, shown, speed = self.env["RINKSIDE_CLOCK"].split("/")
        later = dict(self.env, RINKSIDE_CLOCK="%s/%d/%s" % (real, int(shown) + 2 * 86400000, speed))
        over = rig.Program("fake", *self.common, "--listen", "127.0.0.1:0", "--deadline", "1h", env=later)
        line = over.wait_line("listening on", 60) or over.output
        upstream = line.split("listening on ")[1]
        self.over = upstream
        self.games = sorted({r["game_id"] for r in rig.query(self.path, "select distinct game_id from game_stats")})
        failed = []
        for turn in range(2):  # the second finds nothing, or what the first learned of another game's players
            for i in range(0, len(self.games), 100):
                r = rig.run("ingest", *self.games[i:i + 100], db=self.db, upstream=upstream, env=later, deadline_s=300)
                if r.returncode != 0:
                    failed.append(r.stderr[-300:])
        tap.ok(not failed, "%d games are asked once more" % len(self.games), "\n".join(failed))
        self.newest = rig.query(self.path, "select max(revision) as n from revisions")[0]["n"]
        caught = rig.wait_for(lambda: all(s.last >= self.newest for s in self.subscribers), 30, 0.05)
        tap.ok(caught, "every subscriber has caught up", [(s.last, self.newest) for s in self.subscribers])
        self.gone.set()
        for s in self.subscribers:
            s.join(5)
        self.counts["visits"] = sum(s.visits for s in self.subscribers)
        tap.ok(self.up.stop() == 0, "up ends cleanly", self.up.output[-1000:])
        for name, program in self.still.items():
            tap.ok(program.stop() == 0 or program is self.up, "and so does the %s beside it" % name, program.output[-1000:])

    def compare(self, tap):
        self.compare_rows(tap)
        self.compare_games(tap)
        self.compare_events(tap)
        self.compare_changes(tap)
        self.compare_corrections(tap)
        self.compare_streams(tap)
        self.compare_moments(tap)
        self.compare_processes(tap)

    def compare_rows(self, tap):
        stored, wrong = self.stored(), []
        for game in self.games:
            wrong += ["%d/%s" % (game, d) for d in self.differences(stored[game], self.versions[game][-1][1])]
        self.counts["rows"] = sum(len(rows) for rows in stored.values())
        tap.ok(not wrong and self.games, "%d rows are the truth, field by field" % self.counts["rows"], "\n".join(wrong))
        warned = rig.query(self.path, "select game_id, warning from games where warning is not null and stats_status in ('official','settled')")
        tap.ok(not warned, "and no warning is left", warned[:5])

    def compare_games(self, tap):
        wrong = []
        c = http.client.HTTPConnection(self.over.split("//")[1], timeout=20)
        for game in self.games:
            c.request("GET", "/v1/gamecenter/%d/boxscore" % game)
            body = json.loads(c.getresponse().read())
            row = rig.query(self.path, "select * from games where game_id = ?", game)[0]
            want = {"game_state": "OFF", "schedule_state": "OK", "game_date": body["gameDate"], "start_time": body["startTimeUTC"].replace("Z", ".000Z"),
                    "away_score": body["awayTeam"]["score"], "home_score": body["homeTeam"]["score"],
                    "away_team_id": body["awayTeam"]["id"], "home_team_id": body["homeTeam"]["id"],
                    "last_period_type": body["gameOutcome"]["lastPeriodType"]}
            wrong += ["%d.%s: wanted %r, got %r" % (game, k, v, row[k]) for k, v in want.items() if row[k] != v]
        c.close()
        tap.ok(not wrong, "%d games have their dates, clubs, scores and ends" % len(self.games), "\n".join(wrong))

    def compare_events(self, tap):
        wrong, total = [], 0
        c = http.client.HTTPConnection(self.over.split("//")[1], timeout=20)
        for game in self.games[::max(1, len(self.games) // 200)]:
            c.request("GET", "/v1/gamecenter/%d/play-by-play" % game)
            body = json.loads(c.getresponse().read())
            want = {p["eventId"]: event_of_play(p) for p in body["plays"] if p["typeDescKey"] in KINDS}
            got = {r["event_id"]: r for r in rig.query(self.path, "select * from game_events where game_id = ?", game)}
            total += len(want)
            wrong += ["%d: %s" % (game, d) for d in self.differences(got, want)]
        c.close()
        tap.ok(total and not wrong, "%d events of a sample of games are the play-by-play's" % total, "\n".join(wrong))
        self.counts["events"] = total

    def compare_changes(self, tap):
        """Played again from nothing they are the table, and `check` says the same by its own means."""
        table = {}
        n = 0
        for c in rig.query(self.path, "select * from stat_changes order by revision, game_id, player_id"):
            key, after = (c["game_id"], c["player_id"]), json.loads(c["after"])
            n += 1
            if c["kind"] == "delete":
                table.pop(key, None)
            else:
                table.setdefault(key, {}).update(after)
        bare = {"revision", "observed_at"}
        wrong = []
        rows = {(r["game_id"], r["player_id"]): r for r in rig.query(self.path, "select * from game_stats")}
        for key in set(rows) | set(table):
            a, b = table.get(key), rows.get(key)
            same = a and b and all(a.get(k) == (bool(v) if isinstance(a.get(k), bool) else v) for k, v in b.items() if k not in bare)
            if not same:
                wrong.append("%s: %s" % (key, a and b and [(k, a.get(k), v) for k, v in b.items() if k not in bare and a.get(k) != v][:3]))
        self.counts["changes"] = n
        tap.ok(n and not wrong, "%d changes, played again from nothing, are the table" % n, "\n".join(wrong[:10]))
        r = rig.run("check", db=self.db, deadline_s=300)
        tap.ok(r.returncode == 0, "check: all holds", r.stdout + r.stderr)

    def horns_stored(self):
        """The games whose lines have been, once they had ended, all that they were at the horn; a poll may come after the first correction."""
        columns = ("goals", "assists", "hits", "shots", "player_position", "time_on_ice")
        lines, found = collections.defaultdict(dict), set()
        for _, group in itertools.groupby(rig.query(self.path, "select revision, game_id, player_id, after, phase, kind from stat_changes order by revision"),
                                          lambda c: c["revision"]):
            for c in group:
                line = lines[c["game_id"]].setdefault(c["player_id"], {})
                line.update(json.loads(c["after"]))
                if c["kind"] == "delete":
                    del lines[c["game_id"]][c["player_id"]]
            game, horn = lines[c["game_id"]], self.versions.get(c["game_id"], [(None, {})])[0][1]
            if c["phase"] in ("provisional", "official", "settled") and game.keys() == horn.keys() and \
                    all(game[p].get(k) == horn[p][k] for p in horn for k in columns):
                found.add(c["game_id"])
        # An end that was taken back for a while has no corrections until the next one.
        has_ended = set()
        for c in rig.query(self.path, "select game_id, after from game_changes order by revision"):
            status = json.loads(c["after"]).get("stats_status")
            if status in ("provisional", "official", "settled"):
                has_ended.add(c["game_id"])
            elif status and c["game_id"] in has_ended:
                found.discard(c["game_id"])
        return found

    def compare_corrections(self, tap):
        """What was another at the horn than at the end has reached readers as a correction, where the horn's was stored."""
        known, missing, total = collections.defaultdict(dict), [], 0
        for c in rig.query(self.path, "select game_id, player_id, after, correction from stat_changes where phase in "
                                      "('provisional', 'official', 'settled') order by revision"):
            key = c["game_id"], c["player_id"]
            for name in json.loads(c["after"]):
                known[key][name] = known[key].get(name) or c["correction"]
        horns = self.horns_stored()
        for game in self.games:
            horn, end = self.versions[game][0][1], self.versions[game][-1][1]
            if game not in horns:
                continue
            untold = NOT_NESTED if instant(self.versions[game][0][0]) < self.shape_from else set()
            for player in set(horn) & set(end):
                for name in horn[player].keys() - untold:
                    # What was absent is not corrected by what comes.
                    if horn[player][name] == end[player][name] or horn[player][name] is None:
                        continue
                    total += 1
                    if not known[(game, player)].get(name):
                        missing.append("%d/%d.%s" % (game, player, name))
        self.counts["corrections"] = rig.query(self.path, "select count(*) as n from stat_changes where correction")[0]["n"]
        tap.ok(horns and not missing, "%d corrected values have reached readers as corrections" % total, missing[:10])

    def compare_streams(self, tap):
        want = {}
        for table, part in (("game_changes", "games"), ("stat_changes", "lines")):
            for c in rig.query(self.path, "select * from %s order by revision" % table):
                want.setdefault(c["revision"], {"games": [], "lines": []})[part].append(
                    dict(c, before=json.loads(c["before"]), after=json.loads(c["after"])))
        want = {revision: digest(**parts) for revision, parts in want.items()}
        for i, s in enumerate(self.subscribers):
            ids = [identity for identity, _ in s.events]
            tap.ok(ids == sorted(set(ids)) and not s.trouble, "subscriber %d: in order, nothing twice, over %d visits" % (i, s.visits),
                   "%s\n%s\n%s" % ("\n".join(self.diary[-9:]), s.trouble[:5], [(a, b) for a, b in zip(ids, ids[1:]) if a >= b][:5]))
            tap.ok(set(ids) == set(want), "subscriber %d: nothing missing of %d revisions" % (i, len(want)),
                   "missing %s, too many %s, told %s" % (sorted(set(want) - set(ids))[:10], sorted(set(ids) - set(want))[:10], s.trouble[:3]))
            wrong = ["revision %d" % identity for identity, said in s.events if want.get(identity, said) != said]
            tap.ok(not wrong, "subscriber %d: each event is what the database has of it" % i, wrong[:10])

    def compare_moments(self, tap):
        """While games were on: what `as_of` shows when a box score had come is what stood on the ice when the CDN took it, or one that came before."""
        bodies = collections.defaultdict(list)
        for b in rig.query(self.path, "select game_id, order_time, observed_at from raw_bodies where endpoint = 'boxscore' order by observed_at"):
            bodies[b["game_id"]].append(b)
        some = [(game, i) for game, list_of in bodies.items() if game in self.versions for i, b in enumerate(list_of)
                if instant(b["observed_at"]) < instant(self.versions[game][0][0]) and b["order_time"] > self.shape_from + 60]
        some = random.Random(self.seed).sample(some, min(len(some), 200))
        late = {"player_name", "player_age", "team_name", "opponent_team_name"}
        program = rig.Program("api", "--listen", "127.0.0.1:0", db="sqlite:" + self.path, env=self.env)
        line = program.wait_line("listening on", 20) or program.output
        api, truth = (http.client.HTTPConnection(url.split("//")[1], timeout=20) for url in (line, self.over))

        def lines(connection, target):
            connection.request("GET", target)
            return connection.getresponse().read()

        def at(game, moment):
            return {r["player_id"]: r for r in map(json.loads, lines(truth, "/fake/truth/%d?at=%s" % (game, rig_time(moment))).splitlines())}

        def differ(rows, want):
            # A goaltender's points are the play-by-play's, which is asked for at another moment.
            return [d for player in set(rows) | set(want) for d in
                    self.differences({k: v for k, v in rows.items() if k == player}, {k: v for k, v in want.items() if k == player},
                                     late | ({"goals", "assists", "points"} if want.get(player, {}).get("player_position") == "G" else set()))]

        # An endpoint that contradicts another one shows a body of a minute or ten before its ETag's; a value of a
        # wrong type leaves the one before it, or none. So each value must have been true at a moment that was
        # shown, and nearly every answer all of it at one. A body that came again later is known by its newest sighting
        # alone, so that of what had come by then a moment may not be in the list, an earlier one or a later.
        def shown(order_time):
            """An ETag is the end of its window; where there is none, a time within the window orders the body."""
            return order_time - (order_time % WINDOW_S or WINDOW_S)

        exact, mixed, wrong = 0, 0, []
        for game, i in some:
            answer = json.loads(lines(api, "/game-stats/%d?as_of=%s" % (game, bodies[game][i]["observed_at"])))
            rows = {r["player_id"]: r for r in answer}
            if not rows:  # a body had come, and was the first that could not be stored
                continue
            moments = sorted({shown(b["order_time"]) for b in bodies[game][:i + 1]}, reverse=True)
            if any(not differ(rows, at(game, m)) for m in moments[:10]):
                exact += 1
                continue
            mixed += 1
            never = [d for d in differ(rows, at(game, moments[0])) if not d.endswith("got None")]
            seconds = range(int(instant(bodies[game][i]["observed_at"])), int(moments[:10][-1]) - 661, -1)
            for moment in itertools.chain(moments, seconds):
                if not never:
                    break
                still = {d.split(":")[0] for d in differ(rows, at(game, moment))}
                never = [d for d in never if d.split(":")[0] in still]
            if never:
                wrong.append("%d at %s: %s" % (game, bodies[game][i]["observed_at"], never[:3]))
        program.stop()
        self.counts["moments"], self.counts["moments_of_some"] = exact, mixed
        tap.ok(not wrong, "as_of in the middle of games: %d answers have no value that never was true" % (exact + mixed), "\n".join(wrong))
        few = exact + mixed < 30  # too few for a share of them to say much, as in a night of a slow machine's
        tap.ok(exact and exact >= 9 * mixed or few and len(bodies) < 100, "and %d are of one moment, %d of some" % (exact, mixed))

    def compare_machine(self, tap):
        """Of the two that live from the beginning to the end, and while the games are still on."""
        for name, program in self.still.items():
            tap.ok(program.is_alive(), "the %s that stands beside it was never ended" % name, program.output[-1000:])
            seen = self.samples[name]
            third = len(seen) // 3
            if third < 3:
                continue
            before, after = seen[third:2 * third], seen[-third:]
            f0, f1 = max(f for f, _ in before), max(f for f, _ in after)
            r0, r1 = max(r for _, r in before), max(r for _, r in after)
            tap.ok(f1 <= f0 + 8 and f1 < 100, "%s: descriptors are flat: %d, then %d" % (name, f0, f1))
            if rig.is_instrumented():
                continue  # it keeps for a while what has been given back
            tap.ok(r1 <= r0 * 1.25 + 8192, "%s: memory is flat: %d KiB, then %d" % (name, r0, r1))
            self.counts[name + "_rss_kib"], self.counts[name + "_descriptors"] = r1, f1
        self.counts["up_rss_kib"] = max(r for _, r in self.samples["up"])
        self.counts["up_descriptors"] = max(f for f, _ in self.samples["up"])

    def compare_answers(self, tap):
        answers = self.visitor.answers
        self.counts["answers"] = answers[200]
        tap.ok(answers[200] > 10 and not [a for a in answers if isinstance(a, int) and a >= 500 and a != 503], "the API answered %d times" % answers[200], answers)

    def compare_processes(self, tap):
        ours, left = {p.pid for p in rig.Program.all if p.is_alive()}, []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % pid, "rb") as f:
                    if ("%s=%d" % (TOKEN, os.getpid())).encode() in f.read() and int(pid) not in ours:
                        left.append(pid)
            except OSError:
                continue
        tap.ok(not left, "no process is left behind", left)
