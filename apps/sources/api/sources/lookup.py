"""The rows that a request is about, and the job that its answer waits for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.permissions import READ
from apps.dialects.views import caller_of
from apps.dialects.waiting import seat
from apps.errors import NotFound
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.sources.models import Collection, SourceConnection
from apps.sources.queries import access
from apps.sources.queries.activity import SYNC

LEAST_SECONDS, CANCEL_SECONDS = 1.0, 20.0
GOES_ON = "It takes a while: poll the job, whose result has the answer."


def collection(request: Request, reference: object, *, needs: str = READ) -> Collection:
    """Raises NotFound and Refused."""
    return access.collection(reference, caller_of(request), needs=needs)


def source_connection(request: Request, uid: str, *, needs: str = READ, or_orphan: bool = False) -> SourceConnection:
    """Raises NotFound and Refused. `or_orphan`: also one that was removed and left its records."""
    return access.source_connection(uid, caller_of(request), needs=needs, or_orphan=or_orphan)


def sync_of(source_connection: SourceConnection, uid: str) -> Job:
    """Raises NotFound, also for another one's."""
    found = Job.objects.filter(kind=SYNC, subject_id=source_connection.id, uid=uid).first()
    if found is None:
        raise NotFound("Sync not found")
    return found


def waited(job: Job) -> Job:
    """The job once it has ended, or as it is when the request has waited for long enough."""
    with seat() as seconds:
        return jobs.wait(job, seconds=seconds)


@contextmanager
def patience() -> Iterator[float]:
    """Gives the seconds that a request may wait for a sync to end: what it takes at least, where half of the process's
    threads wait already."""
    with seat() as seconds:
        yield max(LEAST_SECONDS, min(seconds, CANCEL_SECONDS))


def waiting(job: Job, **more: Any) -> Response:
    """What is answered of a job that goes on. It has not succeeded yet, so nobody takes it for done."""
    body = {"success": False, "status": "pending", "message": GOES_ON, **more, "jobId": job.uid}
    return Response(body, 202, headers={"Location": f"/api/jobs/{job.uid}"})
