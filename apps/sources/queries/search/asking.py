"""What is asked of a collection, and the statements that it is asked in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction

from apps.errors import Invalid
from apps.sources.models import Collection
from engine.errors import TransientError

LONGEST_QUERY = 1_000
MOST_RESULTS = 1_000
"""Of all pages together: what comes later than that was not ranked."""
SECONDS = 5
CANCELLED = "57014"
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

# The indexes on words and codes hold the collection; reading all of a table to find some rows of one never pays
SETTINGS = f"""
SET LOCAL statement_timeout = '{SECONDS}s'; SET LOCAL jit = off; SET LOCAL enable_seqscan = off;
SET LOCAL max_parallel_workers_per_gather = 0
"""

LIVE = """
JOIN sources_stream stream ON stream.id = record.stream_id AND stream.generation = record.generation
  AND stream.removed_at IS NULL
"""
"""Beside `sources_record record`: only what nobody has cleared or removed."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What records must fulfil besides, as SQL that begins with AND; "" for nothing."""

    sql: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    collection: Collection
    text: str
    limit: int
    offset: int
    condition: Condition

    @property
    def wanted(self) -> int:
        """How many records must be ranked to answer."""
        return self.offset + self.limit


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that the answer is less for. `code` is stable."""

    code: str
    message: str


def checked_text(query: object) -> str:
    """Raises Invalid."""
    if not isinstance(query, str) or not query.strip():
        raise Invalid("A query is required.", code="missing_required_field", field="query")
    if len(query) > LONGEST_QUERY:
        raise Invalid(f"A query has at most {LONGEST_QUERY:,} characters.", field="query")
    return UNSTORABLE.sub(" ", query).strip()


@contextmanager
def bounded() -> Iterator[None]:
    """One transaction in which no statement takes long. Raises TransientError for one that would."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(SETTINGS)
            yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != CANCELLED:
            raise
        text = f"The search took more than {SECONDS} seconds and was ended: use rarer words, or fewer filters."
        raise TransientError(text, code="search_timed_out") from error


def rows_of(sql: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
