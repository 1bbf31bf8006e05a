"""Which of a system's tables and files a source connection reads."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.connectors import queries as connectors
from apps.connectors.models import Connector
from apps.errors import Invalid
from apps.sources.services.config import label_of
from engine.contract import Driver
from engine.errors import ConfigError
from engine.schema import Table

PATTERN = "*?["


def present(driver: Driver, connector: Connector, config: Mapping[str, Any]) -> dict[str, Table]:
    """All that can be read, by its label. Stores of files that list nothing have what the config names."""
    found = {label_of(table, is_file=connector.is_file_store): table for table in _listed(driver, config)}
    if connector.is_file_store:
        found = {label: table for label, table in found.items() if _is_understood(connector, table, config)}
    return found


def selected(config: Mapping[str, Any], found: Mapping[str, Table], *, is_file_store: bool) -> dict[str, Table]:
    """What the config picks of that, all where it picks nothing. Raises Invalid naming every table that is missing."""
    if not config.get("tables"):
        return {
            label: table for label, table in found.items() if _is_in(table, config.get("schemas", ()), is_file_store)
        }
    problems: list[Invalid] = []
    picked: dict[str, Table] = {}
    for wanted in config["tables"]:
        if is_file_store and any(mark in wanted for mark in PATTERN):
            picked[wanted] = file_of(wanted)
        elif match := _matching(wanted, found):
            picked[match] = found[match]
        else:
            text = f"There is no {'file' if is_file_store else 'table'} {wanted!r}."
            problems.append(Invalid(text, code="unknown_table", field="tables"))
    if problems:
        message = " ".join(problem.message for problem in problems)
        raise Invalid(message, code="unknown_table", field="tables", problems=problems)
    return picked


def file_of(label: str) -> Table:
    """The file or pattern that a label names; a pattern may go through folders."""
    if "**" in label:
        return Table(label)
    folder, _, name = label.rpartition("/")
    return Table(name, folder)


def _listed(driver: Driver, config: Mapping[str, Any]) -> Iterator[Table]:
    try:
        yield from driver.streams()
    except ConfigError as error:
        if error.code != "unsupported":
            raise
        yield from map(file_of, config.get("tables", ()))


def _is_understood(connector: Connector, table: Table, config: Mapping[str, Any]) -> bool:
    try:
        connectors.check_format(connector, table, config.get("format", {}), is_written=False)
    except ConfigError:
        return False
    return True


def _is_in(table: Table, schemas: Sequence[str], is_file_store: bool) -> bool:
    """Whether it lies in one of the schemas, or of the folders and whatever is below them."""
    if not schemas or table.schema in schemas:
        return True
    return is_file_store and any(table.schema.startswith(f"{folder.strip('/')}/") for folder in schemas)


def _matching(wanted: str, found: Mapping[str, Table]) -> str:
    """The label that is meant: the very one, or the only one of a table that is called so; "" for none."""
    if wanted in found:
        return wanted
    called = [label for label, table in found.items() if wanted in {table.name, str(table)}]
    return called[0] if len(called) == 1 else ""
