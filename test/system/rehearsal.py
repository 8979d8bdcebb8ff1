#!/usr/bin/env python3
"""A night of our own league, some two thousand times faster than life, with everything going wrong: nothing is lost."""
import os, sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rehearsal, rig

tap = rig.Tap()
seed = rehearsal.seed()
tap.note("RINKSIDE_SEED=%d" % seed)
r = rehearsal.Rehearsal(seed, start="2025-11-15T10:00:00Z", end="2025-11-16T19:00:00Z", speed=4000,
                        shape_from="2025-11-16T00:45:00Z")
r.play(tap)
r.settle(tap)
r.compare(tap)
tap.note(", ".join("%s %s" % (v, k) for k, v in r.counts.items() if " " not in k))
tap.done()
