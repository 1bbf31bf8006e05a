"""What a writer needs of a connection, in the same words for every database."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

LOCK_SECONDS = 5
"""How long a change waits for what sessions of earlier attempts may have locked."""


class Session(Protocol):
    """A connection that is opened on first use and again after it was lost. Calls raise the client library's errors,
    which `translated` turns into the engine's. Statements with parameters have %s for each and double percent signs.
    """

    @property
    def is_lost(self) -> bool: ...
    def translated(self) -> AbstractContextManager[None]: ...
    def begin(self, *, lock_seconds: int | None = None) -> None:
        """Does nothing inside a transaction. `lock_seconds`: how long its statements wait for others."""

    def commit(self) -> None: ...
    def rollback(self) -> None:
        """Never raises: a session that cannot roll back is closed."""

    def savepoint(self) -> AbstractContextManager[None]: ...
    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int: ...
    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...
    def interrupt(self) -> None: ...
    def close(self) -> None: ...
