#!/usr/bin/env python3
"""Random schedules of a game's snapshots through separate processes, many of them."""
import os, sys, time
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
import rig, schedules

tap = rig.Tap()
schedules.test(tap, int(os.environ.get("RINKSIDE_SEED") or time.time()), 1000)
tap.done()
