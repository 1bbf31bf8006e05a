"""Source connections: listed, made, shown and removed."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.parameters import flag
from apps.dialects.permissions import WRITE
from apps.dialects.sources.envelope import errors
from apps.dialects.sources.ids import sync_id
from apps.dialects.sources.pages import PAGE, page
from apps.dialects.sources.views import SourcesEndpoint, answers, done, sends
from apps.dialects.views import caller_of
from apps.sources import services as sources
from apps.sources.api.sources import making, shapes
from apps.sources.api.sources.lookup import collection, patience, source_connection
from apps.sources.api.sources.showing import SUMMARIES, WHOLE
from apps.sources.models import SourceConnection
from apps.sources.queries import access

CANCEL = OpenApiParameter("cancel", bool, description="Cancel a sync that is active, wait for its end, and go on.")


class SourceConnectionsView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_list_source_connections",
        summary="List source connections, the newest first",
        parameters=[OpenApiParameter("collectionId", str, description="Those of this collection alone."), *PAGE],
        responses={200: shapes.SourceConnectionList, **errors(400, 401, 403, 404, 429)},
        examples=[
            answers({"success": True, "sourceConnections": [shapes.LISTED], "total": 1, "limit": 100, "offset": 0})
        ],
        tags=shapes.TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = access.source_connections(caller_of(request))
        if reference := request.query_params.get("collectionId"):
            rows = rows.filter(collection=collection(request, reference))
        return Response(page(request, "sourceConnections", rows, SUMMARIES))

    @extend_schema(
        operation_id="sources_create_source_connection",
        summary="Create a source connection for a collection",
        request=shapes.SourceConnectionSent,
        responses={201: shapes.SourceConnectionMade, **errors(400, 401, 403, 404, 429)},
        examples=[sends(shapes.SENT), answers({"success": True, "sourceConnection": shapes.LISTED}, 201)],
        tags=shapes.TAGS,
    )
    def post(self, request: Request) -> Response:
        made = making.make(request, at=timezone.now())
        more = {"syncId": sync_id(made.sync.uid)} if made.sync else {}
        if made.test:
            more |= {"message": "The test goes on: poll the job.", "jobId": made.test.uid}
        rows = SourceConnection.objects.filter(id=made.source_connection.id)
        return done(201, sourceConnection=SUMMARIES.one(rows, what="Source connection"), **more)


class SourceConnectionView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_get_source_connection",
        summary="A source connection, its last sync and what has landed",
        responses={200: shapes.SourceConnectionAnswer, **errors(401, 403, 404, 429)},
        examples=[answers({"success": True, "sourceConnection": shapes.SHOWN})],
        tags=shapes.TAGS,
    )
    def get(self, request: Request, uid: str) -> Response:
        return done(sourceConnection=whole(source_connection(request, uid)))

    @extend_schema(
        operation_id="sources_delete_source_connection",
        summary="Remove a source connection, with what has landed or without",
        parameters=[
            OpenApiParameter("deleteData", bool, description="Whether its records go as well; they stay if left out."),
            CANCEL,
        ],
        responses={200: shapes.SourceConnectionRemoved, **errors(400, 401, 403, 404, 409, 429)},
        examples=[answers({"success": True, "deletedRecords": 0, "retainedRecords": 3})],
        tags=shapes.TAGS,
    )
    def delete(self, request: Request, uid: str) -> Response:
        found, delete_data = source_connection(request, uid, needs=WRITE), flag(request, "deleteData")
        stop_if_asked(request, found)
        removed = sources.remove(source_connection=found, delete_data=delete_data, at=timezone.now())
        return done(deletedRecords=removed.deleted, retainedRecords=removed.retained)


class DataView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_clear_source_connection",
        summary="Clear what has landed and keep the source connection; or what one left that was removed",
        parameters=[CANCEL],
        responses={200: shapes.RecordsCleared, **errors(400, 401, 403, 404, 409, 429)},
        examples=[answers({"success": True, "deletedRecords": 3})],
        tags=shapes.TAGS,
    )
    def delete(self, request: Request, uid: str) -> Response:
        found = source_connection(request, uid, needs=WRITE, or_orphan=True)
        stop_if_asked(request, found)
        return done(deletedRecords=sources.clear(source_connection=found, at=timezone.now()))


def whole(source_connection: SourceConnection) -> dict[str, object]:
    return WHOLE.one(SourceConnection.objects.filter(id=source_connection.id), what="Source connection")


def stop_if_asked(request: Request, source_connection: SourceConnection) -> None:
    """Raises Conflict when the sync does not end in time."""
    if flag(request, "cancel"):
        with patience() as seconds:
            sources.stop_sync(source_connection=source_connection, seconds=seconds)
