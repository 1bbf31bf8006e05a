"""Vectors by a service that speaks OpenAI's language, which may be slow, away or of another opinion."""

import json
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.jobs.models import JobEvent
from apps.sources.models import VectorSpace
from apps.sources.queries.embedders import wanted
from apps.sources.queries.search import search
from engine.embedding.registry import embedder
from tests.apps.sources.library import Library
from tests.apps.sources.test_embedding import COLUMNS, ROWS, embed, find, ids
from tests.engine.web import Handler, WebServer, web_server

pytest.importorskip("wordllama", reason="WordLlama has no wheel for this platform")

MEANINGS = ("money", "refund"), ("chair", "office", "furniture"), ("car", "engine", "vehicle")


class Service:
    """Knows of three meanings. `status` other than 200 is all that it says."""

    def __init__(self) -> None:
        self.status = 200
        self.texts: list[str] = []

    def __call__(self, handler: Handler) -> None:
        if self.status != 200:
            return handler.answer(self.status, b"{}", retry_after="7")
        asked = json.loads(handler.body)
        self.texts += asked["input"]
        rows = [{"index": place, "embedding": self._vector(text)} for place, text in enumerate(asked["input"])]
        return handler.answer(200, json.dumps({"data": rows}).encode())

    @staticmethod
    def _vector(text: str) -> list[float]:
        return [float(any(word in text.lower() for word in words)) - 0.5 for words in MEANINGS]


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def server(service: Service, settings: Settings) -> Iterator[WebServer]:
    with web_server({"/v1/embeddings": service}) as server:
        url = f"http://127.0.0.1:{server.port}/v1"
        settings.EMBEDDING = {"name": "endpoint", "url": url, "model": "small", "key": "CANARY-1", "dimension": 0}
        yield server
        embedder(wanted()).close()


@pytest.fixture
def library(transactional_db: None, server: WebServer) -> Library:
    library = Library(Organization.objects.create(name="Acme"))
    library.stream("articles", COLUMNS, ROWS)
    return library


def test_finds_by_the_vectors_of_a_service(library: Library, service: Service) -> None:
    assert embed(library.collection).state == "completed"

    assert find(library.collection, "furniture")[0] == 2
    space = VectorSpace.objects.get()
    assert (space.model, space.dimension, space.record_count) == ("endpoint/small", 3, 3)
    assert service.texts == ["dimension", *(f"{row['title']}\n{row['body']}" for row in ROWS), "furniture"]


def test_waits_as_long_as_the_service_says(library: Library, service: Service) -> None:
    service.status = 429

    job = embed(library.collection)

    assert (job.state, job.stalled, job.lease_until) == ("running", 1, None)
    last = JobEvent.objects.filter(job=job).order_by("-number")[0]
    assert last.message == "The embedding service cannot answer now (status 429). Next attempt in 7 s."


def test_says_that_the_key_is_refused(library: Library, service: Service) -> None:
    service.status = 401

    job = embed(library.collection)

    assert (job.state, job.error_code) == ("failed", "auth_failed")
    assert job.error_message == "The embedding service refused the key (EMBEDDING_KEY)."


def test_finds_by_words_while_the_service_is_away(library: Library, service: Service) -> None:
    embed(library.collection)
    service.status = 503

    answer = search(collection=library.collection, query="coffee machine")

    assert ids(answer) == [2]
    assert [(warning.code, warning.message) for warning in answer.warnings] == [
        ("vectors_unavailable", "Found by words alone. The embedding service cannot answer now (status 503).")
    ]


def test_asks_no_other_model_for_the_old_vectors(library: Library, service: Service, settings: Settings) -> None:
    embed(library.collection)
    settings.EMBEDDING = {**settings.EMBEDDING, "name": "wordllama", "url": "", "model": ""}

    answer = search(collection=library.collection, query="coffee machine")

    assert ids(answer) == [2]
    assert [warning.message for warning in answer.warnings] == [
        "Found by words alone. The embedder of the present vectors is not configured any more."
    ]
    assert embed(library.collection).state == "completed"
    assert VectorSpace.objects.get().model == "wordllama/l2_supercat"
    assert find(library.collection, "how do I get my money back") == [1]
