#!/usr/bin/env python3
"""/openapi.json: every route answers as it says, checked by a linter and a validator that no one here wrote."""
import csv, glob, io, json, os, re, shutil, subprocess, sys, urllib.parse
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig

HERE = os.path.join(rig.ROOT, "test", "openapi")
PLACE = os.path.join(rig.ROOT, os.environ.get("BUILD", "build"), "openapi")
SPEED = 1800
tap = rig.Tap()
db, path = rig.database()

# ---- a night with corrections, and real games beside it ----

fake = rig.Program("fake", "--listen", "127.0.0.1:0", "--seed", "11", "--games", "4", "--speed", SPEED)
up = rig.Program("up", "--listen", "127.0.0.1:0", "--speed", SPEED, db=db, upstream=fake.wait_line("listening on").split()[-1])
served = up.wait_line("listening on").split()[-1]


def is_over():
    """Every game is official, and something was corrected after that."""
    games, corrections = (json.loads(rig.get(served + t)[2]) for t in ("/coverage", "/corrections"))
    return games and corrections and all(g["expected"] == g["official"] for g in games)


assert rig.wait_for(lambda: rig.get(served + "/health/ready")[0] == 200), up.output
assert rig.wait_for(is_over, 60, 0.2), up.output
assert (up.stop(), fake.stop()) == (0, 0), up.output
used = 0
for place in sorted(glob.glob(os.path.join(rig.recordings() or "", "web", "boxscore", "*.json"))) if rig.recordings() else []:
    used += rig.run("ingest", "--file", place, db=db).returncode == 0
tap.note("%d recorded games beside the night's" % used)
LINE = rig.query(path, "SELECT l.*, g.season, g.game_type, g.game_date, g.stats_status FROM stat_changes c JOIN game_stats l ON l.game_id = c.game_id AND l.player_id = c.player_id"
                       " JOIN games g ON g.game_id = c.game_id WHERE correction = 1 AND c.game_id IN (SELECT game_id FROM game_events)")[0]
EVENT = rig.query(path, "SELECT * FROM game_events WHERE game_id = ? AND type = 'goal'", LINE["game_id"])[0]
api = rig.Program("api", "--listen", "127.0.0.1:0", db=db)
url = api.wait_line("listening on").split()[-1]
document = json.loads(rig.get(url + "/openapi.json")[2])

# ---- what we can see for ourselves ----

tap.same(document["openapi"], "3.1.0", "OpenAPI 3.1")
operations = {p: item["get"] for p, item in document["paths"].items()}
tap.ok(len({o["operationId"] for o in operations.values()}) == len(operations), "operations have names of their own")
refs = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(document)))
tap.same(refs, set(document["components"]["schemas"]), "every schema that is named is there, and the other way round")
for p, o in operations.items():
    inside = re.findall(r"\{(\w+)\}", p)
    tap.same([x["name"] for x in o["parameters"] if x["in"] == "path"], inside, "%s: its path's parameters" % p)

with open(os.path.join(rig.ROOT, "docs", "http.md"), encoding="utf-8") as f:
    told = set(re.findall(r"`(\w+)`", f.read()))
rows = {c for s in ("revision", "correction", "changed_game") for c in document["components"]["schemas"][s]["properties"]}
tap.ok("phase" in rows and rows <= told, "docs/http.md tells what a change is made of", rows - told)

# ---- every route, every parameter at a value that its schema allows and at one that it does not ----

IDS = {"game_id": LINE["game_id"], "player_id": LINE["player_id"]}
GOOD = {"season": LINE["season"], "game_type": LINE["game_type"], "date": LINE["game_date"], "from": LINE["game_date"], "to": LINE["game_date"], "as_of": LINE["observed_at"],
        "delay": "1s", "team": LINE["team_id"], "opponent": LINE["opponent_team_id"], "player": LINE["player_id"], "game": LINE["game_id"], "period": EVENT["period"],
        "type": EVENT["type"], "name": LINE["player_name"].split()[-1], "after": 0, "since": 0, "limit": 3, **IDS}
SORT = {"/games": "game_date", "/teams": "abbrev", "/games/{game_id}/events": "event_id"}
MAY_BE_EMPTY = {"as_of", "delay", "status", "position"}
step = lambda s: s.replace("~", "~0").replace("/", "~1")


def allowed(p, x):
    """Values that the schema allows; with each there is something to show, unless the name is among MAY_BE_EMPTY."""
    schema = x["schema"].get("items", x["schema"])
    if x["name"] in ("sort", "fields"):
        return [SORT.get(p, "player_id")]
    return schema.get("enum") or [GOOD.get(x["name"], "")]


def columns(schema):
    """The names of a row's columns."""
    name = schema.get("items", schema).get("$ref", "").rpartition("/")[2]
    return list(document["components"]["schemas"].get(name, {}).get("properties", {}))


