"""How long a request may wait for an interactive job, so that waiting never takes every thread of a process."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings

SEATS = BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


@contextmanager
def seat() -> Iterator[float]:
    """Gives the seconds that the caller may wait: 0 when half of the process's threads wait already."""
    is_seated = SEATS.acquire(blocking=False)
    try:
        yield settings.JOB_WAIT_SECONDS if is_seated else 0.0
    finally:
        if is_seated:
            SEATS.release()
