from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import embedding

NAMES = ("EMBEDDER", "EMBEDDING_URL", "EMBEDDING_MODEL", "EMBEDDING_KEY", "EMBEDDING_DIMENSION")


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_takes_the_model_that_comes_along_where_nothing_is_set() -> None:
    assert embedding.settings() == {"name": "wordllama", "url": "", "model": "", "key": "", "dimension": 0}


def test_takes_a_service_where_its_address_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("CANARY-1\n")
    monkeypatch.setenv("EMBEDDING_URL", "http://localhost:11434/v1")
    monkeypatch.setenv("EMBEDDING_MODEL", "nomic-embed-text")
    monkeypatch.setenv("EMBEDDING_DIMENSION", "512")
    monkeypatch.setenv("EMBEDDING_KEY_FILE", str(tmp_path / "key"))

    assert embedding.settings() == {
        "name": "endpoint",
        "url": "http://localhost:11434/v1",
        "model": "nomic-embed-text",
        "key": "CANARY-1",
        "dimension": 512,
    }


def test_takes_none_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDER", "none")

    assert embedding.settings()["name"] == "none"


@pytest.mark.parametrize(
    "values",
    [
        {"EMBEDDER": "magic"},
        {"EMBEDDER": "endpoint"},
        {"EMBEDDING_URL": "http://localhost:11434/v1"},
        {"EMBEDDING_URL": "localhost:11434", "EMBEDDING_MODEL": "small"},
        {"EMBEDDING_DIMENSION": "many"},
    ],
)
def test_refuses_what_cannot_be(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured):
        embedding.settings()
