"""Jobs and their errors in Celigo's shape. A flow's run is a parent job, each of its steps a child job."""

from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Expression,
    F,
    Func,
    Q,
    TextField,
    Value,
    When,
)
from rest_framework import serializers

from apps.dialects.celigo.envelope import CeligoError
from apps.dialects.lists import Listing, Values, document, moment
from apps.jobs.models import State

STATUSES = [*State.values, "retrying"]


class CeligoJob(serializers.Serializer[Any]):
    """Fields that do not apply to a job are left out."""

    _id = serializers.CharField()
    type = serializers.ChoiceField(["flow", "retry", "export", "import"])
    _flowId = serializers.CharField()
    _exportId = serializers.CharField(required=False)
    _importId = serializers.CharField(required=False)
    _flowJobId = serializers.CharField(required=False, help_text="Of a child: the run it belongs to.")
    _retryOfJobId = serializers.CharField(required=False, help_text="Of a retry: the run whose errors it tries again.")
    status = serializers.ChoiceField(STATUSES)
    createdAt = serializers.DateTimeField()
    lastModified = serializers.DateTimeField()
    startedAt = serializers.DateTimeField(required=False)
    endedAt = serializers.DateTimeField(required=False)
    queueTime = serializers.IntegerField(required=False, help_text="Milliseconds from its creation to its start.")
    numError = serializers.IntegerField()
    numSuccess = serializers.IntegerField()
    numIgnore = serializers.IntegerField()
    numExport = serializers.IntegerField()
    numPagesGenerated = serializers.IntegerField()
    numPagesProcessed = serializers.IntegerField()
    retriable = serializers.BooleanField()
    files = serializers.ListField(child=serializers.DictField())

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {
            "errors": CeligoError(many=True, required=False, help_text="Why a failed run could not go on.")
        }


class CeligoJobError(serializers.Serializer[Any]):
    _id = serializers.CharField()
    _jobId = serializers.CharField()
    _retryId = serializers.CharField(required=False, help_text="The job that tries it again.")
    createdAt = serializers.DateTimeField()
    code = serializers.CharField()
    message = serializers.CharField()
    traceKey = serializers.CharField(required=False)
    retriable = serializers.BooleanField()
    resolved = serializers.BooleanField()
    resolvedAt = serializers.DateTimeField(required=False)
    resolvedBy = serializers.CharField(required=False)
    record = serializers.JSONField(allow_null=True, help_text="What was refused.")

    def get_fields(self) -> dict[str, Any]:
        source = serializers.CharField(help_text="Where in the run: application, mapping, input_filter …")
        return super().get_fields() | {"source": source}


OPTIONAL = {"startedAt", "endedAt", "queueTime", "errors", "_retryOfJobId", "_retryId", "traceKey", "resolvedAt"}
OPTIONAL |= {"resolvedBy", "_exportId", "_importId"}


def _present(row: Values) -> Values:
    return {name: value for name, value in row.items() if name not in OPTIONAL or value not in (None, "")}


def _queue_time(begin: str, end: str) -> Func:
    return Func(
        F(end),
        F(begin),
        template="(extract(epoch FROM %(expressions)s) * 1000)::bigint",
        arg_joiner=" - ",
        output_field=BigIntegerField(),
    )


def _number(condition: Q, yes: Any, no: Any) -> Expression:
    return Case(When(condition, then=yes), default=no, output_field=BigIntegerField())


def _whether(condition: Q) -> Expression:
    return Case(When(condition, then=Value(value=True)), default=Value(value=False), output_field=BooleanField())


def _wrap_job(row: Values) -> Values:
    code, message = row.pop("errorCode"), row.pop("errorMessage")
    errors = [{"code": code, "message": message}] if code else None
    return _present({**row, "errors": errors, "files": []})


JOB = Listing(
    {
        "_id": F("uid"),
        "type": Case(When(parent=None, then=Value("flow")), default=Value("retry")),
        "_flowId": F("subject_uid"),
        "_retryOfJobId": F("parent__uid"),
        "status": F("state"),
        "createdAt": moment("created_at"),
        "lastModified": moment("updated_at"),
        "startedAt": moment("started_at"),
        "endedAt": moment("ended_at"),
        "queueTime": _queue_time("created_at", "started_at"),
        "numError": F("records_failed"),
        "numSuccess": F("records_written"),
        "numIgnore": F("records_ignored"),
        "numExport": F("records_read"),
        "numPagesGenerated": F("pages_read"),
        "numPagesProcessed": F("pages_written"),
        "retriable": _whether(Q(records_failed__gt=0)),
        "errorCode": F("error_code"),
        "errorMessage": F("error_message"),
    },
    _wrap_job,
)

IS_EXPORT = Q(role="export")
STEP_FIGURES: dict[str, Expression | F] = {
    "numError": F("failed"),
    "numSuccess": _number(IS_EXPORT, Value(0), F("records")),
    "numIgnore": F("ignored"),
    "numExport": _number(IS_EXPORT, F("records"), Value(0)),
}
STEP_STATUS = Case(
    When(ended_at__isnull=False, then=Value(State.COMPLETED.value)), default=F("job__state"), output_field=TextField()
)


def _wrap_step(row: Values) -> Values:
    resource = {"export": "_exportId", "import": "_importId"}[row["type"]]
    return _present({**row, resource: row.pop("resource"), "files": []})


STEP = Listing(
    {
        "_id": F("uid"),
        "type": F("role"),
        "_flowId": F("job__subject_uid"),
        "_flowJobId": F("job__uid"),
        "resource": F("resource_uid"),
        "status": STEP_STATUS,
        "createdAt": moment("created_at"),
        "lastModified": moment("updated_at"),
        "startedAt": moment("started_at"),
        "endedAt": moment("ended_at"),
        **STEP_FIGURES,
        "numPagesGenerated": _number(IS_EXPORT, F("pages"), Value(0)),
        "numPagesProcessed": _number(IS_EXPORT, Value(0), F("pages")),
        "retriable": _whether(Q(failed__gt=0)),
    },
    _wrap_step,
)

ERROR = Listing(
    {
        "_id": F("uid"),
        "_jobId": F("job__uid"),
        "_retryId": F("retry__uid"),
        "createdAt": moment("created_at"),
        "source": F("source"),
        "code": F("code"),
        "message": F("message"),
        "traceKey": F("trace_key"),
        "retriable": _whether(Q(record__isnull=False, resolved_at=None)),
        "resolved": _whether(Q(resolved_at__isnull=False)),
        "resolvedAt": moment("resolved_at"),
        "resolvedBy": F("resolved_by"),
        "record": document("record"),
    },
    _present,
)
