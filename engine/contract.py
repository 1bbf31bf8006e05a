"""The driver contract, with `engine.bulk`, `engine.following` and `engine.looking`: all that a connector can do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable

from engine.schema import Column, Query, Row, Stream, Table

Key = list[Any]
"""Where a reading can continue: JSON scalars whose meaning only the driver knows."""

Position = dict[str, Any]
"""How far a run got: JSON that the engine makes, a destination keeps and nobody else reads."""


class Delivery(StrEnum):
    EXACTLY_ONCE = "exactly_once"
    EFFECTIVELY_ONCE = "effectively_once"
    AT_LEAST_ONCE = "at_least_once"


class Mode(StrEnum):
    APPEND = "append"
    UPSERT = "upsert"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a connection. `secret`: sealed and masked. `bound`: changing it clears the secrets."""

    name: str
    label: str
    type: str = "string"
    required: bool = False
    secret: bool = False
    bound: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class Spec:
    name: str
    label: str
    category: str
    fields: tuple[Field, ...]


class Operator(StrEnum):
    """What a filter may ask of a column, by the names that filters have for it."""

    EQUALS = "equals"
    NOT_EQUALS = "notequals"
    LESS = "lessthan"
    LESS_OR_EQUAL = "lessthanequals"
    GREATER = "greaterthan"
    GREATER_OR_EQUAL = "greaterthanequals"
    STARTS_WITH = "startswith"
    ENDS_WITH = "endswith"
    CONTAINS = "contains"
    EMPTY = "empty"
    NOT_EMPTY = "notempty"
    ANY_OF = "anyof"


@dataclass(frozen=True, slots=True)
class Condition:
    """Something a row must satisfy, meant exactly as `engine.sync.filters` means it of portable values. `value`: a
    JSON scalar, a list of them for ANY_OF, None for EMPTY and NOT_EMPTY."""

    column: str
    operator: Operator
    value: Any = None


@dataclass(frozen=True, slots=True)
class Request:
    """What to read. `since` is the cursor's lower bound (left out itself if `strict`), `until` its upper one, included
    (None: taken at the start); `after` continues an earlier reading; `native` asks for the system's own literals where
    they are more exact. `where`: conditions that all rows read satisfy, of those the driver `Judges`. `format`: how a
    file is to be understood, in the words of its driver."""

    source: Table | Query
    columns: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    cursor: str = ""
    since: Any = None
    until: Any = None
    strict: bool = False
    after: Key | None = None
    page_rows: int = 5_000
    native: bool = False
    where: tuple[Condition, ...] = ()
    format: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that the source holds and no row can be made of; `record`: as much of it as was understood."""

    code: str
    message: str
    record: Row


@dataclass(frozen=True, slots=True)
class Page:
    """`unreadable`: records between those of `rows` that are told of as refused; the run goes on without them."""

    rows: list[Row]
    after: Key | None
    unreadable: Sequence[Unreadable] = ()


class Reading(Protocol):
    """One attempt's consistent view of a stream. `until` is the cursor's upper bound that it will not read past."""

    stream: Stream
    until: Any

    def pages(self) -> Iterator[Page]: ...
    def close(self) -> None: ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A reading whose pages and ranges cost waiting. `reads_ahead`: the next one may be asked for while this one is
    written, from another thread, and before the batches of this one are read."""

    reads_ahead: bool


class Driver(Protocol):
    spec: ClassVar[Spec]

    def check(self) -> None: ...
    def streams(self) -> Iterator[Table]: ...
    def read(self, request: Request) -> Reading: ...
    def close(self) -> None: ...


@runtime_checkable
class Judges(Protocol):
    """A driver that can leave out rows by itself. `judges`: whether it means the very same by a condition on a column
    as the engine's own filters do; if not, the rows are read and the engine judges."""

    def judges(self, condition: Condition, column: Column) -> bool: ...


@runtime_checkable
class Interruptible(Protocol):
    """A driver whose readings can be broken off while they wait. `interrupt` may be called from another thread."""

    def interrupt(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where to write. `format`: how a file is to be written, in the words of its driver."""

    table: Table
    mode: Mode
    key: tuple[str, ...] = ()
    allow_empty: bool = False
    format: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lineage:
    """Who writes: one step of a flow, and the attempt (`fence`, ever rising) of the job that runs it, which was asked
    for at `begun_at`."""

    step: str
    stream: str
    job: str
    fence: int
    generation: int = 0
    begun_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the destination remembers of a step: the last committed position, and whether that run was finished."""

    position: Position | None
    done: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that the destination refused; `index` counts within the page."""

    index: int
    code: str
    message: str


OnRejected = Callable[[list[Rejected]], None]
"""Told of refused rows before their page is committed, so that no kill can lose them; a replay may tell it again."""


class Writer(Protocol):
    """One step's hand on its destination. Every write commits its rows and the position together, or not at all.

    `take_over` makes what is missing, takes the fence and reads where the step stands; then either `begin` (a new run
    from nothing: `position` is its first) or writes behind the standing's position; `finish` ends the run (REPLACE:
    swaps). A page without a position is not committed before the next one with a position, or `finish`: a stream that
    cannot be continued is written in one transaction. A later fence makes every call raise FenceLost. `interrupt` may
    be called from another thread. `keeps_pages` false: nothing is kept before `finish`, whatever the positions, so a
    run that was broken off is begun again.
    """

    delivery: Delivery
    columns: tuple[Column, ...]
    keeps_pages: bool

    def take_over(self) -> Standing: ...
    def begin(self, position: Position) -> None: ...
    def write(self, rows: Sequence[Row], position: Position | None, on_rejected: OnRejected) -> int: ...
    def finish(self, position: Position) -> None: ...
    def interrupt(self) -> None: ...
    def close(self) -> None: ...


@runtime_checkable
class Writes(Protocol):
    def writer(self, target: Target, columns: Sequence[Column], key: Sequence[str], lineage: Lineage) -> Writer: ...


@runtime_checkable
class ChecksFormats(Protocol):
    """A driver of files that tells, before any file is looked at, which places and formats no file of its store could
    have. It raises ConfigError: `invalid_format` for a format."""

    @classmethod
    def check_format(cls, table: Table, format_: Mapping[str, Any], *, is_written: bool) -> None: ...
