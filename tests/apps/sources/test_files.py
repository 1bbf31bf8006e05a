"""What files hold that no database would: lines that are none, numbers and letters that no column could keep."""

from pathlib import Path
from typing import Any

import pytest

from apps.jobs.models import RecordError
from apps.sources.models import SourceConnection
from tests.apps.connections.test_canaries import everything_stored
from tests.apps.sources.shop import Shop, live, sync, synced, values

NOTHING = {"inserted": 0, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}


@pytest.fixture
def folder(shop: Shop) -> Path:
    found = shop.folder / "papers"
    found.mkdir()
    return found


def connect(shop: Shop, config: Any = None) -> SourceConnection:
    return shop.connect("folder", config=config, path="papers")


def test_tells_of_a_line_that_is_none_and_counts_it(shop: Shop, folder: Path) -> None:
    (folder / "people.csv").write_text("id,name\n1,Olga\n2,Edgar,3\n3,Vera\n")
    source = connect(shop)
    for _ in range(2):
        job = sync(source)
        assert (job.state, job.records_failed) == ("completed", 1)
        assert RecordError.objects.get(job=job).record == {"id": "2", "name": "Edgar", "_further": ["3"]}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("people.csv", "id,name,salary\n1,Olga,CANARY-1\n2,Edgar,CANARY-2,CANARY-3\n3,Vera,CANARY-4\n"),
        (
            "people.jsonl",
            '{"id": 1, "name": "Olga", "salary": "CANARY-1"}\n{"salary": "CANARY-2",}\n{"name": "Vera"}\n',
        ),
    ],
)
def test_an_excluded_column_is_not_told_of_with_a_line_that_is_none(
    name: str, text: str, shop: Shop, folder: Path
) -> None:
    (folder / name).write_text(text)
    source = connect(shop, {"columns": {name: {"exclude": ["salary"]}}})
    assert synced(source) == {**NOTHING, "inserted": 2, "failed": 1}
    assert sorted(values(shop.collection, "name")) == ["Olga", "Vera"]
    assert RecordError.objects.get().code == "malformed_row"
    assert "CANARY" not in everything_stored()


def test_numbers_and_letters_beyond_any_column_end_no_run(shop: Shop, folder: Path) -> None:
    lines = [f'{{"id": {place}, "n": {text}}}\n' for place, text in enumerate(("5", "1e400", r'"\ud800"', "9" * 30))]
    (folder / "odd.jsonl").write_text("".join(lines))
    assert synced(connect(shop)) == {**NOTHING, "inserted": 2, "failed": 2}
    assert sorted(record.data["id"] for record in live(shop.collection)) == [0, 3]


def test_a_file_that_is_gone_takes_its_records_along(shop: Shop, folder: Path) -> None:
    (folder / "a.csv").write_text("id\n1\n")
    (folder / "b.csv").write_text("id\n2\n")
    source = connect(shop)
    assert synced(source) == {**NOTHING, "inserted": 2}
    (folder / "a.csv").unlink()
    assert synced(source) == {**NOTHING, "deleted": 1, "kept": 1}
    assert values(shop.collection, "id") == ["2"]


def test_a_folder_that_is_empty_all_at_once_is_not_believed(shop: Shop, folder: Path) -> None:
    (folder / "a.csv").write_text("id\n1\n")
    source = connect(shop)
    synced(source)
    (folder / "a.csv").unlink()
    job = sync(source)
    assert (job.state, job.error_code, len(live(shop.collection))) == ("failed", "empty_source", 1)
    assert synced(source, confirm_empty=True) == {**NOTHING, "deleted": 1}
