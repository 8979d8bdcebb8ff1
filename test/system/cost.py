#!/usr/bin/env python3
"""cost: the five policies compared, its forms, its limits, its picture, and what is refused."""
import csv, io, json, os, re, resource, sqlite3, sys, time, xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
picture = os.path.join(rig.TEMP, "cost.svg")
before = resource.getrusage(resource.RUSAGE_CHILDREN)
r = rig.run("cost", "--format", "json", "--svg", picture, deadline_s=100)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
all_ = json.loads(r.stdout) if r.returncode == 0 else {"policies": []}
policies = {p["policy"]: p for p in all_["policies"]}
tap.same(list(policies), ["stateful-60s", "fixed-10s", "decoupled", "fixed-10s-conditional", "adaptive"], "five policies, in order")
fixed, adaptive = policies["fixed-10s"], policies["adaptive"]
seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
tap.note("%.1f s of processor, %d MiB" % (seconds, used.ru_maxrss // 1024))
if not rig.is_instrumented():
    tap.ok(seconds <= 10, "a season under five policies takes at most 10 s of a processor", seconds)
    tap.ok(used.ru_maxrss <= 100 * 1024, "and 100 MiB", used.ru_maxrss)
tap.ok(all_["games"] == 1312 and 0 < all_["games_put_off"] < 40, "a season of 1,312 games; those that were put off count once", (all_["games"], all_["games_put_off"]))


def ratio(key, other=None):
    return adaptive[key] / fixed[other or key]


tap.ok(ratio("requests") <= 0.35, "adaptive: at most 35 % of the requests", ratio("requests"))
tap.ok(ratio("bytes", "bytes_plain") <= 0.05, "at most 5 % of the plain bytes", ratio("bytes", "bytes_plain"))
tap.ok(ratio("staleness_mean_s") <= 0.7, "rows at least 30 % fresher", ratio("staleness_mean_s"))
tap.ok(ratio("event_to_row_mean_s") <= 0.7, "and so when counted from the event itself", ratio("event_to_row_mean_s"))
tap.ok(adaptive["polls_new_share"] > 2 * fixed["polls_new_share"], "twice as many polls see something new")
tap.ok(fixed["requests_by_endpoint"]["schedule"] > 1e6, "every ten seconds, eighteen hours a day, is a million looks at the schedule")
# A mean of an interval of 10 s against copies that begin at any moment is 5 s, less what the grid of whole seconds gives.
tap.ok(4.3 < fixed["staleness_mean_s"] < 5.7, "ten seconds of interval are five of waiting", fixed["staleness_mean_s"])
for p in policies.values():
    tap.ok(p["requests"] == sum(p["requests_by_endpoint"].values()) and p["bytes"] < p["bytes_plain"]
           and p["lambda_free_tier_dollars_month"] <= p["lambda_dollars_month"], p["policy"] + ": its figures agree", p)
tap.ok(policies["fixed-10s-conditional"]["bytes"] < fixed["bytes"], "304 would save bytes, were there any")
moments = set()
for line in rig.run("fake", "--season", "20252026", "--seed", "1", "--truth", "-").stdout.splitlines():
    told = json.loads(line)
    moments.add(((told.get("row") or told["gone"])["game_id"], told["at"]))
tap.same(policies["stateful-60s"]["changes_missed"], len(moments) - 1312, "who ends with the horn misses each moment of correction that the truth has after it")
tap.ok(0 < fixed["changes_missed"] < policies["stateful-60s"]["changes_missed"], "who looks for days misses those of weeks later", fixed["changes_missed"])

tree = xml.etree.ElementTree.parse(picture)
bars = tree.findall(".//{http://www.w3.org/2000/svg}rect")
tap.same(len(bars), 11, "the picture has two bars a policy, and its ground")

r = rig.run("cost", deadline_s=100)
tap.ok(re.match(r"20252026: 1312 games from 2025-10-07 to 2026-04-\d\d, %d of them put off, seed 1, " % all_["games_put_off"], r.stdout),
       "the title has the games' own days, and counts none twice", r.stdout[:100])

# Before 1970 instants and days are negative. A season of then is one like any other.
for season in ("19691970", "19171918"):
    r = rig.run("cost", "--format", "json", "--season", season, deadline_s=100)
    old = {p["policy"]: p for p in json.loads(r.stdout)["policies"]} if r.returncode == 0 else {}
    tap.ok(old and all(abs(old[name][key] / p[key] - 1) < 0.1 for name, p in policies.items()
                       for key in ("requests", "bytes", "staleness_mean_s", "event_to_row_mean_s", "polls_new_share")),
           season + ": costs what any other does", (r.returncode, r.stderr, r.stdout[:300]))

# A shorter copy's life: adaptive follows it, fixed cannot.
r = rig.run("cost", "--format", "csv", "--ttl", "5", "--seed", "7", deadline_s=100)
rows = {row["policy"]: row for row in csv.DictReader(io.StringIO(r.stdout))}
tap.ok(r.returncode == 0 and len(rows) == 5, "CSV: a line a policy", r.stderr)
tap.ok(float(rows["adaptive"]["staleness_mean_s"]) < 1.5 and float(rows["fixed-10s"]["staleness_mean_s"]) > 4,
       "ttl 5: still a second late", rows["adaptive"])

# A night of the fake's.
night = ("cost", "--began", "2026-01-10T01:00:00Z", "--games", "4", "--length", "30m", "--format", "json")
first, second = rig.run(*night), rig.run(*night)
tap.ok(first.returncode == 0 and first.stdout == second.stdout, "a night, twice the same", first.stderr)
tap.same([p["policy"] for p in json.loads(first.stdout)["policies"]], ["adaptive"], "of which only what the program does is shown")

# The ledger of a real database: of a night that a fake showed.
fake = rig.Program("fake", "--listen", "127.0.0.1:0", "--seed", "3", "--games", "3", "--speed", "900", "--deadline", "1m")
url = (fake.wait_line("listening on") or sys.exit(fake.output)).split("listening on ")[1]
db, path = rig.database()
r = rig.run("cost", "--from-ledger", db=db)
tap.ok(r.returncode == 5 and not r.stdout, "no database: said", r.stderr)
for _ in range(3):
    rig.run("monitor", "--once", "--inline", db=db, upstream=url)
fake.stop()
r = rig.run("cost", "--from-ledger", "--format", "json", db=db)
told = json.loads(r.stdout) if r.returncode == 0 else {"policies": []}
polled = rig.query(path, "select count(distinct game_id) as n from polls where endpoint = 'boxscore'")
tap.ok(r.returncode == 0 and polled and told["games"] == polled[0]["n"] > 0 and len(told["policies"]) == 5, "the ledger's games, under all policies",
       (r.stderr, polled, r.stdout[:200]))

# A ledger made by hand: a game of two and a half hours, with something new every fifteen seconds but in two intermissions.
START, OVER_S, RESTS = 1768006800, 9000, ((2400, 3480), (5880, 6960))  # 2026-01-10T01:00:00Z


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def ledger(body_bytes=10000, events=40, rests=RESTS, event_bytes=50000, fetched=()):
    """What cost makes of it. `fetched`: after how many seconds another game was asked for, once."""
    made, made_path = rig.database()
    rig.run("migrate", db=made)
    played = [s for s in range(0, OVER_S, 15) if not any(a < s < b for a, b in rests)]
    goals = [played[(i + 1) * len(played) // (events + 2)] + 5 for i in range(events)]
    polls = sorted([(s, "boxscore", body_bytes, body_bytes // 5, 1) for s in played] + [(s, "play-by-play", event_bytes, event_bytes // 10, 0) for s in goals])
    with sqlite3.connect(made_path) as c:
        c.execute("insert into games (game_id, season, game_date, start_time, game_state, ended_at, official_at) values (2025020001, 20252026, '2026-01-09', ?, 'OFF', ?, ?)",
                  (iso(START), iso(START + OVER_S), iso(START + OVER_S + 1800)))
        c.executemany("insert into polls (poll_id, polled_at, endpoint, game_id, status, body_bytes, bytes, changed, tries) values (?, ?, ?, 2025020001, 200, ?, ?, ?, 1)",
                      [(i, iso(START + s), kind, plain, wire, changed) for i, (s, kind, plain, wire, changed) in enumerate(polls)])
        for i, late in enumerate(fetched):
            fetch(c, 2025020002 + i, 10000 + i, late)
    r = rig.run("cost", "--from-ledger", "--format", "json", db=made)
    if r.returncode:
        sys.exit(r.stderr)
    told = json.loads(r.stdout)
    tap.same((told["games"], told.get("games_left_out", 0)), (1 + sum(s <= 12 * 3600 for s in fetched), sum(s > 12 * 3600 for s in fetched)), "a ledger: its games, and those that it leaves out")
    return {p["policy"]: p for p in told["policies"]}


def fetch(c, game, poll, late):
    """Asked for once, `late` seconds after its start, and then it had ended."""
    c.execute("insert into games (game_id, season, game_date, start_time, game_state, ended_at, official_at) values (?, 20252026, '2026-01-09', ?, 'OFF', ?, ?)",
              (game, iso(START), iso(START + late), iso(START + late)))
    c.execute("insert into polls (poll_id, polled_at, endpoint, game_id, status, body_bytes, bytes, changed, tries) values (?, ?, 'boxscore', ?, 200, 10000, 2000, 1, 1)", (poll, iso(START + late), game))


def asked(policies, name, kind):
    return policies[name]["requests_by_endpoint"][kind]


def near(got, wanted, by):
    return abs(got - wanted) <= by * wanted


plain = ledger()
tap.ok(near(asked(plain, "fixed-10s", "boxscore"), (OVER_S + 1800) / 10, 0.05), "a ledger: fixed asks every ten seconds, from half an hour before", plain["fixed-10s"])
in_play = (OVER_S - sum(b - a for a, b in RESTS)) / 15
tap.ok(near(asked(plain, "adaptive", "boxscore"), in_play, 0.1), "adaptive every fifteen, and not in its intermissions (%d)" % in_play, plain["adaptive"])
restless = ledger(rests=())
tap.ok(near(asked(restless, "adaptive", "boxscore"), OVER_S / 15, 0.08), "which a ledger without has none of", restless["adaptive"])
tap.ok(abs(asked(plain, "fixed-10s", "play-by-play") - 42) <= 4, "as many play-by-plays as the ledger has, and two periods'", plain["fixed-10s"])
tap.ok(38 <= asked(plain, "adaptive", "play-by-play") <= 2 * 44, "adaptive twice as many at most: its copy may be the older one", plain["adaptive"])
tap.same(ledger(fetched=(300 * 86400, 12 * 3600 + 1)), plain, "games that were fetched later change nothing")
ledger(fetched=(12 * 3600,))
only, only_path = rig.database()
rig.run("migrate", db=only)
with sqlite3.connect(only_path) as c:
    fetch(c, 2025020002, 1, 300 * 86400)
r = rig.run("cost", "--from-ledger", db=only)
tap.ok(r.returncode == 6 and "no poll of a box score" in r.stderr and "later: 1" in r.stderr and not r.stdout, "where there are no others: said", r.stderr)
large, wide = ledger(body_bytes=30000), ledger(event_bytes=90000)
for name in ("fixed-10s", "adaptive"):
    for key, share in (("bytes_plain", 1), ("bytes", 5)):
        tap.ok(near(large[name][key] - plain[name][key], 20000 / share * (OVER_S / 10 if name == "fixed-10s" else in_play), 0.08), "%s: %s are those of the ledger's box scores" % (name, key),
               (large[name], plain[name]))
    tap.ok(near(wide[name]["bytes_plain"] - plain[name]["bytes_plain"], 40000 * asked(plain, name, "play-by-play"), 0.08), name + ": and of its play-by-plays", (wide[name], plain[name]))
r = rig.run("cost", "--from-ledger", "--svg", picture, db=db)
with open(picture) as f:
    tap.ok(r.stdout.startswith("the ledger: ") and "seed" not in r.stdout.splitlines()[0] + f.read(), "a ledger has no seed", r.stdout[:200])
too_many, too_many_path = rig.database()
rig.run("migrate", db=too_many)
with sqlite3.connect(too_many_path) as c:
    c.executemany("insert into polls (poll_id, polled_at, endpoint, game_id, status, changed, tries) values (?, ?, 'boxscore', 2025020001, 200, 1, 1)", [(i, iso(START + i)) for i in range(8193)])
r = rig.run("cost", "--from-ledger", db=too_many)
tap.ok(r.returncode == 2 and "2025020001" in r.stderr and "8192" in r.stderr and not r.stdout, "more than it has room for: refused, not cut", (r.returncode, r.stderr))

r = rig.run("cost", "--began", "2026-01-10T01:00:00Z", "--format", "ndjson")
tap.same([json.loads(line)["policy"] for line in r.stdout.splitlines()], ["adaptive"], "ndjson: a line a policy")
for args, word in ((["--from-ledger", "--seed", "2"], "--seed"), (["--from-ledger", "--season", "20252026"], "--season"),
                   (["--from-ledger", "--began", "2026-01-10T01:00:00Z"], "--began"), (["--length", "30m"], "--length"), (["--after", "1m"], "--after"),
                   (["--games", "4"], "--games"), (["--speed", "60"], "--speed"), (["--season", "20252026", "--began", "2026-01-10T01:00:00Z"], "--season")):
    r = rig.run("cost", *args, db=db)
    tap.ok(r.returncode == 2 and word in r.stderr and len(r.stderr.splitlines()) == 1 and not r.stdout, "refused, as it would have no part in it: " + " ".join(args), r.stderr)
for args, word in ((["--season", "20252027"], "20252027"), (["--began", "today"], "today"), (["word"], "word"),
                   (["--format", "xml"], "xml"), (["--ttl", "0"], "ttl")):
    r = rig.run("cost", *args)
    tap.ok(r.returncode == 2 and word in r.stderr and not r.stdout, "refused: " + " ".join(args), r.stderr)
r = rig.run("cost", "--began", "2026-01-10T01:00:00Z", "--svg", "/nowhere/x.svg")
tap.ok(r.returncode == 5 and "/nowhere/x.svg" in r.stderr and not r.stdout, "a picture that cannot be written", r.stderr)
tap.done()
