"""What happens in the syncs of a source connection, in order and cheap to poll."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.lists import Listing, document, moment
from apps.dialects.parameters import whole_number
from apps.dialects.sources import ids
from apps.dialects.sources.envelope import errors
from apps.dialects.sources.views import SourcesEndpoint, answers, done
from apps.jobs.models import Job, JobEvent
from apps.sources.api.sources import shapes
from apps.sources.api.sources.lookup import source_connection
from apps.sources.models import SourceConnection
from apps.sources.queries.activity import SYNC

EVENTS_PER_ANSWER = 500
LARGEST = 10**18
LATEST = -1
EVENTS = Listing(
    "jobs_jobevent row JOIN jobs_job job ON job.id = row.job_id",
    {
        "number": "row.id",
        "syncId": ids.shown(ids.SYNC, "job.uid"),
        "at": moment("row.at"),
        "level": "row.level",
        "message": "row.message",
        "data": document("row.data"),
    },
    order="row.id",
)
EVENT = {
    "number": 41,
    "syncId": shapes.SYNC["id"],
    "at": "2024-01-15T10:00:00.250Z",
    "level": "state",
    "message": "running",
    "data": {"from": "queued"},
}


class SyncEvent(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    syncId = serializers.CharField()
    at = serializers.DateTimeField()
    level = serializers.CharField(help_text="state, info, warning or error.")
    message = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"data": serializers.JSONField()}


class SyncEvents(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    events = SyncEvent(many=True)
    after = serializers.IntegerField(help_text="Send it as `after` the next time.")


class EventsView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_list_sync_events",
        summary="What happened in a source connection's syncs",
        parameters=[
            OpenApiParameter("after", int, description="Only what came later; left out: all of the last sync.")
        ],
        responses={200: SyncEvents, **errors(400, 401, 403, 404, 429)},
        examples=[answers({"success": True, "events": [EVENT], "after": 41})],
        tags=["Sources: syncs"],
    )
    def get(self, request: Request, uid: str) -> Response:
        found = source_connection(request, uid)
        after = whole_number(request, "after", default=LATEST, most=LARGEST)
        events = EVENTS.rows(_later(found, after).order_by("id")[:EVENTS_PER_ANSWER])
        return done(events=events, after=events[-1]["number"] if events else max(after, 0))


def _later(source_connection: SourceConnection, after: int) -> QuerySet[JobEvent]:
    """The connection's syncs follow each other, so the events of all of them have one order."""
    syncs = Job.objects.filter(kind=SYNC, subject_id=source_connection.id)
    if after == LATEST:
        return JobEvent.objects.filter(job__in=syncs.order_by("-id").values("id")[:1])
    return JobEvent.objects.filter(job__in=syncs.values("id"), id__gt=after)
