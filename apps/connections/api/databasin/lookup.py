"""The connector that a request is about, and the job that its answer waits for."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import visible
from apps.connections.models import Connection
from apps.dialects.databasin.numbers import number
from apps.dialects.lists import Values
from apps.dialects.views import caller_of
from apps.dialects.waiting import seat
from apps.errors import Invalid, NotFound
from apps.jobs import services as jobs
from apps.jobs.models import Job


def connector(request: Request, connector_id: int) -> Connection:
    """Raises NotFound, also for another organisation's."""
    rows = visible(Connection.objects.select_related("connector"), caller_of(request))
    found = rows.filter(id=connector_id).first()
    if found is None:
        raise NotFound(f"Connector with ID {connector_id} not found")
    return found


def connector_in_body(request: Request, body: Values) -> Connection:
    """The connector that `connectorID` names. Raises Invalid, NotFound."""
    said = body.get("connectorID")
    if said in (None, ""):
        raise Invalid("Missing required field: connectorID", code="missing_required_field", field="connectorID")
    return connector(request, number(said, "connectorID"))


def waited(job: Job) -> Job:
    """The job once it has ended, or as it is when the request has waited for long enough."""
    with seat() as seconds:
        return jobs.wait(job, seconds=seconds)


def waiting(job: Job, message: str, **more: Any) -> Response:
    body = {"message": message, "status": "success", **more, "jobId": job.uid}
    return Response(body, 202, headers={"Location": f"/api/jobs/{job.uid}"})
