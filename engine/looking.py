"""What a driver may tell of its system besides its rows: what there is in it, and what a person's statement answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from engine.schema import Column, Row, Stream, Table


@runtime_checkable
class Browses(Protocol):
    def catalogs(self) -> list[str]: ...
    def schemas(self, catalog: str) -> list[str]: ...
    def tables(self, catalog: str, schema: str) -> list[Table]: ...
    def describe(self, table: Table) -> Stream: ...


@dataclass(frozen=True, slots=True)
class Named:
    """A catalog, or a schema of `catalog`, with what its system's administrators wrote about it."""

    name: str
    catalog: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A table as its system describes it: `table` with the catalog and schema that it is listed under. `kind`: "table",
    "view", "materialized view", "foreign table"; `rows` by the system's own statistics, `bytes` with indexes and all
    else that belongs to it, None where the system does not tell; `primary_key` in the key's own order."""

    table: Table
    kind: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    rows: int | None = None
    bytes: int | None = None
    comment: str = ""


@runtime_checkable
class Surveys(Protocol):
    """A driver that tells what its system holds in few queries, however many tables there are. `survey` without names
    tells of everything, ordered by catalog, schema and name; with names, only of what bears them. Raises ConfigError
    for a name that nothing bears: `survey` when it is first asked for a table."""

    def survey_catalogs(self) -> list[Named]: ...
    def survey_schemas(self, catalog: str = "") -> list[Named]: ...
    def survey(self, catalog: str = "", schema: str = "", table: str = "") -> Iterator[Surveyed]: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What a statement may cost: of its answer there are at most so many `rows` and `bytes` (as JSON); after `seconds`
    it is ended."""

    rows: int
    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement answered, in values that JSON has; no two `columns` have one name. `is_cut`: there was more."""

    columns: tuple[str, ...]
    rows: list[Row]
    is_cut: bool


@runtime_checkable
class Queries(Protocol):
    """A driver that runs one statement of a person's own and sees to it that it only reads. Raises ConfigError
    `read_only` for what would write, TransientError `timeout` or `timed_out` for what takes too long."""

    def query(self, text: str, limits: Limits) -> Answer: ...
