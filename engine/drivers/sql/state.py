"""What a destination remembers of the steps that write to it: one row a step and stream, changed with the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from engine.contract import Lineage, Position
from engine.errors import FenceLost

TABLE = "crossdock_state"

NO_FENCE = -1


class Session(Protocol):
    """What the state needs of a session. With parameters a statement has %s for each, and a percent sign is doubled."""

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int: ...
    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a database says it. `same`: equality that knows NULL; `if_absent`: an INSERT that gives way to a row."""

    create: str
    if_absent: str
    same: str
    for_update: str
    now: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """`made` identifies the table that the step has made; `is_swapping`: only its name was left to be changed."""

    fence: int = NO_FENCE
    position: str | None = None
    is_done: bool = False
    made: str = ""
    is_swapping: bool = False


class State(Protocol):
    """Every change raises FenceLost when another attempt has taken over, or the position is not the one it was."""

    def ensure(self) -> None: ...
    def take(self) -> Remembered: ...
    def hold(self) -> None: ...
    def forget(self) -> None: ...
    def begin(self, position: str) -> None: ...
    def advance(
        self, previous: str | None, position: str, *, is_done: bool = False, is_swapping: bool = False
    ) -> None: ...
    def remember_made(self, table: str) -> None: ...
    def read(self) -> Remembered | None: ...


def canonical(position: Position) -> str:
    """A position as the text it is compared by."""
    return orjson.dumps(position, option=orjson.OPT_SORT_KEYS).decode()


class StateTable:
    """`table` is its quoted name."""

    def __init__(self, session: Session, table: str, grammar: Grammar, lineage: Lineage) -> None:
        self._session = session
        self._create = grammar.create.format(table=table)
        self._table = table.replace("%", "%%")
        self._grammar = grammar
        self._lineage = lineage
        self._key = (lineage.step, lineage.stream)

    def ensure(self) -> None:
        self._session.execute(self._create)

    def take(self) -> Remembered:
        """Takes the fence and gives what the attempts before have left. A raised generation forgets positions."""
        ours = self._lineage
        self._session.execute(
            f"INSERT INTO {self._table}"
            " (step_uid, stream, generation, job_uid, fence, done, made, swapping, updated_at)"
            f" VALUES (%s, %s, %s, '', {NO_FENCE}, FALSE, '', FALSE, {self._grammar.now}) {self._grammar.if_absent}",
            [*self._key, ours.generation],
        )
        [(generation, *values)] = self._select(f"generation, {_COLUMNS}", self._grammar.for_update)
        left = _remembered(values)
        if left.fence >= ours.fence:
            raise FenceLost("A later attempt writes this step already.")
        if generation < ours.generation:
            left = Remembered(made=left.made)
        self._update(
            "fence = %s, generation = %s, position = %s, done = %s, swapping = %s",
            [ours.fence, max(generation, ours.generation), left.position, left.is_done, left.is_swapping],
            "fence < %s",
            [ours.fence],
        )
        return left

    def hold(self) -> None:
        """Keeps others from taking the fence before the transaction ends."""
        [(fence,)] = self._select("fence", self._grammar.for_update)
        if fence != self._lineage.fence:
            raise fence_lost()

    def forget(self) -> None:
        """Nothing that was written is there any more."""
        self._change("position = NULL, done = FALSE", [])

    def begin(self, position: str) -> None:
        self._change("job_uid = %s, position = %s, done = FALSE, swapping = FALSE", [self._lineage.job, position])

    def advance(self, previous: str | None, position: str, *, is_done: bool = False, is_swapping: bool = False) -> None:
        self._update(
            "job_uid = %s, position = %s, done = %s, swapping = %s",
            [self._lineage.job, position, is_done, is_swapping],
            f"fence = %s AND position {self._grammar.same} %s",
            [self._lineage.fence, previous],
        )

    def remember_made(self, table: str) -> None:
        self._change("made = %s", [table])

    def read(self) -> Remembered | None:
        """Waits for a transaction that is just being committed."""
        rows = self._select(_COLUMNS, self._grammar.for_update)
        return _remembered(rows[0]) if rows else None

    def _select(self, what: str, for_update: str = "") -> list[tuple[Any, ...]]:
        return self._session.rows(
            f"SELECT {what} FROM {self._table} WHERE step_uid = %s AND stream = %s {for_update}", self._key
        )

    def _change(self, assignments: str, values: Sequence[Any]) -> None:
        self._update(assignments, values, "fence = %s", [self._lineage.fence])

    def _update(self, assignments: str, values: Sequence[Any], condition: str, compared: Sequence[Any]) -> None:
        count = self._session.execute(
            f"UPDATE {self._table} SET {assignments}, updated_at = {self._grammar.now}"
            f" WHERE step_uid = %s AND stream = %s AND {condition}",
            [*values, *self._key, *compared],
        )
        if count != 1:
            raise fence_lost()


class NoState:
    """Where nothing may be remembered: no fence holds, and no position is known."""

    def ensure(self) -> None:
        """There is nothing to make."""

    def take(self) -> Remembered:
        return Remembered()

    def hold(self) -> None:
        """Nothing can be held."""

    def forget(self) -> None:
        """Nothing is remembered."""

    def begin(self, position: str) -> None:
        """Nothing is remembered."""

    def advance(self, previous: str | None, position: str, *, is_done: bool = False, is_swapping: bool = False) -> None:
        """Nothing is remembered."""

    def remember_made(self, table: str) -> None:
        """Nothing is remembered."""

    def read(self) -> Remembered | None:
        return None


_COLUMNS = "fence, position, done, made, swapping"


def _remembered(values: Sequence[Any]) -> Remembered:
    fence, position, is_done, made, is_swapping = values
    return Remembered(int(fence), position, bool(is_done), made, bool(is_swapping))


def fence_lost() -> FenceLost:
    return FenceLost("Another attempt has taken this step over.")
