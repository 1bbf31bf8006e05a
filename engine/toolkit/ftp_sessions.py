"""Sessions with one FTP server: each does a single thing at a time."""

import errno
import ftplib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from engine.errors import EngineError
from engine.toolkit import ftp
from engine.toolkit.ftp import Ftp

IDLE_SECONDS = 20
UNKNOWN_COMMAND = ("500", "501", "502", "504")
DENIED = ("532", "534", "550")
FULL = ("452", "552")


class Sessions:
    """Those that wait for something to do, and those that do it."""

    def __init__(self, connect: Callable[[], Ftp]) -> None:
        self._connect = connect
        self._idle: list[tuple[Ftp, float]] = []
        self._busy: set[Ftp] = set()
        self.is_open = True

    @contextmanager
    def one(self) -> Iterator[Ftp]:
        """A session for one thing at a time. Raises OSError for what is wrong with a file, NotImplementedError for a
        command that the server does not know, EngineErrors for all else."""
        client = self._rested() or self._connect()
        self._busy.add(client)
        try:
            with _permanent(), ftp.translated():
                yield client
        except (OSError, NotImplementedError):
            self._idle.append((client, time.monotonic()))
            raise
        except BaseException:
            client.close()
            raise
        else:
            self._idle.append((client, time.monotonic()))
        finally:
            self._busy.discard(client)

    def hang_up(self) -> None:
        self.is_open = False
        for client in [*self._busy, *(client for client, _ in self._idle)]:
            client.hang_up()

    def close(self) -> None:
        self.hang_up()
        for client, _ in self._idle:
            client.close()
        self._idle.clear()

    def _rested(self) -> Ftp | None:
        while self._idle:
            client, since = self._idle.pop()
            with suppress(EngineError, OSError, ftplib.Error, EOFError):
                if time.monotonic() - since > IDLE_SECONDS:
                    client.voidcmd("NOOP")  # servers end those that rest too long
                if client.is_open():
                    return client
            client.close()
        return None


@contextmanager
def _permanent() -> Iterator[None]:
    try:
        yield
    except ftplib.error_perm as error:
        code, words = str(error)[:3], str(error).lower()
        if code in UNKNOWN_COMMAND:
            raise NotImplementedError from error
        if code in FULL or "no space" in words or "quota" in words:
            raise os_error(errno.ENOSPC) from error
        # One answer stands for a file that is missing and for one that may not be touched.
        if (code in DENIED and ("denied" in words or "permission" in words)) or code == "532":
            raise os_error(errno.EACCES) from error
        raise os_error(errno.ENOENT) from error


def os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
