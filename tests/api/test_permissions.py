"""The permission matrix: who may call what, for every endpoint there is."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.connections.models import Connection
from tests.api.conftest import snapshot
from tests.api.endpoint import Endpoint
from tests.api.endpoints import ENDPOINTS
from tests.api.world import World
from tests.conftest import PASSWORD, Cast, ClientOf

ALL = {"read", "write", "run"}
MATRIX: dict[str, tuple[str, tuple[str, ...], set[str]]] = {
    # who: whose credential, the scopes of a key (or "token" for a person's), what it may do
    "owner": ("owner", ("token",), ALL),
    "owner's key": ("owner", (), ALL),
    "editor": ("editor", ("token",), ALL),
    "editor's key": ("editor", (), ALL),
    "reading key": ("editor", ("read",), {"read"}),
    "writing key": ("editor", ("write",), {"write"}),
    "running key": ("editor", ("run",), {"run"}),
    "viewer": ("viewer", ("token",), {"read"}),
    "viewer's key": ("viewer", (), {"read"}),
    "viewer's writing key": ("viewer", ("write", "run"), set()),
}
PRIVATE = [endpoint for endpoint in ENDPOINTS if endpoint.scope]


@pytest.mark.parametrize("who", MATRIX)
def test_matrix(who: str, cast: Cast, world: World, client_of: ClientOf) -> None:
    name, scopes, allowed = MATRIX[who]
    client = credential(getattr(cast, name), scopes, client_of)
    for endpoint in (each for each in PRIVATE if each.scope not in allowed):
        before = snapshot()
        response = endpoint.call(client, world.uids)
        assert (str(endpoint), response.status_code) == (str(endpoint), 403)
        assert "role" in response.content.decode()
        assert snapshot() == before
    for endpoint in (each for each in PRIVATE if each.scope in allowed and is_harmless(each)):
        response = endpoint.call(client, world.uids)
        assert (str(endpoint), response.status_code) == (str(endpoint), endpoint.status)


def is_harmless(endpoint: Endpoint) -> bool:
    """Whether the next endpoint of the matrix still meets the rows it needs."""
    return endpoint.method != "DELETE" and "{queued}" not in endpoint.path and "error" not in endpoint.path


def credential(user: User, scopes: tuple[str, ...], client_of: ClientOf) -> Client:
    if scopes != ("token",):
        return client_of(user, *scopes)
    body = {"email": user.email, "password": PASSWORD}
    pair = Client().post("/api/token", body, content_type="application/json").json()
    return client_of(pair["access"])


def test_a_key_of_one_project_sees_that_project_alone(cast: Cast, world: World, client_of: ClientOf) -> None:
    client = client_of(project_key(cast))
    assert client.get("/v1/connections").json() == []
    assert client.get(f"/v1/connections/{world.connection.uid}").status_code == 404
    made = client.post("/v1/connections", connection_body(), content_type="application/json").json()
    assert [row["_id"] for row in client.get("/v1/connections").json()] == [made["_id"]]
    assert len(client_of(cast.editor).get("/v1/connections").json()) == Connection.objects.count() == 3


def project_key(cast: Cast) -> str:
    project = accounts.create_project(organization=cast.acme, name="Web shop", internal_id="web")
    _, value = accounts.create_api_key(
        organization=cast.acme, owner=cast.editor, project=project, name="web", at=timezone.now()
    )
    return value


def connection_body() -> dict[str, object]:
    return next(each.body for each in ENDPOINTS if str(each) == "POST /v1/connections")
