"""A folder without `__init__.py` is invisible to the contracts: three breaches in one passed all of them."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["apps", "engine", "config", "tests"])
def test_every_folder_of_modules_is_a_package(name: str) -> None:
    folders = {path.parent for path in (ROOT / name).rglob("*.py")}
    between = {parent for folder in folders for parent in folder.parents if parent.is_relative_to(ROOT / name)}
    missing = {folder for folder in folders | between if not (folder / "__init__.py").exists()}
    assert missing == set()
