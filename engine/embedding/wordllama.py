"""WordLlama: a small model that comes with its package and runs here, on the processor alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import wordllama

from engine.embedding.contract import Vector, Wanted
from engine.embedding.lengths import of_length_one
from engine.errors import ConfigError

DIMENSIONS = (64, 128, 256)
"""Vectors of this model may be cut off at these."""


class WordLlama:
    least_similarity = 0.25
    passage = 350  # it takes the mean of all words, in which few of them are lost among many
    batch = 256

    def __init__(self, wanted: Wanted) -> None:
        self.model = wanted.model or "l2_supercat"
        self.dimension = wanted.dimension or DIMENSIONS[-1]
        if self.model != "l2_supercat" or self.dimension not in DIMENSIONS:
            text = "WordLlama has the model l2_supercat with 64, 128 or 256 dimensions."
            raise ConfigError(text, code="unknown_model")
        # the folder of the package itself, where all is that it needs: else it would download
        folder = Path(wordllama.__file__).parent
        self._loaded: Any = wordllama.WordLlama.load(
            self.model, cache_dir=folder, trunc_dim=self.dimension, disable_download=True
        )

    def embed(self, texts: Sequence[str]) -> list[Vector | None]:
        found: list[list[float]] = self._loaded.embed(list(texts), batch_size=self.batch).tolist() if texts else []
        return [of_length_one(vector) for vector in found]

    def close(self) -> None:
        """It holds memory alone."""
