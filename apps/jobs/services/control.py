"""Calls to our own database from a job that outlives its connection."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
PATIENCE_SECONDS = 30
CONFLICTS = {"40001", "40P01"}
"""A serialization failure and a deadlock: the database has undone everything, and the connection is whole."""


def steadily(act: Callable[[], Answer]) -> Answer:
    """What `act` answers, run in one transaction; when the database is away, or two transactions were in each other's
    way, again for 30 seconds.

    `act` must be safe to run twice: its first commit may have been done although nobody heard of it.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.1
    while True:
        try:
            with transaction.atomic():
                return act()
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or time.monotonic() > deadline:
                raise
            if getattr(error.__cause__, "sqlstate", "") not in CONFLICTS:
                log.warning("The control database is away (%s), trying again", type(error).__name__)
                connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 2)
