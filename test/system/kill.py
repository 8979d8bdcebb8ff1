#!/usr/bin/env python3
"""kill -9 in the middle of an ingest, at some of its system calls; test/soak/kill.py takes all of them."""
import os, random, sys, time
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
import kill, rig

tap = rig.Tap()
seed = int(os.environ.get("RINKSIDE_SEED") or time.time())
print("# seed %d" % seed)
CHOSEN = 24


def some(calls, first):
    """Every k-th from the database's opening on, beginning anywhere; what comes before it touches nothing."""
    rest = calls[first:]
    step = max(1, len(rest) // CHOSEN)
    return rest[random.Random(seed).randrange(step)::step]


kill.test(tap, some)
tap.done()
