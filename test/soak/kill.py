#!/usr/bin/env python3
"""kill -9 at every system call of an ingest, one after the other."""
import os, sys
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
import kill, rig

tap = rig.Tap()
kill.test(tap, lambda calls, first: calls[1:])  # before the first there is no process of ours
tap.done()
