"""A service that speaks OpenAI's language, as it should and as it should not."""

import ipaddress
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.embedding.contract import Embedder, Wanted
from engine.embedding.endpoint import Endpoint
from engine.errors import ConfigError, CredentialsError, EngineError, TransientError
from engine.toolkit.egress import Egress
from tests.engine.web import Handler, WebServer, web_server

KEY = "CANARY-1-key"
EGRESS = Egress(allow=(ipaddress.ip_network("127.0.0.0/8"),), resolve=lambda host, port: ["127.0.0.1"])


class Service:
    """Answers vectors of three dimensions that tell how long the texts are; `answer` is what it says instead."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: Callable[[Handler], None] | None = None

    def __call__(self, handler: Handler) -> None:
        body = json.loads(handler.body)
        self.asked.append(body)
        if self.answer is not None:
            return self.answer(handler)
        vectors = [[float(len(text)), 0.0, 0.0][: body.get("dimensions", 3)] for text in body["input"]]
        rows = [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]
        return handler.answer(200, json.dumps({"data": rows[::-1]}).encode())


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def server(service: Service) -> Iterator[WebServer]:
    with web_server({"/v1/embeddings": service}) as server:
        yield server


Make = Callable[..., Embedder]


@pytest.fixture
def make(server: WebServer) -> Iterator[Make]:
    """`make(**more)`: a client of the service."""
    made: list[Embedder] = []

    def make(**more: Any) -> Embedder:
        made.append(Endpoint(Wanted("endpoint", "small", url=f"{server.url}/v1/", key=KEY, egress=EGRESS, **more)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def endpoint(make: Make) -> Embedder:
    return make()


def failure(endpoint: Embedder) -> EngineError:
    with pytest.raises(EngineError) as raised:
        endpoint.embed(["text"])
    assert KEY not in str(raised.value)
    return raised.value


def test_asks_for_all_texts_in_batches(endpoint: Embedder, service: Service, server: WebServer) -> None:
    vectors = endpoint.embed(["x"] * 70)

    assert vectors == [[1.0, 0.0, 0.0]] * 70
    assert [len(each["input"]) for each in service.asked] == [64, 6, 1]
    assert service.asked[0] == {"model": "small", "input": ["x"] * 64, "encoding_format": "float"}
    assert server.seen[0][2]["Authorization"] == f"Bearer {KEY}"


def test_keeps_vectors_with_their_texts(endpoint: Embedder, service: Service) -> None:
    def answer(handler: Handler) -> None:
        rows = [{"index": 1, "embedding": [0, 2, 0]}, {"index": 0, "embedding": [3, 0, 4]}]
        handler.answer(200, json.dumps({"data": rows[: len(service.asked[-1]["input"])][::-1]}).encode())

    assert endpoint.dimension == 3
    service.answer = answer

    assert endpoint.embed(["one", " ", "two"]) == [[0.6, 0, 0.8], None, [0, 1, 0]]


def test_asks_once_how_many_dimensions_there_are(endpoint: Embedder, service: Service) -> None:
    assert (endpoint.dimension, endpoint.dimension) == (3, 3)
    assert [each["input"] for each in service.asked] == [["dimension"]]


def test_asks_for_the_dimensions_that_are_wanted(make: Make, service: Service) -> None:
    endpoint = make(dimension=2)

    assert endpoint.embed(["four"]) == [[1.0, 0.0]]
    assert service.asked == [{"model": "small", "input": ["four"], "encoding_format": "float", "dimensions": 2}]


@pytest.mark.parametrize("status", [401, 403])
def test_says_that_the_key_is_refused(endpoint: Embedder, service: Service, status: int) -> None:
    service.answer = lambda handler: handler.answer(status, b"{}")

    error = failure(endpoint)

    assert isinstance(error, CredentialsError)
    assert error.message == "The embedding service refused the key (EMBEDDING_KEY)."


@pytest.mark.parametrize(("status", "told", "seconds"), [(429, "7", 7.0), (503, "", None), (500, "", None)])
def test_tries_later_what_cannot_be_answered_now(
    endpoint: Embedder, service: Service, status: int, told: str, seconds: float | None
) -> None:
    service.answer = lambda handler: handler.answer(status, b"", **({"retry_after": told} if told else {}))

    error = failure(endpoint)

    assert isinstance(error, TransientError)
    assert (error.code, error.retry_after) == ("embedding_unavailable", seconds)


def test_says_what_the_service_says_of_a_request_that_it_refuses(endpoint: Embedder, service: Service) -> None:
    body = json.dumps({"error": {"message": "model 'small' not found\n, try pulling it"}}).encode()
    service.answer = lambda handler: handler.answer(404, body)

    error = failure(endpoint)

    assert isinstance(error, ConfigError)
    assert error.message == (
        "The embedding service refused the request (status 404): model 'small' not found , try pulling it."
    )


@pytest.mark.parametrize(
    "body",
    [
        b"not JSON",
        b"[]",
        b'{"data": 5}',
        b'{"data": []}',
        b'{"data": [{"index": 0}]}',
        b'{"data": [{"index": 3, "embedding": [1]}]}',
        b'{"data": [{"index": 0, "embedding": ["a"]}]}',
    ],
)
def test_refuses_answers_that_hold_no_vectors(endpoint: Embedder, service: Service, body: bytes) -> None:
    service.answer = lambda handler: handler.answer(200, body)

    assert failure(endpoint).code == "not_understood"


def test_refuses_vectors_of_another_length(make: Make, service: Service) -> None:
    body = json.dumps({"data": [{"index": 0, "embedding": [1, 2, 3]}]}).encode()
    service.answer = lambda handler: handler.answer(200, body)

    assert failure(make(dimension=4)).code == "wrong_dimension"


def test_refuses_vectors_that_are_too_long(endpoint: Embedder, service: Service) -> None:
    body = json.dumps({"data": [{"index": 0, "embedding": [1.0] * 4_001}]}).encode()
    service.answer = lambda handler: handler.answer(200, body)

    assert failure(endpoint).code == "too_many_dimensions"


def test_follows_no_redirect_with_its_texts(endpoint: Embedder, service: Service) -> None:
    service.answer = lambda handler: handler.answer(307, b"", location="http://other.example/")

    assert failure(endpoint).code == "redirect_refused"


def test_needs_an_address_and_a_model() -> None:
    with pytest.raises(ConfigError) as refusal:
        Endpoint(Wanted("endpoint"))
    assert refusal.value.code == "no_model"
