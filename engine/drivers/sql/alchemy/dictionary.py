"""What a database's own dictionary tells, where its dialect would ask for every table by itself, or tell too little."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from engine.drivers.sql.alchemy import types
from engine.drivers.sql.alchemy.inspection import Inspection, Shape
from engine.drivers.sql.alchemy.session import Line
from engine.schema import Column


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Statements about a schema (`Inspection.told`), all but `tables` with the parameter :table, of which "" means
    every one.

    `tables`: name and kind. `columns`, in order: table, name, type, whether it may be NULL, default, comment, whether
    it is computed. `keys`, in order: table, name of the key, column, whether it is the primary one. `comments`: table
    and comment. `schemas`: their names, where the inspector has others.
    """

    tables: str
    columns: str
    keys: str = ""
    comments: str = ""
    schemas: str = ""


@dataclass(slots=True)
class Parts:
    primary_key: list[str] = field(default_factory=list)
    unique: dict[str, list[str]] = field(default_factory=dict)


class DictionaryInspection(Inspection):
    def __init__(self, line: Line, natives: types.Natives, dictionary: Dictionary) -> None:
        super().__init__(line, natives)
        self._dictionary = dictionary

    def schemas(self) -> list[str]:
        if not self._dictionary.schemas:
            return super().schemas()
        return [name for (name,) in self.told(self._dictionary.schemas, "")]

    def tables(self, schema: str) -> dict[str, str]:
        return dict(self.told(self._dictionary.tables, schema))

    def shape(self, schema: str, table: str) -> Shape:
        return self._shapes(schema, table).get(table, Shape(()))

    def shapes(self, schema: str) -> dict[str, Shape]:
        return self._shapes(schema, "")

    def _shapes(self, schema: str, table: str) -> dict[str, Shape]:
        dictionary = self._dictionary
        keys = dict(_keys(self.told(dictionary.keys, schema, table=table)))
        comments: dict[str, str | None] = dict(self.told(dictionary.comments, schema, table=table))
        found = groupby(self.told(dictionary.columns, schema, table=table), key=itemgetter(0))
        return {
            name: Shape(
                tuple(self._told(*rest) for _, *rest in columns),
                tuple(keys.get(name, Parts()).primary_key),
                tuple(map(tuple, keys.get(name, Parts()).unique.values())),
                comments.get(name) or "",
            )
            for name, columns in found
        }

    def _told(
        self, name: str, native: str, is_nullable: Any, default: str | None, comment: str | None, is_computed: Any
    ) -> Column:
        return Column(
            name,
            types.portable(native, self._natives),
            nullable=bool(is_nullable),
            native=native,
            generated=bool(is_computed),
            default=default,
            comment=comment or None,
        )


def _keys(rows: Iterable[Any]) -> Iterator[tuple[str, Parts]]:
    for table, found in groupby(rows, key=itemgetter(0)):
        parts = Parts()
        for _, key, column, is_primary in found:
            (parts.primary_key if is_primary else parts.unique.setdefault(key, [])).append(column)
        yield table, parts
