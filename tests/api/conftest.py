import pytest
from django.db import connection
from pytest_django import Settings

from tests.api.world import World, make_world
from tests.conftest import Cast

UNWATCHED = {"accounts_apikey", "django_session"}
"""A key notes when it was used, whatever it is used for."""


@pytest.fixture(autouse=True)
def impatient(settings: Settings) -> None:
    """No request waits for a worker that is not there."""
    settings.JOB_WAIT_SECONDS = 0.0


@pytest.fixture(autouse=True)
def without_vectors(settings: Settings) -> None:
    """Endpoints answer alike on every machine: a model is not installed on each."""
    settings.EMBEDDING = {**settings.EMBEDDING, "name": "none"}


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast.acme)


def snapshot() -> dict[str, str]:
    """A digest of every table of ours, to see that nothing has changed."""
    with connection.cursor() as cursor:
        digests = {}
        for table in connection.introspection.django_table_names(only_existing=True):
            if table in UNWATCHED:
                continue
            cursor.execute(f"SELECT md5(string_agg(row::text, '|' ORDER BY row::text)) FROM {table} row")
            digests[table] = cursor.fetchone()[0]
    return digests
