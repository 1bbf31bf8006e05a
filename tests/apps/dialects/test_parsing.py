from io import BytesIO
from typing import Any

import pytest
from rest_framework.exceptions import ParseError

from apps.dialects.parsing import MAX_DEPTH, JsonParser


def parse(raw: bytes) -> Any:
    return JsonParser().parse(BytesIO(raw))


@pytest.mark.parametrize(
    ("raw", "document"),
    [
        (b"", {}),
        (b"  \n", {}),
        (b'{"a": [1, 2.5, null, true, "\\u00fc\\ud83d\\ude00"]}', {"a": [1, 2.5, None, True, "ü😀"]}),
        (b'"\\\\u0000"', "\\u0000"),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
    ],
    ids=["empty", "blank", "all kinds", "a backslash before u0000", "deep"],
)
def test_takes(raw: bytes, document: Any) -> None:
    parsed = parse(raw)
    assert document is None or parsed == document


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"Infinity",
        b"1e999",
        b'"\\ud800"',
        b'"a\\u0000b"',
        b'{"a\\u0000b": 1}',
        b'[{"a": ["\\u0000"]}]',
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
    ids=repr,
)
def test_refuses(raw: bytes) -> None:
    with pytest.raises(ParseError):
        parse(raw)


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/json-patch+json", True),
        ("", True),
        ("text/plain", False),
        ("application/jsonp", False),
        ("application/x-www-form-urlencoded", False),
    ],
)
def test_takes_json_by_any_of_its_names(content_type: str, taken: bool) -> None:
    assert JsonParser.takes(content_type) is taken
