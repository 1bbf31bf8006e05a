"""One attempt's view of a stream, in pages that each continue behind the last one's key."""

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import Any, Protocol

from engine.contract import Key, Page, Request
from engine.drivers.sql import select
from engine.drivers.sql.plan import Plan
from engine.drivers.sql.select import Selects, Statement
from engine.errors import ConfigError
from engine.schema import Column, Row, Stream

Fetched = list[tuple[Any, ...]]
Convert = Callable[[Any], Any]


class Session(Protocol):
    """A connection inside the one transaction of a reading. Raises the engine's errors."""

    def fetch(self, statement: Statement, values: dict[str, Any]) -> Fetched: ...
    def stream(self, statement: Statement, values: dict[str, Any], page_rows: int) -> Iterator[Fetched]: ...
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

    def of(self, row: Iterable[Any]) -> Key:
        """`row`: the values of the plan's order. Raises ConfigError `invalid_key` for NULL."""
        place = [self._values.place(column, value) for column, value in zip(self._plan.order, row, strict=True)]
        if None in place:
            raise ConfigError(f"A row of {self._plan.stream.source} has NULL in its key.", code="invalid_key")
        return place

    def behind(self, after: Key | None) -> dict[str, Any]:
        return self._parameters(select.after, after)

    def up_to(self, end: Key) -> dict[str, Any]:
        return self._parameters(select.up_to, end)

    def within(self, until: Any) -> dict[str, Any]:
        """The cursor's bounds, where the plan has any."""
        cursor = self._plan.cursor
        if cursor is None or not self._plan.is_incremental:
            return {}
        bounds = {select.SINCE: self._plan.since, select.UNTIL: until}
        return {name: self._values.parameter(cursor, value) for name, value in bounds.items()}

    def _parameters(self, name: Callable[[int], str], key: Key | None) -> dict[str, Any]:
        pairs = zip(self._plan.order, key or (), strict=False)
        return {name(index): self._values.from_place(column, place) for index, (column, place) in enumerate(pairs)}


class SqlReading:
    def __init__(self, session: Session, plan: Plan, selects: Selects, values: Values, request: Request) -> None:
        plan.check(request.after)
        self.stream: Stream = plan.stream
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
        if self.plan.order:
            yield from self._keyed_pages()
        else:
            yield from self._one_pass()

    def close(self) -> None:
        self._session.close()

    def _keyed_pages(self) -> Iterator[Page]:
        first, further = (self._selects.page(is_continued=is_continued) for is_continued in (False, True))
        selected = [column.name for column in self.plan.selected]
        order = [selected.index(column.name) for column in self.plan.order]
        bounds = {**self.places.within(self.until), select.PAGE_ROWS: self.plan.page_rows}
        after = self.after
        while True:
            fetched = self._session.fetch(further if after else first, {**bounds, **self.places.behind(after)})
            if fetched:
                last = fetched[-1]
                after = self.places.of(last[index] for index in order)
                yield Page(self._rows(fetched), after)
            if len(fetched) < self.plan.page_rows:
                return

    def _one_pass(self) -> Iterator[Page]:
        """Without a key there is nothing to continue by: no page is a place to come back to."""
        bounds = self.places.within(self.until)
        for fetched in self._session.stream(self._selects.everything(), bounds, self.plan.page_rows):
            yield Page(self._rows(fetched), None)

    def _rows(self, fetched: Fetched) -> list[Row]:
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
