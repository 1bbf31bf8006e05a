"""From a request to what is known of a connector's system, and how old that is."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.connections.api.databasin.lookup import waited, waiting
from apps.connections.models import Connection
from apps.connections.queries.metadata import Level, Place, Row, own_catalog
from apps.connections.services import metadata_reading as reading
from apps.connections.services.metadata_reading import Found
from apps.dialects.moments import moment_of
from apps.dialects.parameters import flag
from apps.jobs.models import ENDED, Job

GOES_ON = "The connector has not answered yet: ask again, or poll the job."


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
            return waiting(job, GOES_ON)
        found = reading.looked(job)
    return Response(worded(found.rows), headers=age(found))


def age(found: Found) -> dict[str, str]:
    """How old an answer is, in seconds and as the moment when the system was asked."""
    seconds = max(0, int((timezone.now() - found.at).total_seconds()))
    return {"Age": str(seconds), "X-Metadata-Refreshed-At": moment_of(found.at)}
