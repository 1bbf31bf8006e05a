"""What is found by words and by codes, and how it is answered."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.errors import Invalid
from apps.sources.models import Stream
from apps.sources.queries.search import Answer, search
from apps.sources.queries.search.fusion import fused
from apps.sources.queries.search.results import fetched
from apps.sources.services import streams as stream_services
from engine.errors import TransientError
from engine.schema import Kind
from tests.apps.sources.library import Library

INVOICES = {"number": Kind.TEXT, "customer": Kind.TEXT, "note": Kind.TEXT, "amount": Kind.DECIMAL, "link": Kind.TEXT}
ROWS = [
    {
        "number": "INV-20931",
        "customer": "Northwind",
        "note": "Two printers, delivered late",
        "amount": "812.50",
        "link": "https://shop.example/invoices/20931",
    },
    {"number": "INV-20932", "customer": "Contoso", "note": "Paper and ink for a printer", "amount": "40.00"},
    {"number": "INV-55001", "customer": "Fabrikam", "note": "Garden chairs", "amount": "99.00"},
]


@pytest.fixture(autouse=True)
def by_words(settings: Settings) -> None:
    settings.EMBEDDING = {**settings.EMBEDDING, "name": "none"}


@pytest.fixture
def library(db: None) -> Library:
    return Library(Organization.objects.create(name="Acme"))


@pytest.fixture
def invoices(library: Library) -> Stream:
    return library.stream("invoices", INVOICES, ROWS)


Find = Callable[..., list[str]]


@pytest.fixture
def find(library: Library, invoices: Stream) -> Find:
    """`find(query, **more)`: the numbers of the invoices that are found, the best first."""

    def find(query: str, **more: object) -> list[str]:
        return numbers(search(collection=library.collection, query=query, **more))

    return find


def numbers(answer: Answer) -> list[str]:
    return [result.fields["number"] for result in answer.results]


@pytest.mark.parametrize("query", ["INV-20931", "inv-20931", "INV-20931!", "where is (INV-20931)?"])
def test_finds_a_code_first(find: Find, query: str) -> None:
    assert find(query)[0] == "INV-20931"


@pytest.mark.parametrize("part", ["20931", "0931", "V-20931", "inv-20931-"])
def test_finds_a_code_by_a_part_of_it(find: Find, part: str) -> None:
    assert find(part) == ["INV-20931"]


@pytest.mark.parametrize("mistyped", ["INV-20391", "INV20931", "INV-2O931", "IMV-20931", "INV-209931", "INV-2931"])
def test_finds_a_mistyped_code_first(find: Find, mistyped: str) -> None:
    assert find(mistyped)[0] == "INV-20931"


def test_finds_what_begins_alike_by_the_beginning_of_a_code(find: Find) -> None:
    assert set(find("INV-2093")) == {"INV-20931", "INV-20932"}


def test_finds_all_the_words_before_some_of_them(find: Find) -> None:
    assert find("printers ink") == ["INV-20932", "INV-20931"]
    assert find("printers ink", limit=1) == ["INV-20932"]


def test_finds_words_whatever_their_ending(find: Find) -> None:
    assert find("chair") == ["INV-55001"]
    assert find("delivering") == ["INV-20931"]


def test_answers_nothing_for_words_that_are_nowhere(find: Find) -> None:
    assert find("submarine") == []
    assert find("the of and") == []


SIGNS = [
    "printer & | ! ( ) <-> :*",
    "'printer'",
    "printer':*",
    r"printer \ \\",
    '"printer" -paper',
    "printer); DROP TABLE sources_record; --",
    "printer %(terms)s %s %%",
    "printer {live} {condition}",
    "!printer",
    "printer\x00",
    "printer \ud800",
]


@pytest.mark.parametrize("query", SIGNS)
def test_takes_no_sign_for_syntax(find: Find, query: str) -> None:
    assert set(find(query)) == {"INV-20931", "INV-20932"}


@pytest.mark.parametrize("query", ["&", "!", "'", "\\", "<->", "%", "()", ":*", "a & b", "?!", "\x00 x"])
def test_answers_any_query_of_signs(find: Find, query: str) -> None:
    assert find(query) == []


@pytest.mark.parametrize("query", ["", "  ", None, 5, "x" * 1_001])
def test_refuses_what_is_no_query(library: Library, query: object) -> None:
    with pytest.raises(Invalid) as refusal:
        search(collection=library.collection, query=query)
    assert refusal.value.field == "query"


@pytest.mark.parametrize(
    ("language", "text", "query"),
    [
        ("german", "Die Häuser am See wurden verkauft", "Haus"),
        ("french", "Les chevaux mangent des pommes", "cheval"),
        ("russian", "Новые книги в библиотеке", "книга"),
        ("spanish", "Las canciones más bonitas", "canción"),
        ("simple", "注文 番号 確認", "番号"),
        ("swedish", "Flickorna köpte böcker", "flicka"),
    ],
)
def test_knows_the_words_of_the_collections_language(library: Library, language: str, text: str, query: str) -> None:
    other = Library(library.organization, name=language, language=language)
    other.stream("notes", {"id": Kind.INTEGER, "text": Kind.TEXT}, [{"id": 1, "text": text}])

    answer = search(collection=other.collection, query=query)

    assert [result.content for result in answer.results] == [f"id: 1\ntext: {text}"]


def test_answers_what_a_record_says_and_where_it_is_from(library: Library, find: Find) -> None:
    [result] = search(collection=library.collection, query="delivered late").results

    assert result.content == (
        "number: INV-20931\ncustomer: Northwind\nnote: Two printers, delivered late\namount: 812.50\n"
        "link: https://shop.example/invoices/20931"
    )
    assert result.fields == ROWS[0]
    assert result.url == "https://shop.example/invoices/20931"
    assert (result.stream.label, result.stream.source, result.stream.connection_name) == ("invoices", "push", "Shelves")
    assert not result.stream.is_orphaned
    assert result.score == 1


def test_parts_its_results_into_pages(find: Find) -> None:
    assert find("inv", limit=10) == ["INV-55001", "INV-20932", "INV-20931"]
    assert find("inv", limit=1, offset=1) == ["INV-20932"]
    assert find("inv", limit=10, offset=3) == []


def test_finds_the_last_words_of_a_long_text(library: Library) -> None:
    text = f"{'lorem ipsum dolor ' * 6_000}and here the walrus hides behind a curtain"
    library.stream("manuals", {"number": Kind.TEXT, "body": Kind.TEXT}, [{"number": "one", "body": text}])

    [result] = search(collection=library.collection, query="walrus curtains").results

    assert "and here the walrus hides behind a curtain" in result.content
    assert len(result.content) < 700
    assert len(result.fields["body"]) == 2_001


def test_answers_nothing_of_a_stream_that_was_cleared(library: Library, invoices: Stream, find: Find) -> None:
    stream_services.clear([invoices])

    assert find("INV-20931") == find("printers") == []


def test_answers_nothing_of_a_stream_that_was_removed(library: Library, invoices: Stream, find: Find) -> None:
    stream_services.drop([invoices], at=invoices.created_at)

    assert find("INV-20931") == find("printers") == []


def test_answers_retained_records_as_orphaned(library: Library, invoices: Stream, find: Find) -> None:
    library.source.removed_at = invoices.created_at
    library.source.save()

    [result] = search(collection=library.collection, query="delivered late").results

    assert result.stream.is_orphaned


def test_keeps_to_its_collection(library: Library, find: Find) -> None:
    other = Library(library.organization, name="Other")
    other.stream("invoices", INVOICES, [{**ROWS[0], "customer": "Elsewhere"}])

    assert search(collection=library.collection, query="Elsewhere").results == []
    assert find("INV-20931") == ["INV-20931"]


def test_looks_at_so_many_matches_and_says_so(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.queries.search.words.MOST_MATCHES", 20)
    rows = [{"number": f"N{place}", "note": "frequent"} for place in range(30)]
    library.stream("many", {"number": Kind.TEXT, "note": Kind.TEXT}, rows)

    answer = search(collection=library.collection, query="frequent", limit=5)

    assert len(answer.results) == 5
    assert "too_many_matches" in [warning.code for warning in answer.warnings]


def test_says_that_meaning_is_not_searched(library: Library, invoices: Stream) -> None:
    answer = search(collection=library.collection, query="printers")

    assert [(warning.code, warning.message) for warning in answer.warnings] == [
        ("vectors_unavailable", "Found by words alone. Search by meaning is switched off (EMBEDDER=none).")
    ]


def test_ends_a_search_that_takes_too_long(library: Library, invoices: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = "SELECT lexeme FROM unnest(to_tsvector(%(language)s::regconfig, %(text)s)), pg_sleep(9) LIMIT %(most)s"
    monkeypatch.setattr("apps.sources.queries.search.words.TERMS", slow)
    monkeypatch.setattr("apps.sources.queries.search.asking.SETTINGS", "SET LOCAL statement_timeout = '50ms'")

    with pytest.raises(TransientError) as refusal:
        search(collection=library.collection, query="printers")

    assert refusal.value.code == "search_timed_out"
    with connection.cursor() as cursor:  # the transaction around it is whole
        cursor.execute("SET LOCAL statement_timeout = 0")


def test_fuses_rankings_by_their_reciprocal_ranks() -> None:
    scores = fused([[1, 2], [2, 3]])

    assert list(scores) == [2, 1, 3]
    assert scores[2] == pytest.approx((1 / 62 + 1 / 61) / (2 / 61))
    assert scores[1] == pytest.approx(0.5)
    assert fused([[7], [7]]) == {7: 1.0}
    assert fused([]) == {}


def test_answers_nothing_that_was_cleared_after_it_was_ranked(
    library: Library, invoices: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:

    def clear_first(*arguments: Any) -> Any:
        assert len(arguments[1].scores) == 2
        stream_services.clear([invoices])
        return fetched(*arguments)

    monkeypatch.setattr("apps.sources.queries.search.fetched", clear_first)

    assert search(collection=library.collection, query="printers").results == []
