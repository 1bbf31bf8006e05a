import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections
from pytest_django import Settings

from config import checks

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = ["crossdock.example"]
GOOD_KEY = f"k1:{base64.b64encode(b'k' * 32).decode()}"


@pytest.fixture(autouse=True)
def safe(settings: Settings, tmp_path: Path) -> None:
    """What a newcomer's installation has."""
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    settings.DATABASE_URL = settings.REDIS_URL = ""
    settings.DEBUG = settings.IS_HTTPS = False
    settings.RATE_LIMITS = True
    settings.SECRET_KEY = "abcdefghij" * 5
    settings.SEALING_KEYS = [GOOD_KEY]
    settings.EGRESS_ALLOW = []
    settings.FILE_ROOTS = [tmp_path]


def ids() -> set[str]:
    return {str(message.id) for message in checks.check_settings(None)}


def test_a_newcomers_settings_pass() -> None:
    assert ids() == set()
    checks.refuse()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"DEBUG": True}, set()),
        ({"DEBUG": True, "ALLOWED_HOSTS": PUBLIC}, {"crossdock.E001", "crossdock.W003"}),
        ({"ALLOWED_HOSTS": ["*"]}, {"crossdock.E002", "crossdock.W003"}),
        ({"ALLOWED_HOSTS": PUBLIC}, {"crossdock.W003"}),
        ({"ALLOWED_HOSTS": PUBLIC, "IS_HTTPS": True, "TRUSTED_PROXIES": 1}, set()),
        ({"ALLOWED_HOSTS": PUBLIC, "IS_HTTPS": True, "TRUSTED_PROXIES": 0}, {"crossdock.W004"}),
        ({"SECRET_KEY": "short"}, {"crossdock.E003"}),
        ({"SECRET_KEY": "a" * 50}, {"crossdock.E003"}),
        ({"SECRET_KEY": "django-insecure-abcdefghijklmnopqrstuvwxyz"}, {"crossdock.E003"}),
        ({"SEALING_KEYS": []}, {"crossdock.E004"}),
        ({"SEALING_KEYS": ["k1:too short"]}, {"crossdock.E004"}),
        ({"SEALING_KEYS": [GOOD_KEY, GOOD_KEY]}, {"crossdock.E004"}),
        ({"RATE_LIMITS": False}, set()),
        ({"RATE_LIMITS": False, "ALLOWED_HOSTS": PUBLIC}, {"crossdock.E005", "crossdock.W003"}),
        ({"DATABASE_URL": "postgresql://db/x"}, {"crossdock.W002"}),
        ({"REDIS_URL": "redis://cache"}, {"crossdock.W002"}),
        ({"DATABASE_URL": "postgresql://db/x", "REDIS_URL": "redis://cache"}, set()),
        ({"EGRESS_ALLOW": ["10.1.0.0/16", "192.168.4.7", "fd12:3456::/32", "127.0.0.0/8"]}, set()),
        ({"EGRESS_ALLOW": ["10.1.0.0/33"]}, {"crossdock.E007"}),
        ({"EGRESS_ALLOW": ["intranet"]}, {"crossdock.E007"}),
        ({"EGRESS_ALLOW": ["169.254.169.254/32"]}, {"crossdock.E008"}),
        ({"EGRESS_ALLOW": ["0.0.0.0/0"]}, {"crossdock.E008"}),
        ({"EGRESS_ALLOW": ["fd00:ec2::254/128"]}, {"crossdock.E008"}),
        ({"FILE_ROOTS": [Path("/")]}, {"crossdock.E009"}),
    ],
    ids=str,
)
def test_judges(change: dict[str, Any], expected: set[str], settings: Settings) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    assert ids() == expected


def test_on_a_dyno_half_of_the_stores_is_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNO", "web.1")
    settings.DATABASE_URL = "postgresql://db/x"
    assert ids() == {"crossdock.E006"}


def test_every_message_says_what_to_do_and_shows_no_key(settings: Settings) -> None:
    settings.SECRET_KEY = "CANARY"
    settings.SEALING_KEYS = ["k1:CANARY"]
    settings.EGRESS_ALLOW = ["x"]
    messages = checks.check_settings(None)
    assert len(messages) == 3
    assert all(message.hint for message in messages)
    assert not any("CANARY" in f"{message.msg} {message.hint}" for message in messages)


def test_refuses_errors_and_lets_warnings_pass(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = PUBLIC
    checks.refuse()
    settings.SECRET_KEY = "short"
    settings.RATE_LIMITS = False
    with pytest.raises(ImproperlyConfigured, match=r"crossdock\.E003: .*\ncrossdock\.E005: "):
        checks.refuse()


def test_the_web_does_not_start_with_an_unsafe_setting() -> None:
    """granian asks no system check, so the application itself refuses."""
    environment = {**os.environ, "SECRET_KEY": "short", "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", "import config.wsgi"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode != 0
    assert "crossdock.E003" in result.stderr


@pytest.mark.parametrize(("threads", "expected"), [(2, []), (100_000, ["crossdock.W001"])])
def test_counts_the_databases_connections(threads: int, expected: list[str], db: None, settings: Settings) -> None:
    settings.WEB_THREADS = threads
    assert [message.id for message in checks.check_connections(None, databases=["default"])] == expected
    assert list(checks.check_connections(None)) == []


def test_a_database_that_is_away_is_not_a_settings_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError

    monkeypatch.setattr(connections["default"], "cursor", away)
    assert list(checks.check_connections(None, databases=["default"])) == []
