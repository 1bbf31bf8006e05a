"""The length of vectors."""

import math
from collections.abc import Sequence

LEAST = 1e-12


def of_length_one(vector: Sequence[float]) -> list[float] | None:
    """The vector that points the same way; None for one that points nowhere."""
    length = math.hypot(*vector)
    if not math.isfinite(length) or length < LEAST:
        return None
    return [value / length for value in vector]
