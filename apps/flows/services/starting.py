"""A flow is run, or what it refused is tried again."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from apps.errors import Conflict, Invalid, NotFound
from apps.flows.models import Flow
from apps.flows.queries import connections_of
from apps.jobs import services as jobs
from apps.jobs.models import ENDED, Job, RecordError


def run_flow(*, flow: Flow, params: Mapping[str, Any] | None = None, idempotency_key: str = "", at: datetime) -> Job:
    """The queued job. Raises Conflict when a connection is offline, Invalid when there is nothing to run."""
    _check(flow)
    return jobs.start(
        kind="flow",
        subject_id=flow.id,
        subject_uid=flow.uid,
        organization_id=flow.organization_id,
        project_id=flow.project_id,
        labels={"flow": flow.uid},
        params=dict(params or {}),
        idempotency_key=idempotency_key,
        at=at,
    )


def retry(*, job: Job, at: datetime, uids: Collection[str] | None = None) -> Job:
    """A child job that tries a run's open errors again (all, or those named), or the whole run if it failed.

    Raises Conflict while the job runs, NotFound when there is nothing to try again.
    """
    flow = Flow.objects.filter(id=job.subject_id).first()
    if job.kind != "flow" or flow is None:
        raise NotFound("The flow of this job is gone.")
    if job.state not in ENDED:
        raise Conflict("The job has not ended yet.", code="job_running", job=job.uid)
    if job.state in {"failed", "cancelled"} and uids is None:
        return run_flow(flow=flow, at=at)
    errors = RecordError.objects.filter(job=job, resolved_at=None, retry=None)
    if uids is not None:
        errors = errors.filter(uid__in=uids)
    wanted = list(errors.values_list("uid", flat=True))
    if not wanted:
        raise NotFound("There is no open error to try again.", code="nothing_to_retry")
    child = jobs.start(
        kind="flow",
        subject_id=flow.id,
        subject_uid=flow.uid,
        organization_id=flow.organization_id,
        project_id=flow.project_id,
        labels={"flow": flow.uid},
        params={"retry": True},
        origin=Job.Origin.RETRY,
        parent=job,
        at=at,
    )
    RecordError.objects.filter(uid__in=wanted, retry=None).update(retry=child)
    return child


def _check(flow: Flow) -> None:
    roles = set(flow.steps.values_list("role", flat=True))
    if roles != {"generator", "processor"}:
        raise Invalid("A flow needs an export to read from and an import to write to.", code="incomplete_flow")
    offline = connections_of(flow).filter(is_offline=True).first()
    if offline is not None:
        text = f"The connection {offline.name!r} is offline: test it once it is mended."
        raise Conflict(text, code="connection_offline")
