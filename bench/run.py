#!/usr/bin/env python3
"""Measures, prints a table, and keeps the last one in docs/benchmarks.md, of which docs/scaling.md quotes.

    make bench                  all rows
    make bench ROWS='tick api'  those whose name holds a word
    make bench QUICK=1          a look at each: short, without the rows that need millions of lines
    make bench BASE=main~5      the same rows on that revision too, and the ratio

Rows are in bench/rows/*.py; bench/rig.py says what one looks like. Only a whole run, not a quick one, is kept.
"""
import datetime, importlib.util, os, platform, shutil, subprocess, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import quoted, rig

BUILD = os.path.join(rig.ROOT, os.environ.get("BUILD", "build"))


def load_rows():
    rows, place = [], os.path.join(rig.ROOT, "bench", "rows")
    for file in sorted(os.listdir(place)):
        if file.endswith(".py"):
            spec = importlib.util.spec_from_file_location("rows_" + file[:-3], os.path.join(place, file))
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            rows += module.ROWS
    return rows


def git(*words):
    return subprocess.run(["git", *words], cwd=rig.ROOT, capture_output=True, text=True, check=True).stdout.strip()


def build_base(revision):
    """The program of another revision, built in a worktree of its own under build/."""
    commit = git("rev-parse", "--short=10", revision + "^{commit}")
    tree = os.path.join(rig.ROOT, "build", "base", commit)
    if not os.path.exists(tree):
        git("worktree", "prune")
        git("worktree", "add", "-q", "--detach", tree, commit)
    subprocess.run(["make", "-s", "-j2", "BUILD=build"], cwd=tree, check=True)
    return commit, os.path.join(tree, "build", "rinkside")


def number(value, unit=""):
    text = "%.0f" % value if value >= 100 else "%.1f" % value if value >= 10 else "%.3g" % value
    return (text if value < 10000 else "{:,.0f}".format(value)) + (" " + unit if unit else "")


def ratio(a, b):
    return "%.2f" % (a / b) if b else "-"


class Table:
    def __init__(self, base):
        self.head = ["", "", "measured", "must be", "beside it, same run", "ratio"] + (["at " + base, "ratio"] if base else [])
        self.lines, self.missed = [], 0

    def add(self, row, m, old):
        holds = m.holds()
        self.missed += holds is False
        beside = "%s: %s" % (m.beside[0], number(m.beside[1], m.unit)) if m.beside else ""
        limit = "%s %s%s" % (m.must.split()[0].replace("<=", "at most").replace(">=", "at least"),
                             number(float(m.must.split()[1]), m.unit), "" if holds else " **missed**") if m.must else ""
        line = [row.title, m.what, number(m.value, m.unit), limit, beside, ratio(m.value, m.beside[1]) if m.beside else ""]
        if len(self.head) > 6:
            line += [number(old.value, old.unit), ratio(m.value, old.value)] if old else ["", ""]
        self.lines.append(line)
        print("%-52s %-30s %14s  %-26s %-28s %s" % (line[0], line[1], line[2], limit.replace("**", ""), beside, "  ".join(line[5:])))
        sys.stdout.flush()

    def markdown(self):
        rows, last = ["| " + " | ".join(self.head) + " |", "|" + "---|" * len(self.head)], None
        for line in self.lines:
            rows.append("| " + " | ".join([line[0] if line[0] != last else ""] + line[1:]) + " |")
            last = line[0]
        return "\n".join(rows)


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((l.split(":")[1].strip() for l in f if l.startswith("model name")), platform.processor())
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) / 1048576
    with open("/etc/os-release") as f:
        system = dict(l.rstrip("\n").split("=", 1) for l in f if "=" in l).get("PRETTY_NAME", "").strip('"')
    return "%s, %d cores, %.0f GiB, %s, Linux %s" % (model, os.cpu_count(), memory, system, platform.release())


def measure(bench, row):
    try:
        return list(row.measure(bench))
    except Exception as e:  # one row that cannot be measured must not cost the others
        print("%-52s could not be measured: %s" % (row.title, str(e).strip()[-300:]))
        return None


def write_page(table):
    with open(quoted.BENCHMARKS, "w") as f:
        f.write("""# Benchmarks

The last whole run of `make bench`: %s, commit `%s`, on %s.

Server and client have a core each; nginx serves the same bytes as a file in the same run. CPU and memory of commands are
those that `wait4` tells, their children's included; medians. Times depend on the machine, ratios much less: what a
process may cost was set where loading libcurl alone takes 5 ms of CPU, and is multiplied by how much longer it takes here.

%s
""" % (datetime.date.today().isoformat(), git("describe", "--always", "--dirty", "--abbrev=10"), machine(), table.markdown()))


def main():
    words, is_quick = os.environ.get("ROWS", "").split(), os.environ.get("QUICK", "") not in ("", "0")
    rows = [r for r in load_rows() if (not words or any(w in r.name for w in words)) and not (is_quick and r.needs_millions)]
    if not rows:
        sys.exit("bench: no row's name holds any of: " + " ".join(words))
    bench = rig.Bench(os.path.join(BUILD, "rinkside"), BUILD, is_quick)
    base = old_bench = None
    if os.environ.get("BASE"):
        base, binary = build_base(os.environ["BASE"])
        old_bench = rig.Bench(binary, BUILD, is_quick)
    table, failures = Table(base), 0
    for row in rows:
        new = measure(bench, row)
        old = {m.what: m for m in (measure(old_bench, row) or [])} if base else {}
        failures += new is None
        for m in new or []:
            table.add(row, m, old.get(m.what))
    if not words and not is_quick and not failures:
        write_page(table)
        quoted.renew()
        print("kept in docs/benchmarks.md and docs/scaling.md")
    print("%d figures, %d missed, %d rows not measured" % (len(table.lines), table.missed, failures))
    return 1 if failures else 0


sys.exit(main())
