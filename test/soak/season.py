#!/usr/bin/env python3
"""A whole season of our own league through `up`, with everything going wrong: 1,312 games and the first rounds of the play-offs.

RINKSIDE_SEED: of the season, the faults and the kills. RINKSIDE_SOAK_FROM and _TO: less of it. RINKSIDE_SOAK_SPEED: 12000, at
which a day takes seven seconds and the season 25 minutes.
"""
import os, sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import rehearsal, rig

tap = rig.Tap()
seed = rehearsal.seed()
tap.note("RINKSIDE_SEED=%d" % seed)
r = rehearsal.Rehearsal(seed, start=os.environ.get("RINKSIDE_SOAK_FROM", "2025-10-07T12:00:00Z"),
                        end=os.environ.get("RINKSIDE_SOAK_TO", "2026-05-02T12:00:00Z"),
                        speed=float(os.environ.get("RINKSIDE_SOAK_SPEED", "12000")), playoffs=True, long_lock=True,
                        shape_from=os.environ.get("RINKSIDE_SOAK_SHAPE", "2025-10-26T00:30:00Z"))
r.play(tap)
r.settle(tap)
r.compare(tap)
tap.note(", ".join("%s %s" % (v, k) for k, v in r.counts.items() if " " not in k))
tap.done()
