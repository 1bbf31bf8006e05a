"""A person's own statement over a dialect of SQLAlchemy."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CursorResult

from engine.drivers.sql import answer
from engine.drivers.sql.alchemy import describe, selects, values
from engine.drivers.sql.alchemy.query import Lexis
from engine.drivers.sql.alchemy.session import Line
from engine.drivers.sql.reading import Fetched
from engine.looking import Answer, Limits
from engine.schema import Query

WORDS = ("select", "with")


class Results:
    def __init__(self, line: Line, result: CursorResult[Any]) -> None:
        self._line = line
        self._result = result
        self.names: Sequence[str] = describe.names(result)

    def take(self, count: int) -> Fetched:
        with self._line.reports.translated():
            fetched = self._result.fetchmany(count)
        return [tuple(map(_portable, row)) for row in fetched]


def of(line: Line, text: str, limits: Limits, lexis: Lexis) -> Answer:
    """Wrapped as a query that is read, which no statement but one that reads can be. Raises ConfigError `read_only`,
    `invalid_query`, and the engine's errors."""
    answer.check(text, WORDS)
    lexis.check(text)
    result = line.execute(selects.empty(Query(text), limits.rows + 1), {})
    return answer.answer(Results(line, result), limits)


def _portable(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    convert = values.CONVERTERS.get(describe.by_class(value).kind)
    return convert(value) if convert else values.text(value)
