"""Runs of automations and of their tasks, and the lines of their logs, as Databasin's clients read them."""

from typing import Any

from rest_framework import serializers

from apps.dialects.lists import Listing, Values, document
from apps.dialects.moments import moment
from apps.flows.api.databasin.statuses import STATUS_HELP, STATUSES

WORDS = {
    "queued": "Waits for a worker.",
    "running": "Runs.",
    "cancelling": "Is asked to stop.",
    "completed": "Has completed.",
    "cancelled": "Was stopped.",
}
LEVELS = {"state": "INFO", "info": "INFO", "warning": "WARN", "error": "ERROR"}
NIGHT, LATER = "2025-01-20T07:00:00Z", "2025-01-20T07:00:04Z"
LINE = {
    "timestamp": NIGHT,
    "level": "INFO",
    "message": "Task 1 of 2, 'Load orders', begins.",
    "runID": "5e03061cda20740022300f09",
    "automationID": 7,
    "taskID": None,
    "taskName": None,
    "taskType": None,
}
RUN = {
    "id": "5e03061cda20740022300f09",
    "automationID": 7,
    "timestamp": NIGHT,
    "status": "Successful",
    "duration": 4210,
    "tasksCompleted": 2,
    "tasksFailed": 0,
    "triggeredBy": "schedule",
    "errorMessage": None,
    "startTime": NIGHT,
    "endTime": LATER,
}
TASK = {
    "id": "5e03061cda20740022300f0a",
    "automationTaskID": 31,
    "automationRunID": "5e03061cda20740022300f09",
    "timestamp": NIGHT,
    "status": "Successful",
    "taskType": "pipeline",
    "duration": 1250,
    "result": "1,200 records were written.",
    "errorMessage": None,
    "startTime": NIGHT,
    "endTime": LATER,
    "recordsProcessed": 1200,
}


class LogLine(serializers.Serializer[Any]):
    timestamp = serializers.CharField()
    level = serializers.ChoiceField(sorted(set(LEVELS.values())))
    message = serializers.CharField()
    runID = serializers.CharField()
    automationID = serializers.IntegerField()
    taskID = serializers.IntegerField(
        allow_null=True, help_text="null: of the automation itself, or of a task that is gone."
    )
    taskName = serializers.CharField(allow_null=True)
    taskType = serializers.CharField(allow_null=True)


class Record(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="The `currentRunID` of its log, and the id of its job.")
    timestamp = serializers.CharField()
    status = serializers.CharField(help_text=STATUS_HELP)
    duration = serializers.IntegerField(allow_null=True, help_text="Milliseconds; null until it has ended.")
    errorMessage = serializers.CharField(allow_null=True)
    startTime = serializers.CharField(allow_null=True)
    endTime = serializers.CharField(allow_null=True)


class RunRecord(Record):
    automationID = serializers.IntegerField()
    tasksCompleted = serializers.IntegerField()
    tasksFailed = serializers.IntegerField()
    triggeredBy = serializers.ChoiceField(["manual", "schedule"])


class TaskRecord(Record):
    automationTaskID = serializers.IntegerField(allow_null=True)
    automationRunID = serializers.CharField()
    taskType = serializers.ChoiceField(["pipeline"])
    result = serializers.CharField(allow_null=True)
    recordsProcessed = serializers.IntegerField()


SHARED = {
    "id": "row.uid",
    "timestamp": moment("COALESCE(row.started_at, row.created_at)"),
    "status": "row.state",
    "duration": "(extract(epoch FROM row.ended_at - row.started_at) * 1000)::bigint",
    "errorMessage": "row.error_message",
    "startTime": moment("row.started_at"),
    "endTime": moment("row.ended_at"),
}


def _ended(state: str) -> str:
    return f"(SELECT count(*) FROM jobs_job child WHERE child.parent_id = row.id AND child.state = '{state}')"  # noqa: S608 (ours)


def _wrap(row: Values) -> Values:
    return row | {"status": STATUSES[row["status"]], "errorMessage": row["errorMessage"] or None}


def _wrap_task(row: Values) -> Values:
    is_done = row["status"] == "completed"
    result = f"{row['recordsProcessed']:,} records were written." if is_done else None
    return _wrap(row) | {"taskType": "pipeline", "result": result}


def _wrap_line(row: Values) -> Values:
    level, data = row["level"], row.pop("data")
    is_failure = level == "state" and row["message"] == "failed"
    message = WORDS.get(row["message"], row["message"]) if level == "state" else row["message"]
    return row | {
        "level": "ERROR" if is_failure else LEVELS[level],
        "message": f"Failed: {data.get('reason', '')}" if is_failure else message,
        "taskType": row["taskName"] and "pipeline",
    }


RUNS = Listing(
    "jobs_job row",
    {
        **SHARED,
        "automationID": "row.subject_id",
        "tasksCompleted": _ended("completed"),
        "tasksFailed": _ended("failed"),
        "triggeredBy": "row.origin",
    },
    _wrap,
)
OF_TASK = "flows_automationtask task ON task.uid = {job}.labels->>'task'"
TASKS = Listing(
    f"jobs_job row JOIN jobs_job parent ON parent.id = row.parent_id LEFT JOIN {OF_TASK.format(job='row')}",
    {
        **SHARED,
        "automationTaskID": "task.id",
        "automationRunID": "parent.uid",
        "recordsProcessed": "row.records_written",
    },
    _wrap_task,
)
LINES = Listing(
    f"""jobs_jobevent row JOIN jobs_job job ON job.id = row.job_id
    LEFT JOIN jobs_job parent ON parent.id = job.parent_id
    LEFT JOIN {OF_TASK.format(job="job")}
    LEFT JOIN flows_flow flow ON job.kind = 'flow' AND flow.id = job.subject_id""",
    {
        "timestamp": moment("row.at"),
        "level": "row.level",
        "message": "row.message",
        "data": document("row.data"),
        "runID": "COALESCE(parent.uid, job.uid)",
        "automationID": "COALESCE(parent.subject_id, job.subject_id)",
        "taskID": "task.id",
        "taskName": "COALESCE(NULLIF(task.name, ''), flow.name)",
    },
    _wrap_line,
    order="row.at, row.id",
)
