"""Databasin's endpoints: pipelines and artifacts."""

from typing import Any

from tests.api.endpoint import Endpoint

ITEM: dict[str, Any] = {
    "sourceConnectionID": "{connection_id}",
    "targetConnectionID": "{connection_id}",
    "sourceSchemaName": "public",
    "sourceTableName": "orders",
    "targetTableName": "copies",
    "ingestionType": "full",
    "sourceColumnNames": None,
    "columns": None,
}
PIPELINE: dict[str, Any] = {
    "_comment": "Fill in.",
    "pipelineName": "Another",
    "institutionID": "{organization_id}",
    "internalID": "{internal_id}",
    "ownerID": "{user_id}",
    "items": [ITEM],
}
RUN = {"pipelineID": "{flow_id}", "institutionID": "{organization_id}", "internalID": "", "runType": "manual"}

ENDPOINTS: list[Endpoint] = [
    Endpoint("GET", "/api/pipeline?internalID=", 200),
    Endpoint("POST", "/api/pipeline", 200, "write", PIPELINE),
    Endpoint("GET", "/api/pipeline/v2/{flow_id}", 200),
    Endpoint("PUT", "/api/pipeline/{flow_id}", 200, "write", {"pipelineName": "Another", "items": []}),
    Endpoint("DELETE", "/api/pipeline/{flow_id}", 200, "write"),
    Endpoint("POST", "/api/pipeline/run", 200, "run", RUN),
    Endpoint("GET", "/api/pipeline/history/{flow_id}", 200),
    Endpoint("POST", "/api/pipeline/{flow_id}/artifacts", 200, "write", ITEM),
    Endpoint("DELETE", "/api/pipeline/{flow_id}/artifacts/{artifact_id}", 200, "write"),
    Endpoint("GET", "/api/artifacts/logs?artifactID={artifact_id}&currentRunID=0", 200),
    Endpoint("GET", "/api/artifacts/history/{artifact_id}", 200),
]
