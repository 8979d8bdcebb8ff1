#!/usr/bin/env python3
"""/openapi.json: every route answers as it says, checked by a linter and a validator that no one here wrote."""
import json, os, re, shutil, sqlite3, subprocess, sys, urllib.parse
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import rig

HERE = os.path.join(rig.ROOT, "test", "openapi")
PLACE = os.path.join(rig.ROOT, os.environ.get("BUILD", "build"), "openapi")
tap = rig.Tap()
db, path = rig.database()
GAME, PLAYER = 2023020001, 8470001
with open(os.path.join(rig.TEMP, "body.json"), "w") as f:
    json.dump(rig.box_score(GAME), f)
assert rig.run("ingest", "--observed-at", "2023-10-11T02:00:00Z", "--file", f.name, db=db).returncode == 0
with sqlite3.connect(path) as store:
    store.execute("INSERT INTO players (player_id, full_name, birth_date) VALUES (?, 'A. Alpha', '1999-01-01') ON CONFLICT DO NOTHING", (PLAYER,))
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

# ---- every route, every parameter at a value that its schema allows and at one that it does not ----

IDS = {"game_id": GAME, "player_id": PLAYER}
GOOD = {"sort": "player_id", "fields": "player_id", "season": "20232024", "date": "2023-10-10", "from": "2023-10-10", "to": "2023-10-10", "as_of": "2030-01-01T00:00:00Z",
        "delay": "1s", "team": "9", "opponent": "12", "type": "goal", "cursor": None, "name": "a", "game": str(GAME), "player": str(PLAYER)}
SORT = {"/games": "game_date", "/teams": "abbrev", "/games/{game_id}/events": "event_id"}


def allowed(p, x):
    schema = x["schema"].get("items", x["schema"])
    if x["name"] in ("sort", "fields"):
        return SORT.get(p, "player_id")
    if x["name"] == "as_of":
        return "2024-01-01T00:00:00Z"
    if "enum" in schema:
        return schema["enum"][0]
    return GOOD.get(x["name"], str(schema.get("minimum", "1")))


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


answers, wrong = [], []
for p, o in operations.items():
    kinds = o["responses"]["200"]["content"]
    if "text/event-stream" in kinds:
        continue
    target = re.sub(r"\{(\w+)\}", lambda m: str(IDS[m.group(1)]), p)
    needed = {x["name"]: allowed(p, x) for x in o["parameters"] if x.get("required") and x["in"] == "query"}

    def ask(more, want, add=True):
        query = urllib.parse.urlencode({**needed, **more})
        status, headers, body = rig.get(url + target + ("?" + query if query else ""))
        kind = headers["Content-Type"].split(";")[0]
        name = "%s?%s" % (target, query)
        if status != want or kind not in o["responses"][str(status)].get("content", {kind: 0}):
            wrong.append("%s: %d %s %s" % (name, status, kind, body[:120]))
        elif kind.endswith("json"):
            step = lambda s: s.replace("~", "~0").replace("/", "~1")
            answers.append({"name": name, "schema": "/paths/%s/get/responses/%d/content/%s/schema" % (step(p), status, step(kind)), "body": json.loads(body)})
        return body
    if not ask({}, 200):
        wrong.append(p + ": an empty answer")
    for x in o["parameters"]:
        if x["in"] != "query" or x["name"] == "cursor":
            continue
        ask({x["name"]: allowed(p, x)}, 200)
        for value in refused(x):
            if p != "/":
                ask({x["name"]: value}, 400)
    ask({"no_such_parameter": "1"}, 400)
tap.ok(not wrong, "every route and parameter answers with a status and a type that the document has (%d answers)" % len(answers), "\n".join(wrong))

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
