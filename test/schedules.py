"""A game's snapshots as they may reach a database: in any order, twice, late, never, and several at a time, each by a process."""
import concurrent.futures, datetime, json, os, random
import rig
from rig import Reply

NOW = 0x6567c306
SNAPSHOTS = 5


def story(r, game):
    """[(seconds, body)], some of one cache window, so that period and clock decide."""
    out = []
    for i in range(SNAPSHOTS):
        last = i == SNAPSHOTS - 1
        b = rig.box_score(game, gameState="FINAL" if last else "LIVE", periodDescriptor={"number": 1 + i // 2, "periodType": "REG"},
                          clock={"secondsRemaining": 0 if last else 1000 - 100 * i, "running": not last, "inIntermission": r.random() < 0.2})
        stats = b["playerByGameStats"]
        for side in stats.values():
            for p in side["forwards"] + side["defense"]:
                p["hits"], p["goals"], p["assists"] = r.randrange(9), r.randrange(3), r.randrange(3)
                p["points"] = p["goals"] + p["assists"]
        if r.random() < 0.5:
            stats["homeTeam"]["forwards"].pop()
        out.append((NOW + 15 * (i // 2), b))
    return out


def order_of(snapshot):
    at, b = snapshot
    over = b["clock"]["inIntermission"]
    return at, b["periodDescriptor"]["number"], 1200 if over else 1200 - b["clock"]["secondsRemaining"]


def lines(path, game):
    dropped = ("revision", "observed_at", "game_id")
    return [{k: v for k, v in x.items() if k not in dropped} for x in rig.query(path, "select * from game_stats where game_id = ? order by player_id", game)]


def distinct(snapshots):
    """Of those with one key the later arrival wins, which is not ours to foresee: one of them is left out."""
    return list({order_of(s): s for s in snapshots}.values())


class Round:
    def __init__(self, r, number, db, up):
        self.game, self.db, self.up = 2023020001 + number, db, up
        self.snapshots = distinct(story(r, self.game))
        arriving = []
        for s in self.snapshots:
            arriving += [s] * r.choice((0, 1, 1, 1, 2))
        self.arriving = arriving or self.snapshots[:1]
        r.shuffle(self.arriving)
        self.by_file = r.random() < 0.5
        self.at_once = r.choice((1, 2, 4))

    def _by_file(self, n):
        at, b = self.arriving[n]
        place = os.path.join(rig.TEMP, "%d-%d.json" % (self.game, n))
        with open(place, "w") as f:
            json.dump(b, f)
        when = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return rig.run("ingest", "--file", place, "--observed-at", when, db=self.db, deadline_s=60)

    def play(self):
        """What went wrong, if anything did."""
        if not self.by_file:
            self.up.replies[rig.box_score_path(self.game)] = [Reply(b, headers=rig.etag(at)) for at, b in self.arriving]
        with concurrent.futures.ThreadPoolExecutor(self.at_once) as pool:
            run = self._by_file if self.by_file else lambda n: rig.run("ingest", self.game, "--retries", 0, db=self.db, upstream=self.up.url, deadline_s=60)
            ends = list(pool.map(run, range(len(self.arriving))))
        return [e.stderr for e in ends if e.returncode]


def store_truth(newest, db):
    """Of each schedule the newest alone, in one process."""
    files = []
    for at, b in newest:
        files.append(os.path.join(rig.TEMP, "truth-%d.json" % b["id"]))
        with open(files[-1], "w") as f:
            json.dump(b, f)
        os.utime(files[-1], (at, at))
    return rig.run("ingest", "--file", *files, db=db, deadline_s=120)


def test(tap, seed, count):
    print("# seed %d" % seed)
    r = random.Random(seed)
    up, (db, path) = rig.Upstream(), rig.database()
    truth_db, truth = rig.database()
    failed, newest, processes = [], [], 0
    for n in range(count):
        one = Round(r, n, db, up)
        failed += one.play()
        processes += len(one.arriving)
        newest.append(max(one.arriving, key=order_of))
    tap.ok(not failed, "%d schedules through %d processes: none failed" % (count, processes), "\n".join(failed[:5]))
    e = store_truth(newest, truth_db)
    wrong = [b["id"] for _, b in newest if lines(path, b["id"]) != lines(truth, b["id"])]
    tap.ok(e.returncode == 0 and not wrong, "each ends in the rows of the newest snapshot that arrived", "seed %d: %s%s" % (seed, wrong[:10], e.stderr))
    e = rig.run("check", db=db, deadline_s=60)
    tap.ok(e.returncode == 0, "and check passes", e.stderr)
