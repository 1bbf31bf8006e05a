"""Which columns of a table a writer fills, and what must be so before it may."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from engine.contract import Mode, Target
from engine.errors import ConfigError
from engine.schema import Column, Kind, Stream, Table, Type


def key_of(target: Target, columns: Sequence[Column], source_key: Sequence[str]) -> tuple[str, ...]:
    """The columns that tell the target's rows apart. What is appended may come twice: only a key that was asked for
    counts there. Raises ConfigError `no_key` or `unknown_column`."""
    key = target.key or (() if target.mode is Mode.APPEND else tuple(source_key))
    if not key and target.mode is Mode.UPSERT:
        raise ConfigError(f"To update rows of {target.table} a key is needed, and there is none.", code="no_key")
    names = {column.name for column in columns}
    for name in key:
        if name not in names:
            raise ConfigError(
                f"The key column {name!r} is not among the columns that are written.", code="unknown_column"
            )
    return tuple(key)


def matched(columns: Sequence[Column], existing: Stream, automatic: Collection[str] = ()) -> list[Column]:
    """The columns of an existing table that rows of `columns` fill, in the rows' order; a generated one fills itself.
    `automatic`: columns that the database numbers by itself. Raises ConfigError `unknown_column`, `column_not_fed`."""
    fed = []
    for column in columns:
        target = existing.column(column.name)
        if target is None:
            raise ConfigError(f"{existing.source} has no column {column.name!r}.", code="unknown_column")
        if not target.generated:
            fed.append(target)
    names = {column.name for column in fed}
    for column in existing.columns:
        if column.name not in names and not _fills_itself(column) and column.name not in automatic:
            raise ConfigError(
                f"{existing.source} wants a value for {column.name!r}, which is not written.", code="column_not_fed"
            )
    return fed


def converted(fed: Sequence[Column], columns: Sequence[Column]) -> list[Column]:
    """The columns by how their values are to be read: text of a text column is JSON, not a JSON string, to a JSON
    column, as it is when a database casts it."""
    kinds = {column.name: column.type.kind for column in columns}
    return [
        replace(column, type=Type(Kind.TEXT))
        if column.type.kind is Kind.JSON and kinds[column.name] is Kind.TEXT
        else column
        for column in fed
    ]


def no_unique_key(table: Table, statement: str) -> ConfigError:
    """`statement`: what would make the index that is missing."""
    return ConfigError(
        f"{table} has no unique index on its key alone. This makes one: {statement}", code="no_unique_key"
    )


def refuse_references(table: Table, referring: Sequence[str]) -> None:
    """A table that others refer to has no moment without its rows. Raises ConfigError `table_is_referenced`."""
    if referring:
        raise ConfigError(
            f"{table} cannot be replaced: rows of {', '.join(referring)} refer to it.", code="table_is_referenced"
        )


def check_names(table: str, columns: Sequence[Column], *, fits: int, measure: str, ignores_case: bool) -> None:
    """Whether a table may be made with these names. Raises ConfigError `name_too_long`, `duplicate_column`."""
    for name in [table, *(column.name for column in columns)]:
        length = len(name.encode()) if measure == "bytes" else len(name)
        if length > fits:
            raise ConfigError(f"The name {name!r} is longer than {fits} {measure}.", code="name_too_long")
    names = [column.name.casefold() if ignores_case else column.name for column in columns]
    for column, name in zip(columns, names, strict=True):
        if names.count(name) > 1:
            raise ConfigError(f"The column {column.name!r} would be there twice.", code="duplicate_column")


def _fills_itself(column: Column) -> bool:
    return column.nullable or column.generated or column.default is not None
