"""The files that Databasin's clients read without a token, and the catalogue that they read with one."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.connectors import queries
from apps.connectors.api.databasin.categories import CATEGORIES
from apps.connectors.api.databasin.entries import category_file
from apps.connectors.api.databasin.screens import SCREENS
from apps.connectors.api.databasin.subtypes import subtype_of
from apps.connectors.models import Connector
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.permissions import Public
from apps.errors import NotFound

TAGS = ["Databasin: types of connectors"]
FILES = {f"DatabasinConnector{category.file}.json": category for category in CATEGORIES}
EXAMPLE_ENTRY = {
    "connectorName": "Postgres",
    "connectorImageURI": "",
    "connectorRequiredFields": [1, 2, 3, 4],
    "connectorOptionalFields": [1, 2],
    "connectorAuthTypes": [2, 12],
    "pipelineRequiredScreens": [6, 7, 2, 3, 4, 5],
    "pipelineRequiredFields": [],
    "pipelineOptionalFields": [],
    "ingressTargetSupport": True,
    "egressTargetSupport": True,
    "testConnectorSupport": True,
    "globalOAuthSupport": False,
    "active": True,
    "pipelineSource": True,
    "pipelineTarget": True,
    "automationSource": False,
    "automationTarget": False,
    "fileDropTarget": False,
    "supportsAutomationSQL": False,
    "connectorLabel": "PostgreSQL",
    "connectorDescription": "Tables, views and queries of a PostgreSQL database.",
    "connectorTechnology": "postgres",
    "missing": "",
}
EXAMPLE_SYSTEM = {
    "type": "postgres",
    "name": "Postgres",
    "category": "RDBMS",
    "description": "Tables, views and queries of a PostgreSQL database.",
}


def _answers(name: str, body: Any) -> OpenApiExample:
    return OpenApiExample(name, body, response_only=True, status_codes=["200"])


class Numbers(serializers.ListField):
    child = serializers.IntegerField()


class ConnectorEntry(serializers.Serializer[Any]):
    connectorName = serializers.CharField(help_text="What `connectorSubType` says.")
    connectorImageURI = serializers.CharField(allow_blank=True)
    connectorRequiredFields = Numbers()
    connectorOptionalFields = Numbers()
    connectorAuthTypes = Numbers()
    pipelineRequiredScreens = Numbers()
    pipelineRequiredFields = Numbers()
    pipelineOptionalFields = Numbers()
    ingressTargetSupport = serializers.BooleanField()
    egressTargetSupport = serializers.BooleanField()
    testConnectorSupport = serializers.BooleanField()
    globalOAuthSupport = serializers.BooleanField()
    active = serializers.BooleanField(help_text="Whether its library is installed here.")
    pipelineSource = serializers.BooleanField()
    pipelineTarget = serializers.BooleanField()
    automationSource = serializers.BooleanField()
    automationTarget = serializers.BooleanField()
    fileDropTarget = serializers.BooleanField()
    supportsAutomationSQL = serializers.BooleanField()
    connectorLabel = serializers.CharField()
    connectorDescription = serializers.CharField(allow_blank=True)
    connectorTechnology = serializers.CharField()
    missing = serializers.CharField(allow_blank=True, help_text="What to install before it can be used.")


class CategoryFile(serializers.Serializer[Any]):
    connectorType = serializers.CharField()
    id = serializers.IntegerField()
    availableConnectors = ConnectorEntry(many=True)


class Screen(serializers.Serializer[Any]):
    screenID = serializers.IntegerField()
    screenName = serializers.CharField()
    helpText = serializers.CharField()
    screenType = serializers.ChoiceField(["static", "dynamic"])
    apiRouteURI = serializers.CharField(allow_blank=True)
    active = serializers.BooleanField()


class ScreensFile(serializers.Serializer[Any]):
    pipelineRequiredScreens = Screen(many=True)


class ServerConfig(serializers.Serializer[Any]):
    apiUrl = serializers.CharField(help_text="Where the API is: the address by which this was asked for.")


class System(serializers.Serializer[Any]):
    type = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField()
    description = serializers.CharField(allow_blank=True)


class SystemConfig(serializers.Serializer[Any]):
    key = serializers.CharField()
    hostingEnvironment = serializers.CharField()
    sourceConnectors = System(many=True)
    targetConnectors = System(many=True)


class PublicFile(DatabasinEndpoint):
    authentication_classes = ()
    permission_classes = (Public,)


class ServerConfigView(PublicFile):
    @extend_schema(
        operation_id="databasin_server_config",
        summary="Where the API is",
        responses={200: ServerConfig, **errors(429)},
        examples=[_answers("Here", {"apiUrl": "https://crossdock.example"})],
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        return Response({"apiUrl": _origin(request)})


class CategoryFileView(PublicFile):
    @extend_schema(
        operation_id="databasin_category_file",
        summary="The connectors of one of the nine categories",
        parameters=[OpenApiParameter("file", OpenApiTypes.STR, "path", enum=list(FILES))],
        responses={200: CategoryFile, **errors(404, 429)},
        examples=[_answers("RDBMS", {"connectorType": "RDBMS", "id": 1, "availableConnectors": [EXAMPLE_ENTRY]})],
        tags=TAGS,
    )
    def get(self, _request: Request, file: str) -> Response:
        if file not in FILES:
            raise NotFound(f"There is no file {file!r}; there are {', '.join(FILES)}.")
        return Response(category_file(FILES[file]))


class ScreensFileView(PublicFile):
    @extend_schema(
        operation_id="databasin_screens_file",
        summary="The screens of the vendor's pipeline wizard",
        responses={200: ScreensFile, **errors(429)},
        examples=[_answers("Screens", {"pipelineRequiredScreens": SCREENS[:1]})],
        tags=TAGS,
    )
    def get(self, _request: Request) -> Response:
        return Response({"pipelineRequiredScreens": SCREENS})


class SystemConfigView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_system_config",
        summary="What can be read from, and what can be written to",
        responses={200: SystemConfig, **errors(401, 403, 429)},
        examples=[
            _answers(
                "Systems",
                {
                    "key": "crossdock",
                    "hostingEnvironment": "self-hosted",
                    "sourceConnectors": [EXAMPLE_SYSTEM],
                    "targetConnectors": [EXAMPLE_SYSTEM],
                },
            )
        ],
        tags=TAGS,
    )
    def get(self, _request: Request) -> Response:
        usable = [row for row in queries.enabled() if not queries.missing(row)]
        body = {
            "key": "crossdock",
            "hostingEnvironment": "self-hosted",
            "sourceConnectors": [_system(row) for row in usable],
            "targetConnectors": [_system(row) for row in usable if "writes" in queries.capabilities(row)],
        }
        return Response(body)


def _origin(request: Request) -> str:
    """Of the request as its client sent it: the host is checked against ALLOWED_HOSTS, and the scheme is what a trusted
    proxy says."""
    return f"{request.scheme}://{request.get_host()}"


def _system(row: Connector) -> dict[str, Any]:
    subtype = subtype_of(row.name)
    return {
        "type": subtype.technology,
        "name": subtype.name,
        "category": subtype.category.name,
        "description": row.description,
    }
