"""Ends what has no time-out of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Timer

from engine.errors import TransientError


@contextmanager
def ended_after(seconds: float, end: Callable[[], object]) -> Iterator[None]:
    """Calls `end` from another thread if the block lasts longer, and raises TransientError `timed_out` instead of
    whatever the block raises because of it."""
    is_over = Event()

    def give_up() -> None:
        is_over.set()
        end()

    timer = Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if is_over.is_set():
            raise TransientError("The server did not answer in time.", code="timed_out") from error
        raise
    finally:
        timer.cancel()
