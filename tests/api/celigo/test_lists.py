"""Paging and projection, the same for every list of Celigo's."""

import re
from typing import Any

import pytest

from tests.api.celigo.conftest import Celigo, problems
from tests.api.world import World, make_export


@pytest.fixture
def names(world: World) -> list[str]:
    """Those of all exports, the newest first."""
    made = [make_export(world.connection, f"Export {number}").name for number in range(7)]
    return [*reversed(made), "Spare", "Orders"]


def shown(celigo: Celigo, query: str) -> list[str]:
    return [row["name"] for row in celigo.get(f"/v1/exports?{query}")]


def test_lists_the_newest_first(celigo: Celigo, names: list[str]) -> None:
    assert shown(celigo, "") == names


@pytest.mark.parametrize(
    ("query", "expected"), [("limit=2", (0, 2)), ("skip=7", (7, 9)), ("limit=3&skip=1", (1, 4)), ("skip=99", (9, 9))]
)
def test_limits_and_skips(query: str, expected: tuple[int, int], celigo: Celigo, names: list[str]) -> None:
    assert shown(celigo, query) == names[slice(*expected)]


def test_links_to_the_next_page_until_there_is_none(celigo: Celigo, names: list[str]) -> None:
    path, seen = "/v1/exports?limit=4&include=name", []
    while path:
        response = celigo.client.get(path)
        seen += [row["name"] for row in response.json()]
        link = re.fullmatch(r'<http://testserver(.+)>; rel="next"', response.get("Link", ""))
        path = link[1] if link else ""
    assert seen == names


def test_a_page_stays_right_while_rows_come_and_go(celigo: Celigo, names: list[str], world: World) -> None:
    first = celigo.client.get("/v1/exports?limit=3")
    following = re.findall("<(.+)>", first["Link"])[0]
    celigo.delete(f"/v1/exports/{first.json()[2]['_id']}")
    make_export(world.connection, "Newer")
    assert [row["name"] for row in celigo.client.get(following).json()] == names[3:6]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=٣", "limit"),
        ("skip=99999999999", "skip"),
        ("before=zzz", "before"),
        ("include=a&exclude=b", "include"),
        ("include=a;drop", "include"),
        ("exclude=,", "exclude"),
    ],
)
def test_refuses_parameters_that_are_none(query: str, field: str, celigo: Celigo) -> None:
    assert problems(celigo.get(f"/v1/exports?{query}", 400)) == [("invalid_query_params", field)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("include=pageSize", {"_id", "name", "pageSize"}),
        ("include=rdbms.table,nothing", {"_id", "name", "rdbms"}),
        ("include=rdbms.nothing.deeper", {"_id", "name", "rdbms"}),
        ("exclude=rdbms,createdAt,lastModified,adaptorType,nothing", {"_id", "name", "pageSize", "_connectionId"}),
        ("include=", None),
    ],
)
def test_shows_the_fields_that_are_asked_for(query: str, expected: set[str] | None, celigo: Celigo) -> None:
    whole = celigo.get("/v1/exports")[0]
    row = celigo.get(f"/v1/exports?{query}")[0]
    assert set(row) == (set(whole) if expected is None else expected)


def test_projects_parts_of_objects(celigo: Celigo) -> None:
    def rdbms(query: str) -> Any:
        return celigo.get(f"/v1/exports?{query}")[0]["rdbms"]

    assert rdbms("include=rdbms.table") == {"table": "orders"}
    assert rdbms("exclude=rdbms.table") == {"schema": "public"}
