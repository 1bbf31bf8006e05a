"""What can be connected: the connectors of this installation as the dialect's sources, and records that are pushed."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.connectors import queries as connectors
from apps.connectors.models import Connector
from apps.dialects.lists import Values
from apps.dialects.sources.envelope import errors
from apps.dialects.sources.ids import SOURCE
from apps.dialects.sources.views import SourcesEndpoint, answers, done
from apps.errors import NotFound
from apps.sources.api.sources.fields import auth_fields, config_fields

TAGS = ["Sources: sources"]
PUSH = "push"
PUSHED: Values = {
    "id": f"{SOURCE}{PUSH}",
    "name": "Push",
    "shortName": PUSH,
    "description": "Records that a program of yours sends.",
    "authMethods": [],
    "labels": ["push"],
    "supportsContinuous": False,
}
LISTED: Values = {
    "id": "src_5e03061cda20740022300f09",
    "name": "PostgreSQL",
    "shortName": "postgresql",
    "description": "Tables, views and queries of a PostgreSQL database.",
    "authMethods": ["credentials"],
    "labels": ["database"],
    "supportsContinuous": True,
}
SHOWN: Values = {
    **LISTED,
    "authFields": [
        {"name": "host", "type": "string", "required": True, "description": "Name or address of the database server."},
        {"name": "port", "type": "number", "required": True, "default": 5432},
        {"name": "database", "type": "string", "required": True},
        {"name": "username", "type": "string", "required": True},
        {"name": "password", "type": "password", "required": True, "secret": True},
    ],
    "configFields": [{"name": "tables", "type": "array", "required": False, "description": "Tables to read."}],
}


class SourceListed(serializers.Serializer[Values]):
    id = serializers.CharField()
    name = serializers.CharField()
    shortName = serializers.CharField()
    description = serializers.CharField()
    authMethods = serializers.ListField(child=serializers.CharField())
    labels = serializers.ListField(child=serializers.CharField())
    supportsContinuous = serializers.BooleanField()


class SourceField(serializers.Serializer[Values]):
    name = serializers.CharField()
    type = serializers.CharField(help_text="string, number, password, boolean, select, array or object.")
    description = serializers.CharField(required=False)
    options = serializers.ListField(child=serializers.CharField(), required=False, help_text="Of a select.")
    secret = serializers.BooleanField(required=False, help_text="Whether it is sealed and never shown.")

    def get_fields(self) -> Values:
        more = {"required": serializers.BooleanField(), "default": serializers.JSONField(required=False)}
        return super().get_fields() | more


class SourceShown(SourceListed):
    authFields = SourceField(many=True)
    configFields = SourceField(many=True)


class SourceList(serializers.Serializer[Values]):
    success = serializers.BooleanField()
    sources = SourceListed(many=True)


class SourceAnswer(serializers.Serializer[Values]):
    success = serializers.BooleanField()

    def get_fields(self) -> Values:
        return super().get_fields() | {"source": SourceShown()}


class SourcesView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_list_sources",
        summary="List what can be connected here",
        responses={200: SourceList, **errors(401, 403, 429)},
        examples=[answers({"success": True, "sources": [LISTED]})],
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        return done(sources=[*(_listed(each) for each, missing in connectors.offered() if not missing), PUSHED])


class SourceView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_get_source",
        summary="What a source asks for",
        responses={200: SourceAnswer, **errors(401, 403, 404, 429)},
        examples=[answers({"success": True, "source": SHOWN})],
        tags=TAGS,
    )
    def get(self, request: Request, short_name: str) -> Response:
        if short_name == PUSH:
            return done(source=PUSHED | {"authFields": [], "configFields": []})
        connector = source(short_name)
        fields = {"authFields": auth_fields(connector), "configFields": config_fields(connector)}
        return done(source=_listed(connector) | fields)


def source(short_name: str) -> Connector:
    """Raises NotFound, saying what to install where that alone is missing."""
    connector = connectors.connector(short_name)
    if missing := connectors.missing(connector):
        raise NotFound(f"{connector.label}: {missing}", field="sourceShortName")
    return connector


def _listed(connector: Connector) -> Values:
    return {
        "id": f"{SOURCE}{connector.uid}",
        "name": connector.label,
        "shortName": connector.name,
        "description": connector.description,
        "authMethods": ["credentials"],
        "labels": [connector.category],
        "supportsContinuous": True,  # PostgreSQL tells of its changes, all others are asked in short intervals
    }
