"""An ingest that is killed at a system call of its own, any of them: the database must be whole, and the next ingest well.

What calls there are is recorded once with strace; then the n-th of each name is where SIGKILL comes.
"""
import os, re, shutil, sqlite3, subprocess
import rig
from rig import Reply

GAME, NOW = 2023020001, 0x6567c306


def person(p):
    return {"id": p["playerId"], "firstName": {"default": "Given"}, "lastName": {"default": p["name"]["default"][3:]},
            "positionCode": p["position"], "birthDate": "1995-05-05"}


def upstream():
    """A game that is live and then over, with all that an ingest goes on to ask for."""
    up = rig.Upstream()
    box = rig.box_score(GAME, gameState="LIVE")
    over = rig.box_score(GAME)
    over["playerByGameStats"]["awayTeam"]["forwards"][0].update(hits=8)
    over["playerByGameStats"]["homeTeam"]["defense"] = [rig.skater(8470099, 9, "I. India", position="D")]
    plays = {k: v for k, v in over.items() if k != "playerByGameStats"}
    plays["plays"] = [{"eventId": 7, "sortOrder": 7, "typeDescKey": "goal", "timeInPeriod": "10:00", "periodDescriptor": {"number": 3, "periodType": "REG"},
                       "details": {"scoringPlayerId": 8470001, "assist1PlayerId": 8470004, "eventOwnerTeamId": 12, "awayScore": 2, "homeScore": 1}}]
    up.replies["/v1/gamecenter/%d/play-by-play" % GAME] = Reply(plays, headers=rig.etag(NOW + 15))
    for abbrev, side in (("CAR", "awayTeam"), ("OTT", "homeTeam")):
        groups = over["playerByGameStats"][side]
        up.replies["/v1/roster/%s/20232024" % abbrev] = Reply({"forwards": [person(p) for p in groups["forwards"]],
                                                               "defensemen": [person(p) for p in groups["defense"]],
                                                               "goalies": [person(p) for p in groups["goalies"]]})
    return up, box, over


def serve(up, body, at):
    up.replies[rig.box_score_path(GAME)] = Reply(body, headers=rig.etag(at))


def lines(path):
    dropped = ("revision", "observed_at")
    return [{k: v for k, v in r.items() if k not in dropped} for r in rig.query(path, "select * from game_stats order by player_id")]


def strace(up, db, *options):
    return subprocess.run(["strace", "-f", "-qq", *options, rig.BINARY, "ingest", str(GAME), "--retries", "0", "--timeout", "5s"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, env=rig.environment(db, up.url), cwd=rig.TEMP, timeout=60)


def copy(source, to):
    for end in ("", "-wal", "-shm"):
        if os.path.exists(to + end):
            os.unlink(to + end)
        if os.path.exists(source + end):
            shutil.copy(source + end, to + end)


class Killing:
    """`calls` is the list of (name, n) at which an ingest may be killed; None where nobody may trace."""
    def __init__(self):
        self.up, box, self.over = upstream()
        self.db, self.start = rig.database()
        self.target = os.path.join(rig.TEMP, "killed.db")
        serve(self.up, box, NOW)
        rig.run("ingest", GAME, db=self.db, upstream=self.up.url)
        self.before = lines(self.start)
        serve(self.up, self.over, NOW + 15)
        copy(self.start, self.target)
        record = os.path.join(rig.TEMP, "trace")
        r = strace(self.up, "sqlite:" + self.target, "-o", record)
        self.after = lines(self.target)
        self.calls = self._read(record) if r.returncode == 0 and os.path.exists(record) else None
        self.why = r.stderr

    def _read(self, record):
        calls, counts, first = [], {}, None
        for line in open(record, errors="replace"):
            m = re.match(r"(?:\d+ +)?([a-z_0-9]+)\(", line)
            if not m:
                continue
            name = m.group(1)
            counts[name] = counts.get(name, 0) + 1
            if "killed.db" in line and first is None:
                first = len(calls)
            calls.append((name, counts[name]))
        self.first = first or 0  # where the database is opened
        return calls

    def kill(self, name, n):
        """None, or what is wrong: (was it killed, why)."""
        copy(self.start, self.target)
        db = "sqlite:" + self.target
        r = strace(self.up, db, "-o", "/dev/null", "-e", "inject=%s:signal=KILL:when=%d" % (name, n))
        was_killed = r.returncode in (-9, 137)
        c = sqlite3.connect(self.target)
        whole = c.execute("pragma integrity_check").fetchall()
        c.close()
        if whole != [("ok",)]:
            return was_killed, "integrity: %s" % whole[:3]
        got = lines(self.target)
        ids = [x["player_id"] for x in got]
        if ids not in ([x["player_id"] for x in self.before], [x["player_id"] for x in self.after]):
            return was_killed, "a game half written: %s" % ids
        for step in (("check",), ("ingest", GAME, "--retries", 0), ("check",)):
            r = rig.run(*step, db=db, upstream=self.up.url)
            if r.returncode:
                return was_killed, "%s after it: %s" % (step[0], r.stderr)
        if lines(self.target) != self.after:
            return was_killed, "the next ingest ends in other rows"
        return was_killed, None


def test(tap, choose):
    """choose(calls, first): those to be killed at."""
    k = Killing()
    if k.calls is None:
        tap.ok(True, "nobody may trace here: left out")
        tap.note("strace: %s" % k.why.strip()[:200])
        return
    chosen = choose(k.calls, k.first)
    wrong, killed = [], 0
    for name, n in chosen:
        was_killed, why = k.kill(name, n)
        killed += was_killed
        if why:
            wrong.append("%s, the %d-th: %s" % (name, n, why))
    tap.ok(not wrong, "killed at %d of an ingest's %d system calls: the database is whole, and the next ingest well" % (len(chosen), len(k.calls)),
           "\n".join(wrong[:10]))
    tap.ok(killed > len(chosen) * 0.8, "nearly all of them were met, and ended it", "%d of %d" % (killed, len(chosen)))
    tap.note("%d of %d killed" % (killed, len(chosen)))
