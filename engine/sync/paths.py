"""Reading a value out of a record by a path: `$.customer.name`, `$.lines[0]['unit price']`, or `customer.name`."""

import re
from collections.abc import Callable
from typing import Any

import orjson

from engine.errors import ConfigError, RecordError
from engine.schema import RawJson, Row

SEGMENT = re.compile(r"""\.?([^.\[\]'"]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]""")


def parse(path: str) -> tuple[str | int, ...]:
    """The path's segments, names and indexes. Raises ConfigError when it is none."""
    rest = path.removeprefix("$")
    segments: list[str | int] = []
    place = 0
    while place < len(rest):
        match = SEGMENT.match(rest, place)
        if match is None:
            raise ConfigError(f"{path!r} is not a path that is understood here", code="invalid_path")
        name, index, single, double = match.groups()
        segments.append(
            int(index) if index is not None else next(part for part in (name, single, double) if part is not None)
        )
        place = match.end()
    if not segments or not isinstance(segments[0], str):
        raise ConfigError(f"{path!r} does not begin with a field", code="invalid_path")
    return tuple(segments)


def getter(segments: tuple[str | int, ...]) -> Callable[[Row], Any]:
    """A function that reads the value; what is not there is None. It raises RecordError for JSON that is none."""
    first, *rest = segments
    if not rest:
        return lambda row: row.get(first)  # type: ignore[arg-type]

    def get(row: Row) -> Any:
        value = row.get(first)  # type: ignore[arg-type]
        if isinstance(value, RawJson):
            value = _decoded(first, value)
        for segment in rest:
            if isinstance(value, dict):
                value = value.get(segment)
            elif isinstance(value, list) and isinstance(segment, int):
                value = value[segment] if segment < len(value) else None
            else:
                return None
        return value

    return get


def _decoded(field: str | int, text: RawJson) -> Any:
    try:
        return orjson.loads(str(text))  # which takes no subclass of str
    except orjson.JSONDecodeError as error:  # a lone surrogate, which some databases let pass
        raise RecordError(f"{field}: the value is not JSON", code="invalid_value") from error
