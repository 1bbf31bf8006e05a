"""The one way in which rows become answers: a queryset picks them, SQL says what is shown of them, and no model object
and no serializer comes in between. One row is a list of one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from apps.errors import NotFound

Values = dict[str, Any]


class Document(str):
    """An expression that gives JSON, decoded once, by orjson."""

    __slots__ = ()


def moment(expression: str) -> str:
    """As text, "2024-02-29T23:59:59.500Z": Django's own loader of moments costs 4 µs each."""
    return f"""to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


def document(expression: str) -> Document:
    return Document(f"({expression})::text")


@dataclass(frozen=True, slots=True)
class Listing:
    """`source`: the table, called `row`, and what is joined to it; `columns`: name -> SQL expression over them;
    `wrap` makes an answer of one row's values by those names; `order`: how a list is sorted."""

    source: str
    columns: Mapping[str, str]
    wrap: Callable[[Values], Values] = dict
    order: str = "row.id DESC"

    def rows(self, picked: QuerySet[Any]) -> list[Values]:
        return [answer for _, answer in self.keyed(picked)]

    def one(self, picked: QuerySet[Any], *, what: str) -> Values:
        """The only row of `picked`. Raises NotFound naming `what`."""
        rows = self.rows(picked[:1])
        if not rows:
            raise NotFound(f"{what} not found")
        return rows[0]

    def keyed(self, picked: QuerySet[Any]) -> list[tuple[int, Values]]:
        """Every row's own id, which no answer shows, and its answer."""
        try:
            ids, parameters = picked.values_list("pk").query.sql_with_params()
        except EmptyResultSet:
            return []
        with connection.cursor() as cursor:
            cursor.execute(self._statement(ids), parameters)
            return [self._answer(row) for row in cursor.fetchall()]

    def _statement(self, ids: str) -> str:
        columns = ", ".join(["row.id", *self.columns.values()])
        return f"SELECT {columns} FROM {self.source} WHERE row.id IN ({ids}) ORDER BY {self.order}"  # noqa: S608 (ours)

    def _answer(self, row: tuple[Any, ...]) -> tuple[int, Values]:
        key, *shown = row
        values = dict(zip(self.columns, shown, strict=True))
        for name, expression in self.columns.items():
            if isinstance(expression, Document):
                values[name] = orjson.loads(values[name] or b"null")
        return key, self.wrap(values)