def typed(text, schema):
    """A CSV field as JSON would have it."""
    kind = schema["type"][0]
    return None if text == "" and "null" in schema["type"] else text if kind == "string" else text == "true" if kind == "boolean" else float(text) if "." in text else int(text)


def refused(x):
    """Values that the schema does not allow."""
    schema = x["schema"].get("items", x["schema"])
    if "enum" in schema:
        return ["none-of-these"]
    if schema["type"] == "integer":
        return ["x", str(schema["minimum"] - 1), str(schema["maximum"] + 1)]
    if "pattern" in schema or "format" in schema:
        return ["?"]
    return ["x" * (schema["maxLength"] + 1)] if schema.get("maxLength", 10**9) < 3000 else []


answers, wrong, heads = [], [], {}
TOLD = ["ETag", "Link", "X-Observed-At", "X-Upstream-Age", "X-Stale", "X-Total-Count", "Retry-After", "WWW-Authenticate"]


def check_head(p, o, name, status, headers):
    told = {h for h in TOLD if headers[h] is not None}
    heads.setdefault((p, status), set()).update(told)
    if not told <= set(o["responses"][str(status)].get("headers", {})):
        wrong.append("%s: %d has %s" % (name, status, told))


def read_rows(kind, body, schema):
    """The rows of a list in any form, as JSON; None: its columns are not those of the schema, in their order."""
    if kind == "application/json":
        return json.loads(body)
    if kind == "application/x-ndjson":
        return [json.loads(line) for line in body.splitlines()]
    table = list(csv.reader(io.StringIO(body.decode(), newline="")))
    row = document["components"]["schemas"][schema["items"]["$ref"].rpartition("/")[2]]["properties"]
    if any(name not in row for name in table[0]):
        return None
    return [{name: typed(text, row[name]) for name, text in zip(table[0], fields)} for fields in table[1:]]


def check_list(name, kind, body, schema, has_fields, may_be_empty):
    found = read_rows(kind, body, schema)
    if found is None or not (found or may_be_empty):
        wrong.append("%s: %s" % (name, body[:120]))
    if not has_fields and columns(schema) and any(list(row) != columns(schema) for row in found or []):
        wrong.append("%s: not the schema's columns, in their order" % name)
    return found


for p, o in operations.items():
    kinds = o["responses"]["200"]["content"]
    if "text/event-stream" in kinds:
        continue
    target = re.sub(r"\{(\w+)\}", lambda m: str(IDS[m.group(1)]), p)
    needed = {x["name"]: allowed(p, x)[0] for x in o["parameters"] if x.get("required") and x["in"] == "query"}

    def ask(more, want, target=target, at=url, **sent):
        query = urllib.parse.urlencode({**needed, **more})
        status, headers, body = rig.get(at + target + ("?" + query if query else ""), **sent)
        kind = (headers["Content-Type"] or "").split(";")[0]
        name = "%s?%s" % (target, query)
        if status != want or kind not in o["responses"][str(status)].get("content", {kind: 0}):
            wrong.append("%s: %d %s %s" % (name, status, kind, body[:120]))
            return headers, body
        check_head(p, o, name, status, headers)
        schema = kinds.get("application/json", {}).get("schema", {})
        pointer = "/paths/%s/get/responses/%d/content/%s/schema" % (step(p), status, step(kind if kind.endswith("+json") else "application/json"))
        if status == 200 and schema.get("type") == "array":
            found = check_list(name, kind, body, schema, "fields" in more, MAY_BE_EMPTY & set(more))
            answers.append({"name": name, "schema": pointer, "body": found})
        elif kind.endswith("json"):
            answers.append({"name": name, "schema": pointer, "body": json.loads(body)})
        return headers, body
    headers, body = ask({}, 200)
    if not body:
        wrong.append(p + ": an empty answer")
    if headers["ETag"] and headers["Cache-Control"] != "no-store":
        ask({}, 304, If_None_Match=headers["ETag"])
        ask({}, 412, If_Match='"another"')
        ask({}, 412, If_Match="W/" + headers["ETag"])
    for x in o["parameters"]:
        if x["in"] != "query" or x["name"] == "cursor":
            continue
        for value in allowed(p, x):
            ask({x["name"]: value}, 200)
        for value in refused(x):
            if p != "/":
                ask({x["name"]: value}, 400)
    ask({"no_such_parameter": "1"}, 400)
    ask({}, 406 if "406" in o["responses"] else 200, Accept="image/png")
    if "404" in o["responses"]:
        ask({}, 404, target=re.sub(r"\{(\w+)\}", "999", p))
of_a_season = "/leaders?season=20262027&stat=shots&"
everybody, table = len(json.loads(rig.get(url + of_a_season + "limit=1000")[2])), rig.get(url + of_a_season + "format=csv")[2].decode()
tap.ok(everybody > 100 and len(table.splitlines()) == 1 + everybody, "leaders as CSV are all %d of them" % everybody, len(table.splitlines()))
tap.ok(not wrong, "every route and parameter answers with a status, a type, columns and a head that the document has (%d answers)" % len(answers), "\n".join(wrong))
never = {(p, h) for p, o in operations.items() for h in o["responses"]["200"].get("headers", {}) if h != "X-Stale" and h not in heads.get((p, 200), ())}
silent = {p for p, o in operations.items() if columns(o["responses"]["200"]["content"].get("application/json", {}).get("schema", {})) and "observed_at" in
          columns(o["responses"]["200"]["content"]["application/json"]["schema"]) and (p, "X-Observed-At") in never}
