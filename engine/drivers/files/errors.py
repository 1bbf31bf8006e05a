"""What the operating system or a store says of a file, in the engine's words."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import ConfigError, EngineError, TransientError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Raises the engine's errors for those of the system; `path` is as the caller named it, below the root."""
    try:
        yield
    except OSError as error:
        raise of_system(error, path) from error


def of_system(error: OSError, path: str) -> EngineError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return unknown_file(path)
    if isinstance(error, IsADirectoryError):
        return ConfigError(f"{path!r} is a folder, not a file.", code="unknown_file")
    if isinstance(error, PermissionError) or error.errno in {errno.EROFS, errno.ELOOP}:
        return ConfigError(f"{path!r} may not be opened.", code="permission_denied")
    if error.errno == errno.ENAMETOOLONG:
        return not_allowed(path)
    if error.errno in FULL:
        return ConfigError(f"There is no space left for {path!r}.", code="storage_full")
    return TransientError(f"{path!r} could not be read or written.", code="file_error")


def unknown_file(path: str) -> ConfigError:
    return ConfigError(f"There is no file {path!r}.", code="unknown_file")


def not_allowed(path: str) -> ConfigError:
    shown = path if len(path) <= 100 else path[:99] + "…"
    return ConfigError(f"{shown!r} is no path below the connection's folder.", code="path_not_allowed")


def interrupted() -> TransientError:
    return TransientError("The reading was broken off.", code="interrupted")
