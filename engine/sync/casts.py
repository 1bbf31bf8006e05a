"""From one portable type to another, value by value, in the value model of `engine.schema`."""

import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
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
MOST_PRECISION = 1_000
MOST_DIGITS = 131_072
"""On either side of the point, as in PostgreSQL: a few characters of text may ask for more than memory holds."""
ROUNDING = Context(prec=2 * MOST_DIGITS, rounding=ROUND_HALF_UP)


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
    if kind == Kind.DECIMAL and first is not None:
        if not (second or 0) <= first <= MOST_PRECISION:
            raise ConfigError(f"{spelling!r}: a decimal has at most {MOST_PRECISION} digits.", code="unknown_type")
        return Type(kind, precision=first, scale=second or 0)
    return Type(kind, precision=first)


def keeps(source: Type, target: Type) -> bool:
    """Whether a value of `source` already is one of `target`, so that no cast is needed."""
    if target.size is not None and target.kind == Kind.TEXT and target.size != source.size:
        return False
    if target.kind == Kind.DECIMAL and target.precision is None:
        return source.kind in {Kind.DECIMAL, Kind.INTEGER, Kind.FLOAT}
    if target.kind == Kind.JSON:
        return source.kind in {Kind.JSON, Kind.ARRAY}
    if source.kind != target.kind:
        return False
    if target.kind == Kind.DECIMAL:
        return (source.precision, source.scale) == (target.precision, target.scale)
    return target.precision in {None, source.precision}


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


def _number(value: Any) -> Decimal:
    """Raises ValueError for what is no number."""
    text = str(int(value) if isinstance(value, bool) else value).strip()
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if "_" in text or number.is_snan() or not -MOST_DIGITS < number.adjusted() < MOST_DIGITS:
        raise ValueError(text)
    return number


def _integer(_target: Type) -> Cast:
    def cast(value: Any) -> Any:
        if value is None or type(value) is int:
            return value
        try:
            number = _number(value)
            if number.is_finite() and number == number.to_integral_value():
                return int(number)
        except ValueError:
            pass
        raise _refuse(value, "a whole number")

    return cast


def _float(_target: Type) -> Cast:
    def cast(value: Any) -> Any:
        if value is None or type(value) is float:
            return value
        try:
            number = _number(value)
        except ValueError as error:
            raise _refuse(value, "a number") from error
        if number.is_finite() and number.adjusted() > sys.float_info.max_10_exp:
            raise RecordError("The number is larger than a float can hold", code="out_of_range")
        return float(number)

    return cast


def _decimal(target: Type) -> Cast:
    step = None if target.scale is None else Decimal(1).scaleb(-target.scale)

    def cast(value: Any) -> Any:
        if value is None:
            return None
        try:
            number = _number(value)
        except ValueError as error:
            raise _refuse(value, "a number") from error
        if not number.is_finite():
            return "NaN" if number.is_nan() else str(number)
        if step is not None:
            number = number.quantize(step, context=ROUNDING)
        if target.precision is not None and number.adjusted() + 1 > target.precision - (target.scale or 0):
            raise RecordError(f"The number has more than {target.precision} digits", code="out_of_range")
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
            except (ValueError, OverflowError) as error:
                raise _refuse(value, what) from error

        return cast

    return make


def _timestamp(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=None).isoformat(" ")


def _timestamptz(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat(" ")


def _date(text: str) -> str:
    return (datetime.fromisoformat(text).date() if len(text) > 10 else date.fromisoformat(text)).isoformat()


def _time(text: str) -> str:
    return time.fromisoformat(text).replace(tzinfo=None).isoformat()


def _json(_target: Type) -> Cast:
    def cast(value: Any) -> Any:
        if isinstance(value, bytes):
            raise _refuse(value, "JSON")
        if not isinstance(value, str) or isinstance(value, RawJson):
            return value
        try:
            orjson.loads(str(value))
        except orjson.JSONDecodeError as error:
            raise _refuse(value, "JSON") from error
        return RawJson(value)

    return cast


CASTS: dict[Kind, Callable[[Type], Cast]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.FLOAT: _float,
    Kind.DECIMAL: _decimal,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _moment(_date, "a date"),
    Kind.TIME: _moment(_time, "a time"),
    Kind.TIMESTAMP: _moment(_timestamp, "a moment"),
    Kind.TIMESTAMPTZ: _moment(_timestamptz, "a moment"),
    Kind.UUID: _moment(lambda text: str(UUID(text)), "a UUID"),
    Kind.JSON: _json,
}
