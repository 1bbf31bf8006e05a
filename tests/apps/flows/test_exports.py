from typing import Any

import pytest

from apps.errors import Conflict, Invalid
from apps.flows import services as flows
from apps.flows.models import Export
from tests.apps.flows.house import House


def test_an_export_is_stored_as_it_was_given(house: House) -> None:
    export = house.export(
        type="delta", cursor={"column": "changed", "overlap": 5}, filter=["greaterthan", ["extract", "id"], 1]
    )
    stored = Export.objects.get(id=export.id)
    assert (stored.type, stored.cursor, stored.page_size) == ("delta", {"column": "changed", "overlap": 5}, 5000)
    assert stored.organization == house.organization


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"name": ""}, "name", "missing_required_field"),
        ({"source": {}}, "source", "missing_required_field"),
        ({"type": "delta"}, "cursor", "missing_required_field"),
        ({"page_size": 0}, "page_size", "invalid_field"),
        ({"page_size": 100_001}, "page_size", "invalid_field"),
        ({"type": "test", "limit": 101}, "limit", "invalid_field"),
        ({"filter": ["between", 1]}, "filter", "invalid_field"),
        ({"key": "id"}, "key", "invalid_field"),
        ({"key": ["id", ""]}, "key", "invalid_field"),
        ({"organization_id": 1}, "organization_id", "invalid_field"),
        ({"uid": "0" * 24}, "uid", "invalid_field"),
    ],
)
def test_what_could_not_work_is_refused(house: House, values: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        house.export(**values)
    assert (caught.value.field, caught.value.code) == (field, code)
    assert not Export.objects.exists()


def test_every_problem_is_told_at_once(house: House) -> None:
    with pytest.raises(Invalid) as caught:
        house.export(name="", source={}, page_size=0)
    assert [problem.field for problem in caught.value.problems] == ["name", "source", "page_size"]


def test_a_strangers_connection_is_none(house: House, stranger: House) -> None:
    with pytest.raises(Invalid) as caught:
        house.export(connection=stranger.shop)
    assert (caught.value.field, caught.value.code) == ("connection", "invalid_ref")


def test_a_change_leaves_the_rest_as_it_is(house: House) -> None:
    export = house.export(page_size=7)
    flows.change_export(export=export, values={"name": "New"})
    stored = Export.objects.get(id=export.id)
    assert (stored.name, stored.page_size, stored.columns) == ("New", 7, ["id", "name", "changed"])


def test_a_refused_change_changes_nothing(house: House) -> None:
    export = house.export()
    with pytest.raises(Invalid):
        flows.change_export(export=export, values={"name": "New", "page_size": 0})
    assert Export.objects.get(id=export.id).name == "Orders"


def test_an_export_in_use_stays(house: House) -> None:
    export = house.export()
    house.flow(export)
    with pytest.raises(Conflict) as caught:
        flows.remove_export(export=export)
    assert caught.value.code == "in_use"
    assert Export.objects.filter(id=export.id).exists()


def test_an_unused_export_can_be_removed(house: House) -> None:
    export = house.export()
    flows.remove_export(export=export)
    assert not Export.objects.exists()


def test_a_clone_is_another_export_over_the_connections_given(house: House) -> None:
    export = house.export(key=["id"], document={"lookups": [1]})
    clone = flows.clone_export(export=export, connections={house.shop.uid: house.warehouse})
    assert (clone.name, clone.connection, clone.key) == ("Clone of Orders", house.warehouse, ["id"])
    assert clone.document == {"lookups": [1]}
    assert clone.uid != export.uid
    assert flows.clone_export(export=export, name="Twin").connection == house.shop


def test_a_clone_over_a_strangers_connection_is_refused(house: House, stranger: House) -> None:
    with pytest.raises(Invalid):
        flows.clone_export(export=house.export(), connections={house.shop.uid: stranger.shop})
