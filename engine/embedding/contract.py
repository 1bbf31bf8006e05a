"""What gives texts their vectors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.toolkit.egress import Egress

Vector = Sequence[float]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which embedder, by its name in the registry, and with what: as the operator set it. `model` "" and `dimension` 0
    leave the choice to the embedder; `key` is a secret, which no log shows."""

    name: str
    model: str = ""
    dimension: int = 0
    url: str = ""
    key: str = field(default="", repr=False)
    egress: Egress = field(default_factory=Egress)


class Embedder(Protocol):
    """May be used by several threads at once.

    `model`: vectors of one model and one dimension can be compared, and no others. `least_similarity`: the cosine below
    which two texts have nothing to do with each other. `passage`: of how many characters its texts should be at most;
    `batch`: how many of them at a time suit it best.
    """

    model: str
    least_similarity: float
    passage: int
    batch: int

    @property
    def dimension(self) -> int:
        """May ask the model. Raises as `embed` does."""

    def embed(self, texts: Sequence[str]) -> list[Vector | None]:
        """A vector of length 1 for each text, None for one that says nothing.

        Raises ConfigError, CredentialsError and TransientError.
        """

    def close(self) -> None:
        """It is not asked again."""
