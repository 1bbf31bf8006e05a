"""The read side."""

from collections.abc import Mapping
from typing import Any

from apps.connections.models import Connection
from apps.errors import Invalid
from apps.flows.models import Export
from apps.flows.services import resources, rules

FIELDS = (
    "connection",
    "name",
    "description",
    "type",
    "source",
    "columns",
    "key",
    "cursor",
    "filter",
    "page_size",
    "limit",
    "document",
)
MAX_PAGE_SIZE = 100_000
MODIFIED = "_modified"
"""The column that a reading of files with `provenance` adds: when the file was last written."""


def create_export(*, organization_id: int, project_id: int | None, values: Mapping[str, Any]) -> Export:
    """`values` by the model's field names; `connection` is a Connection of the same organisation. Raises Invalid."""
    export = Export(organization_id=organization_id, project_id=project_id)
    return resources.store(export, FIELDS, values, _problems, complete=_complete)


def new_export(*, organization_id: int, project_id: int | None, values: Mapping[str, Any]) -> Export:
    """The same, not saved yet."""
    export = Export(organization_id=organization_id, project_id=project_id)
    return resources.fill(export, FIELDS, values, _problems, complete=_complete)


def change_export(*, export: Export, values: Mapping[str, Any]) -> Export:
    """Changes the fields that are given."""
    return resources.store(export, FIELDS, values, _problems, complete=_complete)


def remove_export(*, export: Export) -> None:
    """Raises Conflict while a flow uses it."""
    resources.remove(export)


def clone_export(*, export: Export, name: str = "", connections: Mapping[str, Connection] | None = None) -> Export:
    """A copy under another name; `connections` (by the old one's uid) takes its place where it is given."""
    values = resources.copied(export, FIELDS, name=name, connections=connections)
    return create_export(organization_id=export.organization_id, project_id=export.project_id, values=values)


def _problems(export: Export) -> list[Invalid]:
    is_over_files = rules.is_over_files(export)
    problems = rules.common_problems(export)
    problems += (_file_problems if is_over_files else _table_problems)(export)
    if not 1 <= export.page_size <= MAX_PAGE_SIZE:
        problems.append(Invalid(f"A page has 1 to {MAX_PAGE_SIZE} records.", field="page_size"))
    if export.type == Export.Type.TEST and not 1 <= (export.limit or 1) <= 100:
        problems.append(Invalid("A test export reads 1 to 100 records.", field="limit"))
    return problems


def _table_problems(export: Export) -> list[Invalid]:
    problems = rules.table_problems(export, export.source, field="source")
    if (export.type == Export.Type.DELTA or export.cursor) and not export.cursor.get("column"):
        text = "A delta export needs the column that says when a record changed."
        problems.append(Invalid(text, code="missing_required_field", field="cursor"))
    return problems


def _file_problems(export: Export) -> list[Invalid]:
    problems = rules.file_problems(export, export.source, field="source")
    if export.source.get("query"):
        problems.append(Invalid("Files cannot be queried: name one, or a pattern.", field="source"))
    if export.cursor.get("column", MODIFIED) != MODIFIED:
        text = f"What changed among files is told by {MODIFIED}, the moment at which each was last written."
        problems.append(Invalid(text, field="cursor"))
    return problems


def _complete(export: Export) -> None:
    """A delta of files goes by when they were written, which the reading must then tell."""
    if rules.is_over_files(export) and export.type == Export.Type.DELTA:
        export.cursor = {"column": MODIFIED, **export.cursor}
        export.source = {**export.source, "format": {**export.source.get("format", {}), "provenance": True}}
        if export.columns and MODIFIED not in export.columns:
            export.columns = [*export.columns, MODIFIED]
