"""Several rankings as one: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""

from collections.abc import Sequence

K = 60


def fused(rankings: Sequence[Sequence[int]]) -> dict[int, float]:
    """Ids to their scores, the best first: 1 for what leads every ranking. Of equals the first ranking decides."""
    scores: dict[int, float] = {}
    best = len(rankings) / (K + 1)
    for ranking in rankings:
        for rank, each in enumerate(ranking, 1):
            scores[each] = scores.get(each, 0) + 1 / (K + rank) / best
    return dict(sorted(scores.items(), key=lambda pair: -pair[1]))
