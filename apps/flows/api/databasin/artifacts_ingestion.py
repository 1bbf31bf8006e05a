"""How an artifact is copied: `ingestionType` and the columns that it goes by, in the words of exports and imports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.dialects.databasin import numbers
from apps.dialects.lists import Values
from apps.errors import Invalid
from apps.flows.api.databasin.values import line
from apps.flows.models import Export, Import

WHOLE = ("full", "historical", "snapshot")
CHANGES = ("delta", "cdc")
APPEND = "append"
TYPES = (*WHOLE, *CHANGES, APPEND)
DAY = 86_400
MOST_DAYS = 36_500
MOST_COLUMNS, LONGEST_COLUMN = 2_000, 255


@dataclass(frozen=True, slots=True)
class Ingestion:
    """Fields of an export and of an import."""

    export: Values
    destination: Values


def read(said: Mapping[str, Any]) -> Ingestion:
    """The whole of a table replaces what is there, changes are merged by `mergeColumns`, and without those appended.
    Without `watermarkColumnName` all rows count as changes. Raises Invalid."""
    type_ = line(said.get("ingestionType", WHOLE[0]), "ingestionType").lower()
    if type_ not in TYPES:
        text = f"ingestionType {type_!r} is not supported; these are: {', '.join(TYPES)}."
        raise Invalid(text, code="unsupported_ingestion", field="ingestionType")
    key, watermark = names(said.get("mergeColumns"), "mergeColumns"), _watermark(said)
    columns = names(said.get("sourceColumnNames"), "sourceColumnNames")
    if type_ in CHANGES and not key and not watermark:
        text = f"ingestionType {type_} needs mergeColumns, watermarkColumnName or both."
        raise Invalid(text, code="missing_required_field", field="watermarkColumnName")
    if type_ in WHOLE:
        mode, watermark = Import.Mode.REPLACE, ""
    else:
        mode = Import.Mode.UPSERT if key and type_ in CHANGES else Import.Mode.APPEND
    cursor = {"column": watermark, **_overlap(said)} if watermark else {}
    export = {"type": Export.Type.DELTA if watermark else Export.Type.ALL, "columns": columns, "cursor": cursor}
    # the copy of a table without rows is one without rows
    return Ingestion(export, {"mode": mode, "key": key, "allow_empty": mode == Import.Mode.REPLACE})


def shown(row: Values) -> Values:
    """What `read` understands, of an export's and an import's fields; `said` is the client's word for it."""
    cursor = row["cursor"]
    overlap = cursor.get("overlap") or 0
    return {
        "ingestionType": _type(row),
        "mergeColumns": row["key"],
        "watermarkColumnName": [cursor["column"]] if row["type"] == Export.Type.DELTA else [],
        "backloadNumDays": round(overlap / DAY),
        "sourceColumnNames": row["columns"] or None,
    }


def names(value: object, key: str) -> list[str]:
    """Of columns: a list, or texts with commas between them; nothing and "*" for all. Raises Invalid."""
    if value in (None, "", "*", ["*"]):
        return []
    found = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(found, list) or len(found) > MOST_COLUMNS or not all(map(_is_name, found)):
        raise Invalid(f"{key} must be a list of at most {MOST_COLUMNS:,} names of columns.", field=key)
    return found


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= LONGEST_COLUMN


def _watermark(said: Mapping[str, Any]) -> str:
    columns = names(said.get("watermarkColumnName"), "watermarkColumnName")
    if len(columns) > 1:
        raise Invalid("More than one watermarkColumnName is not supported.", field="watermarkColumnName")
    return columns[0] if columns else ""


def _overlap(said: Mapping[str, Any]) -> Values:
    """The days before the last run's end that are read again; left to the engine where none are named."""
    days = numbers.number(said.get("backloadNumDays", 0), "backloadNumDays")
    if days > MOST_DAYS:
        raise Invalid(f"backloadNumDays must be at most {MOST_DAYS:,}.", field="backloadNumDays")
    return {"overlap": days * DAY} if days else {}


def _type(row: Values) -> str:
    """The client's own word while it still means what is stored."""
    if row["mode"] == Import.Mode.REPLACE:
        words: tuple[str, ...] = WHOLE
    elif row["mode"] == Import.Mode.UPSERT or row["type"] == Export.Type.DELTA:
        words = CHANGES
    else:
        words = (APPEND,)
    said = row["document"].get("ingestionType")
    return said if said in words or (said == APPEND and row["mode"] == Import.Mode.APPEND) else words[0]
