#!/usr/bin/env python3
"""Random schedules of a game's snapshots through separate processes, ten thousand of them: half an hour. RINKSIDE_SOAK_SCHEDULES: another number."""
import os, sys, time
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
import rig, schedules

tap = rig.Tap()
schedules.test(tap, int(os.environ.get("RINKSIDE_SEED") or time.time()), int(os.environ.get("RINKSIDE_SOAK_SCHEDULES", "10000")))
tap.done()
