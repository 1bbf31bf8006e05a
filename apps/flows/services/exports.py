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


def create_export(*, organization_id: int, project_id: int | None, values: Mapping[str, Any]) -> Export:
    """`values` by the model's field names; `connection` is a Connection of the same organisation. Raises Invalid."""
    return resources.store(Export(organization_id=organization_id, project_id=project_id), FIELDS, values, _problems)


def change_export(*, export: Export, values: Mapping[str, Any]) -> Export:
    """Changes the fields that are given."""
    return resources.store(export, FIELDS, values, _problems)


def remove_export(*, export: Export) -> None:
    """Raises Conflict while a flow uses it."""
    resources.remove(export)


def clone_export(*, export: Export, name: str = "", connections: Mapping[str, Connection] | None = None) -> Export:
    """A copy under another name; `connections` (by the old one's uid) takes its place where it is given."""
    values = resources.copied(export, FIELDS, name=name, connections=connections)
    return create_export(organization_id=export.organization_id, project_id=export.project_id, values=values)


def _problems(export: Export) -> list[Invalid]:
    problems = rules.common_problems(export)
    if not (export.source.get("table") or export.source.get("query")):
        text = "An export from a database needs a query or a table."
        problems.append(Invalid(text, code="missing_required_field", field="source"))
    if export.type == Export.Type.DELTA and not export.cursor.get("column"):
        text = "A delta export needs the column that says when a record changed."
        problems.append(Invalid(text, code="missing_required_field", field="cursor"))
    if not 1 <= export.page_size <= MAX_PAGE_SIZE:
        problems.append(Invalid(f"A page has 1 to {MAX_PAGE_SIZE} records.", field="page_size"))
    if export.type == Export.Type.TEST and not 1 <= (export.limit or 1) <= 100:
        problems.append(Invalid("A test export reads 1 to 100 records.", field="limit"))
    return problems
