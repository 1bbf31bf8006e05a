"""What a connection is made to is chosen first, of what is installed here."""

import pytest
from django.test import Client

from apps.connections.models import Connection
from engine import registry
from engine.registry import Entry
from tests.conftest import Cast
from tests.console.conftest import SignIn

ADD = "/admin/connections/connection/add/"
HINT = "./manage.py install snowflake"


@pytest.fixture
def client(cast: Cast, desk: SignIn, monkeypatch: pytest.MonkeyPatch) -> Client:
    path = registry.DRIVERS["snowflake"].path
    monkeypatch.setitem(registry.DRIVERS, "snowflake", Entry(path, ("not_a_package",), "snowflake"))
    return desk(cast.editor)


def test_says_what_to_install_for_what_is_not_there(client: Client) -> None:
    page = client.get(ADD).content.decode()

    assert HINT in page
    assert "?connector=snowflake" not in page
    assert "?connector=duckdb" in page
    assert page.index("?connector=sqlite") < page.index(HINT)


def test_offers_no_form_for_what_is_not_there(cast: Cast, client: Client) -> None:
    page = client.get(f"{ADD}?connector=snowflake").content.decode()
    assert HINT in page
    assert 'name="name"' not in page

    values = {"organization": cast.acme.pk, "name": "Shop", "setting_account": "a", "setting_database": "d"}
    client.post(f"{ADD}?connector=snowflake", values)
    assert not Connection.objects.exists()


def test_the_list_of_connectors_says_so_too(client: Client) -> None:
    assert HINT in client.get("/admin/connectors/connector/").content.decode()
