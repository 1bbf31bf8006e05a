"""What could be read of a source: asked of the source itself."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.connections import services as connections
from apps.dialects.lists import Values
from apps.dialects.sources.envelope import CREDENTIALS, REFUSED, errors
from apps.dialects.sources.views import SourcesEndpoint, answers, done
from apps.errors import Invalid
from apps.jobs.models import ENDED
from apps.jobs.queries import answer
from apps.sources import services as sources
from apps.sources.api.sources import shapes
from apps.sources.api.sources.lookup import source_connection, waited, waiting

NOTHING: Values = {"schemas": [], "tables": []}
TABLE: Values = {
    "name": "public.articles",
    "catalog": "",
    "schema": "public",
    "table": "articles",
    "columns": [{"name": "id", "type": "integer", "nullable": False}],
    "key": ["id"],
    "rows": 3,
}


class ColumnFound(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField()
    nullable = serializers.BooleanField()


class TableFound(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="As the configuration names it.")
    catalog = serializers.CharField(allow_blank=True)
    schema = serializers.CharField(allow_blank=True)
    table = serializers.CharField()
    columns = ColumnFound(many=True, allow_null=True, help_text="null where nobody has looked.")
    key = serializers.ListField(child=serializers.CharField())
    rows = serializers.IntegerField(allow_null=True, help_text="By the source's own statistics.")


class Discovered(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    schemas = serializers.ListField(child=serializers.CharField())
    tables = TableFound(many=True)
    truncated = serializers.BooleanField(required=False, help_text="Whether there are more than are told.")
    status = serializers.CharField(required=False, help_text="error, when the source could not be asked.")
    message = serializers.CharField(required=False)


class DiscoverWaiting(shapes.SourceWaiting):
    schemas = serializers.ListField(child=serializers.CharField())
    tables = TableFound(many=True)


class DiscoverView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_discover_source_connection",
        summary="The tables, columns, keys and estimated rows of a source",
        responses={200: Discovered, 202: DiscoverWaiting, **errors(400, 401, 403, 404, 409, 429)},
        examples=[
            answers({"success": True, "schemas": ["public"], "tables": [TABLE], "truncated": False}),
            answers(shapes.GOES_ON | NOTHING, 202),
        ],
        tags=shapes.TAGS,
    )
    def get(self, request: Request, uid: str) -> Response:
        found = source_connection(request, uid)
        job = waited(sources.start_discovery(source_connection=found, at=timezone.now()))
        if job.state not in ENDED:
            return waiting(job, **NOTHING)
        result = answer(job) or connections.verdict(job)
        if "tables" not in result:
            return _refused(result)
        schemas = sorted({table["schema"] for table in result["tables"] if table["schema"]})
        return done(schemas=schemas, tables=result["tables"], truncated=result["is_cut"])


def _refused(verdict: Values) -> Response:
    """Raises Invalid when the source refused the credentials."""
    if verdict["code"] in REFUSED:
        raise Invalid(verdict["message"], code=CREDENTIALS)
    return Response({"success": False, "status": "error", "message": verdict["message"], **NOTHING})
