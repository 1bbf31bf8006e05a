import io
import logging
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from apps.accounts.models import Organization
from apps.connections import services as connections
from apps.connections.services.opening import surroundings
from config import database_url
from engine import registry
from engine.errors import ConfigError, CredentialsError, EngineError
from engine.registry import Entry
from engine.toolkit import masking
from engine.toolkit.masking import STARS, mask
from tests.apps.connections.conftest import NEW_KEY, VALUES
from tests.apps.connections.sample_driver import SampleDriver


def test_the_driver_gets_settings_secrets_and_surroundings(create):
    connection = create()
    with connections.opened(connection, purpose="test") as driver:
        assert isinstance(driver, SampleDriver)
        assert driver.settings == {"host": "db.example", "outcome": "ok"}
        assert driver.secrets == {"password": "CANARY-1-password", "token": "CANARY-1-token"}
        assert driver.surroundings.name == "crossdock test"
        assert not driver.is_closed
    assert driver.is_closed


def test_the_driver_is_closed_after_an_error_too(create):
    with pytest.raises(ValueError, match="other"), connections.opened(create()):
        raise ValueError("other")
    assert SampleDriver.opened[0].is_closed


@pytest.mark.parametrize("outcome", ["config", "credentials", "transient", "bug"])
def test_errors_leave_without_secrets(create, outcome):
    with pytest.raises(EngineError) as refusal, connections.opened(create(**VALUES | {"outcome": outcome})) as driver:
        driver.check()
    assert "CANARY" not in refusal.value.message + str(refusal.value) + repr(refusal.value)
    assert refusal.value.message == f"refused {{'password': '{STARS}', 'token': '{STARS}'}}"


def test_secrets_are_masked_while_open_and_in_what_is_written_after(create, monkeypatch):
    monkeypatch.setattr(masking, "registry", masking.Registry())
    assert mask("CANARY-1-password") == "CANARY-1-password"
    with connections.opened(create()):
        assert mask("CANARY-1-password") == STARS
    assert mask("CANARY-1-password") == STARS


@pytest.fixture
def console() -> Iterator[io.StringIO]:
    """What the log writes, by the handler that the settings made."""
    handler = next(each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler)
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)


def test_the_log_is_masked(create, console):
    try:
        with connections.opened(create(**VALUES | {"outcome": "fault"})) as driver:
            driver.check()
    except ValueError:
        logging.getLogger("apps").exception("failed with %s", "CANARY-1-token")
    assert f"failed with {STARS}" in console.getvalue()
    assert "ValueError: refused" in console.getvalue()
    assert "CANARY" not in console.getvalue()


def test_unreadable_secrets_take_the_connection_offline(create, settings):
    connection = create()
    settings.SEALING_KEYS = [NEW_KEY]
    with pytest.raises(CredentialsError) as refusal, connections.opened(connection):
        pass
    assert refusal.value.code == "credentials_unreadable"
    assert SampleDriver.opened == []
    connection.refresh_from_db()
    assert (connection.is_offline, connection.offline_reason) == (True, refusal.value.message)


def test_networks_are_the_operators_and_the_organizations(organization, settings):
    settings.EGRESS_ALLOW, settings.EGRESS_DENY = ["127.0.0.0/8"], [("db.internal", 5432)]
    organization.allowed_networks = ["10.1.2.0/24", "fd00::1/64"]
    egress = surroundings(organization, purpose="test").egress
    assert egress.allow == (ip_network("127.0.0.0/8"), ip_network("10.1.2.0/24"), ip_network("fd00::/64"))
    assert egress.deny == (("db.internal", 5432),)
    assert surroundings(Organization(name="Other"), purpose="test").egress.allow == (ip_network("127.0.0.0/8"),)


def test_a_network_that_is_none_opens_nothing(organization):
    organization.allowed_networks = ["10.0.0.0/99"]
    with pytest.raises(ConfigError) as refusal:
        surroundings(organization, purpose="test")
    assert refusal.value.code == "invalid_network"


def test_every_organization_has_a_folder_of_its_own(organization, settings, tmp_path):
    settings.FILE_ROOTS = [tmp_path / "a", tmp_path / "b"]
    folders = surroundings(organization, purpose="test").folders
    assert folders == (tmp_path / "a" / organization.uid, tmp_path / "b" / organization.uid)
    assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in folders)


def test_a_root_that_cannot_be_written_stays_as_it_is(organization, settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.FILE_ROOTS = [tmp_path / "file"]
    assert surroundings(organization, purpose="test").folders == (tmp_path / "file" / organization.uid,)


@pytest.mark.parametrize(
    ("database", "redis", "expected"),
    [
        ({}, "", []),
        ({"HOST": "/run/sockets"}, "unix:///run/valkey.sock", []),
        (
            {"HOST": "db.internal", "PORT": "6000"},
            "rediss://:p@cache.internal",
            [("db.internal", 6000), ("cache.internal", 6379)],
        ),
        ({"HOST": "a,/run/x,b", "PORT": ""}, "redis://c:1/0", [("a", 5432), ("b", 5432), ("c", 1)]),
    ],
)
def test_our_own_servers_are_known_by_their_urls(database, redis, expected):
    assert database_url.endpoints(database, redis) == expected


def test_what_is_not_installed_is_not_opened_and_says_what_to_install(create, monkeypatch):
    connection = create()
    sample = registry.DRIVERS["sample"]
    monkeypatch.setitem(registry.DRIVERS, "sample", Entry(sample.path, ("not_a_package",), "sample"))
    with pytest.raises(ConfigError, match=r"\./manage\.py install sample") as refusal, connections.opened(connection):
        pass
    assert refusal.value.code == "driver_not_installed"
    assert SampleDriver.opened == []
