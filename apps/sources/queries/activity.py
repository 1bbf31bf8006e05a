"""Whether a source connection is being synced."""

from collections.abc import Iterable

from django.db.models import QuerySet

from apps.errors import NotFound
from apps.jobs.models import ENDED, Job
from apps.sources.models import SourceConnection

SYNC = "source_sync"


def active_sync(source_connection_id: int) -> Job | None:
    """The sync that waits, runs or is being cancelled."""
    return active_syncs([source_connection_id]).first()


def active_syncs(source_connection_ids: Iterable[int]) -> QuerySet[Job]:
    return Job.objects.filter(kind=SYNC, subject_id__in=list(source_connection_ids)).exclude(state__in=ENDED)


def source_connection(source_connection_id: int) -> SourceConnection:
    """With all that syncing it needs. Raises NotFound."""
    rows = SourceConnection.objects.select_related("collection", "connection__connector", "connection__organization")
    found = rows.filter(id=source_connection_id).first()
    if found is None:
        raise NotFound("The source connection does not exist any more.")
    return found


def source_connection_for_update(source_connection_id: int, *, or_removed: bool = False) -> SourceConnection:
    """The row under a lock, for the length of the transaction. `or_removed`: one that left its records as well. Raises
    NotFound."""
    manager = SourceConnection.everything if or_removed else SourceConnection.objects
    rows = manager.select_for_update(of=("self",)).select_related("collection")
    found = rows.filter(id=source_connection_id).first()
    if found is None:
        raise NotFound("The source connection does not exist any more.")
    return found
