"""Types of texts, found from a sample and never against what is written: 007 stays a text."""

from collections.abc import Sequence
from typing import Any

from engine.bulk import Batch
from engine.contract import Unreadable
from engine.drivers.files.blocks import Block
from engine.schema import Column, Kind, Type
from engine.toolkit.arrow_types import Array
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")
pc: Any = Deferred("pyarrow.compute")

DATE = r"\d{4}-\d{2}-\d{2}"
MOMENT = DATE + r"[ T]\d{2}:\d{2}:\d{2}(\.\d{1,9})?"
SPELLINGS: dict[Kind, str] = {
    Kind.BOOLEAN: r"^(true|false|True|False|TRUE|FALSE)$",
    Kind.INTEGER: r"^(0|-?[1-9]\d{0,17})$",
    Kind.DECIMAL: r"^-?(0|[1-9]\d{0,30})(\.\d{1,30})?$",
    Kind.DATE: f"^{DATE}$",
    Kind.TIMESTAMP: f"^{MOMENT}$",
    Kind.TIMESTAMPTZ: f"^{MOMENT}(Z|[+-]\\d{{2}}:\\d{{2}})$",
}
"""In the order in which they are tried."""
TYPES = {
    Kind.INTEGER: Type(Kind.INTEGER, size=64),
    Kind.TIMESTAMP: Type(Kind.TIMESTAMP, precision=6),
    Kind.TIMESTAMPTZ: Type(Kind.TIMESTAMPTZ, precision=6),
}


def columns(sample: Batch) -> tuple[Column, ...]:
    """The columns of a batch of texts, each of the first kind that all of its values are spelled as."""
    return tuple(Column(name, _type(array)) for name, array in zip(sample.schema.names, sample.columns, strict=True))


def _type(array: Array) -> Type:
    values = array.drop_null()
    if len(values):
        for kind, spelling in SPELLINGS.items():
            if pc.all(pc.match_substring_regex(values, spelling)).as_py():
                return TYPES.get(kind, Type(kind))
    return Type(Kind.TEXT)


def converted(block: Block, columns: Sequence[Column]) -> Block:
    """A block of texts in the types of the columns; rows with a value that is spelled otherwise become unreadable."""
    batch, unreadable = block.batch, block.unreadable
    fits = [_fits(array, column) for array, column in zip(batch.columns, columns, strict=True)]
    all_fit = fits[0]
    for one in fits[1:]:
        all_fit = pc.and_(all_fit, one)
    if not pc.all(all_fit).as_py():
        unreadable = _with_misfits(block, columns, fits, all_fit)
        batch = batch.filter(all_fit)
    arrays = [_converted(array, column) for array, column in zip(batch.columns, columns, strict=True)]
    return Block(pa.RecordBatch.from_arrays(arrays, batch.schema.names), unreadable)


def _fits(array: Array, column: Column) -> Array:
    spelling = SPELLINGS.get(column.type.kind)
    if spelling is None:
        return pa.array([True]).take(pa.array([0] * len(array), pa.int8()))
    return pc.fill_null(pc.match_substring_regex(array, spelling), True)  # noqa: FBT003


def _with_misfits(
    block: Block, columns: Sequence[Column], fits: Sequence[Array], all_fit: Array
) -> dict[int, Unreadable]:
    places = [place for place in range(block.count) if place not in block.unreadable]
    found = dict(block.unreadable)
    for index in pc.indices_nonzero(pc.invert(all_fit)).to_pylist():
        column = next(column for column, one in zip(columns, fits, strict=True) if not one[index].as_py())
        message = f"The value of {column.name!r} is not a valid {column.type.kind}, as those of the first rows are."
        [record] = block.batch.slice(index, 1).to_pylist()
        found[places[index]] = Unreadable("invalid_value", message, record)
    return dict(sorted(found.items()))


def _converted(array: Array, column: Column) -> Array:
    kind = column.type.kind
    if kind is Kind.BOOLEAN:
        return pc.equal(pc.utf8_lower(array), "true")
    if kind is Kind.INTEGER:
        return array.cast(pa.int64())
    if kind in {Kind.TIMESTAMP, Kind.TIMESTAMPTZ}:
        array = pc.replace_substring(array, "T", " ")
    return pc.replace_substring(array, "Z", "+00:00") if kind is Kind.TIMESTAMPTZ else array
