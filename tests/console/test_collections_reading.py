"""What a source connection reads, as a form; it is stored once its system was asked."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from apps.sources.admin.by_table import ByTableField
from apps.sources.models import SourceConnection, Stream
from tests.apps.sources.shop import Shop, start, synced
from tests.conftest import Cast
from tests.console.conftest import SignIn

JSON = {"Accept": "application/json"}
RunJobs = Callable[[], int]
LISTS = ByTableField(is_list=True, for_all=True)
NAMES = ByTableField(is_list=False, for_all=True)


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.editor)


@pytest.fixture
def source(landed: Shop) -> SourceConnection:
    landed.add(1, 2)
    landed.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, salary INTEGER)")
    return landed.connect(config={"tables": ["orders", "people"], "schedule": {"interval": 3_600}})


def url_of(source: SourceConnection, name: str) -> str:
    return f"/admin/sources/sourceconnection/{source.pk}/{name}/"


def configured(client: Client, source: SourceConnection, run_jobs: RunJobs, **values: str) -> dict[str, object]:
    """The answer to a form that was sent, once its job has ended."""
    said = client.post(url_of(source, "configure"), values, headers=JSON)
    assert said.status_code == 200, said.json()
    run_jobs()
    answer: dict[str, object] = client.get(said.json()["watch"]).json()["answer"]
    source.refresh_from_db()
    return answer


def test_stores_what_the_system_has(client: Client, source: SourceConnection, run_jobs: RunJobs) -> None:
    values = {"tables": "orders\npeople", "without": "people: salary", "cursor": "orders: changed", "row_limit": "100"}
    values |= {"title": "orders: number", "text": "note", "overlap": "2.5", "only": "orders: id, number, note, changed"}
    values |= {"text": "orders: number, note"}
    assert configured(client, source, run_jobs, **values)["ok"] is True
    assert source.config == {
        "tables": ["orders", "people"],
        "columns": {"orders": {"include": ["id", "number", "note", "changed"]}, "people": {"exclude": ["salary"]}},
        "cursorField": {"orders": "changed"},
        "titleColumn": {"orders": "number"},
        "textColumns": {"orders": ["number", "note"]},
        "overlapSeconds": 2.5,
        "rowLimit": 100,
        "schedule": {"interval": 3_600},
    }
    form = client.get(url_of(source, "reads")).context["form"]
    assert {name: form[name].value() for name in values} == {**values, "row_limit": 100, "overlap": 2.5}


def test_keeps_what_is_there_when_the_system_has_none_of_it(
    client: Client, source: SourceConnection, run_jobs: RunJobs
) -> None:
    before = source.config
    answer = configured(client, source, run_jobs, tables="orders\ninvoices")
    assert (answer["ok"], answer["message"]) == (False, "There is no table 'invoices'.")
    assert source.config == before


def test_says_which_field_nobody_can_read(client: Client, source: SourceConnection) -> None:
    said = client.post(url_of(source, "configure"), {"only": "id, number", "row_limit": "0"}, headers=JSON)
    assert said.status_code == 409
    assert "Only these columns: Write a table, a colon" in said.json()["message"]
    assert "Most rows: Ensure this value is greater than or equal to 1." in said.json()["message"]


def test_changes_nothing_while_a_sync_is_active(client: Client, source: SourceConnection) -> None:
    start(source)
    assert client.post(url_of(source, "configure"), {"tables": "orders"}, headers=JSON).status_code == 409


def test_a_table_that_is_read_no_more_loses_its_records(
    client: Client, source: SourceConnection, run_jobs: RunJobs
) -> None:
    synced(source)
    configured(client, source, run_jobs, tables="people")
    assert [each.label for each in Stream.objects.filter(removed_at=None)] == ["people"]


def test_looks_what_there_is(client: Client, source: SourceConnection, run_jobs: RunJobs) -> None:
    said = client.post(url_of(source, "discover"), headers=JSON).json()
    run_jobs()
    tables = client.get(said["watch"]).json()["answer"]["tables"]
    assert [table["name"] for table in tables] == ["orders", "people"]


def test_is_for_who_may_change_it(cast: Cast, source: SourceConnection, desk: SignIn) -> None:
    assert desk(cast.viewer).get(url_of(source, "reads")).status_code == 403
    assert desk(cast.stranger).get(url_of(source, "reads")).status_code == 404


def test_tells_its_page_what_is_read(client: Client, source: SourceConnection) -> None:
    assert client.get(url_of(source, "change")).context["told"] == [("Tables", ["orders", "people"])]


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (NAMES, "changed", "changed"),
        (NAMES, "a: x\nb.c: y", {"a": "x", "b.c": "y"}),
        (LISTS, "x, y", ["x", "y"]),
        (LISTS, "a: b: x, y", {"a: b": ["x", "y"]}),
        (LISTS, '["x, y"]', ["x, y"]),
        (NAMES, '["x, y"]', ["x, y"]),
        (NAMES, "", None),
    ],
)
def test_understands_lines_and_json(field: ByTableField, text: str, value: object) -> None:
    assert field.clean(text) == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (NAMES, "changed"),
        (NAMES, {"orders": "changed"}),
        (LISTS, ["x", "y"]),
        (LISTS, {"a.b": ["x", "y"], "c": ["z"]}),
        (LISTS, ["x, y", "z"]),
        (LISTS, {"a: b": ["x"]}),
        (LISTS, {"a": [" x"]}),
        (NAMES, {"a": "{x}"}),
    ],
)
def test_shows_what_it_would_understand(field: ByTableField, value: object) -> None:
    assert field.clean(field.prepare_value(value)) == value


@pytest.mark.parametrize("text", ["{", "a: x, y", "a:\n: b", "x\ny"])
def test_refuses_what_says_no_column(text: str) -> None:
    with pytest.raises(ValidationError):
        NAMES.clean(text)
