#!/usr/bin/env python3
"""Two machines' worth of processes on one PostgreSQL through a night that goes wrong: nothing is lost, nothing double.

Two schedules, four workers and two APIs; workers, schedules and sessions are killed, the server restarted and
crashed; subscribers come back to either API. In the end the rehearsal's own comparisons are made on a copy.
"""
import http.client, os, random, signal, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import cluster, rehearsal, rig


class Subscriber(rehearsal.Subscriber):
    """Comes back to whichever API."""
    def __init__(self, ports, *more):
        self.ports = ports
        super().__init__(ports[0], *more)

    def visit(self, seconds):
        self.port = self.rng.choice(self.ports)
        super().visit(seconds)


class SharedNight(rehearsal.Rehearsal):
    def __init__(self, *args, **more):
        self.server = cluster.Cluster("fsync = off")  # the night's clock runs from the next line on
        super().__init__(*args, **more)
        self.db = self.server.database()
        self.ports = [self.port, rig.free_port()]
        self.is_over = False

    # ---- the comparisons read a copy, brought up to date for each question until all is over ----

    def query(self, path, sql, *parameters):
        if path == self.path and not self.is_over:
            r = rig.run("copy", self.db, "sqlite:" + path, deadline_s=120)
            if r.returncode:
                raise RuntimeError(r.stderr)
        return self.query_file(path, sql, *parameters)

    # ---- processes ----

    def begin(self, *words):
        return rig.Program(*words, "--log-level", "warning", db=self.db, upstream=self.upstream, env=self.env)

    def begin_worker(self):
        return self.begin("worker", "--timeout", "1s", "--retries", "1", "--lease", "10m")

    def begin_schedule(self):
        return self.begin("schedule", "--timeout", "1s", "--retries", "1")

    def start_up(self):
        rig.run("migrate", db=self.db)
        self.apis = [self.begin("api", "--listen", "127.0.0.1:%d" % port) for port in self.ports]
        self.up = self.apis[0]
        self.still = {"first API": self.apis[0], "second API": self.apis[1]}
        self.schedules = [self.begin_schedule() for _ in range(2)]
        self.workers = [self.begin_worker() for _ in range(4)]

    # ---- what goes wrong ----

    def replace_one(self, programs, begin):
        i = self.rng.randrange(len(programs))
        programs[i].p.kill()
        programs[i].p.wait()
        programs[i] = begin()

    def kill_worker(self):
        self.replace_one(self.workers, self.begin_worker)

    def kill_schedule(self):
        self.replace_one(self.schedules, self.begin_schedule)

    def kill_sessions(self):
        self.server.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rinkside' and random() < 0.5")

    def restart_server(self):
        self.server.stop()
        self.pause(self.rng.uniform(0, 0.7))
        self.server.start()

    def crash_server(self):
        self.server.restart(signal.SIGQUIT)

    def play(self, tap):
        began = time.monotonic()
        self.start_up()
        tap.ok(all(a.wait_line("listening on", 20) for a in self.apis), "two APIs start", self.up.output)
        self.subscribers = [Subscriber(self.ports, random.Random(self.seed * 10 + i), self.gone) for i in range(3)]
        # Every kind has its turn, however long each takes on the machine at hand.
        kinds = [self.kill_worker, self.kill_sessions, self.crash_server, self.kill_schedule, self.restart_server, self.stranger]
        self.rng.shuffle(kinds)
        turn = 0
        while turn < len(kinds) or self.now() < self.end - 3 * 3600:
            self.pause(self.rng.uniform(0.2, 1.2))
            what = kinds[turn % len(kinds)]
            turn += 1
            self.counts[what.__name__] += 1
            what()
        while self.now() < self.end:
            self.pause(0.5)
        everyone = self.apis + self.schedules + self.workers
        tap.ok(all(p.is_alive() for p in everyone), "everyone who was not killed is alive",
               "\n".join(p.output[-500:] for p in everyone if not p.is_alive()))
        self.compare_machine(tap)
        self.counts["seconds"] = round(time.monotonic() - began)
        self.read_truth()
        self.compare_live(tap)
        for p in self.workers + self.schedules:
            tap.ok(p.stop() == 0, "%s ends cleanly" % p.p.args[1], p.output[-500:])

    def compare_live(self, tap):
        """Many a poll dies with its session here: a game may be behind, but then its next one is planned, and not overdue."""
        exact, wrong = self.whole_games()
        quiet = self.end - 6 * 3600  # nothing went wrong on purpose for hours
        due = {g for g, v in self.versions.items() if self.start < rehearsal.instant(v[0][0]) < quiet}
        stored = {r["game_id"] for r in rig.query(self.path, "select distinct game_id from game_stats")}
        tap.ok(due and due <= stored, "all %d games that ended hours ago are there" % len(due), sorted(due - stored)[:20])
        planned = {r["game_id"]: r["next_poll_at"] for r in rig.query(self.path, "select game_id, next_poll_at from games")}
        lost = [text for game, text in wrong.items() if not planned[game] or rehearsal.instant(planned[game]) < quiet]
        tap.ok(exact and not lost, "%d official games are whole, %d await their next poll" % (exact, len(wrong)), "\n".join(lost))

    def settle(self, tap):
        super().settle(tap)
        self.query(self.path, "select 1")
        self.is_over = True


tap = rig.Tap()
seed = rehearsal.seed()
tap.note("RINKSIDE_SEED=%d" % seed)
night = SharedNight(seed, start="2025-11-15T21:00:00Z", end="2025-11-16T13:00:00Z", speed=2400)
night.query_file, rig.query = rig.query, night.query
night.play(tap)
night.settle(tap)
night.compare(tap)
tap.note(", ".join("%s %s" % (v, k) for k, v in night.counts.items() if " " not in k))
tap.done()
