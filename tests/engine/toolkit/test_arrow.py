"""What a batch means: from and to the value model, and from the types of files."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import RecordError
from engine.schema import Column, Kind, RawJson, Type
from engine.toolkit import arrow
from engine.toolkit.arrow_types import loose_type, portable, strict_type, type_of


def column(kind: Kind, **rest: Any) -> Column:
    return Column("x", Type(kind, **rest))


def one(array: pa.Array) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([array], ["x"])


def text_of(array: pa.Array, kind: Kind) -> list[Any]:
    return arrow.texts(one(array), [column(kind)]).column(0).to_pylist()


MOMENT = datetime.fromisoformat("2024-02-29 23:59:59.5")
EXACT = [
    (Kind.BOOLEAN, {}, True),
    (Kind.INTEGER, {"size": 64}, -(2**63)),
    (Kind.FLOAT, {"size": 64}, 0.1),
    (Kind.BINARY, {}, b"\x00\xff"),
    (Kind.TEXT, {}, "a\0\n表😀"),
    (Kind.TEXT, {}, ""),
    (Kind.DECIMAL, {"precision": 10, "scale": 2}, "12.50"),
    (Kind.DECIMAL, {"precision": 20, "scale": 10}, "0.0000000001"),
    (Kind.DECIMAL, {"precision": 60, "scale": 2}, "1234567890123456789012345678901234567890.25"),
    (Kind.DECIMAL, {}, "12.50"),
    (Kind.DECIMAL, {}, "NaN"),
    (Kind.DATE, {}, "2024-02-29"),
    (Kind.DATE, {}, "0001-01-01"),
    (Kind.TIME, {}, "23:59:59.5"),
    (Kind.TIME, {}, "00:00:00"),
    (Kind.TIMESTAMP, {}, "2024-02-29 23:59:59.5"),
    (Kind.TIMESTAMP, {"precision": 0}, "2024-02-29 10:00:00"),
    (Kind.TIMESTAMP, {"precision": 9}, "2024-02-29 23:59:59.000000001"),
    (Kind.TIMESTAMPTZ, {}, "2024-02-29 23:59:59.5+00:00"),
    (Kind.UUID, {}, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    (Kind.INTERVAL, {}, "P1Y"),
    (Kind.JSON, {}, RawJson('{"a": 1.10}')),
    (Kind.ARRAY, {}, RawJson("[1, null]")),
]


@pytest.mark.parametrize(("kind", "rest", "value"), EXACT)
def test_values_come_back_as_they_were(kind, rest, value):
    columns = [column(kind, **rest)]
    rows = [{"x": value}, {"x": None}]
    loose = arrow.batch(rows, columns)
    assert loose.schema.types == [loose_type(columns[0].type)]
    assert arrow.rows(loose, columns) == rows
    assert type(arrow.rows(loose, columns)[0]["x"]) is type(value)


@pytest.mark.parametrize(("kind", "rest", "value"), [one for one in EXACT if one[0] is not Kind.DECIMAL or one[1]])
def test_values_survive_strict_types(kind, rest, value):
    columns = [column(kind, **rest)]
    rows = [{"x": value}, {"x": None}]
    strict = arrow.typed(arrow.batch(rows, columns), columns)
    assert strict.schema.types == [strict_type(columns[0].type)]
    assert arrow.rows(strict, columns) == rows


@pytest.mark.parametrize(
    ("array", "kind", "text"),
    [
        (pa.array([date(2024, 2, 29)]), Kind.DATE, "2024-02-29"),
        (pa.array([time(23, 59, 10)], pa.time32("s")), Kind.TIME, "23:59:10"),
        (pa.array([time(23, 59, 10)], pa.time32("ms")), Kind.TIME, "23:59:10"),
        (pa.array([time(23, 59, 59, 500_000)], pa.time64("ns")), Kind.TIME, "23:59:59.5"),
        (pa.array([datetime.fromisoformat("2024-02-29")], pa.timestamp("s")), Kind.TIMESTAMP, "2024-02-29 00:00:00"),
        (pa.array([MOMENT], pa.timestamp("ms")), Kind.TIMESTAMP, "2024-02-29 23:59:59.5"),
        (pa.array([MOMENT], pa.timestamp("ns")), Kind.TIMESTAMP, "2024-02-29 23:59:59.5"),
        (pa.array([MOMENT], pa.timestamp("us", "UTC")), Kind.TIMESTAMPTZ, "2024-02-29 23:59:59.5+00:00"),
        (pa.array([Decimal("1.50")]), Kind.DECIMAL, "1.50"),
        (pa.array([Decimal("-0.00000000012")]), Kind.DECIMAL, "-0.00000000012"),
    ],
)
def test_writes_typed_values_as_the_value_model_does(array, kind, text):
    with_null = pa.concat_arrays([array, pa.nulls(1, array.type)])
    assert text_of(with_null, kind) == [text, None]


@pytest.mark.parametrize(
    ("array", "type_", "values"),
    [
        (pa.array([1, None], pa.int8()), Type(Kind.INTEGER, size=16), [1, None]),
        (pa.array([2**32 - 1], pa.uint32()), Type(Kind.INTEGER, size=64), [2**32 - 1]),
        (pa.array([2**64 - 1], pa.uint64()), Type(Kind.DECIMAL, precision=20, scale=0), [str(2**64 - 1)]),
        (pa.array([0.5], pa.float32()), Type(Kind.FLOAT, size=32), [0.5]),
        (pa.array(["a", None, "a"]).dictionary_encode(), Type(Kind.TEXT), ["a", None, "a"]),
        (pa.array(["a"], pa.large_string()), Type(Kind.TEXT), ["a"]),
        (pa.array(["a"], pa.string_view()), Type(Kind.TEXT), ["a"]),
        (pa.array([b"ab"], pa.binary(2)), Type(Kind.BINARY, size=2), [b"ab"]),
        (pa.array([None, None]), Type(Kind.TEXT), [None, None]),
        (pa.array([date(2024, 2, 29)], pa.date64()), Type(Kind.DATE), ["2024-02-29"]),
        (
            pa.array([0], pa.timestamp("s", "+05:00")),
            Type(Kind.TIMESTAMPTZ, precision=0),
            ["1970-01-01 00:00:00+00:00"],
        ),
        (pa.array([timedelta(seconds=90.5), None]), Type(Kind.INTERVAL), ["PT90.5S", None]),
        (pa.array([[1, None], None]), Type(Kind.JSON), ["[1,null]", None]),
        (pa.array([{"a": Decimal("1.10"), "b": b"\x01"}]), Type(Kind.JSON), ['{"a":"1.10","b":"01"}']),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), Type(Kind.JSON), ['{"k":1}']),
        (pa.array([Decimal("1.5")], pa.decimal32(5, 2)), Type(Kind.DECIMAL, precision=5, scale=2), ["1.50"]),
        (pa.array([Decimal(1200)], pa.decimal128(4, -2)), Type(Kind.DECIMAL, precision=6, scale=0), ["1200"]),
    ],
)
def test_makes_what_files_hold_portable(array, type_, values):
    assert type_of(array.type) == type_
    columns = [Column("x", type_)]
    assert [row["x"] for row in arrow.rows(one(portable(array)), columns)] == values


def test_knows_the_extensions_for_uuids_and_json():
    known = uuid.uuid4()
    array = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([known.bytes, None], pa.binary(16)))
    assert type_of(array.type) == Type(Kind.UUID)
    assert portable(array).to_pylist() == [str(known), None]
    array = pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a":1}']))
    assert type_of(array.type) == Type(Kind.JSON)
    assert portable(array).to_pylist() == ['{"a":1}']


def test_a_moment_without_an_offset_is_one_in_utc():
    columns = [column(Kind.TIMESTAMPTZ)]
    batch = arrow.typed(one(pa.array(["2024-02-29 10:00:00"])), columns)
    assert batch.column(0).to_pylist() == [datetime(2024, 2, 29, 10, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.TEXT, True, "true"),
        (Kind.TEXT, 1.5, "1.5"),
        (Kind.TEXT, b"\x01", "01"),
        (Kind.TEXT, {"a": [1]}, '{"a":[1]}'),
        (Kind.JSON, "x", '"x"'),
        (Kind.JSON, {"a": RawJson("1.10")}, '{"a":1.10}'),
        (Kind.FLOAT, 3, 3.0),
    ],
)
def test_takes_values_of_other_python_types(kind, value, text):
    assert arrow.batch([{"x": value}, {"x": None}, {}], [column(kind)]).column(0).to_pylist() == [text, None, None]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.INTEGER, "seven"),
        (Kind.INTEGER, 1.5),
        (Kind.INTEGER, 2**63),
        (Kind.FLOAT, "x"),
        (Kind.BOOLEAN, "true"),
        (Kind.BINARY, "text"),
        (Kind.TEXT, "\ud800"),
        (Kind.JSON, {"a": object}),
    ],
)
def test_refuses_a_value_that_does_not_fit(kind, value):
    with pytest.raises(RecordError) as caught:
        arrow.batch([{"x": value}], [column(kind)])
    assert caught.value.code == "invalid_value"


@pytest.mark.parametrize(
    ("kind", "rest", "value"),
    [
        (Kind.DECIMAL, {"precision": 4, "scale": 1}, "12.55"),
        (Kind.DECIMAL, {"precision": 4, "scale": 1}, "NaN"),
        (Kind.TIMESTAMP, {}, "infinity"),
        (Kind.DATE, {}, "0000-00-00"),
        (Kind.TIME, {}, "25:00:00"),
    ],
)
def test_refuses_a_text_that_has_no_strict_type(kind, rest, value):
    columns = [column(kind, **rest)]
    with pytest.raises(RecordError) as caught:
        arrow.typed(arrow.batch([{"x": value}], columns), columns)
    assert caught.value.code == "invalid_value"
