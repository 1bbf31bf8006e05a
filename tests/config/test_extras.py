from pathlib import Path

import pytest

from config import extras
from config.install import InstallError
from engine.embedding.registry import EMBEDDERS
from engine.registry import DRIVERS


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that would install something."""
    found: list[tuple[str, ...]] = []
    monkeypatch.setattr(extras, "CHOSEN", tmp_path / "crossdock-extras.txt")
    monkeypatch.setattr(extras, "STAMP", tmp_path / "crossdock-extras.stamp")
    monkeypatch.setattr(extras, "run", lambda *command: found.append(command))
    return found


def test_installs_an_extra_beside_the_locked_packages(runs: list[tuple[str, ...]], tmp_path: Path) -> None:
    extras.add(["oracle"])

    [command] = runs
    assert command[-1] == "oracledb>=3"
    assert "install" in command
    constraints = (tmp_path / "crossdock-constraints.txt").read_text().splitlines()
    assert str(tmp_path / "crossdock-constraints.txt") in command
    assert any(line.startswith("sqlalchemy==") for line in constraints)
    assert not any("hash" in line or "\\" in line for line in constraints)


def test_brings_them_back_when_the_lock_has_changed(
    runs: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    extras.add(["oracle"])
    extras.add([])
    assert len(runs) == 1

    monkeypatch.setattr(extras, "fingerprint", lambda: "another lock")
    extras.keep()
    assert len(runs) == 2

    extras.add(["duckdb"])
    assert runs[2][-2:] == ("duckdb-sqlalchemy>=1.5", "oracledb>=3")


def test_does_not_know_an_extra_that_is_not_there(runs: list[tuple[str, ...]]) -> None:
    with pytest.raises(InstallError, match=r"There is no extra 'dbase'\. Known: bigquery, clickhouse, "):
        extras.add(["oracle", "dbase"])
    assert (runs, extras.chosen()) == ([], [])


def test_does_nothing_where_none_is_wanted(runs: list[tuple[str, ...]]) -> None:
    extras.keep()
    assert runs == []


def test_every_extra_is_a_drivers_or_an_embedders() -> None:

    assert set(extras.known()) == {entry.extra for entry in [*DRIVERS.values(), *EMBEDDERS.values()]} - {""}
