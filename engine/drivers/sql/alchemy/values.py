"""What the clients of further databases give, as portable values and back: by the kind of the column and the class of
the value, since one client gives a text where another gives an object."""

import datetime
import decimal
import re
import uuid
from typing import Any

import orjson

from engine.drivers.sql.reading import Convert
from engine.schema import Column, Kind, RawJson

UTC = datetime.UTC
MIDNIGHT = " 00:00:00"
WRITTEN = re.compile(r"(\d{4,}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)")


class PortableValues:
    """`Values` of a reading."""

    def converter(self, column: Column) -> Convert | None:
        convert: Convert = CONVERTERS.get(column.type.kind, text)
        return convert

    def parameter(self, column: Column, value: Any) -> Any:
        parse = PARSERS.get(column.type.kind)
        return parse(value) if parse and isinstance(value, str) else value

    def place(self, column: Column, value: Any) -> Any:
        if value is None:
            return None
        convert = self.converter(column)
        found = convert(value) if convert else value
        return found.hex() if isinstance(found, bytes) else found

    def from_place(self, column: Column, place: Any) -> Any:
        return bytes.fromhex(place) if column.type.kind is Kind.BINARY else self.parameter(column, place)


class TextualMoments(PortableValues):
    """Moments that are read as texts, in more digits than Python knows, and compared with by texts."""

    def parameter(self, column: Column, value: Any) -> Any:
        is_moment = column.type.kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
        return value if is_moment else super().parameter(column, value)


def boolean(value: Any) -> Any:
    return bool(value) if value in (0, 1) else value


def integer(value: Any) -> Any:
    return int(value) if isinstance(value, decimal.Decimal) and value == value.to_integral_value() else value


def floating(value: Any) -> Any:
    return float(value) if isinstance(value, decimal.Decimal | int) else value


def number(value: Any) -> Any:
    if isinstance(value, float):
        value = decimal.Decimal(repr(value))
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return str(value) if isinstance(value, int) else value


def text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return json(value) if isinstance(value, dict | list | tuple) else str(value)


def binary(value: Any) -> Any:
    return bytes(value) if isinstance(value, bytearray | memoryview) else value


def date(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        value = value.date()
    return value.isoformat() if isinstance(value, datetime.date) else value


def time(value: Any) -> Any:
    return _short(value.isoformat()) if isinstance(value, datetime.time) else value


def timestamp(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return _short(value.replace(tzinfo=None).isoformat(" "))
    if isinstance(value, datetime.date):
        return value.isoformat() + MIDNIGHT
    written = WRITTEN.match(value) if isinstance(value, str) else None
    return f"{written[1]} {_short(written[2])}" if written else value


def timestamptz(value: Any) -> Any:
    """In UTC: in which the session is, and texts are asked for."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    plain = timestamp(value)
    return f"{plain}+00:00" if isinstance(plain, str) else plain


def interval(value: Any) -> Any:
    """ISO 8601, as far as Python's durations go: days and seconds."""
    if not isinstance(value, datetime.timedelta):
        return text(value)
    sign, length = ("-", -value) if value < datetime.timedelta() else ("", value)
    seconds = _short(f"{length.seconds}.{length.microseconds:06}")
    return f"{sign}P{length.days}DT{seconds}S"


def identifier(value: Any) -> Any:
    return str(value).lower() if isinstance(value, str | uuid.UUID) else value


def json(value: Any) -> Any:
    """Text is JSON already: clients that parse it give what it holds."""
    return RawJson(value) if isinstance(value, str) else RawJson(_encoded(value))


def _encoded(value: Any) -> str:
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:  # an integer of more than 64 bits, a key that is a list
        return orjson.dumps(str(value)).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return number(value) if isinstance(value, decimal.Decimal) else str(value)


def _short(moment: str) -> str:
    """Without zeros at the end of a fraction."""
    return moment.rstrip("0").rstrip(".") if "." in moment else moment


CONVERTERS: dict[Kind, Convert] = {
    Kind.BOOLEAN: boolean,
    Kind.INTEGER: integer,
    Kind.FLOAT: floating,
    Kind.DECIMAL: number,
    Kind.BINARY: binary,
    Kind.DATE: date,
    Kind.TIME: time,
    Kind.TIMESTAMP: timestamp,
    Kind.TIMESTAMPTZ: timestamptz,
    Kind.INTERVAL: interval,
    Kind.UUID: identifier,
    Kind.JSON: json,
    Kind.ARRAY: json,
}
PARSERS: dict[Kind, Convert] = {
    Kind.INTEGER: int,
    Kind.DECIMAL: decimal.Decimal,
    Kind.DATE: datetime.date.fromisoformat,
    Kind.TIME: datetime.time.fromisoformat,
    Kind.TIMESTAMP: datetime.datetime.fromisoformat,
    Kind.TIMESTAMPTZ: datetime.datetime.fromisoformat,
    Kind.UUID: uuid.UUID,
}
