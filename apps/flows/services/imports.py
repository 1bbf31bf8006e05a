"""The write side."""

import re
from collections.abc import Mapping
from typing import Any

from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.errors import Invalid
from apps.flows.models import Import
from apps.flows.services import resources, rules

FIELDS = (
    "connection",
    "name",
    "description",
    "target",
    "mode",
    "key",
    "mapping",
    "filter",
    "allow_empty",
    "document",
)
PATTERN = re.compile(r"[*?\[\]]")


def create_import(*, organization_id: int, project_id: int | None, values: Mapping[str, Any]) -> Import:
    """`values` by the model's field names; `connection` is a Connection of the same organisation. Raises Invalid."""
    return resources.store(Import(organization_id=organization_id, project_id=project_id), FIELDS, values, _problems)


def new_import(*, organization_id: int, project_id: int | None, values: Mapping[str, Any]) -> Import:
    """The same, not saved yet."""
    return resources.fill(Import(organization_id=organization_id, project_id=project_id), FIELDS, values, _problems)


def change_import(*, import_: Import, values: Mapping[str, Any]) -> Import:
    """Changes the fields that are given."""
    return resources.store(import_, FIELDS, values, _problems)


def remove_import(*, import_: Import) -> None:
    """Raises Conflict while a flow uses it."""
    resources.remove(import_)


def clone_import(*, import_: Import, name: str = "", connections: Mapping[str, Connection] | None = None) -> Import:
    """A copy under another name; `connections` (by the old one's uid) takes its place where it is given."""
    values = resources.copied(import_, FIELDS, name=name, connections=connections)
    return create_import(organization_id=import_.organization_id, project_id=import_.project_id, values=values)


def _problems(import_: Import) -> list[Invalid]:
    is_over_files = rules.is_over_files(import_)
    problems = rules.common_problems(import_)
    problems += (_file_problems if is_over_files else _table_problems)(import_)
    problems += rules.mapping_problems(import_.mapping)
    return problems + _connector_problems(import_)


def _connector_problems(import_: Import) -> list[Invalid]:
    if import_.connection_id is None:
        return []
    connector = import_.connection.connector
    if "writes" in connectors.capabilities(connector):
        return []
    return [Invalid(f"{connector.label} can be read and not written.", code="cannot_write", field="connection")]


def _table_problems(import_: Import) -> list[Invalid]:
    problems = rules.table_problems(import_, import_.target, field="target")
    if import_.mode == Import.Mode.UPSERT and not import_.key:
        text = "An upsert needs the key that tells whether a record is there already."
        problems.append(Invalid(text, code="missing_required_field", field="key"))
    return problems


def _file_problems(import_: Import) -> list[Invalid]:
    problems = rules.file_problems(import_, import_.target, field="target")
    if import_.mode == Import.Mode.UPSERT:
        text = "A file cannot be upserted: replace it, or append another file."
        problems.append(Invalid(text, field="mode"))
    if PATTERN.search(str(import_.target.get("table", ""))):
        problems.append(Invalid("An import writes one file: name it without *, ? and brackets.", field="target"))
    return problems
