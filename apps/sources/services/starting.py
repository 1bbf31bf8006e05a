"""Beginning and ending syncs. At most one is active of a source connection: a constraint holds it."""

import time
from datetime import datetime

from apps.errors import Conflict, Invalid
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.sources.models import SourceConnection
from apps.sources.queries.activity import SYNC, active_sync
from apps.sources.services.beginning import begin

MODES = ("", "full", "incremental")
LOOK_SECONDS = 0.1
IN_PROGRESS = "sync_in_progress"


def start_sync(
    *,
    source_connection: SourceConnection,
    at: datetime,
    mode: str = "",
    confirm_empty: bool = False,
    idempotency_key: str = "",
) -> Job:
    """The queued job, or the one that came by `idempotency_key`. `mode`: "full" reads everything whatever was read
    before; `confirm_empty`: a source that has no rows any more may empty its streams.

    Raises Conflict `sync_in_progress` naming the sync in the way, Invalid where nothing can be read.
    """
    if mode not in MODES:
        raise Invalid("mode is full or incremental.", field="mode")
    connection = source_connection.connection
    if connection is None:
        raise Invalid("Records are pushed to this source connection: there is nothing to be read.", code="not_readable")
    if connection.removed_at is not None or not connection.is_enabled:
        raise Invalid(connection.offline_reason, code="connection_offline")
    try:
        return begin(
            kind=SYNC,
            source=source_connection,
            params={"mode": mode, "confirm_empty": confirm_empty},
            idempotency_key=idempotency_key,
            at=at,
        )
    except Conflict as error:
        if error.code == "already_active":
            raise in_progress(error.job) from error
        raise


def stop_sync(*, source_connection: SourceConnection, seconds: float) -> None:
    """Cancels the active sync, if there is one, and waits for its end. Raises Conflict `sync_in_progress` when it has
    not ended in so many seconds."""
    deadline = time.monotonic() + seconds
    while job := active_sync(source_connection.id):
        _cancel(job)
        if time.monotonic() > deadline:
            raise in_progress(job.uid)
        time.sleep(LOOK_SECONDS)


def check_idle(source_connection: SourceConnection) -> None:
    """Raises Conflict `sync_in_progress` naming the sync that is active."""
    if job := active_sync(source_connection.id):
        raise in_progress(job.uid)


def in_progress(job_uid: str) -> Conflict:
    return Conflict("This cannot be changed while a sync is active.", code=IN_PROGRESS, job=job_uid)


def _cancel(job: Job) -> None:
    try:
        jobs.cancel(job=job)
    except Conflict:
        return  # it has just ended
