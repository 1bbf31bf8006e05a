from typing import Any

import pytest
from django.test import Client

from tests.api.world import World
from tests.conftest import Cast, ClientOf


class Databasin:
    """Requests by an editor of Acme as Databasin's own client sends them: a JSON content type also where there is no
    body; every answer is checked for its status, and has a JSON body."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        return self._answer(self.client.get(path, query, content_type="application/json"), status)

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        sent = "" if body is None else body
        return self._answer(self.client.post(path, sent, content_type="application/json"), status)

    def put(self, path: str, body: Any = None, status: int = 200) -> Any:
        return self._answer(self.client.put(path, body or {}, content_type="application/json"), status)

    def delete(self, path: str, body: Any = None, status: int = 200) -> Any:
        sent = "" if body is None else body
        return self._answer(self.client.delete(path, sent, content_type="application/json"), status)

    @staticmethod
    def _answer(response: Any, status: int) -> Any:
        assert response.status_code == status, response.content
        return response.json()


@pytest.fixture
def databasin(cast: Cast, world: World, client_of: ClientOf) -> Databasin:
    return Databasin(client_of(cast.editor))
