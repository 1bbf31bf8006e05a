"""What a reading will read, and by which columns it continues from page to page."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from engine.contract import Condition, Key, Request
from engine.drivers.sql.description import Description
from engine.errors import ConfigError
from engine.schema import Column, Kind, Stream


@dataclass(frozen=True, slots=True)
class Plan:
    """`stream`: what its rows show. `order`: pages continue by these; none: one pass. `hidden`: read, not shown.
    With `since`, rows are those with `since` <= `cursor` <= `until`; `strict`: without `since` itself. `is_capped`:
    without it, those that are not behind an `until` that is known. `where`: what its rows satisfy."""

    stream: Stream
    order: tuple[Column, ...]
    hidden: tuple[Column, ...]
    cursor: Column | None
    since: Any
    strict: bool
    is_capped: bool
    page_rows: int
    native: bool
    where: tuple[tuple[Condition, Column], ...] = ()

    @property
    def selected(self) -> tuple[Column, ...]:
        return (*self.stream.columns, *self.hidden)

    @property
    def is_incremental(self) -> bool:
        return self.cursor is not None and self.since is not None

    def check(self, after: Key | None) -> None:
        """Raises ConfigError `stale_position` for a place in another order."""
        if after is not None and len(after) != len(self.order):
            raise ConfigError("The stream's key is not the one that its last run went by.", code="stale_position")


def make(description: Description, request: Request) -> Plan:
    """Raises ConfigError: `unknown_column`, `invalid_key`, `invalid_cursor`, `duplicate_column`, `no_columns`."""
    stream = description.stream
    _check_names(stream)
    columns = tuple(_column(stream, name) for name in request.columns) or stream.columns
    key = tuple(_column(stream, name) for name in _key(description, request))
    cursor = _cursor(description, request)
    lead = (cursor,) if cursor is not None and request.since is not None and key else ()
    order = (*lead, *(column for column in key if column not in lead))
    return Plan(
        stream=replace(stream, columns=columns, key=tuple(column.name for column in key)),
        order=order,
        hidden=tuple(column for column in order if column not in columns),
        cursor=cursor,
        since=request.since,
        strict=request.strict,
        is_capped=cursor is not None and request.since is None and request.until is not None,
        page_rows=request.page_rows,
        native=request.native,
        where=tuple((condition, _column(stream, condition.column)) for condition in request.where),
    )


def _check_names(stream: Stream) -> None:
    if not stream.columns:
        raise ConfigError(f"There are no columns in {stream.source}.", code="no_columns")
    repeated = [name for name, count in Counter(column.name for column in stream.columns).items() if count > 1]
    if repeated:
        raise ConfigError(f"The query has more than one column named {repeated[0]!r}.", code="duplicate_column")


def _column(stream: Stream, name: str) -> Column:
    column = stream.column(name)
    if column is None:
        raise ConfigError(f"There is no column {name!r} in {stream.source}.", code="unknown_column")
    return column


def _key(description: Description, request: Request) -> Iterable[str]:
    if not request.key:
        return description.stream.key
    for name in request.key:
        _column(description.stream, name)
        if not description.can_order(name):
            raise ConfigError(f"The column {name!r} is of a type that cannot be a key.", code="invalid_key")
    # A view or a query has no index to ask: whoever names its key answers for it.
    unique = description.unique
    if unique is not None and not any(set(request.key).issuperset(names) for names in unique):
        raise ConfigError(
            f"No unique index of {description.stream.source} over NOT NULL columns is within {', '.join(request.key)}:"
            " rows could be left out.",
            code="invalid_key",
        )
    return request.key


def _cursor(description: Description, request: Request) -> Column | None:
    if not request.cursor:
        return None
    column = _column(description.stream, request.cursor)
    # A bound is kept as JSON, which has no bytes.
    if not description.can_order(column.name) or column.type.kind is Kind.BINARY:
        raise ConfigError(f"The column {column.name!r} is of a type that cannot be a cursor.", code="invalid_cursor")
    return column
