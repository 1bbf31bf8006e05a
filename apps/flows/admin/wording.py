"""What exports, imports and flows are, in a few words."""

from typing import Any

from apps.flows.models import Export, Import

LONGEST_QUERY = 80
MODES = {
    Import.Mode.APPEND: "adds to",
    Import.Mode.UPSERT: "adds to or changes",
    Import.Mode.REPLACE: "replaces",
}


def table_text(place: dict[str, Any]) -> str:
    return ".".join(str(place[part]) for part in ("catalog", "schema", "table") if place.get(part))


def source_text(source: dict[str, Any]) -> str:
    if query := source.get("query"):
        text = " ".join(str(query).split())
        return text if len(text) <= LONGEST_QUERY else f"{text[:LONGEST_QUERY]}…"
    return table_text(source)


def reading(export: Export) -> str:
    """What an export does, as a line under its name."""
    what = "a query" if export.source.get("query") else table_text(export.source)
    return f"what changed in {what}" if export.type == Export.Type.DELTA else what


def writing(import_: Import) -> str:
    return f"{MODES[Import.Mode(import_.mode)]} {table_text(import_.target)}"
