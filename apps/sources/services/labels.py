"""What jobs and schedules about a source connection are found by."""

from typing import Any

from apps.sources.models import SourceConnection


def labels(source_connection: SourceConnection) -> dict[str, Any]:
    return {"source_connection": source_connection.uid, "collection": source_connection.collection.uid}
