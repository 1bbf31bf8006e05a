"""Any service that answers as OpenAI's `POST /embeddings` does: OpenAI, Azure, Ollama, vLLM, LM Studio and others."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

import orjson

from engine.embedding.contract import Vector, Wanted
from engine.embedding.lengths import of_length_one
from engine.errors import ConfigError, CredentialsError, EngineError, TransientError
from engine.toolkit.http import Answer, HttpClient, Request
from engine.toolkit.http_headers import retry_after

SECONDS = 60
MOST_DIMENSIONS = 4_000
"""As many as an index over half-precision vectors takes."""
LONGEST_REASON = 200
PROBE = "dimension"


class Endpoint:
    least_similarity = 0.0
    passage = 1_200
    batch = 64

    def __init__(self, wanted: Wanted) -> None:
        if not wanted.url or not wanted.model:
            raise ConfigError("An endpoint for vectors needs EMBEDDING_URL and EMBEDDING_MODEL.", code="no_model")
        self.model = wanted.model
        self._wanted = wanted
        self._client = HttpClient(wanted.egress)

    @cached_property
    def dimension(self) -> int:
        if self._wanted.dimension:
            return self._wanted.dimension
        [vector] = self._asked([PROBE])
        if not 1 <= len(vector) <= MOST_DIMENSIONS:
            text = f"The model's vectors have {len(vector):,} dimensions; at most {MOST_DIMENSIONS:,} can be kept."
            raise ConfigError(text, code="too_many_dimensions")
        return len(vector)

    def embed(self, texts: Sequence[str]) -> list[Vector | None]:
        """Texts of blanks alone are not sent: some services refuse them."""
        said = [text for text in texts if text.strip()]
        vectors = iter([vector for batch in _batches(said, self.batch) for vector in self._asked(batch)])
        return [self._checked(next(vectors)) if text.strip() else None for text in texts]

    def close(self) -> None:
        self._client.close()

    def _checked(self, vector: list[float]) -> Vector | None:
        if len(vector) != self.dimension:
            text = f"The model answered vectors of {len(vector):,} dimensions instead of {self.dimension:,}."
            raise ConfigError(text, code="wrong_dimension")
        return of_length_one(vector)

    def _asked(self, texts: list[str]) -> list[list[float]]:
        wanted = self._wanted
        body: dict[str, Any] = {"model": wanted.model, "input": texts, "encoding_format": "float"}
        if wanted.dimension:
            body["dimensions"] = wanted.dimension
        request = Request(
            "POST",
            f"{wanted.url.rstrip('/')}/embeddings",
            headers={"Content-Type": "application/json"},
            secret_headers={"Authorization": f"Bearer {wanted.key}"} if wanted.key else {},
            body=orjson.dumps(body),
            redirects=0,
            deadline=SECONDS,
        )
        answer = self._client.send(request)
        if answer.status != 200:
            raise _failure(answer)
        return _vectors(answer, len(texts))


def _batches(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(texts)
    while batch := list(islice(rest, size)):
        yield batch


def _vectors(answer: Answer, count: int) -> list[list[float]]:
    """In the order of the texts. Raises ConfigError for what is no such answer."""
    try:
        rows = sorted(orjson.loads(answer.body)["data"], key=lambda row: int(row["index"]))
        vectors = [[float(value) for value in row["embedding"]] for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise _not_understood() from error
    if [row["index"] for row in rows] != list(range(count)):
        raise _not_understood()
    return vectors


def _not_understood() -> ConfigError:
    return ConfigError("The embedding service answered something else than vectors.", code="not_understood")


def _failure(answer: Answer) -> EngineError:
    if answer.status in (401, 403):
        return CredentialsError("The embedding service refused the key (EMBEDDING_KEY).")
    if answer.status in (408, 429) or answer.status >= 500:
        text = f"The embedding service cannot answer now (status {answer.status})."
        return TransientError(text, code="embedding_unavailable", retry_after=retry_after(answer.headers))
    text = f"The embedding service refused the request (status {answer.status}){_reason(answer.body)}."
    return ConfigError(text, code="embedding_refused")


def _reason(body: bytes) -> str:
    """What the service says of it, shortened."""
    try:
        told = orjson.loads(body)["error"]
        text = told["message"] if isinstance(told, dict) else told
    except (ValueError, KeyError, TypeError):
        return ""
    return f": {' '.join(str(text).split())[:LONGEST_REASON]}".rstrip(".")
