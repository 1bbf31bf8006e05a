"""The settings of processes that run a spoilt job machine: MUTANT names how."""

# ruff: noqa: F403, F405
import os

from config.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.mutants.apps.Mutant"]

if os.environ["MUTANT"] == "hints_are_acknowledged_early_and_never_repeated":
    CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = False
