"""A write step at an SQL destination: what is the same for every database."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

import orjson

from engine.contract import Delivery, Lineage, Mode, OnRejected, Position, Rejected, Standing, Target
from engine.drivers.sql.state import NoState, Remembered, State, canonical, fence_lost
from engine.drivers.sql.write_session import LOCK_SECONDS, Session
from engine.drivers.sql.write_tables import SqlTables
from engine.errors import ConfigError, DriverBug, EngineError, TransientError
from engine.schema import Column, Row

Result = TypeVar("Result")

LOCK_TRIES = 3


class SqlWriter(SqlTables):
    """The order of things and the transactions around them; the subclasses know how each is said.

    Every change is made under the fence of the state table in the destination itself, so that of two attempts that
    believe to be the only one just the later can commit.
    """

    keeps_pages = True

    def __init__(
        self,
        session: Session,
        *,
        target: Target,
        columns: Sequence[Column],
        key: Sequence[str],
        lineage: Lineage,
    ) -> None:
        super().__init__(session, target=target, columns=columns, key=key, lineage=lineage)
        self.delivery = Delivery.EXACTLY_ONCE
        self._position: str | None = None
        self._is_uncommitted = False
        self._is_broken = False

    def take_over(self) -> Standing:
        with self._transaction():
            self._examine()
        left = self._take_fence()
        self._made = left.made
        if self._target.mode is Mode.REPLACE:
            left = self._adopt_stage(left)
        elif self._is_missing:
            self._make_missing_table()
            left = Remembered()
        self._position = left.position
        return Standing(orjson.loads(left.position) if left.position is not None else None, done=left.is_done)

    def begin(self, position: Position) -> None:
        text = canonical(position)
        with self._transaction(lock_seconds=LOCK_SECONDS):
            if self._target.mode is Mode.REPLACE:
                self._state.hold()
                self._begin_stage()
            self._state.begin(text)
        self._position = text

    def write(self, rows: Sequence[Row], position: Position | None, on_rejected: OnRejected) -> int:
        """How many of the rows were written."""
        return self._commit(lambda: self._write_rows(rows, on_rejected), lambda _: position)

    def finish(self, position: Position) -> None:
        text = canonical(position)
        self._commit(lambda: self._put_in_place(text), lambda _: position, is_done=True)

    def interrupt(self) -> None:
        self._session.interrupt()

    def close(self) -> None:
        self._session.close()

    @abstractmethod
    def _state_table(self) -> State: ...

    @abstractmethod
    def _end_predecessors(self) -> None:
        """Ends the sessions of earlier attempts: a frozen one would hold its locks for as long as it is."""

    @abstractmethod
    def _load(self, rows: Sequence[Row]) -> list[Rejected]: ...

    def _write_rows(self, rows: Sequence[Row], on_rejected: OnRejected) -> int:
        rejected = self._load(rows)
        if rejected:
            on_rejected(rejected)
        return len(rows) - len(rejected)

    def _take_fence(self) -> Remembered:
        self._state = self._state_table()
        try:
            self._ensure_state()
            self._end_predecessors()
            return self._patiently(self._state.take)
        except ConfigError as error:
            if error.code != "permission_denied":
                raise
        return self._do_without_state()

    def _ensure_state(self) -> None:
        """PostgreSQL fails to make a table "if it is not there" when another step makes it in the same moment."""
        try:
            with self._transaction():
                self._state.ensure()
        except ConfigError as error:
            if error.code != "constraint_violated":
                raise
            with self._transaction():
                self._state.ensure()

    def _do_without_state(self) -> Remembered:
        if self._target.mode is Mode.REPLACE:
            raise ConfigError(
                "To replace a table the user must be allowed to make tables beside it, and to read and write "
                "crossdock_state there.",
                code="permission_denied",
            )
        self._state = NoState()
        self._lower_delivery()
        return Remembered()

    def _lower_delivery(self) -> None:
        is_keyed = self._target.mode is Mode.UPSERT
        self.delivery = Delivery.EFFECTIVELY_ONCE if is_keyed else Delivery.AT_LEAST_ONCE

    def _patiently(self, work: Callable[[], Result]) -> Result:
        """Does what a session of an earlier attempt may be blocking: waits for it a little, then ends it."""
        for _ in range(LOCK_TRIES - 1):
            try:
                with self._transaction(lock_seconds=LOCK_SECONDS):
                    return work()
            except TransientError as error:
                if error.code != "locked":
                    raise
                self._end_predecessors()
        with self._transaction(lock_seconds=LOCK_SECONDS):
            return work()

    def _commit(
        self, work: Callable[[], Result], position: Callable[[Result], Position | None], *, is_done: bool = False
    ) -> Result:
        """Does the work and moves to the position in one transaction; without a position it is left open."""
        if self._is_broken:
            raise DriverBug("The pages before this one were rolled back.")
        text: str | None = None
        try:
            with self._session.translated():
                self._session.begin()
                result = work()
                reached = position(result)
                if reached is None:
                    self._is_uncommitted = True
                    return result
                text = canonical(reached)
                self._state.advance(self._position, text, is_done=is_done)
                self._session.commit()
        except BaseException as error:
            self._session.rollback()
            if not self._has_landed(error, text, is_done=is_done):
                self._is_broken = self._is_uncommitted
                raise
        self._position = text
        self._is_uncommitted = False
        return result

    def _has_landed(self, error: BaseException, text: str | None, *, is_done: bool) -> bool:
        """Whether a transaction was committed although its connection was lost. Raises FenceLost when the failure is
        that another attempt has taken over: it ends our sessions and gives our stage another name."""
        if not isinstance(error, ConfigError | TransientError) or error.code == "locked":
            return False
        try:
            with self._transaction(lock_seconds=LOCK_SECONDS):
                now = self._state.read()
        except EngineError:
            return False
        if now is None:
            return False
        if now.fence != self._lineage.fence:
            raise fence_lost() from error
        has_moved = text != self._position or is_done
        return text is not None and has_moved and (now.position, now.is_done) == (text, is_done)
