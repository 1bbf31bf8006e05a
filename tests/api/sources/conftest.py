import json
from typing import Any

import psycopg
import pytest
from django.test import Client
from pytest_django import Settings

from tests.api.world import World
from tests.conftest import Cast, ClientOf


class Sources:
    """Requests by one caller as the seed sends them; every answer is checked for its status, and has a JSON body."""

    def __init__(self, client: Client, prefix: str = "/api/v1") -> None:
        self.client = client
        self.prefix = prefix

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        return self._answer(self.client.get(f"{self.prefix}{path}", query), status)

    def post(self, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        return self._sent("POST", path, body, status, headers)

    def put(self, path: str, body: Any, status: int = 200) -> Any:
        return self._sent("PUT", path, body, status, {})

    def patch(self, path: str, body: Any, status: int = 200) -> Any:
        return self._sent("PATCH", path, body, status, {})

    def delete(self, path: str, status: int = 200) -> Any:
        return self._sent("DELETE", path, None, status, {})

    def _sent(self, method: str, path: str, body: Any, status: int, headers: dict[str, str]) -> Any:
        text, kind = ("", "") if body is None else (json.dumps(body), "application/json")
        response = self.client.generic(method, f"{self.prefix}{path}", text, content_type=kind, headers=headers)
        return self._answer(response, status)

    @staticmethod
    def _answer(response: Any, status: int) -> Any:
        assert response.status_code == status, response.content
        body = response.json()
        if status >= 400:
            assert body.pop("requestId") == response["X-Request-Id"]
        return body


@pytest.fixture
def sources(cast: Cast, world: World, client_of: ClientOf) -> Sources:
    return Sources(client_of(cast.editor))


@pytest.fixture
def patient(settings: Settings, worker: None) -> None:
    """Whoever waits for a job gets its answer."""
    settings.JOB_WAIT_SECONDS = 30.0


class Docs:
    """A real database with three articles, as the settings of a connection to it and as a place to change them."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.credentials = {
            "host": values["host"],
            "port": values["port"],
            "database": values["database"],
            "username": values["user"],
            "password": values.get("password", "not asked for"),
        }
        self._values = values

    def say(self, statement: str) -> None:
        with psycopg.connect(
            host=self._values["host"],
            port=self._values["port"],
            dbname=self._values["database"],
            user=self._values["user"],
            password=self._values.get("password"),
        ) as server:
            server.execute(statement)

    def body(self, collection_id: str, **more: Any) -> dict[str, Any]:
        """As the seed creates a source connection."""
        return {
            "collectionId": collection_id,
            "sourceShortName": "postgresql",
            "name": "Production Database",
            "credentials": self.credentials,
            **more,
        }


@pytest.fixture
def docs(postgresql: dict[str, Any]) -> Docs:
    docs = Docs(postgresql)
    docs.say("CREATE TABLE articles (id int PRIMARY KEY, title text NOT NULL, body text, salary int)")
    docs.say(
        "INSERT INTO articles VALUES (1, 'Shipping', 'Two days.', 10), (2, 'Returns', 'Thirty days.', 20), "
        "(3, 'Warranty', 'Two years.', 30)"
    )
    docs.say("CREATE TABLE notes (note text)")
    return docs
