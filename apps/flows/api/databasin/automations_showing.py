"""An automation as Databasin's clients read it."""

from apps.dialects.lists import Listing, Values, document
from apps.dialects.moments import moment
from apps.flows.api.databasin.statuses import NEVER_RAN, STATUSES

TASKS = """
    SELECT jsonb_agg(jsonb_build_object('automationTaskID', task.id, 'taskType', 'pipeline',
      'taskName', COALESCE(NULLIF(task.name, ''), flow.name), 'jobID', task.flow_id,
      'automationOrderNumber', task.index + 1, 'isActive', task.is_enabled) ORDER BY task.index)
    FROM flows_automationtask task JOIN flows_flow flow ON flow.id = task.flow_id WHERE task.automation_id = row.id
"""
RUNS = """
    SELECT EXISTS (SELECT 1 FROM jobs_job WHERE kind = 'automation' AND subject_id = row.id
      AND state IN ('running', 'cancelling'))
"""
LAST = """
    SELECT state, error_message, COALESCE(started_at, created_at) AS at FROM jobs_job
    WHERE kind = 'automation' AND subject_id = row.id ORDER BY id DESC LIMIT 1
"""
SOURCE = f"""flows_automation row
LEFT JOIN accounts_project project ON project.id = row.project_id
LEFT JOIN jobs_schedule schedule ON schedule.kind = 'automation' AND schedule.subject_id = row.id
LEFT JOIN LATERAL ({LAST}) last ON true"""


def _wrap(row: Values) -> Values:
    kept, tasks = row["document"], row["tasks"] or []
    is_due = row["is_enabled"] and not row["paused"]
    cron, zone = row["cron"] or "", row["timezone"] or kept.get("jobRunTimeZone", "UTC")
    return {
        "automationID": row["id"],
        "automationName": row["name"],
        "institutionID": row["institution"],
        "internalID": row["project"] or "",
        "ownerID": row["owner"] or 0,
        "isActive": row["is_enabled"],
        "isPrivate": kept.get("isPrivate", False),
        "jobRunSchedule": cron,
        "jobRunTimeZone": zone,
        "intervalMinutes": row["interval"] and row["interval"] // 60,
        **{key: kept.get(key, "") for key in ("jobName", "jobClusterSize", "jobTimeout")},
        "jobTags": kept.get("jobTags", []),
        "auditEnabled": kept.get("auditEnabled", False),
        "auditInformation": kept.get("auditInformation", {}),
        "pipelineId": str(tasks[0]["jobID"]) if tasks else None,
        "automationTasks": [task["taskType"] for task in tasks],
        "automationTask": tasks,
        "jobDetails": {
            "jobRunSchedule": cron or None,
            "jobRunTimeZone": zone,
            "jobClusterSize": kept.get("jobClusterSize", ""),
            "jobTimeout": kept.get("jobTimeout", ""),
            "tags": kept.get("jobTags", []),
            "emailNotifications": kept.get("emailNotifications", []),
        },
        "currentlyRunning": row["is_running"] or row["last_state"] == "queued",
        "lastRunStatus": "Running" if row["is_running"] else STATUSES.get(row["last_state"], NEVER_RAN),
        "lastRunErrorMessage": row["last_error"] or None,
        "lastRun": row["last"],
        "nextRun": row["next"] if is_due else None,
        "createdAt": row["created"],
        "updatedAt": row["updated"],
        "lastUpdatedDateTime": row["updated"],
    }


LISTING = Listing(
    SOURCE,
    {
        "id": "row.id",
        "name": "row.name",
        "is_enabled": "row.is_enabled",
        "document": document("row.document"),
        "institution": "row.organization_id",
        "project": "project.internal_id",
        "owner": "row.owner_id",
        "tasks": document(TASKS),
        "cron": "schedule.cron",
        "interval": "schedule.interval",
        "timezone": "schedule.timezone",
        "paused": "schedule.paused_reason",
        "next": moment("schedule.next_at"),
        "is_running": f"({RUNS})",
        "last": moment("last.at"),
        "last_state": "last.state",
        "last_error": "last.error_message",
        "created": moment("row.created_at"),
        "updated": moment("row.updated_at"),
    },
    _wrap,
)
