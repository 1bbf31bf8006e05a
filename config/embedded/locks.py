"""Advisory locks on files. They end with the last process that holds the file open, however it ends."""

import fcntl
import os
import time
from pathlib import Path

PATIENCE = 0.05


def opened(path: Path) -> int:
    """A descriptor of the lock file. What this process forks shares it; what it executes does not."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def share(lock: int) -> None:
    fcntl.flock(lock, fcntl.LOCK_SH)


def take(lock: int) -> None:
    fcntl.flock(lock, fcntl.LOCK_EX)


def take_within(lock: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _try(lock, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            return False
        time.sleep(PATIENCE)
    return True


def is_taken(lock: int) -> bool:
    """Whether somebody holds it for himself alone."""
    if not _try(lock, fcntl.LOCK_SH):
        return True
    fcntl.flock(lock, fcntl.LOCK_UN)
    return False


def _try(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
