"""Syncs of a source connection: begun, looked at and cancelled."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.permissions import RUN
from apps.dialects.sources.bodies import Body
from apps.dialects.sources.envelope import errors
from apps.dialects.sources.ids import sync_id
from apps.dialects.sources.pages import PAGE, Page, page
from apps.dialects.sources.views import SourcesEndpoint, answers, done, sends
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.sources import services as sources
from apps.sources.api.sources import shapes
from apps.sources.api.sources.lookup import source_connection, sync_of
from apps.sources.api.sources.showing import SYNC_WHOLE, SYNCS
from apps.sources.queries.activity import SYNC

LONGEST_KEY = 200
TAGS = ["Sources: syncs"]
SHOWN = {
    **shapes.SYNC,
    "progress": {"recordsRead": 3, "recordsExpected": 3},
    "streams": [{"name": "public.articles", **shapes.COUNTED, "error": None}],
}
STARTED = {"success": True, "syncId": shapes.SYNC["id"], "status": "started"}


class RunSent(serializers.Serializer[Any]):
    mode = serializers.CharField(required=False, help_text="full or incremental; as it suits the source if left out.")
    confirmEmpty = serializers.BooleanField(
        required=False, help_text="Take records away although the source has none any more."
    )


class SyncBegun(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    syncId = serializers.CharField()
    status = serializers.CharField()


class SyncList(Page):
    syncs = shapes.SyncListed(many=True)


class SyncAnswer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    sync = shapes.SyncShown()


class RunView(SourcesEndpoint):
    scope = "run"

    @extend_schema(
        operation_id="sources_run_source_connection",
        summary="Start a sync now",
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description="The same key answers with the same sync, however often the request arrives.",
            )
        ],
        request=RunSent,
        responses={202: SyncBegun, **errors(400, 401, 403, 404, 409, 429)},
        examples=[sends({"mode": "full"}), answers(STARTED, 202)],
        tags=TAGS,
    )
    def post(self, request: Request, uid: str) -> Response:
        found = source_connection(request, uid, needs=RUN)
        body, key = Body(request), request.headers.get("Idempotency-Key", "")
        mode, confirm_empty = body.choice("mode", ("full", "incremental")), body.flag("confirmEmpty")
        if len(key) > LONGEST_KEY:
            body.blame("Idempotency-Key", f"An Idempotency-Key has at most {LONGEST_KEY} characters.")
        body.check()
        job = sources.start_sync(
            source_connection=found,
            mode=mode,
            confirm_empty=confirm_empty,
            idempotency_key=key,
            at=timezone.now(),
        )
        return done(202, syncId=sync_id(job.uid), status="started")


class SyncsView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_list_syncs",
        summary="Syncs of a source connection, the newest first",
        parameters=PAGE,
        responses={200: SyncList, **errors(400, 401, 403, 404, 429)},
        examples=[answers({"success": True, "syncs": [shapes.SYNC], "total": 1, "limit": 100, "offset": 0})],
        tags=TAGS,
    )
    def get(self, request: Request, uid: str) -> Response:
        found = source_connection(request, uid)
        return Response(page(request, "syncs", Job.objects.filter(kind=SYNC, subject_id=found.id), SYNCS))


class SyncView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_get_sync",
        summary="A sync, how far it is and what it did to each stream",
        responses={200: SyncAnswer, **errors(401, 403, 404, 429)},
        examples=[answers({"success": True, "sync": SHOWN})],
        tags=TAGS,
    )
    def get(self, request: Request, uid: str, sync: str) -> Response:
        job = sync_of(source_connection(request, uid), sync)
        return done(sync=SYNC_WHOLE.one(Job.objects.filter(id=job.id), what="Sync"))


class CancelSyncView(SourcesEndpoint):
    scope = "run"

    @extend_schema(
        operation_id="sources_cancel_sync",
        summary="Cancel a sync: at once where it waits, at its next page where it runs",
        request=None,
        responses={200: SyncBegun, **errors(400, 401, 403, 404, 409, 429)},
        examples=[answers(STARTED | {"status": "cancelling"})],
        tags=TAGS,
    )
    def post(self, request: Request, uid: str, sync: str) -> Response:
        job = sync_of(source_connection(request, uid, needs=RUN), sync)
        return done(syncId=sync_id(job.uid), status=jobs.cancel(job=job).state)
