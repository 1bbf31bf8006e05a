import pytest

from engine.errors import ConfigError, RecordError
from engine.schema import Column, Kind, RawJson, Type
from engine.sync.mapping import check_rules, compile_mapping

COLUMNS = [
    Column("id", Type(Kind.INTEGER, size=32), nullable=False, native="integer", comment="the number"),
    Column("name", Type(Kind.TEXT, size=50), native="character varying(50)"),
    Column("price", Type(Kind.DECIMAL, precision=10, scale=2), native="numeric(10,2)"),
    Column("payload", Type(Kind.JSON), native="jsonb"),
]
RECORD = {"id": 7, "name": "Ada", "price": "12.50", "payload": RawJson('{"city": "London", "tags": ["a"]}')}


def test_no_rules_let_every_field_pass():
    mapping = compile_mapping([], COLUMNS)
    assert mapping.columns == tuple(COLUMNS)
    assert mapping.apply(RECORD) is RECORD
    assert mapping.projection == ("id", "name", "price", "payload")
    assert mapping.renamed(["id"]) == ("id",)


def test_renaming_keeps_the_type_as_its_database_spells_it():
    mapping = compile_mapping([{"generate": "number", "extract": "$.id"}], COLUMNS)
    [column] = mapping.columns
    assert column == Column(
        "number", Type(Kind.INTEGER, size=32), nullable=False, native="integer", comment="the number"
    )
    assert mapping.projection == ("id",)
    assert mapping.renamed(["id"]) == ("number",)
    assert mapping.apply(RECORD) == {"number": 7}


def test_a_key_that_is_not_carried_over_is_no_key():
    assert compile_mapping([{"generate": "name", "extract": "$.name"}], COLUMNS).renamed(["id"]) == ()


@pytest.mark.parametrize(
    ("rule", "value", "type_"),
    [
        ({"extract": "$.price", "dataType": "string"}, "12.50", Type(Kind.TEXT)),
        (
            {"extract": "$.price", "dataType": "string", "cast": "decimal(10,1)"},
            "12.5",
            Type(Kind.DECIMAL, None, 10, 1),
        ),
        ({"extract": "$.payload.city"}, "London", Type(Kind.TEXT)),
        ({"extract": "$.payload.tags", "dataType": "stringarray"}, ["a"], Type(Kind.JSON)),
        ({"extract": "$.payload.zip", "default": "none"}, "none", Type(Kind.TEXT)),
        ({"extract": "new", "dataType": "string"}, "new", Type(Kind.TEXT)),
        ({"extract": 5, "dataType": "number"}, "5", Type(Kind.DECIMAL)),
        ({"default": "1", "cast": "boolean"}, True, Type(Kind.BOOLEAN)),
    ],
)
def test_a_rule_makes_a_value_of_its_type(rule, value, type_):
    mapping = compile_mapping([{"generate": "it", **rule}], COLUMNS)
    assert mapping.apply(RECORD) == {"it": value}
    assert mapping.columns[0].type == type_
    assert mapping.projection is None


def test_a_default_stands_for_what_is_not_there_and_has_the_columns_type():
    mapping = compile_mapping([{"generate": "id", "extract": "$.id", "default": "0"}], COLUMNS)
    assert mapping.apply({"id": None}) == {"id": 0}
    assert mapping.apply({"id": ""}) == {"id": 0}
    assert mapping.apply({"id": 7}) == {"id": 7}
    assert mapping.columns[0].nullable is False


def test_a_conditional_field_is_left_out_when_there_is_nothing_to_extract():
    rule = {"generate": "name", "extract": "$.name", "conditional": {"when": "extract_not_empty"}}
    mapping = compile_mapping([rule], COLUMNS)
    assert [mapping.apply({"name": name}) for name in ("Ada", "", None)] == [{"name": "Ada"}, {}, {}]
    assert mapping.projection is None


def test_an_inactive_rule_does_nothing():
    rules = [{"generate": "a", "extract": "$.id"}, {"generate": "b", "extract": "$.nowhere[", "status": "Draft"}]
    check_rules(rules)
    assert compile_mapping(rules, COLUMNS).apply(RECORD) == {"a": 7}


def test_a_value_that_does_not_fit_names_its_field():
    mapping = compile_mapping([{"generate": "number", "extract": "$.name", "cast": "integer"}], COLUMNS)
    with pytest.raises(RecordError) as caught:
        mapping.apply(RECORD)
    assert (caught.value.code, caught.value.message) == ("invalid_value", "number: 'Ada' is not a whole number")


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([{"extract": "$.id"}], "invalid_mapping"),
        ([{"generate": "a", "extract": "$.id"}, {"generate": "a", "extract": "$.name"}], "invalid_mapping"),
        ([{"generate": "a", "extract": "$.id", "default": "none"}], "invalid_mapping"),
        ([{"generate": "a", "extract": "x", "cast": "integer"}], "invalid_mapping"),
        ([{"generate": "a", "extract": "{{name}}"}], "unsupported_mapping"),
        ([{"generate": "a", "extract": "$.id", "lookupName": "l"}], "unsupported_mapping"),
        ([{"generate": "a", "dataType": "object", "mappings": [{}]}], "unsupported_mapping"),
        ([{"generate": "a", "extract": "$.id", "cast": "money"}], "unknown_type"),
        ([{"generate": "a", "extract": "$.nowhere"}], "unknown_column"),
        ([{"generate": "a", "extract": "$.id["}], "invalid_path"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(rules, code):
    with pytest.raises(ConfigError) as caught:
        compile_mapping(rules, COLUMNS)
    assert caught.value.code == code


def test_rules_are_checked_without_a_source():
    check_rules([{"generate": "a", "extract": "$.whatever.deeper"}, {"generate": "b", "extract": "text"}])
    with pytest.raises(ConfigError):
        check_rules([{"generate": "a", "extract": "$.a"}, {"generate": "a", "extract": "$.b"}])
