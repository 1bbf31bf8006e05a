"""What of a system lands in a collection, as callers say it: which tables and columns, by what they are followed.

`{"schemas": [name], "tables": [label], "columns": {label: {"include": [name], "exclude": [name]}}, "cursorField": name
or {label: name}, "overlapSeconds": number, "rowLimit": number, "titleColumn": name or {label: name}, "textColumns":
[name] or {label: [name]}, "format": {…}, "schedule": {"cron", "timezone"} or {"interval": seconds}, "continuous":
bool}`; every part may be left out. `format` is that of files, as their driver words it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.errors import Invalid
from engine.schema import Table

LONGEST_NAME = 1_000
MOST_NAMES = 10_000
LARGEST_LIMIT = 2**31 - 1
Problems = list[Invalid]


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What the config says of one stream."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    cursor: str = ""
    overlap: float | None = None
    limit: int | None = None
    title: str = ""
    text: tuple[str, ...] = ()


def label_of(table: Table, *, is_file: bool) -> str:
    """What callers name a table or a file. A name that has a dot is quoted, so that no two tables are named alike."""
    if is_file:
        return f"{table.schema}/{table.name}" if table.schema else table.name
    return ".".join(map(_quoted, filter(None, (table.catalog, table.schema, table.name))))


def settings_of(config: Mapping[str, Any], label: str) -> StreamSettings:
    columns = config.get("columns", {}).get(label, {})
    return StreamSettings(
        include=tuple(columns.get("include", ())),
        exclude=tuple(columns.get("exclude", ())),
        cursor=_of(config, "cursorField", label) or "",
        overlap=config.get("overlapSeconds"),
        limit=config.get("rowLimit"),
        title=_of(config, "titleColumn", label) or "",
        text=tuple(_of(config, "textColumns", label) or ()),
    )


def checked(config: object) -> dict[str, Any]:
    """The config without what says nothing. Raises Invalid with every problem of its form."""
    if not isinstance(config, Mapping):
        raise Invalid("The configuration must be an object.", field="config")
    problems: Problems = [
        Invalid(f"There is no setting {str(name)[:100]!r}.", code="unknown_field", field=str(name)[:100])
        for name in config
        if name not in CHECKS
    ]
    found = {}
    for name, check in CHECKS.items():
        value = config.get(name)
        if value is None:
            continue
        if complaint := check(value):
            problems.append(Invalid(f"{name} must be {complaint}.", field=name))
        elif value is not False and value not in ([], {}, ""):
            found[name] = value
    if problems:
        raise Invalid(" ".join(each.message for each in problems), field=problems[0].field, problems=problems)
    return found


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""')) if "." in name or '"' in name else name


def _of(config: Mapping[str, Any], name: str, label: str) -> Any:
    """A setting that holds for all streams, or for each by its label."""
    value = config.get(name)
    return value.get(label) if isinstance(value, Mapping) else value


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and "\0" not in value


def _names(value: object) -> str:
    is_list = isinstance(value, list) and len(value) <= MOST_NAMES and all(map(_is_name, value))
    return "" if is_list else "a list of names"


def _columns(value: object) -> str:
    expected = 'an object of tables, each with the lists "include" and "exclude"'
    if not isinstance(value, Mapping) or not all(map(_is_name, value)):
        return expected
    parts = [part for part in value.values() if isinstance(part, Mapping) and set(part) <= {"include", "exclude"}]
    is_whole = len(parts) == len(value) and not any(_names(names) for part in parts for names in part.values())
    return "" if is_whole else expected


def _each(check: Callable[[object], str]) -> Callable[[object], str]:
    """A value for all streams, or an object of one for each."""

    def check_each(value: object) -> str:
        values = list(value.values()) if isinstance(value, Mapping) else [value]
        complaint = next(filter(None, map(check, values)), "")
        return f"{complaint}, or an object of one for each table" if complaint else ""

    return check_each


def _name(value: object) -> str:
    return "" if value == "" or _is_name(value) else "a name"


def _limit(value: object) -> str:
    is_limit = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST_LIMIT
    return "" if is_limit else "a whole number from 1 on"


def _seconds(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST_LIMIT
    return "" if is_number else "a number from 0 on"


def _flag(value: object) -> str:
    return "" if isinstance(value, bool) else "true or false"


def _object(value: object) -> str:
    return "" if isinstance(value, Mapping) else "an object"


CHECKS: dict[str, Callable[[object], str]] = {
    "schemas": _names,
    "tables": _names,
    "columns": _columns,
    "cursorField": _each(_name),
    "overlapSeconds": _seconds,
    "rowLimit": _limit,
    "titleColumn": _each(_name),
    "textColumns": _each(_names),
    "format": _object,
    "schedule": _object,
    "continuous": _flag,
}
"""By setting, what its value must be; "" for one that is."""
