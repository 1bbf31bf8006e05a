"""One attempt's view of a stream, in pages that each continue behind the last one's key."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import repeat
from typing import Any, Protocol

from engine.contract import Key, Page, Request
from engine.drivers.sql import select
from engine.drivers.sql.plan import Plan
from engine.drivers.sql.select import Selects, Statement
from engine.errors import ConfigError
from engine.schema import Column, Row, Stream

PROBE_ROWS = 250
PAGE_BYTES = 16 * 1024 * 1024

Fetched = list[tuple[Any, ...]]
Convert = Callable[[Any], Any]


class Rows(Protocol):
    """Rows that are taken in turn: fewer than `count` are the last. `after`: the place behind what was taken; None
    where there is none to come back to."""

    @property
    def after(self) -> Key | None: ...
    def take(self, count: int) -> Fetched: ...
    def close(self) -> None: ...


class Session(Protocol):
    """A connection inside the one transaction of a reading. Raises the engine's errors."""

    def fetch(self, statement: Statement, values: dict[str, Any]) -> Fetched: ...
    def passing(self, statement: Statement, values: dict[str, Any]) -> Rows:
        """The statement's rows, none of them read ahead."""

    def close(self) -> None: ...


class Values(Protocol):
    """How a client's values and portable ones become each other."""

    def converter(self, column: Column) -> Convert | None:
        """From what the client gives to what rows hold; None where they are the same."""

    def parameter(self, column: Column, value: Any) -> Any:
        """From a portable value to what the client compares by."""

    def place(self, column: Column, value: Any) -> Any:
        """From what the client gives to a JSON scalar."""

    def from_place(self, column: Column, place: Any) -> Any:
        """Back from there to what the client compares by."""


class Places:
    """The places between which a statement reads, as its parameters; and the place where a row stands, as JSON."""

    def __init__(self, plan: Plan, values: Values) -> None:
        self._plan = plan
        self._values = values
        selected = [column.name for column in plan.selected]
        self._indexes = [selected.index(column.name) for column in plan.order]

    def of(self, row: Iterable[Any]) -> Key:
        """`row`: the values of the plan's order. Raises ConfigError `invalid_key` for NULL."""
        place = [self._values.place(column, value) for column, value in zip(self._plan.order, row, strict=True)]
        if None in place:
            raise ConfigError(f"A row of {self._plan.stream.source} has NULL in its key.", code="invalid_key")
        return place

    def of_selected(self, row: tuple[Any, ...]) -> Key:
        return self.of(row[index] for index in self._indexes)

    def behind(self, after: Key | None) -> dict[str, Any]:
        return self._parameters(select.after, after)

    def up_to(self, end: Key) -> dict[str, Any]:
        return self._parameters(select.up_to, end)

    def within(self, until: Any) -> dict[str, Any]:
        """The cursor's bounds, where the plan has any."""
        cursor = self._plan.cursor
        if cursor is None or not (self._plan.is_incremental or self._plan.is_capped):
            return {}
        bounds = {select.UNTIL: until} | ({select.SINCE: self._plan.since} if self._plan.is_incremental else {})
        return {name: self._values.parameter(cursor, value) for name, value in bounds.items()}

    def _parameters(self, name: Callable[[int], str], key: Key | None) -> dict[str, Any]:
        pairs = zip(self._plan.order, key or (), strict=False)
        return {name(index): self._values.from_place(column, place) for index, (column, place) in enumerate(pairs)}


class KeyedRows:
    """Rows in the order of a key, each batch a statement of its own: nothing is held open between two."""

    def __init__(
        self, session: Session, selects: Selects, places: Places, bounds: dict[str, Any], after: Key | None
    ) -> None:
        self._session = session
        self._first, self._further = (selects.page(is_continued=is_continued) for is_continued in (False, True))
        self._places = places
        self._bounds = bounds
        self.after = after

    def take(self, count: int) -> Fetched:
        values = {**self._bounds, **self._places.behind(self.after), select.PAGE_ROWS: count}
        fetched = self._session.fetch(self._further if self.after else self._first, values)
        if fetched:
            self.after = self._places.of_selected(fetched[-1])
        return fetched

    def close(self) -> None:
        """There is nothing to close."""


def page_of(rows: Rows, most: int) -> tuple[Fetched, bool]:
    """The next page, and whether it is the last: `most` rows, fewer where the first of them are wide.

    The same rows make the same page in every attempt: how long it is depends on them alone.
    """
    count = min(PROBE_ROWS, most)
    fetched = rows.take(count)
    if len(fetched) < count:
        return fetched, True
    further = min(most, PAGE_BYTES // width(fetched)) - count
    if further <= 0:
        return fetched, False
    rest = rows.take(further)
    return fetched + rest, len(rest) < further


def width(fetched: Fetched) -> int:
    """Bytes of a row, roughly: the numbers weigh little beside the texts."""
    texts = [len(value) for row in fetched for value in row if isinstance(value, str | bytes)]
    return max(1, sum(texts) // len(fetched))


class SqlReading:
    def __init__(self, session: Session, plan: Plan, selects: Selects, values: Values, request: Request) -> None:
        plan.check(request.after)
        self.stream: Stream = plan.stream
        self.release: Callable[[], None] = session.close
        self.plan = plan
        self.places = Places(plan, values)
        self.after = request.after
        self._session = session
        self._selects = selects
        self._values = values
        self._names = [column.name for column in plan.stream.columns]
        converters = [(column.name, values.converter(column)) for column in plan.stream.columns]
        self._converters = [(name, convert) for name, convert in converters if convert is not None]
        self.until = self._last_cursor() if plan.cursor and request.until is None else request.until

    @property
    def is_void(self) -> bool:
        """Whether no row has a cursor at all, so that there is no upper bound to compare with."""
        return self.plan.is_incremental and self.until is None

    def pages(self) -> Iterator[Page]:
        if self.is_void:
            return
        with closing(self._rows()) as rows:
            is_last = False
            while not is_last:
                fetched, is_last = page_of(rows, self.plan.page_rows)
                if fetched:
                    yield Page(self._portable(fetched), rows.after)

    def close(self) -> None:
        """Gives its connection back; a second time does nothing."""
        release, self.release = self.release, _nothing
        release()

    def _rows(self) -> Rows:
        bounds = self.places.within(self.until)
        if self.plan.order:
            return KeyedRows(self._session, self._selects, self.places, bounds, self.after)
        return self._session.passing(self._selects.everything(), bounds)

    def _portable(self, fetched: Fetched) -> list[Row]:
        # Hidden columns stand last and find no name. In C throughout: this is the most that a row costs here.
        rows: list[Row] = list(map(dict, map(zip, repeat(self._names), fetched)))
        for name, convert in self._converters:
            for row in rows:
                if row[name] is not None:
                    row[name] = convert(row[name])
        return rows

    def _last_cursor(self) -> Any:
        assert self.plan.cursor is not None
        fetched = self._session.fetch(self._selects.last_cursor(), {select.PAGE_ROWS: 1})
        if not fetched:
            return None
        [(value,)] = fetched
        convert = self._values.converter(self.plan.cursor)
        return convert(value) if convert else value


def _nothing() -> None:
    """It is closed already."""
