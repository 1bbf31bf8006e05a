"""The settings over a state folder of the tests' own, whose servers put speed before durability."""

# ruff: noqa: F403 (the environment comes before the settings, which read it)
import os

from config.home import ROOT

os.environ.setdefault("CROSSDOCK_HOME", str(ROOT / ".crossdock" / "test"))
os.environ.setdefault("CROSSDOCK_EMBEDDED", "test")
# the systems that tests connect to may be databases of the very server that DATABASE_URL names
os.environ.setdefault("EGRESS_OWN", "1")

from config.settings import *
