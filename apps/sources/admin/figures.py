"""What lists and pages tell of many collections and source connections, each figure with one query for all of them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Max, Q, Sum

from apps.accounts.admin.showing import NOTHING
from apps.jobs.models import Schedule
from apps.sources.models import COUNTS, Collection, SourceConnection, Stream, StreamRun
from apps.sources.queries import vectors
from apps.sources.queries.activity import SYNC
from apps.sources.queries.standing import standings

STATUSES = {
    "connected": "success",
    "syncing": "info",
    "error": "danger",
    "needs_reauth": "danger",
    "pending": "default",
}
WORDS = {"needs_reauth": "sign in again"}
"""What people are told, where it is not the word itself."""


def describe_collections(rows: Sequence[Any]) -> None:
    """Sets `records`, `sources` (how many source connections), `synced_at`, `vectors` (a VectorStanding) and
    `vector_word`."""
    keys = [row.pk for row in rows]
    live = Stream.objects.filter(collection__in=keys, removed_at=None).values_list("collection_id").order_by()
    landed = {key: (count, at) for key, count, at in live.annotate(Sum("record_count"), Max("synced_at"))}
    sources = SourceConnection.objects.filter(collection__in=keys).values_list("collection_id").order_by()
    counted = dict(sources.annotate(number=Count("id")))
    standing = vectors.standings(keys)
    for row in rows:
        row.records, row.synced_at = landed.get(row.pk, (0, None))
        row.sources, row.vectors = counted.get(row.pk, 0), standing[row.pk]
        row.vector_word = _vectors_in_words(row)


def _vectors_in_words(row: Any) -> str:
    """How many of its records have vectors, or why none can."""
    standing = row.vectors
    if not row.records:
        return NOTHING
    return f"{standing.percent} %" if standing.state in {"ready", "filling"} else str(standing.state)


def describe_source_connections(rows: Sequence[Any]) -> None:
    """Sets `standing` (a Standing), `word` (its status for people) and `schedule`, None for none."""
    keys = [row.pk for row in rows]
    told = standings(keys)
    plans = {plan.subject_id: plan for plan in Schedule.objects.filter(kind=SYNC, subject_id__in=keys)}
    for row in rows:
        row.standing, row.schedule = told[row.pk], plans.get(row.pk)
        row.word = WORDS.get(row.standing.status, row.standing.status)


def left_behind(collection: Collection) -> list[Any]:
    """Source connections that were removed and left records, with `records` and `tables`, how many there are."""
    rows = SourceConnection.everything.filter(collection=collection).exclude(removed_at=None)
    live = Q(streams__removed_at=None)
    held = rows.annotate(records=Sum("streams__record_count", filter=live), tables=Count("streams", filter=live))
    return list(held.filter(records__gt=0).order_by("-removed_at"))


def streams_of(keys: Sequence[int], *, most: int) -> dict[int, list[Any]]:
    """By source connection, at most so many streams of all of them, each with its `last` run, None before there was
    one."""
    rows = Stream.objects.filter(source_connection__in=keys, removed_at=None).order_by("source_connection_id", "id")
    streams: list[Any] = list(rows[:most])
    runs = StreamRun.objects.filter(stream__in=streams).order_by("stream_id", "-job_id").distinct("stream_id")
    last = {run.stream_id: run for run in runs}
    found: dict[int, list[Any]] = {}
    for stream in streams:
        stream.last = last.get(stream.pk)
        found.setdefault(stream.source_connection_id, []).append(stream)
    return found


def count_runs(jobs: Sequence[Any]) -> None:
    """Sets what each sync did to all of its streams together: `inserted`, `updated`, `deleted`, `kept`, `failed`."""
    runs = StreamRun.objects.filter(job__in=[job.pk for job in jobs]).values_list("job_id").order_by()
    counted = {key: counts for key, *counts in runs.annotate(*map(Sum, COUNTS))}
    for job in jobs:
        for name, number in zip(COUNTS, counted.get(job.pk, [0] * len(COUNTS)), strict=True):
            setattr(job, name, number)


def records_of(source_connection: SourceConnection) -> int:
    live = Stream.objects.filter(source_connection=source_connection, removed_at=None)
    return int(live.aggregate(records=Sum("record_count"))["records"] or 0)
