"""The filters of a search, as the condition that its statements carry."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.sources.queries.search.asking import Condition, Warned
from apps.sources.queries.search.comparisons import Unfit, on_column, on_text
from apps.sources.queries.search.filters import Filter
from apps.sources.queries.search.streams import Searched

RECORD_FIELDS = {"title": "record.title", "id": "'rec_' || record.id"}
"""Metadata that each record has of its own; what is the same for all of a stream is in `Searched.about`."""
METADATA, COLUMN = "metadata.", "fields."
"""Before a field's name they say which of two is meant that have the same name."""


def condition(filters: Sequence[Filter], streams: Sequence[Searched]) -> tuple[Condition, list[Warned]]:
    """Raises Invalid for a value that no stream's column could have."""
    parameters = _Parameters()
    warnings: list[Warned] = []
    parts = []
    for told in filters:
        choices = _choices(told, streams, parameters)
        if not choices:
            text = (
                f"No stream of this collection has a field {told.field[:100]!r}, so nothing matches the filter on it."
            )
            warnings.append(Warned("unknown_field", text))
        parts.append(f"AND ({' OR '.join(choices) or 'false'})")
    return Condition(" ".join(parts), parameters.values), warnings


class _Parameters:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def bind(self, value: Any) -> str:
        name = f"filter_{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"


def _choices(told: Filter, streams: Sequence[Searched], parameters: _Parameters) -> list[str]:
    """What may hold: one condition for the streams of each way in which the field is to be understood."""
    ways: dict[_Way, list[int]] = {}
    for stream in streams:
        if way := _way(told.field, stream):
            ways.setdefault(way, []).append(stream.id)
    choices, unfit = [], []
    for way, ids in ways.items():
        try:
            sql = _sql(told, way, parameters)
        except Unfit as error:
            unfit.append(str(error))
            continue
        choices.append(f"(record.stream_id = ANY({parameters.bind(ids)}::bigint[]) AND {sql})")
    if unfit and not choices:
        raise told.refusal(f"The field {told.field[:100]!r} {unfit[0]}.")
    return choices


@dataclass(frozen=True, slots=True)
class _Way:
    """How a field is to be understood: as the column `name` of a `kind`, as an `expression`, or as a `constant`."""

    name: str = ""
    kind: str = ""
    expression: str = ""
    constant: str | None = None


def _way(field: str, stream: Searched) -> _Way | None:
    """A column comes before metadata of the same name. None where the stream has nothing of the name."""
    if field in stream.columns:
        return _Way(name=field, kind=stream.columns[field])
    if (column := field.removeprefix(COLUMN)) != field:
        return _Way(name=column, kind=stream.columns[column]) if column in stream.columns else None
    name = field.removeprefix(METADATA)
    if name in RECORD_FIELDS:
        return _Way(expression=RECORD_FIELDS[name])
    return _Way(constant=stream.about[name]) if name in stream.about else None


def _sql(told: Filter, way: _Way, parameters: _Parameters) -> str:
    if way.name:
        return on_column(replace(told, field=way.name), way.kind, parameters.bind)
    expression = parameters.bind(way.constant) if way.constant is not None else way.expression
    return on_text(told, expression, parameters.bind)
