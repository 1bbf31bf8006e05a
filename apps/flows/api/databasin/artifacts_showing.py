"""An artifact as Databasin's clients read it: a page processor, and what its track reads."""

from apps.connectors.api.databasin.subtypes import subtype_of
from apps.connectors.models import Category
from apps.dialects.lists import Values
from apps.flows.api.databasin import artifacts_ingestion as ingestion
from apps.flows.api.databasin import artifacts_places as places

UNREAD: Values = {
    "source": {},
    "columns": [],
    "type": "all",
    "cursor": {},
    "connection": None,
    "connector": "",
    "category": "",
    "database": "",
}
"""In place of a generator, where a track has none."""


def items(steps: list[Values]) -> list[Values]:
    """Of a flow's steps. Where several exports feed an import, the first is shown."""
    reads: dict[int, Values] = {}
    for step in steps:
        if step["role"] == "generator":
            reads.setdefault(step["track"], step)
    return [
        _item(reads.get(step["track"], UNREAD), step)
        for step in steps
        if step["role"] == "processor" and step["target"] is not None
    ]


def artifact(item: Values) -> Values:
    """The same as the vendor's client shows it before it removes it."""
    mode = "upsert" if item["mergeColumns"] else "append"
    mode = "overwrite" if item["ingestionType"] in ingestion.WHOLE else mode
    if "sourceQuery" in item:
        type_, config = "query", {"query": item["sourceQuery"]}
    elif "sourceFileName" in item:
        type_, config = "file", {"filePath": item["sourceFileName"], "format": item.get("sourceFileFormat", "")}
    else:
        type_, config = "table", {"tableName": item["sourceTableName"], "schema": item["sourceSchemaName"]}
    return {"id": str(item["artifactID"]), "type": type_, "config": config | {"mode": mode}}


def _item(read: Values, write: Values) -> Values:
    source = read["source"]
    is_files = read["category"] == Category.FILE_STORE
    kept = {key: value for key, value in write["document"].items() if key != "ingestionType"}
    return {
        "artifactType": subtype_of(read["connector"]).category.id,
        **kept,
        "artifactID": write["id"],
        "sourceConnectionID": read["connection"],
        **(_files(source) if is_files else places.shown(source, "source", read["connector"], read["database"])),
        **({"sourceQuery": source["query"]} if source.get("query") else {}),
        "targetConnectionID": write["connection"],
        **places.shown(write["target"], "target", write["connector"], write["database"]),
        **ingestion.shown({**read, "mode": write["mode"], "key": write["key"], "document": write["document"]}),
    }


def _files(source: Values) -> Values:
    format_ = source.get("format", {})
    named = {"sourceFileFormat": format_.get("type"), "sourceFileDelimiter": format_.get("delimiter")}
    return {
        "sourceDatabaseName": "",
        "sourceSchemaName": "",
        "sourceTableName": "",
        "sourceFileName": "/".join(filter(None, (source.get("schema"), source.get("table")))),
        **{key: value for key, value in named.items() if value},
    }


STEPS = """
    SELECT jsonb_agg(jsonb_build_object('id', step.id, 'role', step.role, 'track', step.track,
      'document', step.document, 'source', export.source, 'columns', export.columns, 'type', export.type,
      'cursor', export.cursor, 'target', destination.target, 'mode', destination.mode, 'key', destination.key,
      'connection', connection.id, 'connector', connector.name, 'category', connector.category,
      'database', COALESCE(connection.settings->>'database', '')) ORDER BY step.role, step.index)
    FROM flows_flowstep step
    LEFT JOIN flows_export export ON export.id = step.export_id
    LEFT JOIN flows_import destination ON destination.id = step.destination_id
    JOIN connections_connection connection
      ON connection.id = COALESCE(export.connection_id, destination.connection_id)
    JOIN connectors_connector connector ON connector.id = connection.connector_id
    WHERE step.flow_id = row.id
"""
