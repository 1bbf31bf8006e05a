"""The one way in which rows become answers: columns named in SQL, moments made text by the database, no model object
and no serializer in between. One row is a list of one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import Expression, F, Func, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from apps.errors import NotFound

Values = dict[str, Any]


class moment(Func):  # noqa: N801 (reads as the function it is)
    """A moment as text, "2024-02-29T23:59:59.500Z"; Django's own loader costs 4 µs each."""

    template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""

    def __init__(self, field: str) -> None:
        super().__init__(F(field), output_field=TextField())


class document(Cast):  # noqa: N801 (reads as the function it is)
    """A JSON column or subquery, decoded once by orjson."""

    def __init__(self, expression: str | Subquery) -> None:
        super().__init__(F(expression) if isinstance(expression, str) else expression, TextField())


@dataclass(frozen=True, slots=True)
class Listing:
    """`columns`: name -> expression over the model; `wrap` makes an answer of one row's values by those names."""

    columns: Mapping[str, Expression | F | Subquery]
    wrap: Callable[[Values], Values]

    def rows(self, queryset: QuerySet[Any]) -> list[Values]:
        return [answer for _, answer in self.keyed(queryset)]

    def one(self, queryset: QuerySet[Any], *, what: str) -> Values:
        """The only row of `queryset`. Raises NotFound naming `what`."""
        rows = self.rows(queryset[:1])
        if not rows:
            raise NotFound(f"{what} not found")
        return rows[0]

    def keyed(self, queryset: QuerySet[Any]) -> list[tuple[int, Values]]:
        """Every row's own id, which no answer shows, and its answer."""
        names = tuple(self.columns)
        decoded = [name for name, column in self.columns.items() if isinstance(column, document)]
        aliases = {f"listed_{name}": column for name, column in self.columns.items()}
        answers = []
        for key, *row in queryset.annotate(**aliases).values_list("pk", *aliases):
            values = dict(zip(names, row, strict=True))
            for name in decoded:
                values[name] = orjson.loads(values[name] or b"null")
            answers.append((key, self.wrap(values)))
        return answers
