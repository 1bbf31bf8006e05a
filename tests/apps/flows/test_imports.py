from typing import Any

import pytest

from apps.errors import Conflict, Invalid
from apps.flows import services as flows
from apps.flows.models import Import
from tests.apps.flows.house import House

MAPPING = [{"generate": "id", "extract": "$.id"}, {"generate": "title", "extract": "$.name", "cast": "varchar(9)"}]


def test_an_import_is_stored_as_it_was_given(house: House) -> None:
    stored = Import.objects.get(id=house.import_(mode="upsert", key=["id"], mapping=MAPPING).id)
    assert (stored.mode, stored.key, stored.mapping, stored.allow_empty) == ("upsert", ["id"], MAPPING, False)


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"name": ""}, "name", "missing_required_field"),
        ({"target": {}}, "target", "missing_required_field"),
        ({"mode": "upsert"}, "key", "missing_required_field"),
        ({"mapping": {"fields": []}}, "mapping", "invalid_field"),
        ({"mapping": ["id"]}, "mapping", "invalid_field"),
        ({"mapping": [{"generate": "id", "extract": "$.id", "cast": "money"}]}, "mapping", "invalid_field"),
        ({"mapping": [*MAPPING, *MAPPING]}, "mapping", "invalid_field"),
        ({"filter": ["matches", "x", "("]}, "filter", "invalid_field"),
        ({"connection_id": 1}, "connection_id", "invalid_field"),
    ],
)
def test_what_could_not_work_is_refused(house: House, values: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        house.import_(**values)
    assert (caught.value.field, caught.value.code) == (field, code)
    assert not Import.objects.exists()


def test_a_strangers_connection_is_none(house: House, stranger: House) -> None:
    with pytest.raises(Invalid) as caught:
        house.import_(connection=stranger.warehouse)
    assert (caught.value.field, caught.value.code) == ("connection", "invalid_ref")


def test_a_change_is_checked_as_a_whole(house: House) -> None:
    import_ = house.import_()
    with pytest.raises(Invalid):
        flows.change_import(import_=import_, values={"mode": "upsert"})
    assert Import.objects.get(id=import_.id).mode == "append"
    flows.change_import(import_=Import.objects.get(id=import_.id), values={"mode": "upsert", "key": ["id"]})
    assert Import.objects.get(id=import_.id).mode == "upsert"


def test_an_import_in_use_stays(house: House) -> None:
    import_ = house.import_()
    house.flow(None, import_)
    with pytest.raises(Conflict) as caught:
        flows.remove_import(import_=import_)
    assert caught.value.code == "in_use"


def test_an_unused_import_can_be_removed(house: House) -> None:
    flows.remove_import(import_=house.import_())
    assert not Import.objects.exists()


def test_a_clone_is_another_import(house: House) -> None:
    import_ = house.import_(mapping=MAPPING)
    clone = flows.clone_import(import_=import_, name="Twin", connections={house.warehouse.uid: house.shop})
    assert (clone.name, clone.connection, clone.mapping) == ("Twin", house.shop, MAPPING)
    assert clone.uid != import_.uid
