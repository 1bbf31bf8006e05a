"""JSON lines, and JSON lists that fit into memory. What is nested stays JSON."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import orjson

from engine.contract import Unreadable
from engine.drivers.files import decoding
from engine.drivers.files.blocks import Block, Unit, behind
from engine.drivers.files.limits import MIB, Limits
from engine.drivers.files.options import Options
from engine.errors import ConfigError, RecordError
from engine.schema import Column, Kind, Row, Type
from engine.toolkit import arrow

BLOCK_RECORDS = 5_000
SHOWN = 1_000
"""Characters of a line that is no record."""

Found = Row | Unreadable


class JsonFormat:
    def __init__(self, options: Options, limits: Limits) -> None:
        self._options = options
        self._limits = limits

    def columns(self, unit: Unit) -> tuple[Column, ...]:
        """The fields of the first records, in the order in which they are first met."""
        values: dict[str, set[type]] = {}
        records = (record for records in self._groups(unit) for record in records)
        for record in islice(records, self._limits.sample):
            for name, value in record.items() if isinstance(record, dict) else ():
                values.setdefault(name, set()).add(type(value))
            if len(values) > self._limits.columns:
                text = f"{unit.path!r} has more than {self._limits.columns:,} fields."
                raise ConfigError(text, code="too_many_columns")
        return tuple(Column(name, type_of(types)) for name, types in values.items())

    def blocks(self, unit: Unit, wanted: Sequence[Column], known: Collection[str], skip: int) -> Iterator[Block]:
        names = frozenset(known)
        return behind((self._block(found, wanted, names) for found in self._groups(unit)), skip)

    def _block(self, found: Sequence[Found], wanted: Sequence[Column], known: frozenset[str]) -> Block:
        if self._options.fields == "refuse":
            found = [
                one if isinstance(one, Unreadable) or one.keys() <= known else _unknown(one, known) for one in found
            ]
        rows = [one for one in found if not isinstance(one, Unreadable)]
        try:
            batch = arrow.batch(rows, wanted)
        except RecordError:
            found = [_judged(one, wanted) for one in found]
            batch = arrow.batch([one for one in found if not isinstance(one, Unreadable)], wanted)
        return Block(batch, {place: one for place, one in enumerate(found) if isinstance(one, Unreadable)})

    def _groups(self, unit: Unit) -> Iterator[list[Found]]:
        """The records, as many at a time as are one block."""
        pieces = decoding.utf8(unit.chunks(), self._options.encoding, unit.path)
        head = next(pieces, b"")
        pieces = chain([head], pieces)
        if self._options.type == "json" and head.lstrip().startswith(b"["):
            records = iter(self._list(pieces, unit))
            while some := list(islice(records, BLOCK_RECORDS)):
                yield [self._checked(record) for record in some]
            return
        for lines in _lines(decoding.short_lines(pieces, self._limits, unit.path)):
            yield [self._parsed(line) for line in lines]

    def _list(self, pieces: Iterator[bytes], unit: Unit) -> list[Any]:
        content = bytearray()
        for piece in pieces:
            content += piece
            if len(content) > self._limits.json_list:
                most = self._limits.json_list // MIB
                text = f"{unit.path!r} is a list of more than {most} MiB: JSON lines may be longer."
                raise ConfigError(text, code="file_too_large")
        try:
            found: list[Any] = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            text = f"{unit.path!r} is no JSON, from line {error.lineno:,} on."
            raise ConfigError(text, code="invalid_json") from None
        return found

    def _parsed(self, line: bytes) -> Found:
        try:
            return self._checked(orjson.loads(line))
        except orjson.JSONDecodeError:
            record = {"line": line[:SHOWN].decode(errors="replace")}
            return Unreadable("malformed_row", "The line is no JSON.", record)

    def _checked(self, record: Any) -> Found:
        if not isinstance(record, dict):
            return Unreadable("malformed_row", "A record must be a JSON object.", {"value": record})
        for value in record.values():
            if isinstance(value, dict | list) and is_deeper(value, self._limits.depth - 1):
                text = f"The record is nested deeper than {self._limits.depth} levels."
                return Unreadable("too_deep", text, {})
        return record


def type_of(types: Collection[type]) -> Type:
    """The type of a field whose values are of these Python types."""
    types = set(types) - {type(None)}
    if types & {dict, list}:
        return Type(Kind.JSON)
    if types == {bool}:
        return Type(Kind.BOOLEAN)
    if types == {int}:
        return Type(Kind.INTEGER, size=64)
    if types and types <= {int, float}:
        return Type(Kind.FLOAT, size=64)
    return Type(Kind.TEXT)


def is_deeper(value: Any, levels: int) -> bool:
    """Whether a dict or list holds others more than so many levels deep, itself the first."""
    reached = [value]
    for _ in range(levels):
        members = (one.values() if isinstance(one, dict) else one for one in reached)
        reached = [one for some in members for one in some if isinstance(one, dict | list)]
        if not reached:
            return False
    return True


def _unknown(record: Mapping[str, Any], known: frozenset[str]) -> Unreadable:
    name = next(name for name in record if name not in known)
    text = f"The field {name!r} is not among those of the first records."
    return Unreadable("unknown_field", text, dict(record))


def _judged(found: Found, wanted: Sequence[Column]) -> Found:
    if isinstance(found, Unreadable):
        return found
    try:
        arrow.batch([found], wanted)
    except RecordError as error:
        return Unreadable(error.code, error.message, found)
    return found


def _lines(pieces: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Lines that are not empty, not more of them at a time than a block may have."""
    rest = b""
    for piece in chain(pieces, [b"\n"]):
        *lines, rest = (rest + piece).split(b"\n")
        filled = [line for line in lines if line.strip()]
        for start in range(0, len(filled), BLOCK_RECORDS):
            yield filled[start : start + BLOCK_RECORDS]
