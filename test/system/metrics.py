#!/usr/bin/env python3
"""/metrics: the text that Prometheus reads, with several games on, by a parser that no one here wrote; every answer is counted."""
import json, os, re, sqlite3, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append("/usr/lib/python3/dist-packages")  # Debian's, whichever Python runs this
import rig
try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None

tap = rig.Tap()
up = rig.Upstream()
db, path = rig.database()
SHOWN_AGES = {2023020001: 4, 2023020002: 30, 2023020003: 60}
OVER, QUIET = 2023020004, 2023020005


def ingest(game, age_s, **members):
    up.replies[rig.box_score_path(game)] = rig.Reply(rig.box_score(game, **members), headers={**rig.etag(1700000000), "Age": str(age_s)})
    r = rig.run("ingest", game, db=db, upstream=up.url)
    assert r.returncode == 0, r.stderr


for game, age_s in SHOWN_AGES.items():
    ingest(game, age_s, gameState="LIVE")
ingest(OVER, 5, gameState="OFF")
ingest(QUIET, 7, gameState="LIVE")
with sqlite3.connect(path) as store:  # it changed last more than an hour ago
    store.execute("UPDATE polls SET poll_id = poll_id - (3601000 << 20) WHERE game_id = ?", (QUIET,))
    store.execute("UPDATE games SET last_error = 'away' WHERE game_id = ?", (QUIET,))
api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
url = api.wait_line("listening on").split()[-1]
rig.get(url + "/games")


def metrics():
    status, headers, body = rig.get(url + "/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4"), headers
    return body.decode()


def samples(name, text=None):
    """{labels: value} of a metric."""
    return {labels: float(value) for labels, value in re.findall(r"^rinkside_%s(?:\{(.*)\})? (\S+)$" % name, text or metrics(), re.M)}


# ---- the form ----

text = metrics()
groups = []  # as they come: a name each, however many lines stand together
for line in text.splitlines():
    name = line.split()[2] if line.startswith("#") else re.match(r"\w+", line).group()
    name = re.sub(r"_(bucket|sum|count)$", "", name)
    if not groups or groups[-1] != name:
        groups.append(name)
tap.same([n for n in set(groups) if groups.count(n) > 1], [], "all lines of a metric stand together, its HELP and TYPE with them")
heads = re.findall(r"^# (?:HELP|TYPE) \w+", text, re.M)
tap.ok(len(heads) == len(set(heads)) == 2 * len(set(groups)), "and each has one HELP and one TYPE", heads)
if text_string_to_metric_families:
    families = list(text_string_to_metric_families(text))
    names = [f.name for f in families]
    tap.same([n for n in names if names.count(n) > 1], [], "prometheus_client: a family each")
    tap.same([f.name for f in families if f.type not in ("counter", "gauge", "histogram") or not f.documentation], [], "of a known type, with a sentence")
    tap.same(sum(len(f.samples) for f in families), len([l for l in text.splitlines() if not l.startswith("#")]), "and no line is lost")
else:
    tap.note("no prometheus_client: its parser was left out")

# ---- a live game each ----

label = 'game_id="%d"'
lags, worst, ages = (samples("live_game_" + name, text) for name in ("lag_seconds", "lag_worst_seconds", "age_seconds"))
told = {r["game_id"]: r for r in json.loads(rig.get(url + "/health/lag")[2])}
tap.same(set(lags), {label % g for g in SHOWN_AGES}, "the lag of each live game that changed in the last hour, and of no other")
tap.ok(OVER in told and all(lags[label % g] == told[g]["lag_median_s"] and worst[label % g] == told[g]["lag_worst_s"] for g in SHOWN_AGES), "as /health/lag has it", (lags, told))
tap.ok(all(age <= lags[label % g] < age + 20 for g, age in SHOWN_AGES.items()), "which is how late it came", lags)
tap.same(set(ages), {label % g for g in (*SHOWN_AGES, QUIET)}, "the age of every live game's numbers")
tap.same(samples("live_game_error", text)[label % QUIET], 1, "and whether its last poll failed")
later = rig.wait_for(lambda: next((t for t in [metrics()] if all(v > ages[k] for k, v in samples("live_game_age_seconds", t).items())), None))
tap.ok(later and samples("live_game_lag_seconds", later) == lags, "time passes: the age grows, the lag does not", later)

# ---- every answer is counted ----

port = int(url.rsplit(":", 1)[1])


def requests():
    return {tuple(re.findall(r'"([^"]*)"', labels)): n for labels, n in samples("http_requests_total").items()}


before = requests()
rig.get(url + "/games", method="OPTIONS")
reader = rig.EventReader(port)
rig.get(url + "/stream?team=none")
after = requests()
tap.same({k: n - before.get(k, 0) for k, n in after.items() if n != before.get(k, 0)},
         {("/games", "204"): 1, ("/stream", "200"): 1, ("/stream", "400"): 1, ("/metrics", "200"): 1}, "OPTIONS, a stream that begins, one that is refused, and /metrics")
text = metrics()
tap.same(samples("http_request_duration_seconds_count", text)[""], sum(samples("http_requests_total", text).values()), "and all of them timed")
reader.s.close()
tap.same(samples("database_missing", text), {"": 0.0}, "and the database's part is there")
tap.same(api.stop(), 0, "exit 0")

# ---- what the process knows itself is told whatever the database does ----


def told_alone(what):
    text = rig.wait_for(lambda: next((t for t in [metrics()] if samples("database_missing", t)[""]), None))
    tap.ok(text and samples("cache_entries", text) and not samples("database_revision", text) and not samples("upstream_requests_5m", text),
           "%s: the process's own part alone, and that it is" % what, text)


with sqlite3.connect(path) as store:
    store.execute("INSERT INTO polls (poll_id, endpoint, bytes, changed) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
                  " SELECT ((SELECT max(poll_id) FROM polls) + i), 'boxscore', 1, 0 FROM n WHERE i")
api = rig.Program("api", "--listen", "127.0.0.1:0", "--query-timeout", "1ms", db=db)
url = api.wait_line("listening on").split()[-1]
told_alone("too late")
tap.ok(rig.wait_for(lambda: samples("queries_cut_total").get("")), "and counted")
cut = rig.wait_for(lambda: next((a for a in [rig.get(url + "/health/upstream")] if a[0] == 503), None))
tap.ok(cut and json.loads(cut[2])["detail"].endswith("within 1ms (--query-timeout)"), "what is no list has no other form to be asked for", cut)
api.stop()
api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
url = api.wait_line("listening on").split()[-1]
with sqlite3.connect(path) as store:
    store.execute("ALTER TABLE polls RENAME TO no_polls")
told_alone("an error")
with sqlite3.connect(path) as store:
    store.execute("ALTER TABLE no_polls RENAME TO polls")
tap.ok(rig.wait_for(lambda: samples("database_missing") == {"": 0.0}), "and all of it again")
tap.same(api.stop(), 0, "exit 0")
tap.done()
