import pytest

from engine.errors import ConfigError, RecordError
from engine.schema import RawJson
from engine.sync import paths

RECORD = {
    "name": "Ada",
    "unit price": 5,
    "a.b": "dotted",
    'say "hi"': "quoted",
    "customer": {"name": "Grace", "tags": ["x", "y"]},
    "payload": RawJson('{"lines": [{"sku": "A"}, {"sku": "B"}]}'),
    "text": '{"lines": 1}',
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.name", "Ada"),
        ("name", "Ada"),
        ("$.unit price", 5),
        ("$['unit price']", 5),
        ("$['a.b']", "dotted"),
        ("$['say \"hi\"']", "quoted"),
        ('$["unit price"]', 5),
        ("$.customer.name", "Grace"),
        ("$.customer.tags[1]", "y"),
        ("$.customer['tags'][0]", "x"),
        ("$.payload.lines[1].sku", "B"),
        ("$.payload", RECORD["payload"]),
    ],
)
def test_a_value_is_read(path, value):
    assert paths.getter(paths.parse(path))(RECORD) == value


@pytest.mark.parametrize(
    "path", ["$.missing", "$.missing.deeper", "$.customer.tags[7]", "$.customer.tags.x", "$.name.first", "$.text.lines"]
)
def test_what_is_not_there_is_nothing(path):
    assert paths.getter(paths.parse(path))(RECORD) is None


@pytest.mark.parametrize("path", ["", "$", "$.", "$..name", "$.name.", "$[0]", "$[*]", "$.a[", "$['a"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ConfigError) as caught:
        paths.parse(path)
    assert caught.value.code == "invalid_path"


def test_json_that_is_none_is_one_records_error():
    get = paths.getter(paths.parse("$.payload.name"))
    with pytest.raises(RecordError) as caught:
        get({"payload": RawJson('"\\ud800"')})
    assert caught.value.message == "payload: the value is not JSON"
