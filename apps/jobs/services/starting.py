"""A job begins as a row in the caller's transaction; the dispatcher hears of it when that commits."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from apps.errors import Conflict
from apps.jobs.models import ENDED, Job, JobEvent, State
from apps.jobs.runners import runner
from apps.jobs.services import events

CHANNEL = "jobs"
WAITED_FOR = {"one_queued_per_subject", "one_active_per_subject", "one_job_per_idempotency_key"}
"""Constraints that say that there is such a job already."""


def start(
    *,
    kind: str,
    subject_id: int,
    subject_uid: str,
    organization_id: int,
    at: datetime,
    project_id: int | None = None,
    labels: dict[str, Any] | None = None,
    params: dict[str, Any] | None = None,
    sealed_params: str = "",
    origin: Job.Origin = Job.Origin.MANUAL,
    parent: Job | None = None,
    idempotency_key: str = "",
    uid: str = "",
) -> Job:
    """The new job, queued; or the one that waits already with the same `params`, or that came by `idempotency_key`.

    Raises Conflict when another run with other parameters waits already, when one of a kind that is single is active
    (`already_active`), or the key was used for something else.
    """
    runs = runner(kind)
    job = Job(
        kind=kind,
        subject_id=subject_id,
        subject_uid=subject_uid,
        organization_id=organization_id,
        project_id=project_id,
        labels=labels or {},
        params=params or {},
        sealed_params=sealed_params,
        origin=origin,
        parent=parent,
        idempotency_key=idempotency_key,
        created_at=at,
        queue=runs.queue,
        is_exclusive=runs.is_exclusive,
        is_single=runs.is_single,
    )
    job.uid = uid or job.uid
    while not _insert(job):
        if earlier := _same(job):
            return earlier
    return job


def _insert(job: Job) -> bool:
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            events.append(job.id, JobEvent.Level.STATE, State.QUEUED, {"origin": job.origin})
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    except IntegrityError as error:
        if _constraint(error) not in WAITED_FOR:
            raise
        job.pk = None  # unsaved again
        return False
    return True


def _constraint(error: IntegrityError) -> str:
    """The name of the one that was broken."""
    return str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""))


def _same(job: Job) -> Job | None:
    """The job that kept this one from being made; None when it has begun to run since, so that there is room again."""
    mine = Job.objects.filter(organization_id=job.organization_id)
    if job.idempotency_key and (earlier := mine.filter(idempotency_key=job.idempotency_key).first()):
        if (earlier.kind, earlier.subject_id, earlier.params) == (job.kind, job.subject_id, job.params):
            return earlier
        raise Conflict(
            "This idempotency key was used for another request.", code="idempotency_key_reused", job=earlier.uid
        )
    if job.is_single:
        _refuse_second(job)
        return None
    waiting = mine.filter(kind=job.kind, subject_id=job.subject_id, state=State.QUEUED, parent=None).first()
    if waiting is not None and waiting.params != job.params:
        raise Conflict("Another run waits already.", code="run_waiting", job=waiting.uid)
    if waiting is not None and job.idempotency_key:  # so that the same request finds it again once it runs
        Job.objects.filter(id=waiting.id, idempotency_key="").update(idempotency_key=job.idempotency_key)
    return waiting


def _refuse_second(job: Job) -> None:
    """Raises Conflict naming the subject's active job; it may have ended since."""
    active = Job.objects.filter(kind=job.kind, subject_id=job.subject_id, is_single=True).exclude(state__in=ENDED)
    if uid := active.values_list("uid", flat=True).first():
        raise Conflict("A run is active already.", code="already_active", job=uid)
