"""A flow as Databasin's clients read it: a pipeline."""

from apps.connectors.api.databasin.subtypes import subtype_of
from apps.dialects.lists import Listing, Values, document
from apps.dialects.moments import moment
from apps.flows.api.databasin.artifacts_showing import STEPS, artifact, items
from apps.flows.api.databasin.statuses import STATUSES
from apps.jobs.models import Job

RUNS = f"job.kind = 'flow' AND job.subject_id = row.id AND job.origin <> '{Job.Origin.RETRY.value}'"
LATEST = f"""
    SELECT job.state, job.error_message, COALESCE(job.started_at, job.created_at) AS at FROM jobs_job job
    WHERE {RUNS} ORDER BY job.id DESC LIMIT 1
"""  # noqa: S608 (a constant of ours)
RUNNING = f"""
    SELECT EXISTS (SELECT FROM jobs_job job WHERE {RUNS} AND job.state IN ('running', 'cancelling'))
"""  # noqa: S608 (a constant of ours)
SOURCE = f"""flows_flow row
LEFT JOIN accounts_project project ON project.id = row.project_id
LEFT JOIN jobs_schedule schedule ON schedule.kind = 'flow' AND schedule.subject_id = row.id
LEFT JOIN LATERAL ({LATEST}) latest ON true"""
COLUMNS = {
    "id": "row.id",
    "name": "row.name",
    "description": "row.description",
    "is_enabled": "row.is_enabled",
    "details": document("row.details"),
    "institution": "row.organization_id",
    "project": "project.internal_id",
    "owner": "row.owner_id",
    "steps": document(STEPS),
    "cron": "schedule.cron",
    "interval": "schedule.interval",
    "timezone": "schedule.timezone",
    "paused": "schedule.paused_reason",
    "next": moment("schedule.next_at"),
    "is_running": f"({RUNNING})",
    "last": moment("latest.at"),
    "last_state": "latest.state",
    "last_error": "latest.error_message",
    "created": moment("row.created_at"),
    "updated": moment("row.updated_at"),
}


def summary(row: Values) -> Values:
    """One of a list."""
    steps = row["steps"] or []
    details = row["details"]
    return {
        "pipelineID": row["id"],
        "pipelineName": row["name"],
        "pipelineDescription": row["description"],
        "institutionID": row["institution"],
        "internalID": row["project"] or "",
        "ownerID": row["owner"] or 0,
        "isPrivate": details.get("isPrivate", 0),
        "enabled": row["is_enabled"],
        "isActive": int(row["is_enabled"]),
        "status": _state(row),
        **_connectors(steps, details),
        **_kept(steps, details),
        **_rhythm(row),
        "lastRunDate": row["last"],
        "lastRunStatus": STATUSES.get(row["last_state"]),
        "lastRunErrorMessage": row["last_error"] or None,
        "nextRunDate": row["next"] if row["is_enabled"] and not row["paused"] else None,
        "deleted": False,
        "createdDate": row["created"],
        "lastModifiedDate": row["updated"],
        "createdAt": row["created"],
        "updatedAt": row["updated"],
    }


def whole(row: Values) -> Values:
    """With its artifacts."""
    found = items(row["steps"] or [])
    return {**summary(row), "artifacts": [artifact(item) for item in found], "items": found}


def _state(row: Values) -> str:
    """What goes on now counts for more than whether it is switched on, and that for more than how it went last."""
    if row["is_running"]:
        return "running"
    if row["last_state"] == "queued":
        return "pending"
    if not row["is_enabled"]:
        return "inactive"
    return "error" if row["last_state"] == "failed" else "active"


def _connectors(steps: list[Values], details: Values) -> Values:
    """Those of the first artifact, or else those that were named."""
    found: Values = {}
    for side, role in (("source", "generator"), ("target", "processor")):
        step = next((step for step in steps if step["role"] == role), None)
        number = step["connection"] if step else details.get(f"{side}ConnectorID")
        found |= {f"{side}ConnectorID": number, f"{side}ConnectorId": number}
    return found


def _kept(steps: list[Values], details: Values) -> Values:
    sources = {step["connector"]: None for step in steps if step["role"] == "generator"}
    first = next(iter(items(steps)), {})
    return {
        "connectorTechnology": details.get("connectorTechnology", [subtype_of(name).technology for name in sources]),
        "ingestionPattern": details.get("ingestionPattern", "data warehouse"),
        "sourceNamingConvention": details.get("sourceNamingConvention", True),
        "createCatalogs": details.get("createCatalogs", False),
        "targetCatalogName": details.get("targetCatalogName", first.get("targetDatabaseName", "")),
        **{key: details.get(key, "") for key in ("targetSchemaName", "sourceCatalog", "sourceSchema")},
    }


def _rhythm(row: Values) -> Values:
    job = {"tags": [], "jobClusterSize": "", "emailNotifications": [], "jobTimeout": "", "jobRunTimeZone": "UTC"}
    job |= row["details"].get("jobDetails", {}) | {
        "jobRunSchedule": row["cron"] or None,
        "intervalMinutes": row["interval"] and row["interval"] // 60,
    }
    if row["timezone"]:
        job["jobRunTimeZone"] = row["timezone"]
    return {"jobDetails": job, "configuration": {"schedule": row["cron"]} if row["cron"] else {}}


SUMMARIES = Listing(SOURCE, COLUMNS, summary)
WHOLE = Listing(SOURCE, COLUMNS, whole)
