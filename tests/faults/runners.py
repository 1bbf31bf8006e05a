"""What jobs of the tests' own kinds do, in a worker's process."""

import os
import signal
import time

import psycopg

from apps.jobs.services import Work


def nap(work: Work) -> None:
    """Takes `seconds`, over all attempts, and may be handed back after each tenth of one."""
    while work.job.records_read < work.params["seconds"] * 10:
        work.stop.raise_if_shown(may_hand_back=True)
        time.sleep(0.1)
        work.job.records_read += 1
        work.progress(records_read=work.job.records_read)


def crash(work: Work) -> None:
    """Takes its process with it, as a fault in a library does."""
    os.kill(os.getpid(), signal.SIGKILL)


def hang(work: Work) -> None:
    """Waits for a statement that nobody can interrupt."""
    with psycopg.connect(work.params["address"]) as server:
        server.execute("SELECT pg_sleep(600)")
