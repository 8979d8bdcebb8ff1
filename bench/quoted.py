"""What docs/scaling.md quotes of docs/benchmarks.md, between two marks: whoever writes the one writes the other, and a test holds them together."""
import os

DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs")
BENCHMARKS, SCALING = os.path.join(DOCS, "benchmarks.md"), os.path.join(DOCS, "scaling.md")
BEGIN, END = "<!-- make bench writes this, of the run in benchmarks.md -->\n", "<!-- and no further -->\n"

ASKED = "`/game-stats/{id}`, unchanged since last asked, one core", "32 connections"
NEVER = "the same, never asked before, 2.5 million lines", "each game once, in any order"
POSTGRES_NEVER = "`/game-stats/{id}`, never asked before, 2.5 million lines in PostgreSQL", "each game once, in any order"
PUTS = "games put into PostgreSQL over loopback, 4 processes"
CHANGED, UNCHANGED = (PUTS, "changed, a commit waits for the disk"), (PUTS, "unchanged, a commit waits for the disk")
CHANGED_FREE, UNCHANGED_FREE = (PUTS, "changed, synchronous_commit = off"), (PUTS, "unchanged, synchronous_commit = off")
TOLD = "a change by one process on `/stream` of another's API"
CACHE = "nginx's cache in front, 16 live games, gzip"
STREAM = "`/stream`, 10,000 readers, one core"


def figures(benchmarks):
    """{(row, what): (measured, beside it)} of the page's table, as they stand there."""
    found, row = {}, ""
    for line in benchmarks.splitlines():
        cells = [c.strip().replace(" /s", "/s") for c in line.split("|")[1:-1]]
        if len(cells) >= 6:
            row = cells[0] or row
            found[row, cells[1]] = cells[2], cells[4].rpartition(": ")[2]
    return found


def table(benchmarks):
    found = figures(benchmarks)
    m = lambda row, what: found[row, what][0]
    beside = lambda row, what: found[row, what][1]
    return f"""
| | SQLite | PostgreSQL 15 | how |
|---|---|---|---|
| games put that changed (24 lines of 40) | {beside(*CHANGED_FREE)} | {m(*CHANGED_FREE)} without the wait for the disk; {m(*CHANGED)} with it | `postgres-puts`: 4 processes, each with 16 games, through the store alone |
| games put that had not | {beside(*UNCHANGED_FREE)} | {m(*UNCHANGED_FREE)}; {m(*UNCHANGED)} | the same |
| flushes of this disk beside the two, with the wait | | {beside(*CHANGED)}; {beside(*UNCHANGED)} | one process, 8 KB each, one after the other |
| `/game-stats/{{id}}`, asked before | {m(*ASKED)} | the same: answers are kept in the process | `unchanged`: the API on one core, 32 connections |
| `/game-stats/{{id}}`, never asked before | {m(*NEVER)} | {m(*POSTGRES_NEVER)} | `never`, `postgres-never`: 2.5 million lines, each game once |
| a commit by one process on `/stream` of another | | {m(TOLD, "to the last of 16 readers")} (median of 20; {m(TOLD, "to the last of 16 readers, at most")} at most) | `postgres-stream`: a change is an `ingest` of its own, 16 readers, the last of them |
| readers through nginx's cache | | {m(CACHE, "readers' requests, of 54 answers")}, of which {m(CACHE, "of these reach the API")} reach the API: {m(CACHE, "of 10,000 reach the API")} of 10,000 | `postgres-cache`: 54 answers in turn, gzip, TLS left out, 256 connections; in 16 live games something moves every second |
| one commit to 10,000 readers of `/stream` | {m(STREAM, "to the last reader")} to the last | | `stream`: the API on one core, {m(STREAM, "memory each, listening")} each |

"""


def renewed(scaling, benchmarks):
    """The page with the figures of that run; all else as it was."""
    before, _, rest = scaling.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError("docs/scaling.md has lost its marks")
    return before + BEGIN + table(benchmarks) + end + after


def read(place):
    with open(place, encoding="utf-8") as f:
        return f.read()


def renew():
    page = renewed(read(SCALING), read(BENCHMARKS))
    with open(SCALING, "w", encoding="utf-8") as f:
        f.write(page)
