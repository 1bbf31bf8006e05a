"""From one portable type to another, value by value, in the value model of `engine.schema`."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson

from engine.errors import ConfigError, RecordError
from engine.schema import Kind, RawJson, Type

Cast = Callable[[Any], Any]
SPELLING = re.compile(r"^\s*([a-z]+)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*$")
NAMES = {
    "string": Kind.TEXT,
    "varchar": Kind.TEXT,
    "text": Kind.TEXT,
    "number": Kind.DECIMAL,
    "numeric": Kind.DECIMAL,
    "decimal": Kind.DECIMAL,
    "integer": Kind.INTEGER,
    "bigint": Kind.INTEGER,
    "float": Kind.FLOAT,
    "double": Kind.FLOAT,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "timestamp": Kind.TIMESTAMP,
    "timestamptz": Kind.TIMESTAMPTZ,
    "uuid": Kind.UUID,
    "json": Kind.JSON,
    "object": Kind.JSON,
    "stringarray": Kind.JSON,
    "numberarray": Kind.JSON,
    "booleanarray": Kind.JSON,
    "objectarray": Kind.JSON,
    "arrayarray": Kind.JSON,
}
TRUE = {"true", "t", "yes", "y", "on", "1"}
FALSE = {"false", "f", "no", "n", "off", "0"}


def parse_type(spelling: str) -> Type:
    """`decimal(10,2)`, `varchar(20)`, `timestamptz` … as a Type. Raises ConfigError for any other word."""
    match = SPELLING.match(spelling.lower())
    kind = NAMES.get(match[1]) if match else None
    if match is None or kind is None:
        raise ConfigError(f"{spelling!r} is not a type. Types: {', '.join(sorted(NAMES))}.", code="unknown_type")
    first, second = (int(part) if part else None for part in match.group(2, 3))
    if kind == Kind.TEXT:
        return Type(kind, size=first)
    if kind in {Kind.INTEGER, Kind.FLOAT}:
        return Type(kind, size=64)
    return Type(kind, precision=first, scale=second)


def keeps(source: Type, target: Type) -> bool:
    """Whether a value of `source` already is one of `target`, so that no cast is needed."""
    if target.size is not None and target.kind == Kind.TEXT and target.size != source.size:
        return False
    if target.kind == Kind.DECIMAL and target.precision is None:
        return source.kind in {Kind.DECIMAL, Kind.INTEGER, Kind.FLOAT}
    if target.kind == Kind.JSON:
        return source.kind in {Kind.JSON, Kind.ARRAY}
    if target.kind == Kind.DECIMAL:
        return source.kind == target.kind and (source.precision, source.scale) == (target.precision, target.scale)
    return source.kind == target.kind


def cast_to(target: Type) -> Cast:
    """A function that casts one value; None stays None. It raises RecordError for what does not fit."""
    return CASTS[target.kind](target)


def _refuse(value: Any, what: str) -> RecordError:
    shown = repr(value)
    return RecordError(f"{shown if len(shown) <= 80 else shown[:77] + '…'} is not {what}", code="invalid_value")


def _text(target: Type) -> Cast:
    def cast(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, dict | list):
            value = orjson.dumps(value).decode()
        elif isinstance(value, bytes):
            value = value.hex()
        text = str(value)
        if target.size is not None and len(text) > target.size:
            raise RecordError(f"The text has {len(text)} characters, {target.size} are allowed", code="value_too_long")
        return text

    return cast


def _integer(_target: Type) -> Cast:
    def cast(value: Any) -> Any:
        if value is None or type(value) is int:
            return value
        try:
            number = Decimal(str(value).strip()) if not isinstance(value, bool) else Decimal(value)
            if number == number.to_integral_value():
                return int(number)
        except (InvalidOperation, OverflowError, ValueError):
            pass
        raise _refuse(value, "a whole number")

    return cast


def _float(_target: Type) -> Cast:
    def cast(value: Any) -> Any:
        if value is None or type(value) is float:
            return value
        try:
            return float(value)
        except (TypeError, ValueError) as error:
            raise _refuse(value, "a number") from error

    return cast


def _decimal(target: Type) -> Cast:
    step = None if target.scale is None else Decimal(1).scaleb(-target.scale)

    def cast(value: Any) -> Any:
        if value is None:
            return None
        try:
            number = Decimal(str(value).strip()) if not isinstance(value, bool) else Decimal(value)
            if not number.is_finite():
                return str(number)
            if step is not None:
                number = number.quantize(step)
        except InvalidOperation as error:
            raise _refuse(value, "a number") from error
        if target.precision is not None and number.adjusted() + 1 > target.precision - (target.scale or 0):
            raise RecordError(f"{number} has more than {target.precision} digits", code="out_of_range")
        return f"{number:f}"

    return cast


def _boolean(_target: Type) -> Cast:
    def cast(value: Any) -> Any:
        if value is None or type(value) is bool:
            return value
        word = str(value).strip().lower()
        if word in TRUE:
            return True
        if word in FALSE:
            return False
        raise _refuse(value, "true or false")

    return cast


def _moment(parse: Callable[[str], Any], what: str) -> Callable[[Type], Cast]:
    def make(_target: Type) -> Cast:
        def cast(value: Any) -> Any:
            if value is None:
                return None
            try:
                return parse(str(value).strip())
            except ValueError as error:
                raise _refuse(value, what) from error

        return cast

    return make


def _timestamp(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=None).isoformat(" ")


def _timestamptz(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else datetime.fromisoformat(f"{text}+00:00")).isoformat(" ")


def _date(text: str) -> str:
    return (datetime.fromisoformat(text).date() if len(text) > 10 else date.fromisoformat(text)).isoformat()


def _json(_target: Type) -> Cast:
    def cast(value: Any) -> Any:
        if value is None or isinstance(value, dict | list | RawJson):
            return value
        if isinstance(value, str):
            try:
                orjson.loads(value)
            except orjson.JSONDecodeError as error:
                raise _refuse(value, "JSON") from error
            return RawJson(value)
        return value

    return cast


CASTS: dict[Kind, Callable[[Type], Cast]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.FLOAT: _float,
    Kind.DECIMAL: _decimal,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _moment(_date, "a date"),
    Kind.TIME: _moment(lambda text: time.fromisoformat(text).isoformat(), "a time"),
    Kind.TIMESTAMP: _moment(_timestamp, "a moment"),
    Kind.TIMESTAMPTZ: _moment(_timestamptz, "a moment"),
    Kind.UUID: _moment(lambda text: str(UUID(text)), "a UUID"),
    Kind.JSON: _json,
}
