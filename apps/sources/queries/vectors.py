"""How far the vectors of a collection are, and whether there can be any."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Sum

from apps.jobs.models import ENDED, Job
from apps.sources.models import Collection, Stream, VectorSpace
from apps.sources.queries import embedders

EMBED = "collection_embed"
LEAST_VERSION = (0, 8)
"""Of pgvector: from there on its indexes go on searching where a filter takes away what they found."""

# The version in use, else the one that could be
PGVECTOR = """
SELECT coalesce(
  (SELECT extversion FROM pg_extension WHERE extname = 'vector'),
  (SELECT default_version FROM pg_available_extensions WHERE name = 'vector'), ''
), EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')
"""


@dataclass(frozen=True, slots=True)
class VectorStanding:
    """`state`: "off" (nothing makes vectors here), "unavailable" (the database cannot keep them), "filling" or "ready";
    `percent` of the records have theirs; `reason`: why there are none."""

    state: str
    percent: int = 0
    model: str = ""
    dimension: int = 0
    reason: str = ""


def standing(collection: Collection) -> VectorStanding:
    """Of the space that is filled, where two are there."""
    return standings([collection.id])[collection.id]


def standings(collection_ids: Sequence[int]) -> dict[int, VectorStanding]:
    """The same of many, by id."""
    rows = VectorSpace.objects.filter(collection_id__in=collection_ids).order_by("-is_current", "id")
    spaces = {space.collection_id: space for space in rows}
    records = record_counts(list(spaces))
    active = Job.objects.filter(kind=EMBED, subject_id__in=list(spaces)).exclude(state__in=ENDED)
    busy = set(active.values_list("subject_id", flat=True))
    none = _without_space() if len(spaces) < len(set(collection_ids)) else VectorStanding("off")
    return {
        key: _of_space(spaces[key], records.get(key, 0), is_busy=key in busy) if key in spaces else none
        for key in collection_ids
    }


def record_count(collection: Collection) -> int:
    """How many live records there are."""
    live = Stream.objects.filter(collection=collection, removed_at=None)
    return int(live.aggregate(records=Sum("record_count"))["records"] or 0)


def record_counts(collection_ids: Sequence[int]) -> dict[int, int]:
    """The same of many, by id; those without any stream are left out."""
    live = Stream.objects.filter(collection_id__in=collection_ids, removed_at=None).values_list("collection_id")
    return {key: int(count) for key, count in live.annotate(Sum("record_count")).order_by()}


def reason_for_no_table() -> str:
    """Why the database cannot keep vectors, as a sentence; "" where it can or might."""
    version, _ = pgvector()
    if not version:
        return "The database does not have the extension pgvector."
    if _numbers(version) < LEAST_VERSION:
        return f"The database has pgvector {version}; 0.8 or newer is needed."
    return ""


def pgvector() -> tuple[str, bool]:
    """Its version, "" where the server does not have it; and whether it is installed in this database."""
    with connection.cursor() as cursor:
        cursor.execute(PGVECTOR)
        version, is_installed = cursor.fetchone()
    return version, is_installed


def _of_space(space: VectorSpace, records: int, *, is_busy: bool) -> VectorStanding:
    percent = 100 if space.record_count >= records else int(100 * space.record_count / records)
    is_ready = space.is_current and percent == 100 and not is_busy
    return VectorStanding("ready" if is_ready else "filling", percent, space.model, space.dimension)


def _without_space() -> VectorStanding:
    if reason := embedders.reason_for_none():
        return VectorStanding("off", reason=reason)
    reason = reason_for_no_table()
    return VectorStanding("unavailable", reason=reason) if reason else VectorStanding("filling")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
