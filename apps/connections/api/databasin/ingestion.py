"""How a table is best copied, in Databasin's words, from what is known of its key and columns."""

import re

from apps.connections.queries.metadata import Row

CHANGED_AT = re.compile(r"(updat|modif|chang|edited|last_?(seen|touched)|mtime|sys_?start|row_?version)", re.IGNORECASE)
MOMENTS = {"timestamp", "timestamptz"}


def advice(table: Row) -> Row:
    """For a table with its columns. `delta` where rows have a key and tell when they changed, `historical` (all rows,
    told apart by their key) where they have a key alone, `snapshot` (all rows, as they stand) where they have none."""
    key = [column["name"] for column in table["columns"] if column["key"]]
    changed_at = next((column["name"] for column in table["columns"] if _tells_of_changes(column)), None)
    type_, reason = _judged(key, changed_at)
    watermark = changed_at if type_ == "delta" else None
    return {
        "sourceTableName": table["name"],
        "sourceSchemaName": table["schema"],
        "ingestionType": type_,
        "mergeColumns": key,
        "watermarkColumnName": watermark,
        "table": table["name"],
        "recommendedType": type_,
        "primaryKeys": key,
        "timestampColumn": watermark,
        "reason": reason,
    }


def _judged(key: list[str], changed_at: str | None) -> tuple[str, str]:
    if not key:
        return "snapshot", "Without a primary key nothing tells which row has changed."
    if changed_at is None:
        return "historical", "There is a primary key, but no column that tells when a row changed."
    return "delta", f"{changed_at} tells when a row changed, and the primary key which row it was."


def _tells_of_changes(column: Row) -> bool:
    return column["type"] in MOMENTS and bool(CHANGED_AT.search(column["name"]))
