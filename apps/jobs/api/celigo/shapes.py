"""Jobs and their errors in Celigo's shape. A flow's run is a parent job, each of its steps a child job."""

from typing import Any

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


def _wrap_job(row: Values) -> Values:
    code, message = row.pop("errorCode"), row.pop("errorMessage")
    errors = [{"code": code, "message": message}] if code else None
    return _present({**row, "errors": errors, "files": []})


JOB = Listing(
    "jobs_job row LEFT JOIN jobs_job parent ON parent.id = row.parent_id AND row.origin = 'retry'",
    {
        "_id": "row.uid",
        "type": "CASE row.origin WHEN 'retry' THEN 'retry' ELSE 'flow' END",
        "_flowId": "row.subject_uid",
        "_retryOfJobId": "parent.uid",
        "status": "row.state",
        "createdAt": moment("row.created_at"),
        "lastModified": moment("row.updated_at"),
        "startedAt": moment("row.started_at"),
        "endedAt": moment("row.ended_at"),
        "queueTime": "(extract(epoch FROM row.started_at - row.created_at) * 1000)::bigint",
        "numError": "row.records_failed",
        "numSuccess": "row.records_written",
        "numIgnore": "row.records_ignored",
        "numExport": "row.records_read",
        "numPagesGenerated": "row.pages_read",
        "numPagesProcessed": "row.pages_written",
        "retriable": "row.records_failed > 0",
        "errorCode": "row.error_code",
        "errorMessage": "row.error_message",
    },
    _wrap_job,
    order="row.created_at DESC, row.id DESC",
)


def _wrap_step(row: Values) -> Values:
    field = {"export": "_exportId", "import": "_importId"}[row["type"]]
    resource = {field: row.pop("resource")}
    return _present(row | resource | {"files": []})


def _for(role: str, column: str) -> str:
    """A step's figure, 0 where it is the other kind of step that counts it."""
    return f"CASE WHEN row.role = '{role}' THEN row.{column} ELSE 0 END"


STEP = Listing(
    "jobs_jobstep row JOIN jobs_job job ON job.id = row.job_id",
    {
        "_id": "row.uid",
        "type": "row.role",
        "_flowId": "job.subject_uid",
        "_flowJobId": "job.uid",
        "resource": "row.resource_uid",
        "status": f"CASE WHEN row.ended_at IS NULL THEN job.state ELSE '{State.COMPLETED.value}' END",
        "createdAt": moment("row.created_at"),
        "lastModified": moment("row.updated_at"),
        "startedAt": moment("row.started_at"),
        "endedAt": moment("row.ended_at"),
        "numError": "row.failed",
        "numSuccess": _for("import", "records"),
        "numIgnore": "row.ignored",
        "numExport": _for("export", "records"),
        "numPagesGenerated": _for("export", "pages"),
        "numPagesProcessed": _for("import", "pages"),
        "retriable": "row.failed > 0",
    },
    _wrap_step,
    order="row.created_at DESC, row.id DESC",
)

ERROR = Listing(
    "jobs_recorderror row JOIN jobs_job job ON job.id = row.job_id LEFT JOIN jobs_job retry ON retry.id = row.retry_id",
    {
        "_id": "row.uid",
        "_jobId": "job.uid",
        "_retryId": "retry.uid",
        "createdAt": moment("row.created_at"),
        "source": "row.source",
        "code": "row.code",
        "message": "row.message",
        "traceKey": "row.trace_key",
        "retriable": "row.record IS NOT NULL AND row.resolved_at IS NULL",
        "resolved": "row.resolved_at IS NOT NULL",
        "resolvedAt": moment("row.resolved_at"),
        "resolvedBy": "row.resolved_by",
        "record": document("row.record"),
    },
    _present,
)
