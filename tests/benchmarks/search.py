"""What a search costs over many records, and how much of what is nearest the index over vectors finds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import Any

from django.conf import settings
from django.db import connection

from apps.sources.queries.search import search
from engine.schema import Kind
from tests.apps.sources.library import Library, Row
from tests.apps.sources.recall import NEAREST, WORDS, measured
from tests.benchmarks.contest import Figure, Result
from tests.benchmarks.rig import Rig, RunError

PAGE = 10_000
SEARCHES = 50
VECTORS, QUESTIONS = 100_000, 100
MOST_MS = 100
COLUMNS = {"number": Kind.TEXT, "customer": Kind.TEXT, "note": Kind.TEXT, "amount": Kind.DECIMAL}


def words(rig: Rig) -> Result:
    """Kinds of queries, each with other words every time."""
    library = Library(rig.organization, name="Words")
    stream = library.stream("orders", COLUMNS)
    for first in range(0, rig.rows, PAGE):
        library.put(stream, [_row(number) for number in range(first, min(first + PAGE, rig.rows))], are_new=True)
    _settle()
    runs = {name: _milliseconds(library, name, rig.rows) for name in QUERIES}
    figures = {}
    for name, took in runs.items():
        figures[f"{name}: p50 ms"] = Figure(_percentile(took, 50))
        figures[f"{name}: p95 ms"] = Figure(_percentile(took, 95), MOST_MS)
    return Result(
        f"Search by words in {rig.rows:,} records",
        f"{SEARCHES} searches of each kind, one after the other, without a web server; ten results each",
        figures,
        facts={"searches": SEARCHES},
        runs={name: [{"ms": took}] for name, took in runs.items()},
    )


def recall(rig: Rig) -> Result:
    """Against an exact scan of the same vectors."""
    found, milliseconds, seconds = measured(
        Library(rig.organization, name="Vectors"), count=VECTORS, questions=QUESTIONS
    )
    return Result(
        f"Nearest of {VECTORS:,} vectors",
        f"the {NEAREST} nearest of {QUESTIONS} questions by the index, beside an exact scan; WordLlama, 256 dimensions",
        {"share that is not found": Figure(1 - found, 0.05), "ms of a question": Figure(milliseconds, MOST_MS)},
        facts={"vectors a second, index included": round(VECTORS / seconds)},
    )


def _row(number: int) -> Row:
    picked = [WORDS[number * step % len(WORDS)] for step in (7, 11, 13)]
    note = f"common {' '.join(picked)} word{number % 20_000} rare{number}"
    return {
        "number": f"INV-{number:07d}",
        "customer": f"Customer {number % 5_000}",
        "note": note,
        "amount": f"{number % 1_000}.50",
    }


QUERIES: dict[str, Any] = {
    "a word in one record": lambda turn, rows: {"query": f"rare{turn * 7919 % rows}"},
    "a word in one of 200": lambda turn, rows: {"query": WORDS[turn % len(WORDS)]},
    "two words": lambda turn, rows: {"query": f"{WORDS[turn % 50]} {WORDS[turn % 50 + 50]}"},
    "a word in all": lambda turn, rows: {"query": "common"},
    "a code": lambda turn, rows: {"query": f"INV-{turn * 7919 % rows:07d}"},
    "a mistyped code": lambda turn, rows: {"query": f"INW-{turn * 7919 % rows:07d}"},
    "a word and a filter": lambda turn, rows: {
        "query": WORDS[turn % len(WORDS)],
        "filter_list": [{"field": "amount", "operator": "gt", "value": 900}],
    },
}


def _milliseconds(library: Library, name: str, rows: int) -> list[float]:
    took = []
    with _without_vectors():
        for turn in range(SEARCHES):
            began = time.perf_counter()
            answer = search(collection=library.collection, **QUERIES[name](turn, rows))
            took.append((time.perf_counter() - began) * 1000)
            if not answer.results:
                raise RunError(f"A search found nothing: {answer.query}")
    return took


@contextmanager
def _without_vectors() -> Iterator[None]:
    configured = settings.EMBEDDING
    settings.EMBEDDING = {**configured, "name": "none"}
    try:
        yield
    finally:
        settings.EMBEDDING = configured


def _settle() -> None:
    """As the database's own housekeeping leaves a table a while later."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE sources_record")
        cursor.execute("RESET statement_timeout")


def _percentile(values: list[float], share: int) -> float:
    return quantiles(values, n=100, method="inclusive")[share - 1]
