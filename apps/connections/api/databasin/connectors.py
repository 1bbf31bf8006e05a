"""Connections as Databasin's connectors."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.databasin import ownership
from apps.accounts.queries import visible
from apps.connections import services
from apps.connections.api.databasin import shapes, writing
from apps.connections.api.databasin.lookup import connector, connector_in_body
from apps.connections.api.databasin.showing import SUMMARIES, WHOLE
from apps.connections.models import Connection
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.pages import FIELDS, PAGE, only, stretch
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.lists import Values
from apps.dialects.parsing import object_of
from apps.dialects.views import caller_of

FILTERS = [
    OpenApiParameter("institutionID", int, description="The organisation."),
    OpenApiParameter("internalID", str, description="The project."),
    *PAGE,
    FIELDS,
]


class ConnectorsView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_list_connectors",
        summary="List connectors, the newest first",
        parameters=FILTERS,
        responses={200: shapes.ConnectorSummary(many=True), **errors(400, 401, 403, 404, 429)},
        examples=[shapes.answers([shapes.LISTED])],
        tags=shapes.TAGS,
    )
    def get(self, request: Request) -> Response:
        shown = WHOLE if request.query_params.get("fields") else SUMMARIES
        return Response(only(request, shown.rows(_filtered(request)[stretch(request)])))

    @extend_schema(
        operation_id="databasin_create_connector",
        summary="Create a connector",
        request=shapes.ConnectorSent,
        responses={200: shapes.ConnectorStored, **errors(400, 401, 403, 404, 429)},
        examples=[shapes.sends(shapes.SENT), shapes.answers(shapes.CREATED)],
        tags=shapes.TAGS,
    )
    def post(self, request: Request) -> Response:
        connection = writing.create(object_of(request), caller_of(request))
        return _stored(connection, shapes.CREATED["message"])

    @extend_schema(
        operation_id="databasin_update_connector_in_body",
        summary="Change the connector that `connectorID` names",
        request=shapes.ConnectorNamed,
        responses={200: shapes.ConnectorStored, **errors(400, 401, 403, 404, 429)},
        examples=[shapes.sends({"connectorID": 123, "isActive": 1}), shapes.answers(shapes.UPDATED)],
        tags=shapes.TAGS,
    )
    def put(self, request: Request) -> Response:
        body = object_of(request)
        return _changed(request, connector_in_body(request, body), body)

    @extend_schema(
        operation_id="databasin_delete_connector_in_body",
        summary="Delete the connector that `connectorID` names",
        request=shapes.ConnectorNamed,
        responses={200: shapes.ConnectorDeleted, **errors(400, 401, 403, 404, 429)},
        examples=[shapes.sends({"connectorID": 123}), shapes.answers(shapes.DELETED)],
        tags=shapes.TAGS,
    )
    def delete(self, request: Request) -> Response:
        return _deleted(connector_in_body(request, object_of(request)))


class ConnectorView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_get_connector",
        summary="Get a connector",
        responses={200: shapes.ConnectorShown, **errors(401, 403, 404, 429)},
        examples=[shapes.answers(shapes.SHOWN)],
        tags=shapes.TAGS,
    )
    def get(self, request: Request, connector_id: int) -> Response:
        return Response(_shown(connector(request, connector_id)))

    @extend_schema(
        operation_id="databasin_update_connector",
        summary="Change what is sent of a connector",
        request=shapes.ConnectorSent(partial=True),
        responses={200: shapes.ConnectorStored, **errors(400, 401, 403, 404, 429)},
        examples=[
            shapes.sends({"connectorName": "Production MySQL - Updated", "connectorMaxConnections": 16}),
            shapes.answers(shapes.UPDATED),
        ],
        tags=shapes.TAGS,
    )
    def put(self, request: Request, connector_id: int) -> Response:
        return _changed(request, connector(request, connector_id), object_of(request))

    @extend_schema(
        operation_id="databasin_delete_connector",
        summary="Delete a connector: pipelines that use it fail from then on",
        responses={200: shapes.ConnectorDeleted, **errors(401, 403, 404, 429)},
        examples=[shapes.answers(shapes.DELETED)],
        tags=shapes.TAGS,
    )
    def delete(self, request: Request, connector_id: int) -> Response:
        return _deleted(connector(request, connector_id))


def _filtered(request: Request) -> QuerySet[Connection]:
    """Raises NotFound for an institution or a project that the caller does not see."""
    caller, query = caller_of(request), request.query_params
    ownership.check_institution(query, caller)
    project = ownership.project(query, caller)
    rows = visible(Connection.objects.all(), caller)
    return rows.filter(project=project) if project else rows


def _shown(connection: Connection) -> Values:
    return WHOLE.one(Connection.objects.filter(id=connection.id), what="Connector")


def _stored(connection: Connection, message: Any) -> Response:
    return Response({**_shown(connection), "message": message, "status": "success"})


def _changed(request: Request, connection: Connection, body: Values) -> Response:
    writing.change(connection, _shown(connection), body, caller_of(request), at=timezone.now())
    return _stored(connection, shapes.UPDATED["message"])


def _deleted(connection: Connection) -> Response:
    services.discard(connection=connection, at=timezone.now())
    return Response(shapes.DELETED)
