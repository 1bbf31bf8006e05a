"""What exports and imports must both satisfy, checked when they are stored."""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.connectors import queries as connectors
from apps.errors import Invalid
from apps.flows.models import Export, Import
from engine.errors import ConfigError
from engine.schema import Table
from engine.sync.filters import compile_filter
from engine.sync.mapping import check_rules


def assign(row: Export | Import, fields: Iterable[str], values: Mapping[str, Any]) -> None:
    """Sets what is given; nothing else than `fields` can be."""
    if unknown := set(values) - set(fields):
        raise Invalid(f"There is no field {sorted(unknown)[0]!r}.", field=sorted(unknown)[0])
    for name, value in values.items():
        setattr(row, name, value)


def common_problems(row: Export | Import) -> list[Invalid]:
    problems = []
    if not row.name:
        problems.append(Invalid("A name is needed.", code="missing_required_field", field="name"))
    if row.connection_id is None:
        problems.append(Invalid("A connection is needed.", code="missing_required_field", field="connection"))
    elif row.connection.organization_id != row.organization_id:
        problems.append(Invalid("There is no such connection.", code="invalid_ref", field="connection"))
    if not _is_list_of_names(row.key):
        problems.append(Invalid("A key is a list of column names.", field="key"))
    try:
        compile_filter(row.filter)
    except ConfigError as error:
        problems.append(Invalid(error.message, field="filter"))
    return problems


def is_over_files(row: Export | Import) -> bool:
    if row.connection_id is None:
        return False
    return row.connection.connector.is_file_store


def table_problems(row: Export | Import, place: Mapping[str, Any], *, field: str) -> list[Invalid]:
    """Of an export or an import over a database; `place` is its source or target, `field` which."""
    problems = []
    if not (place.get("table") or place.get("query")):
        needed = "An export from a database needs a query or a table."
        needed = needed if isinstance(row, Export) else "An import into a database needs a table."
        problems.append(Invalid(needed, code="missing_required_field", field=field))
    if place.get("format"):
        problems.append(Invalid("Only files have a format.", field="format"))
    return problems


def file_problems(row: Export | Import, place: Mapping[str, Any], *, field: str) -> list[Invalid]:
    """The same over a file store."""
    problems = [Invalid("Files have no key.", field="key")] if row.key else []
    if not place.get("table"):
        problems.append(Invalid("The name of a file is needed.", code="missing_required_field", field=field))
        return problems
    table = Table(place["table"], place.get("schema") or "")
    try:
        connectors.check_format(row.connection.connector, table, place.get("format", {}), is_written=field == "target")
    except ConfigError as error:
        blamed = "format" if error.code == "invalid_format" else field
        problems.append(Invalid(error.message, code=error.code, field=blamed))
    return problems


def mapping_problems(mapping: Any) -> list[Invalid]:
    if not isinstance(mapping, list) or not all(isinstance(rule, dict) for rule in mapping):
        return [Invalid("A mapping is a list of rules.", field="mapping")]
    try:
        check_rules(mapping)
    except ConfigError as error:
        return [Invalid(error.message, field="mapping")]
    return []


def raise_all(problems: list[Invalid]) -> None:
    """Raises one Invalid that holds them all; nothing for none."""
    if problems:
        first = problems[0]
        raise Invalid(first.message, code=first.code, field=first.field, problems=problems)


def _is_list_of_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and name for name in value)
