"""The browser of what a connection's system holds: from what is kept of it, and live where nothing is."""

from typing import Any

from django.http import QueryDict

from apps.connections.models import Connection, Metadata
from apps.connections.queries import browser, metadata
from apps.connections.queries.browser import STRETCH, Stretch
from apps.connections.services.metadata import KIND
from apps.dialects.numbers import is_number
from apps.jobs import queries as jobs
from apps.jobs.models import Job

LONGEST_NUMBER = 9


def kept(connection: Connection) -> Metadata | None:
    return metadata.current(connection)


def refreshing(connection: Connection) -> Job | None:
    return jobs.underway(kind=KIND, subject_id=connection.id)


def extent(held: Metadata, *, is_file_store: bool) -> str:
    """How much there is, in words."""
    if is_file_store:
        return f"{_counted(held.schema_count, 'folder')}, {_counted(held.table_count, 'file')}"
    counts = {"catalog": held.catalog_count, "schema": held.schema_count, "table": held.table_count}
    return ", ".join(_counted(count, word) for word, count in counts.items())


def branch(held: Metadata, asked: QueryDict) -> dict[str, Any]:
    """What lies below the last level that is asked for; with `q` alone, tables of any schema. {"columns"} is null where
    nobody has looked at them."""
    place = {name: str(asked[name]) for name in ("catalog", "schema", "table") if name in asked}
    if len(place) == 3:
        return {"columns": browser.columns(held, **place)}
    wanted, skip = asked.get("q", "").strip(), _number(asked.get("skip", ""))
    if len(place) == 1:
        return _told("schemas", browser.schemas(held, **place, wanted=wanted, skip=skip))
    if place or wanted:
        return _told("tables", browser.tables(held, **place, wanted=wanted, skip=skip))
    return _told("catalogs", browser.catalogs(held, skip=skip))


def plain(held: Metadata, asked: QueryDict) -> dict[str, Any]:
    """The same as one table, for who has no script: a page of all tables, or one table's columns."""
    if {"catalog", "schema", "table"} <= asked.keys():
        return {"columns": branch(held, asked)["columns"] or [], "table": asked["table"]}
    wanted, skip = asked.get("q", "").strip(), _number(asked.get("skip", ""))
    found = browser.tables(held, wanted=wanted, skip=skip)
    behind = skip + len(found.rows)
    return {
        "tables": found.rows,
        "total": found.total,
        "wanted": wanted,
        "before": max(0, skip - STRETCH) if skip else None,
        "behind": behind if behind < found.total else None,
    }


def _told(name: str, stretch: Stretch) -> dict[str, Any]:
    return {name: stretch.rows, "total": stretch.total}


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _number(text: str) -> int:
    return int(text) if is_number(text) and len(text) <= LONGEST_NUMBER else 0
