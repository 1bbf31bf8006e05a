"""Sealing everything anew under the first key, online: readers find a row under its old key or under its new one."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from apps.connections.models import Connection
from apps.connections.services import sealing
from apps.connections.services.sealing import Place
from apps.jobs.models import Job
from engine.errors import CredentialsError

BATCH = 500

# Compare-and-set: a row that somebody changed in the meantime keeps what they stored. Rows are locked in one order, so
# that two rotations wait for each other and never both.
REPLACE = """
WITH locked AS (
  SELECT stored.id, changed.new
  FROM {table} stored JOIN unnest(%s::text[], %s::text[], %s::text[]) AS changed (uid, old, new)
    ON stored.uid = changed.uid AND stored.{column} = changed.old
  ORDER BY stored.id FOR UPDATE OF stored
)
UPDATE {table} SET {column} = locked.new FROM locked WHERE {table}.id = locked.id
"""
COUNT = "SELECT split_part({column}, '.', 2), count(*) FROM {table} WHERE {column} <> '' GROUP BY 1"


@dataclass(frozen=True, slots=True)
class Store:
    """A column that holds blobs."""

    model: type[Connection] | type[Job]
    table: str
    column: str
    place: Callable[[str], Place]


STORES = (
    Store(Connection, "connections_connection", "sealed", sealing.place_of_connection),
    Store(Job, "jobs_job", "sealed_params", sealing.place_of_job),
)


@dataclass(slots=True)
class Progress:
    resealed: int = 0
    unreadable: int = 0


def count_by_key() -> Counter[str]:
    """How many blobs lie under each key id."""
    counted: Counter[str] = Counter()
    with connection.cursor() as cursor:
        for store in STORES:
            cursor.execute(COUNT.format(table=store.table, column=store.column))
            counted.update(dict(cursor.fetchall()))
    return counted


def outdated(counted: Counter[str]) -> int:
    """How many of them do not lie under the first key."""
    return counted.total() - counted[sealing.sealing_key_id()]


def rotate() -> Iterator[Progress]:
    """Reseals what is not under the first key, and tells after each batch how far it got.

    It may be ended at any moment and started again, also beside another one.
    """
    progress = Progress()
    for store in STORES:
        for _ in _rotated(store, progress):
            yield progress


def _rotated(store: Store, progress: Progress) -> Iterator[None]:
    after = 0
    while batch := _batch(store, after):
        after = batch[-1][0]
        changes = []
        for _, uid, blob in batch:
            try:
                changes.append((uid, blob, sealing.reseal(blob, store.place(uid))))
            except CredentialsError:
                progress.unreadable += 1
        progress.resealed += _replace(store, changes)
        yield


def _batch(store: Store, after: int) -> list[tuple[int, str, str]]:
    current = Q((f"{store.column}__startswith", sealing.prefix(sealing.sealing_key_id())))
    rows = store.model.objects.filter(~Q((store.column, "")), ~current, id__gt=after)
    return list(rows.order_by("id").values_list("id", "uid", store.column)[:BATCH])


def _replace(store: Store, changes: list[tuple[str, str, str]]) -> int:
    columns = [list(column) for column in zip(*changes, strict=True)] or [[], [], []]
    with connection.cursor() as cursor:
        cursor.execute(REPLACE.format(table=store.table, column=store.column), columns)
        return int(cursor.rowcount)
