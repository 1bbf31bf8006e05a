"""Records that a program sends by itself, into a source connection of the source "push"."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.permissions import WRITE
from apps.dialects.sources.bodies import Body
from apps.dialects.sources.envelope import errors
from apps.dialects.sources.views import SourcesEndpoint, answers, done, sends
from apps.sources import services as sources
from apps.sources.api.sources.lookup import source_connection

STREAM = "records"
SENT = {
    "stream": STREAM,
    "records": [
        {"id": "a-17", "title": "Returns", "content": "Send it back within 30 days.", "url": "https://acme.example/17"}
    ],
    "deleted": ["a-16"],
}


class RecordsSent(serializers.Serializer[Any]):
    stream = serializers.CharField(required=False, help_text=f"What kind of records they are; {STREAM} if left out.")
    records = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        help_text="Each with an `id`, perhaps with `title`, `content`, `url`, and with any other fields to filter by.",
    )
    deleted = serializers.ListField(child=serializers.CharField(), required=False, help_text="Ids of those to go.")


class RecordsStored(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    inserted = serializers.IntegerField()
    updated = serializers.IntegerField()
    kept = serializers.IntegerField(help_text="Those that are there already, just as they were sent.")
    deleted = serializers.IntegerField()


class RecordsView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_push_records",
        summary="Send records: all are stored, or none",
        request=RecordsSent,
        responses={200: RecordsStored, **errors(400, 401, 403, 404, 413, 429)},
        examples=[sends(SENT), answers({"success": True, "inserted": 1, "updated": 0, "kept": 0, "deleted": 1})],
        tags=["Sources: source connections"],
    )
    def post(self, request: Request, uid: str) -> Response:
        found = source_connection(request, uid, needs=WRITE)
        body = Body(request)
        stream, records, deleted = body.text("stream") or STREAM, body.list("records"), body.list("deleted")
        if not all(isinstance(record, dict) for record in records):
            body.blame("records", "records must be a list of objects.")
        if not all(isinstance(each, str | int) and not isinstance(each, bool) for each in deleted):
            body.blame("deleted", "deleted must be a list of ids.")
        body.check()
        pushed = sources.push(
            source_connection=found, stream=stream, records=records, deleted=deleted, at=timezone.now()
        )
        return done(inserted=pushed.inserted, updated=pushed.updated, kept=pushed.kept, deleted=pushed.deleted)
