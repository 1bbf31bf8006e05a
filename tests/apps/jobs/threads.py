"""The same act in many threads at once, each on a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

Answer = TypeVar("Answer")


def at_once(count: int, act: Callable[[int], Answer]) -> list[Answer]:
    """What `act(0)` … `act(count - 1)` answer; they begin together."""
    barrier = threading.Barrier(count)

    def begin(number: int) -> Answer:
        try:
            connection.ensure_connection()
            barrier.wait()
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


class Aside:
    """A function in a thread beside the test's; leaving the block waits for it, and raises what it raised."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> None:
        self._future = self._pool.submit(self._run)

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        self._future.result()

    def _run(self) -> None:
        try:
            self._act()
        finally:
            connection.close()