tap.same(silent, set(), "what shows observed_at has it in the head too")
tap.same({p for p, h in never if h not in ("X-Observed-At", "X-Upstream-Age")}, {"/players/{player_id}/game-stats"}, "every other line of a head is seen, but a made-up player has no second page")
reader = rig.EventReader(int(url.rsplit(":", 1)[1]), "/stream?after=0")
reader.wait(lambda: len(reader.events) > 5)
last = reader.events[3][1]
resumed = rig.EventReader(int(url.rsplit(":", 1)[1]), "/stream", last=last)
resumed.wait(lambda: resumed.events)
tap.same(resumed.events[0][1], last + 1, "/stream: Last-Event-ID is where it goes on, as the document has it")
tap.same([x["name"] for x in operations["/stream"]["parameters"] if x["in"] == "header"], ["Last-Event-ID"], "and nowhere else is a header a parameter")
answers += [{"name": "event %d" % e[1], "schema": "/components/schemas/revision", "body": e[2]} for e in reader.events]
reader.close()
resumed.close()

# ---- who has no token; a database that is away ----

wrong.clear()
tokens = os.path.join(rig.TEMP, "tokens")
with open(tokens, "w") as f:
    f.write("0123456789abcdef-one\n")
closed = rig.Program("api", "--listen", "127.0.0.1:0", "--token-file", tokens, db="sqlite:" + os.path.join(rig.TEMP, "none.db"))
closed_url = closed.wait_line("listening on").split()[-1]
for p, o in operations.items():
    target = re.sub(r"\{(\w+)\}", lambda m: str(IDS[m.group(1)]), p) + ("?stat=goals" if p == "/leaders" else "")
    for status, sent in ((401, {}), (503, {"Authorization": "Bearer 0123456789abcdef-one"})):
        got, headers, body = rig.get(closed_url + target, **sent)
        if got == 200 and status == 503:
            continue  # the process knows it by itself
        if got in (200, 503) and status == 401 and "401" not in o["responses"]:
            continue  # open to all
        if got != status or not headers[{401: "WWW-Authenticate", 503: "Retry-After"}[status]]:
            wrong.append("%s: %d, not %d: %s" % (target, got, status, body[:80]))
            continue
        check_head(p, o, target, got, headers)
        if headers["Content-Type"].startswith("text/html") and "text/html" in o["responses"][str(got)]["content"]:
            continue  # the page, which says so as a page
        answers.append({"name": target, "schema": "/paths/%s/get/responses/%d/content/application~1problem+json/schema" % (step(p), got), "body": json.loads(body)})
tap.ok(not wrong, "401 and 503 are as the document has them", "\n".join(wrong))
tap.same(closed.stop(), 0, "exit 0")

# ---- by others ----


def packages():
    """npm's packages, below the build; None where there is no npm."""
    if not shutil.which("npm"):
        return None
    lock = open(os.path.join(HERE, "package-lock.json")).read()
    stamp = os.path.join(PLACE, "installed")
    if not os.path.exists(stamp) or open(stamp).read() != lock:
        os.makedirs(PLACE, exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(os.path.join(HERE, name), PLACE)
        r = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-progress", "--loglevel=error"], cwd=PLACE, capture_output=True, text=True)
        if r.returncode:
            tap.ok(False, "npm ci", r.stderr)
            return None
        with open(stamp, "w") as f:
            f.write(lock)
    return PLACE


if packages():
    file = os.path.join(rig.TEMP, "openapi.json")
    with open(file, "w") as f:
        json.dump(document, f)
    quiet = dict(os.environ, REDOCLY_TELEMETRY="off", REDOCLY_SUPPRESS_UPDATE_NOTICE="true")
    r = subprocess.run(["node", "node_modules/@redocly/cli/bin/cli.js", "lint", "--format=stylish", file], cwd=PLACE, env=quiet, capture_output=True, text=True)
    tap.ok(r.returncode == 0 and "warning" not in r.stdout + r.stderr, "Redocly's linter has nothing to say", r.stdout + r.stderr)
    r = subprocess.run(["node", os.path.join(HERE, "validate.mjs")], cwd=PLACE, input=json.dumps({"document": document, "answers": answers}), capture_output=True, text=True)
    wrong = json.loads(r.stdout) if r.returncode == 0 else [r.stderr]
    tap.ok(not wrong, "ajv: every answer is of its schema", "\n".join(wrong))
else:
    tap.note("no npm: the linter and the validator were left out")
tap.same(api.stop(), 0, "exit 0")
tap.done()
