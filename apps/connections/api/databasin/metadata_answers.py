"""From a request to what is known of a connector's system, and how old that is."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import visible
from apps.connections.models import Connection
from apps.connections.queries.metadata import Level, Place, Row, own_catalog
from apps.connections.services import metadata_reading as reading
from apps.connections.services.metadata_reading import Found
from apps.dialects.databasin.moments import moment_of
from apps.dialects.parameters import flag, whole_number
from apps.dialects.views import caller_of
from apps.dialects.waiting import seat
from apps.errors import Invalid, NotFound
from apps.jobs import services as jobs
from apps.jobs.models import ENDED, Job

TAGS = ["Databasin: metadata"]
CATALOG = OpenApiParameter(
    "catalog", str, description="Left out, and the schema too: the connector's own database, else every catalog."
)
SCHEMA = OpenApiParameter("schema", str, description="Left out: every schema.")
LIVE = OpenApiParameter("live", bool, description="Ask the system itself, whatever is kept of it.")
PAGE = [
    OpenApiParameter("limit", int, description="At most so many; left out: all."),
    OpenApiParameter("offset", int, description="Without the first so many."),
]
SLOW = OpenApiExample(
    "It takes long",
    {
        "status": "success",
        "message": "The connector has not answered yet: ask again, or poll the job.",
        "jobId": "5e03061cda20740022300f09",
    },
    response_only=True,
    status_codes=["202"],
)


def connector(request: Request, number: int) -> Connection:
    """Raises NotFound, also for another organisation's."""
    rows = visible(Connection.objects.select_related("connector"), caller_of(request))
    found = rows.filter(id=number).first()
    if found is None:
        raise NotFound(f"Connector with ID {number} not found")
    return found


def connector_in_body(request: Request, body: Row) -> Connection:
    """The connector that `connectorID` names. Raises Invalid, NotFound."""
    number = body.get("connectorID")
    if number in (None, ""):
        raise Invalid("Missing required field: connectorID", code="missing_required_field", field="connectorID")
    text = "" if isinstance(number, bool | float) else str(number)
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Invalid("connectorID must be a number.", field="connectorID")
    return connector(request, int(text))


def place_of(request: Request, connection: Connection, tables: tuple[str, ...] = ()) -> Place:
    query = request.query_params
    own = own_catalog(connection)
    return Place(catalog=query.get("catalog", ""), schema=query.get("schema", ""), tables=tables, own=own)


def answer(
    request: Request, connection: Connection, level: Level, place: Place, worded: Callable[[list[Row]], Any]
) -> Response:
    """What is found there in the words that `worded` has for it; 202 while the system has not answered."""
    is_live = flag(request, "live")
    found = reading.find(connection=connection, level=level, place=place, is_live=is_live, at=timezone.now())
    if isinstance(found, Job):
        job = waited(found)
        if job.state not in ENDED:
            return waiting(job, SLOW.value["message"])
        found = reading.looked(job)
    return Response(worded(found.rows), headers=age(found))


def listed(
    request: Request, connection: Connection, level: Level, place: Place, worded: Callable[[Row], Row]
) -> Response:
    """A bare list of it, or of that part of it that the request names."""
    offset, limit = whole_number(request, "offset", default=0), whole_number(request, "limit", default=-1)
    end = None if limit < 0 else offset + limit
    return answer(request, connection, level, place, lambda rows: [worded(row) for row in rows[offset:end]])


def waited(job: Job) -> Job:
    with seat() as seconds:
        return jobs.wait(job, seconds=seconds)


def waiting(job: Job, message: str, **more: Any) -> Response:
    body = {"message": message, "status": "success", **more, "jobId": job.uid}
    return Response(body, 202, headers={"Location": f"/api/jobs/{job.uid}"})


def age(found: Found) -> dict[str, str]:
    """How old an answer is, in seconds and as the moment when the system was asked."""
    seconds = max(0, int((timezone.now() - found.at).total_seconds()))
    return {"Age": str(seconds), "X-Metadata-Refreshed-At": moment_of(found.at)}
