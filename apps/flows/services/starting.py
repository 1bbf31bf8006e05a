"""A flow is run, or what it refused is tried again."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.connections.models import Connection
from apps.errors import Conflict, Invalid, NotFound
from apps.flows.models import Flow, FlowStep
from apps.flows.queries import Subject, connections_of, steps_of
from apps.flows.services.scheduling import KIND
from apps.jobs import services as jobs
from apps.jobs.models import ENDED, Job, RecordError, State
from apps.jobs.queries import open_errors_for_update

INCOMPLETE = "A flow needs an export to read from and an import to write to."


def run_flow(*, flow: Flow, params: Mapping[str, Any] | None = None, idempotency_key: str = "", at: datetime) -> Job:
    """The queued job. Raises Conflict when a connection is offline, Invalid when there is nothing to run."""
    _check(flow)
    return _start(flow, at, params=dict(params or {}), idempotency_key=idempotency_key)


def run_task(*, flow: Flow, task: str, parent: Job, at: datetime) -> Job:
    """The queued run of a task (its uid) of an automation's job: a child of that job, one alone however often it is
    asked for. It waits for other runs of the flow. Raises as `run_flow` does."""
    _check(flow)
    labels = {"task": task}
    key = f"{parent.uid}-{task}"
    return _start(flow, at, labels=labels, origin=Job.Origin.TASK, parent=parent, idempotency_key=key)


def retry(*, job: Job, at: datetime, uids: Collection[str] | None = None) -> Job:
    """A child job that tries a run's open errors again (all, or those named), or the whole run if it failed.

    Raises Conflict while the job runs or a connection is offline, NotFound when there is nothing to try again.
    """
    flow = Flow.objects.filter(id=job.subject_id).first()
    if job.kind != KIND or flow is None:
        raise NotFound("The flow of this job is gone.")
    if job.state not in ENDED:
        raise Conflict("The job has not ended yet.", code="job_running", job=job.uid)
    if job.state in {State.FAILED, State.CANCELLED} and uids is None:
        return run_flow(flow=flow, at=at)
    _check(flow)
    with transaction.atomic():
        errors = [error.id for error in open_errors_for_update(job, uids=uids)]
        if not errors:
            raise NotFound("There is no open error to try again.", code="nothing_to_retry")
        child = _start(flow, at, params={"retry": True}, origin=Job.Origin.RETRY, parent=job)
        RecordError.objects.filter(id__in=errors).update(retry=child)
    return child


def _start(flow: Flow, at: datetime, *, labels: Mapping[str, str] | None = None, **values: Any) -> Job:
    return jobs.start(
        kind=KIND,
        subject_id=flow.id,
        subject_uid=flow.uid,
        organization_id=flow.organization_id,
        project_id=flow.project_id,
        labels={"flow": flow.uid, **(labels or {})},
        at=at,
        **values,
    )


def check_connections(subject: Subject) -> None:
    """Raises Conflict when one that a run opens is offline."""
    offline = connections_of(subject).filter(is_offline=True).first()
    if offline is not None:
        raise Conflict(_why(offline), code="connection_offline")


def _check(flow: Flow) -> None:
    _check_tracks(flow)
    check_connections(flow)


def _why(offline: Connection) -> str:
    if offline.removed_at is not None:
        return offline.offline_reason
    if not offline.is_enabled:
        return f"The connection {offline.name!r} is switched off."
    return f"The connection {offline.name!r} is offline: test it once it is mended."


def _check_tracks(flow: Flow) -> None:
    """Every track has something to read and somewhere to write."""
    roles: dict[int, set[str]] = {}
    for track, role in flow.steps.values_list("track", "role"):
        roles.setdefault(track, set()).add(role)
    if not roles:
        raise Invalid(INCOMPLETE, code="incomplete_flow")
    lame = next((track for track, found in sorted(roles.items()) if len(found) < len(FlowStep.Role)), None)
    if lame is None:
        return
    if len(roles) == 1:
        raise Invalid(INCOMPLETE, code="incomplete_flow")
    step = steps_of(flow).filter(track=lame)[0]
    lack = "an import to write to" if step.export else "an export to read from"
    raise Invalid(f"{(step.export or step.destination)!s} needs {lack}.", code="incomplete_flow")
