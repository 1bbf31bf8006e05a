"""What SQLAlchemy's inspector tells of a database, in the names that the database itself uses."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from sqlalchemy import inspect, text
from sqlalchemy.engine.reflection import Inspector, ObjectKind

from engine.drivers.sql.alchemy import types
from engine.drivers.sql.alchemy.session import Line
from engine.drivers.sql.reading import Fetched
from engine.schema import Column

TABLE, VIEW, MATERIALIZED_VIEW = "table", "view", "materialized view"

Sizes = dict[str, tuple[int | None, int | None]]
"""Rows and bytes of tables, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's columns and keys. `unique`: of each unique index or constraint, the primary key left out."""

    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    comment: str = ""


class Inspection:
    """Some dialects call ORDERS "orders" where a statement that quotes must not."""

    def __init__(self, line: Line, natives: types.Natives) -> None:
        with line.reports.translated():
            self._inspector: Inspector = inspect(line.connection)
        self._line = line
        self._dialect: Any = line.connection.dialect
        self._natives = natives

    @property
    def default_schema(self) -> str:
        return self.true(self._inspector.default_schema_name or "")

    def schemas(self) -> list[str]:
        return [self.true(name) for name in self._inspector.get_schema_names()]

    def tables(self, schema: str) -> dict[str, str]:
        """Name and kind of the tables and views, in the order of their names."""
        asked = self.asked(schema)
        found = {self.true(name): TABLE for name in self._inspector.get_table_names(asked)}
        found |= {self.true(name): VIEW for name in self._inspector.get_view_names(asked)}
        found |= {self.true(name): MATERIALIZED_VIEW for name in self._materialized(asked)}
        return dict(sorted(found.items()))

    def shape(self, schema: str, table: str) -> Shape:
        asked, name = self.asked(schema), self.asked(table)
        key = self._inspector.get_pk_constraint(name, asked)["constrained_columns"]
        return Shape(
            columns=self._columns(self._inspector.get_columns(name, asked)),
            primary_key=self._true(key),
            unique=self._unique(name, asked),
            comment=self._comment(name, asked),
        )

    def shapes(self, schema: str) -> dict[str, Shape]:
        """Of every table and view of the schema, without what is unique besides the primary keys."""
        asked = self.asked(schema)
        columns = _by_table(self._inspector.get_multi_columns(asked, kind=ObjectKind.ANY))
        keys = _by_table(self._inspector.get_multi_pk_constraint(asked, kind=ObjectKind.TABLE))
        comments = self._comments(asked)
        return {
            self.true(name): Shape(
                columns=self._columns(found),
                primary_key=self._true((keys.get(name) or {}).get("constrained_columns", ())),
                comment=(comments.get(name) or {}).get("text") or "",
            )
            for name, found in columns.items()
        }

    def sizes(self, schema: str, statement: str) -> Sizes:
        """`statement` gives name, rows and bytes; it is about a schema as those of a `Dictionary` are."""
        return {name: (_whole(rows), _whole(size)) for name, rows, size in self.told(statement, schema)}

    def told(self, statement: str, schema: str, **values: Any) -> Fetched:
        """What a statement about a schema answers: with the parameter :schema, or with {schema} where only its quoted
        name can stand."""
        if not statement:
            return []
        quoted = self._dialect.identifier_preparer.quote_identifier(schema)
        known = values | ({"schema": schema} if ":schema" in statement else {})
        return self._line.rows(text(statement.replace("{schema}", quoted)), known)

    def asked(self, name: str) -> str:
        """A name as the inspector wants it."""
        return self._dialect.normalize_name(name) if self._dialect.requires_name_normalize else name

    def true(self, name: str) -> str:
        """A name as the database has it, of one that the inspector gave."""
        return str(self._dialect.denormalize_name(name) if self._dialect.requires_name_normalize else name)

    def _columns(self, found: Iterable[Mapping[str, Any]]) -> tuple[Column, ...]:
        return tuple(self._column(**one) for one in found)

    def _column(self, name: str, type: Any, nullable: bool = True, **rest: Any) -> Column:  # noqa: A002
        native = self._native(type)
        is_counted = rest.get("autoincrement") is True or bool(rest.get("identity"))
        return Column(
            self.true(name),
            types.portable(native, self._natives),
            nullable=bool(nullable),
            native=native,
            generated=bool(rest.get("computed")),
            default="auto_increment" if is_counted else rest.get("default"),
            comment=rest.get("comment"),
        )

    def _native(self, of: Any) -> str:
        try:
            return str(of.compile(dialect=self._dialect))
        except (AttributeError, NotImplementedError, ValueError):  # a type that no statement could declare
            return type(of).__name__.upper()

    def _unique(self, table: str, schema: str) -> tuple[tuple[str, ...], ...]:
        # A constraint may show as an index too, or only as that.
        indexes = [index for index in self._inspector.get_indexes(table, schema) if index["unique"]]
        partial = [index for index in indexes if any("where" in name for name in index.get("dialect_options", {}))]
        found = [
            index["column_names"] for index in indexes if index not in partial and None not in index["column_names"]
        ]
        with contextlib.suppress(NotImplementedError):
            found += [list(one["column_names"]) for one in self._inspector.get_unique_constraints(table, schema)]
        return tuple(dict.fromkeys(self._true(names) for names in found))  # type: ignore[arg-type]

    def _materialized(self, schema: str) -> Sequence[str]:
        try:
            return self._inspector.get_materialized_view_names(schema)
        except NotImplementedError:
            return ()

    def _comment(self, table: str, schema: str) -> str:
        try:
            return self._inspector.get_table_comment(table, schema)["text"] or ""
        except NotImplementedError:
            return ""

    def _comments(self, schema: str) -> dict[str, Any]:
        try:
            return _by_table(self._inspector.get_multi_table_comment(schema, kind=ObjectKind.ANY))
        except NotImplementedError:
            return {}

    def _true(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.true(name) for name in names)


def _by_table(found: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: told for (_, name), told in found.items()}


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)


class Inspected(Protocol):
    """A database as looking around needs to know it; the driver says what each means."""

    statistics: ClassVar[str]
    hidden_schemas: ClassVar[frozenset[str]]
    keeps_keys: ClassVar[bool]
    has_all_digits: ClassVar[bool]

    @property
    def catalog(self) -> str: ...
    @property
    def schema(self) -> str: ...
    def inspection(self, line: Line) -> Inspection: ...
