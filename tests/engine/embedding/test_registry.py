from dataclasses import replace

import pytest

from engine.embedding import registry
from engine.embedding.contract import Wanted
from engine.embedding.registry import Entry
from engine.errors import ConfigError


def test_says_what_to_install_where_a_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.EMBEDDERS, "absent", Entry("nowhere:Nothing", "not_a_package", "semantic"))

    hint = "This is not installed here. Install it with: ./manage.py install semantic"
    assert registry.missing("absent") == hint
    with pytest.raises(ConfigError, match="install semantic") as refusal:
        registry.embedder(Wanted("absent"))
    assert refusal.value.code == "embedder_not_installed"


def test_does_not_know_an_embedder_that_is_not_there() -> None:
    assert registry.missing("oracle") == "There is no embedder named 'oracle'. Known: wordllama, endpoint."


def test_gives_the_same_one_again() -> None:
    wanted = Wanted("endpoint", "small", url="http://localhost/v1")

    assert registry.embedder(wanted) is registry.embedder(replace(wanted))
    registry.embedder(wanted).close()


def test_shows_no_key() -> None:
    assert "CANARY" not in repr(Wanted("endpoint", key="CANARY-1"))
