import pytest

from engine import registry
from engine.contract import Writes
from engine.errors import ConfigError
from engine.looking import Browses, Surveys
from engine.registry import Entry

FURTHER = [name for name, entry in registry.DRIVERS.items() if entry.extra]


@pytest.fixture
def bare(monkeypatch):
    """Nothing of what an extra brings is installed."""
    for name in FURTHER:
        entry = registry.DRIVERS[name]
        monkeypatch.setitem(registry.DRIVERS, name, Entry(entry.path, ("not_a_package.not_a_module",), entry.extra))


def test_knows_what_a_driver_asks_for_where_its_library_is_missing(bare):
    for name in FURTHER:
        found = registry.driver_class(name)
        assert found.spec.name == name
        assert any(field.bound for field in found.spec.fields)
        assert issubclass(found, Browses)
        assert issubclass(found, Surveys)
        assert not issubclass(found, Writes)


def test_says_what_to_install_where_a_library_is_missing(bare):
    hint = "This is not installed here. Install it with: ./manage.py install snowflake"
    assert registry.missing("snowflake") == hint
    with pytest.raises(ConfigError, match=r"\./manage\.py install snowflake") as refusal:
        registry.usable_class("snowflake")
    assert refusal.value.code == "driver_not_installed"


def test_misses_nothing_where_all_is_installed():
    for name in ("postgresql", "sqlite", "folder", "duckdb"):
        assert registry.missing(name) == ""
        assert registry.usable_class(name) is registry.driver_class(name)


def test_does_not_know_a_driver_that_is_not_there():
    assert registry.missing("dbase").startswith("There is no driver named 'dbase'.")
    for act in (registry.driver_class, registry.usable_class, registry.spec):
        with pytest.raises(ConfigError) as refusal:
            act("dbase")
        assert refusal.value.code == "unknown_driver"
