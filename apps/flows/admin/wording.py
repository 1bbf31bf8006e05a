"""What exports, imports and flows are, in a few words."""

from typing import Any

from apps.flows.models import Export, Import

LONGEST_QUERY = 80
MODES = {
    Import.Mode.APPEND: "adds to",
    Import.Mode.UPSERT: "adds to or changes",
    Import.Mode.REPLACE: "replaces",
}


def source_text(export: Export) -> str:
    if query := export.source.get("query"):
        text = " ".join(str(query).split())
        return text if len(text) <= LONGEST_QUERY else f"{text[:LONGEST_QUERY]}…"
    return _place_text(export, export.source)


def target_text(import_: Import) -> str:
    return _place_text(import_, import_.target)


def format_text(place: dict[str, Any]) -> list[str]:
    """What was said of a file, one option a line."""
    return [f"{name}: {value}" for name, value in place.get("format", {}).items()]


def reading(export: Export) -> str:
    """What an export does, as a line under its name."""
    what = "a query" if export.source.get("query") else source_text(export)
    return f"what changed in {what}" if export.type == Export.Type.DELTA else what


def writing(import_: Import) -> str:
    return f"{MODES[Import.Mode(import_.mode)]} {target_text(import_)}"


def _place_text(row: Export | Import, place: dict[str, Any]) -> str:
    """A table as `schema.table`, a file as `folder/file`."""
    mark = "/" if row.connection.connector.is_file_store else "."
    return mark.join(str(place[part]) for part in ("catalog", "schema", "table") if place.get(part))
