"""The settings, and kinds of job that do what no flow does on purpose."""

# ruff: noqa: F403, F405
from config.settings import *

JOB_RUNNERS = {
    **JOB_RUNNERS,
    "nap": {"path": "tests.faults.runners.nap", "queue": "sync", "exclusive": True},
    "crash": {"path": "tests.faults.runners.crash", "queue": "sync", "exclusive": True},
    "hang": {"path": "tests.faults.runners.hang", "queue": "interactive", "exclusive": False},
}
