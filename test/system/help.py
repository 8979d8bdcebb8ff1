#!/usr/bin/env python3
"""What the program says of itself: help, version, manual pages, completions."""
import os, re, shutil, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rig

tap = rig.Tap()
r = rig.run("--help")
commands = re.findall(r"^  ([a-z-]+) ", r.stdout, re.M)
tap.ok(r.returncode == 0 and {"ingest", "monitor", "season", "fake"} <= set(commands), "--help lists the commands", r.stdout)
tap.same(rig.run("help").stdout, r.stdout, "help says the same")
tap.same((rig.run("-h").stdout, rig.run("api", "-h").stdout), (r.stdout, rig.run("help", "api").stdout), "so does -h")
for words, sentence in ((["--db", "x", "ingest"], "--db: options come after the command"), (["api", "-p", "80"], "api: unknown option -p"),
                        (["api", "--lisetn", "x"], "api: unknown option --lisetn; --help lists them")):
    r = rig.run(*words)
    tap.ok(r.returncode == 2 and sentence in r.stderr and r.stderr.count("\n") == 1, "%s: exit 2, a sentence" % " ".join(words), r.stderr)
for c in commands:
    a, b = rig.run("help", c), rig.run(c, "--help")
    tap.ok(a.returncode == 0 and a.stdout == b.stdout and a.stdout.startswith("usage: rinkside %s " % c) and not a.stderr,
           "help %s is %s --help" % (c, c), a.stdout + a.stderr)
told = {c: rig.run("help", c).stdout for c in commands}
for c, option, says in (("reparse", "season", "only the games of that season"), ("fake", "season", "in place of a night"), ("health", "listen", "that is asked"),
                        ("api", "listen", "port 0"), ("schedule", "once", "one look, then"), ("monitor", "once", "the ingests that are due"),
                        ("export", "format", "(csv)"), ("coverage", "format", "text or json (")):
    tap.ok(re.search("^  --%s .*%s" % (option, re.escape(says)), told[c], re.M), "--%s means to %s: %s" % (option, c, says), told[c])
tap.same([c for c in commands if "--upstream" not in told[c]],
         [c for c in commands if c not in ("ingest", "monitor", "season", "up", "schedule", "worker", "lambda")], "--upstream is shown where one is asked")
tap.same([c for c in commands if "  --db " not in told[c]], ["copy", "fake", "health", "completion", "man"], "--db where one is read")
r = rig.run("man", "--db", "sqlite:x.db", "--upstream", "http://x", "--retries", 1)
tap.same(r.returncode, 0, "and both are taken by all")
r = rig.run("help", "no-such")
tap.ok(r.returncode == 2 and "no-such" in r.stderr and r.stderr.count("\n") == 1, "help of no command: exit 2, a sentence", r.stderr)
r = rig.run("--version")
tap.ok(re.match(r"rinkside \d+\.\d+\.\d+( \([0-9a-f]{7,}(-dirty)?\))?\nlibuv \d.*SQLite \d", r.stdout),
       "--version: number, commit, libraries", r.stdout)
r = rig.run("migrate", db=rig.database()[0], env={"RINKSIDE_VERSION": "0.1.0", "RINKSIDE_HELP": "1", "RINKSIDE_COLUMNS": "1"})
tap.ok(r.returncode == 0 and r.stdout.startswith("schema "), "variables of those names are no settings", r.stdout + r.stderr)

# ---- a place that takes nothing ----

db = rig.database()[0]
rig.run("migrate", db=db)
for words in (["--help"], ["help", "ingest"], ["--version"], ["man"], ["completion", "bash"], ["ingest", "--columns"], ["cost"], ["check"],
              ["coverage", "20232024"], ["reparse"], ["export", "games"]):
    with open("/dev/full", "w") as full:
        p = subprocess.run([rig.BINARY, *words], stdout=full, stderr=subprocess.PIPE, text=True, cwd=rig.TEMP, env=rig.environment(db))
    tap.ok(p.returncode == 5 and p.stderr.startswith("rinkside: standard output: ") and p.stderr.count("\n") == 1,
           "%s >/dev/full: exit 5, a sentence" % " ".join(words), (p.returncode, p.stderr))

# ---- manual pages ----

lint = shutil.which("mandoc")
for words in [[]] + [[c] for c in commands]:
    r = rig.run("man", *words)
    page = "man %s" % " ".join(words)
    missing = [o for o in re.findall(r"^  --([a-z-]+)", rig.run("help", *words).stdout, re.M)
               if r".TP" + "\n" + r"\fB\-\-" + o.replace("-", r"\-") not in r.stdout]
    tap.ok(r.returncode == 0 and not missing, page + " has every option", missing)
    tap.ok(r.stdout.count('.SH "EXIT STATUS"') == 1 and (r.stdout.count("Exit code: ") == 1) != (".TP\n5\n" in r.stdout), page + " has the exit codes", r.stdout)
    if lint:
        warned = subprocess.run([lint, "-T", "lint", "-W", "warning"], input=r.stdout, capture_output=True, text=True)
        tap.same(warned.stdout, "", page + " renders without a warning")
tap.ok(rig.run("man", "no-such").returncode == 2, "man of no command: exit 2")

# ---- completions ----

bash = rig.run("completion", "bash").stdout


def complete(*words):
    """What bash would offer for the last word."""
    script = bash + '\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rinkside; printf "%s\\n" "${COMPREPLY[@]}"\n'
    r = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True)
    return r.stdout.split() + r.stderr.splitlines()


tap.same(complete("rinkside", "mon"), ["monitor"], "bash: a command")
tap.same(complete("rinkside", "help", "sea"), ["season"], "bash: a command to be helped with")
tap.same(complete("rinkside", "monitor", "--on"), ["--once"], "bash: an option of the command")
tap.same(complete("rinkside", "ingest", "--on"), [], "bash: and of no other")
tap.same(complete("rinkside", "ingest", "--log-format", ""), ["text", "json"], "bash: the choices of a value")
for shell in ("bash", "zsh", "fish"):
    r = rig.run("completion", shell)
    tap.ok(r.returncode == 0 and all(c in r.stdout for c in commands), "completion %s knows every command" % shell, r.stderr)
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n"], input=r.stdout, capture_output=True, text=True)
        tap.ok(checked.returncode == 0 and not checked.stderr, "%s parses it" % shell, checked.stderr)
    else:
        tap.note("%s is not here to parse its completion" % shell)
tap.ok(rig.run("completion", "csh").returncode == 2, "completion of another shell: exit 2")
tap.done()
