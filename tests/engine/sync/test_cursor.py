import pytest

from engine.errors import ConfigError
from engine.schema import Kind, Type
from engine.sync.cursor import earlier


@pytest.mark.parametrize(
    ("kind", "value", "overlap", "expected"),
    [
        (Kind.TIMESTAMPTZ, "2024-03-01 00:04:59.5+00:00", None, "2024-02-29 23:59:59.500000+00:00"),
        (Kind.TIMESTAMP, "2024-03-01 00:00:00", None, "2024-02-29 23:55:00"),
        (Kind.TIMESTAMP, "2024-03-01 00:00:00", 60, "2024-02-29 23:59:00"),
        (Kind.TIMESTAMP, "2024-03-01 00:00:00.123456", 0, "2024-03-01 00:00:00.123456"),
        (Kind.DATE, "2024-03-01", None, "2024-03-01"),
        (Kind.DATE, "2024-03-01", 3600, "2024-02-29"),
        (Kind.DATE, "2024-03-01", 2 * 86_400, "2024-02-28"),
        (Kind.INTEGER, 100, None, 100),
        (Kind.INTEGER, 100, 7, 93),
        (Kind.INTEGER, 100, 0.5, 99),
        (Kind.DECIMAL, "100.25", 0.1, "100.15"),
        (Kind.FLOAT, 2.5, 1, 1.5),
        (Kind.TEXT, "b", 5, "b"),
        (Kind.TIMESTAMP, None, 60, None),
    ],
)
def test_a_bound_is_taken_back_in_its_own_unit(kind, value, overlap, expected):
    assert earlier(value, Type(kind), overlap) == expected


@pytest.mark.parametrize(
    ("kind", "value"), [(Kind.TIMESTAMP, "infinity"), (Kind.TIMESTAMP, "0044-03-15 BC"), (Kind.DATE, "0001-01-01")]
)
def test_a_value_that_nothing_can_be_taken_from_is_named(kind, value):
    with pytest.raises(ConfigError) as caught:
        earlier(value, Type(kind), 60)
    assert caught.value.code == "invalid_cursor"
    assert value in caught.value.message
