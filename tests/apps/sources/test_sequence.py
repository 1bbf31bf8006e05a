"""What every source must pass: made, read, changed, thinned out and emptied, and after each step the collection and its
search hold what the source holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.sources.models import Chunk, Record
from tests.apps.sources.houses import House, Notes, NotesFiles, NotesTable, found
from tests.apps.sources.shop import Shop, counted, live, sync, synced
from tests.engine.drivers import servers, systems

NOTHING = {"inserted": 0, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}
KEYED, FOLLOWED, KEYLESS = (
    {"is_keyed": True, "has_cursor": False},
    {"is_keyed": True, "has_cursor": True},
    {"is_keyed": False, "has_cursor": False},
)
FOLLOWED_IN_VAIN = {"is_keyed": False, "has_cursor": True}
WAYS = {"keyed": KEYED, "followed": FOLLOWED, "keyless": KEYLESS, "followed in vain": FOLLOWED_IN_VAIN}
WORDS = {1: "apple", 2: "banana", 3: "cherry", 4: "date", 5: "elderberry", 6: "fig"}
NAMES = [*(f"{system}, {way}" for system in ("postgresql", "mariadb") for way in WAYS), "sftp"]


@pytest.fixture(params=NAMES)
def notes(request: pytest.FixtureRequest, shop: Shop, loopback_allowed: None, tmp_path: Path) -> Iterator[Notes]:
    name, _, way = request.param.partition(", ")
    if name == "sftp":
        with servers.sftp(tmp_path) as store:
            yield NotesFiles(store, shop)
    else:
        with getattr(systems, name)() as system:
            yield NotesTable(House(system, organization=shop.organization), **WAYS[way])


@pytest.fixture
def has_key(request: pytest.FixtureRequest) -> bool:
    """Whether a note that changes is the same one afterwards."""
    return bool(WAYS.get(request.node.callspec.params["notes"].partition(", ")[2], KEYLESS)["is_keyed"])


def test_the_collection_follows_its_source(notes: Notes, has_key: bool) -> None:
    notes.insert([(number, f"walrus {word}") for number, word in WORDS.items()])
    source = notes.connect()

    assert synced(source) == {**NOTHING, "inserted": 6}
    assert held(notes) == {number: f"walrus {word}" for number, word in WORDS.items()}
    assert found(notes.collection, "walrus") == [1, 2, 3, 4, 5, 6]
    assert synced(source) == {**NOTHING, "kept": 6}

    notes.update([(2, "penguin"), (5, "penguin")])
    changed = {"updated": 2} if has_key else {"inserted": 2, "deleted": 2}
    assert synced(source) == {**NOTHING, **changed, "kept": 4}
    assert held(notes)[2] == held(notes)[5] == "penguin"
    assert found(notes.collection, "penguin") == [2, 5]
    assert found(notes.collection, "walrus") == [1, 3, 4, 6]
    assert found(notes.collection, "banana") == []

    notes.delete([1, 2])
    assert synced(source) == {**NOTHING, "deleted": 2, "kept": 4}
    assert found(notes.collection, "penguin") == [5]
    assert found(notes.collection, "walrus") == [3, 4, 6]
    assert held(notes) == {3: "walrus cherry", 4: "walrus date", 5: "penguin", 6: "walrus fig"}


def test_an_emptied_source_is_believed_when_it_is_confirmed(notes: Notes) -> None:
    notes.insert([(1, "walrus"), (2, "walrus")])
    source = notes.connect()
    synced(source)
    notes.delete([1, 2])

    job = sync(source)
    assert (job.state, job.error_code) == ("failed", "empty_source")
    assert found(notes.collection, "walrus") == [1, 2]

    assert synced(source, confirm_empty=True) == {**NOTHING, "deleted": 2}
    assert (held(notes), found(notes.collection, "walrus"), counted(notes.collection)) == ({}, [], 0)
    assert (Record.objects.count(), Chunk.objects.count()) == (0, 0)
    notes.insert([(3, "walrus")])
    assert synced(source) == {**NOTHING, "inserted": 1}
    assert found(notes.collection, "walrus") == [3]


def held(notes: Notes) -> dict[int, str]:
    records = live(notes.collection)
    assert counted(notes.collection) == len(records)
    return {int(record.data["number"]): record.data["note"] for record in records}
