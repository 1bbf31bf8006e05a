"""Ending what a connection waits for: by a word to its server, and by hanging up where that does not help."""

import time
from collections.abc import Callable
from threading import Thread

PATIENCE_SECONDS = 2.0


class Interruption:
    """Of one connection, from any thread; call it again for as long as it is wanted, and it hangs up in the end.

    `ask` may wait for a server that does not answer, `hang_up` waits for nobody. Neither raises.
    """

    def __init__(self, ask: Callable[[], None], hang_up: Callable[[], None]) -> None:
        self._ask = ask
        self._hang_up = hang_up
        self._asking: Thread | None = None
        self._began = 0.0

    @property
    def is_called(self) -> bool:
        return self._asking is not None

    def __call__(self) -> None:
        if self._asking is None:
            self._began = time.monotonic()
        if time.monotonic() - self._began > PATIENCE_SECONDS:
            self._hang_up()
        elif self._asking is None or not self._asking.is_alive():
            self._asking = Thread(target=self._ask, name="interruption", daemon=True)
            self._asking.start()
