from typing import Any

import pytest
from django.test import Client

from tests.api.world import World
from tests.conftest import Cast, ClientOf


class Celigo:
    """Requests with JSON bodies by an editor of Acme; every answer is checked for its status and decoded."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str, status: int = 200) -> Any:
        return self._answer(self.client.get(path), status)

    def post(self, path: str, body: Any = None, status: int = 201, **headers: str) -> Any:
        sent = {} if body is None else body
        return self._answer(self.client.post(path, sent, content_type="application/json", headers=headers), status)

    def put(self, path: str, body: Any = None, status: int = 200) -> Any:
        return self._answer(self.client.put(path, body or {}, content_type="application/json"), status)

    def patch(self, path: str, body: Any, status: int = 200) -> Any:
        return self._answer(self.client.patch(path, body, content_type="application/json"), status)

    def delete(self, path: str, status: int = 204) -> Any:
        return self._answer(self.client.delete(path), status)

    @staticmethod
    def _answer(response: Any, status: int) -> Any:
        assert response.status_code == status, response.content
        return response.json() if response.content else None


@pytest.fixture
def celigo(cast: Cast, world: World, client_of: ClientOf) -> Celigo:
    return Celigo(client_of(cast.editor))


def problems(answer: Any) -> list[tuple[str, str]]:
    """Code and field of each."""
    return [(error["code"], error.get("field", "")) for error in answer["errors"]]
