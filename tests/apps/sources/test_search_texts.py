"""What records say, in passages and in excerpts."""

from itertools import pairwise

import pytest

from apps.sources.queries.search.codes import codes_in, without
from apps.sources.queries.search.excerpts import SHOWN, cut, excerpt, pattern_of
from apps.sources.queries.texts import MOST_PASSAGES, passages, text_of

COLUMNS = [
    {"name": "id", "kind": "integer", "role": ""},
    {"name": "title", "kind": "text", "role": "title"},
    {"name": "tags", "kind": "array", "role": ""},
    {"name": "address", "kind": "json", "role": ""},
    {"name": "at", "kind": "timestamp", "role": ""},
]
DATA = {"id": 7, "title": " Hello ", "tags": ["red", None, 5], "address": {"city": "Bonn", "zip": 53111}, "at": "2024"}


def test_a_record_says_its_words_and_not_its_numbers() -> None:
    assert text_of(DATA, COLUMNS) == "Hello\nred 5\nBonn 53111"
    assert text_of(DATA, COLUMNS, ["id", "title"]) == "7\nHello"
    assert text_of({"title": None, "tags": []}, COLUMNS) == ""


def test_passages_cover_a_text_and_end_between_words() -> None:
    text = " ".join(f"word{place}" for place in range(500))

    found = passages(text, 350)

    assert found[0][0] == 0
    assert found[-1][1] == len(text)
    assert all(stop - start <= 350 for start, stop in found)
    assert all(start < before for (_, before), (start, _) in pairwise(found))
    assert {word for start, stop in found for word in text[start:stop].split()} == set(text.split())


@pytest.mark.parametrize("text", ["", "short", "x" * 5_000, "x " * 5_000, "\n" * 5_000, " " * 351])
def test_passages_end_whatever_the_text_is(text: str) -> None:
    found = passages(text, 350)

    assert all(0 <= start < stop <= len(text) for start, stop in found)
    assert bool(found) == bool(text)


def test_so_many_passages_are_taken_of_a_text() -> None:
    assert len(passages("word " * 200_000, 350)) == MOST_PASSAGES


def test_an_excerpt_is_where_most_of_the_words_are() -> None:
    text = f"{'apple ' * 200}apple and pear and plum {'grass ' * 300}pear"

    found = excerpt(text, pattern_of(["appl", "pear", "plum"]))

    assert "apple and pear and plum" in found
    assert found.startswith("…")
    assert found.endswith("…")
    assert len(found) <= SHOWN + 2


def test_an_excerpt_begins_at_the_beginning_where_no_word_is_found() -> None:
    assert excerpt("grass " * 300, pattern_of(["pear"])).startswith("grass grass")
    assert excerpt("short", None) == "short"
    assert cut("a" * 1_000, 990) == "…" + "a" * SHOWN


def test_a_word_that_ends_in_y_is_marked_by_its_stem() -> None:
    pattern = pattern_of(["happi", "c++"])

    assert pattern is not None
    assert [match[1] for match in pattern.finditer("Happy and happiness, unhappy c++")] == ["Happy", "happi", "c++"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("where is INV-20931?", ["inv-20931"]),
        ("A1 and 42 and 7-11", ["7-11"]),
        ("since 2024-02-29", []),
        ("order 4711, then 4711", ["4711"]),
        ("v1.2.3/x and a" + "1" * 30, ["v1.2.3/x"]),
        ("x1y z2y a3b c4d e5f g6h", ["x1y", "z2y", "a3b", "c4d"]),
        ("", []),
    ],
)
def test_codes_of_a_query_are_its_words_with_digits(text: str, codes: list[str]) -> None:
    assert codes_in(text) == codes


def test_the_rest_of_a_query_is_what_is_no_code() -> None:
    assert without("late INV-20931, twice", ["inv-20931"]).split() == ["late", ",", "twice"]
