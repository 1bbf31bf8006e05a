"""How much `make faults` is asked for: 60 faults on every change, N=300 and more before a release."""

import os

FAULTS = int(os.environ.get("FAULTS") or 60)
IS_LONG = FAULTS > 60
"""Whether tests that repeat themselves do so as often as the plan says, and take every case."""
