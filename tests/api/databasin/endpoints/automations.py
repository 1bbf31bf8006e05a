"""Databasin's endpoints: automations and their tasks."""

from tests.api.endpoint import Endpoint

AUTOMATION = {
    "_comment": "as the templates have it",
    "automationName": "Daily ETL",
    "institutionID": "{organization_id}",
    "internalID": "{internal_id}",
    "isActive": 1,
    "isPrivate": 0,
    "jobDetails": {"jobRunSchedule": "0 2 * * *", "jobRunTimeZone": "Europe/Berlin", "tags": ["etl"]},
    "automationTask": [{"taskType": "pipeline", "taskName": "Load", "jobID": "{flow_id}", "automationOrderNumber": 1}],
}
NAMED = {"automationID": "{automation_id}", "institutionID": "{organization_id}", "internalID": ""}

ENDPOINTS: list[Endpoint] = [
    Endpoint("GET", "/api/automations", 200),
    Endpoint("POST", "/api/automations", 200, "write", AUTOMATION),
    Endpoint("POST", "/api/automations/run", 200, "run", NAMED),
    Endpoint("POST", "/api/automations/stop", 200, "run", NAMED),
    Endpoint("GET", "/api/automations/logs?automationID={automation_id}&currentRunID=0", 200),
    Endpoint("GET", "/api/automations/history/{automation_id}", 200),
    Endpoint("GET", "/api/automations/tasks/logs?automationTaskID={task_id}&currentRunID=0", 200),
    Endpoint("GET", "/api/automations/tasks/history/{task_id}", 200),
    Endpoint("GET", "/api/automations/{automation_id}", 200),
    Endpoint("PUT", "/api/automations/{automation_id}", 200, "write", AUTOMATION),
    Endpoint("DELETE", "/api/automations/{automation_id}", 200, "write"),
]
