"""A mapping applied to whole columns, with the same outcome as row by row."""

from collections.abc import Callable, Sequence
from typing import Any

from engine.bulk import Batch
from engine.errors import RecordError
from engine.schema import Column
from engine.sync.casts import cast_to
from engine.sync.mapping import Mapping, Rule
from engine.toolkit import arrow, arrow_columns
from engine.toolkit.arrow_types import Array


def refusal(mapping: Mapping) -> str:
    """Why a mapping cannot be applied to whole columns; "" when it can."""
    for rule in mapping.rules:
        if rule.is_conditional:
            return f"{rule.column.name} is there under a condition"
    return ""


def mapped(batch: Batch, columns: Sequence[Column], mapping: Mapping) -> Batch:
    """What the mapping makes of a batch with these columns. Raises RecordError when it refuses one of the values."""
    arrays = {column.name: array for column, array in zip(columns, batch.columns, strict=True)}
    if not mapping.rules:
        return arrow.batch_of([arrays[column.name] for column in mapping.columns], mapping.columns)
    return arrow.batch_of([_made(rule, arrays, batch.num_rows) for rule in mapping.rules], mapping.columns)


def _made(rule: Rule, arrays: dict[str, Array], count: int) -> Array:
    if rule.source is None:
        return arrow_columns.repeated(rule.value({}), count, rule.column)
    array = arrays[rule.source.name]
    try:
        if rule.is_deep:
            array = arrow_columns.converted(array, rule.source, rule.column, _part(rule, rule.source.name))
        elif rule.is_cast:
            array = arrow_columns.cast(array, rule.source, rule.column, cast_to(rule.column.type))
    except RecordError as error:
        raise RecordError(f"{rule.column.name}: {error.message}", code=error.code) from error
    return array if rule.default is None else arrow_columns.with_default(array, rule.column, rule.default)


def _part(rule: Rule, field: str) -> Callable[[Any], Any]:
    return lambda value: rule.value({field: value})
