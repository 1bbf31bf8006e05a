"""New credentials and another configuration. Each is held against the system before it counts."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.connections import services as connections
from apps.dialects.lists import Values
from apps.dialects.permissions import WRITE
from apps.dialects.sources.bodies import Body
from apps.dialects.sources.envelope import CREDENTIALS, REFUSED, errors
from apps.dialects.sources.views import SourcesEndpoint, answers, done, sends
from apps.errors import Invalid
from apps.jobs.models import ENDED, Job
from apps.sources import services as sources
from apps.sources.api.sources import shapes
from apps.sources.api.sources.connections import whole
from apps.sources.api.sources.fields import naming_credentials, settings_of
from apps.sources.api.sources.lookup import source_connection, waited, waiting
from apps.sources.models import SourceConnection

CONFIG: Values = {
    "schemas": ["public"],
    "tables": ["public.articles"],
    "columns": {"public.articles": {"exclude": ["salary"]}},
    "cursorField": "updated_at",
    "rowLimit": 100000,
}
CHANGED = {"success": True, "status": "connected", "message": "Credentials updated", "sourceConnection": shapes.SHOWN}
CONFIGURED = {**CHANGED, "message": "Configuration updated"}


class CredentialsSent(serializers.Serializer[Any]):
    credentials = serializers.DictField(help_text="All of them, by the names of `authFields`; or the bare object.")


class ConfigSent(serializers.Serializer[Any]):
    schemas = serializers.ListField(child=serializers.CharField(), required=False)
    tables = serializers.ListField(child=serializers.CharField(), required=False)
    columns = serializers.DictField(required=False, help_text="By table: `include` or `exclude`, lists of columns.")
    cursorField = serializers.JSONField(required=False, help_text="A column, or one by table.")
    overlapSeconds = serializers.FloatField(required=False)
    rowLimit = serializers.IntegerField(required=False)
    titleColumn = serializers.JSONField(required=False, help_text="A column, or one by table.")
    textColumns = serializers.JSONField(required=False, help_text="A list of columns, or one by table.")
    format = serializers.DictField(required=False, help_text="How files are to be understood.")
    schedule = serializers.DictField(required=False, help_text='{"cron", "timezone"} or {"interval": seconds}.')
    continuous = serializers.BooleanField(required=False, help_text="Follow changes as they happen, or every minute.")


class SourceConnectionChanged(shapes.SourceOutcome):
    sourceConnection = shapes.SourceConnectionShown()


class CredentialsView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_update_credentials",
        summary="Replace the credentials, once a test with them has passed",
        request=CredentialsSent,
        responses={200: SourceConnectionChanged, 202: shapes.SourceWaiting, **errors(400, 401, 403, 404, 409, 429)},
        examples=[sends({"credentials": shapes.CREDENTIALS}), answers(CHANGED), answers(shapes.GOES_ON, 202)],
        tags=shapes.TAGS,
    )
    def put(self, request: Request, uid: str) -> Response:
        found = source_connection(request, uid, needs=WRITE)
        credentials = settings_of(Body(request).part("credentials"))
        with naming_credentials():
            job = sources.start_credentials_change(source_connection=found, credentials=credentials, at=timezone.now())
        return _answer(waited(job), found, CHANGED["message"], CREDENTIALS)


class ConfigView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_update_config",
        summary="Say which tables and columns land, once the source was asked for them",
        request=ConfigSent,
        responses={200: SourceConnectionChanged, 202: shapes.SourceWaiting, **errors(400, 401, 403, 404, 409, 429)},
        examples=[sends(CONFIG), answers(CONFIGURED), answers(shapes.GOES_ON, 202)],
        tags=shapes.TAGS,
    )
    def put(self, request: Request, uid: str) -> Response:
        found = source_connection(request, uid, needs=WRITE)
        config = Body(request).part("config")
        job = sources.start_config_change(source_connection=found, config=config, at=timezone.now())
        return _answer(waited(job), found, CONFIGURED["message"], "")


def _answer(job: Job, source_connection: SourceConnection, message: object, code: str) -> Response:
    """Raises Invalid when the change was not made: with `code`, or else as its failure says."""
    if job.state not in ENDED:
        return waiting(job)
    verdict = connections.verdict(job)
    if not verdict["ok"]:
        raise _refusal(verdict, code)
    return done(status="connected", message=message, sourceConnection=whole(source_connection))


def _refusal(verdict: Values, code: str) -> Invalid:
    problems = [
        Invalid(each["message"], code=each["code"], field=each["field"]) for each in verdict.get("problems", ())
    ]
    found = CREDENTIALS if verdict["code"] in REFUSED else verdict["code"]
    return Invalid(verdict["message"], code=code or found, problems=problems or None)
