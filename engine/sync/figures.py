"""How far a run got, in numbers: counted anew from the positions at every checkpoint, so nothing counts twice."""

from dataclasses import dataclass, field

from engine.contract import Position


@dataclass(slots=True)
class StepFigures:
    """`records`: read by a generator, or written by a write step."""

    records: int = 0
    ignored: int = 0
    failed: int = 0
    pages: int = 0
    lane: str = ""
    delivery: str = ""


@dataclass(slots=True)
class Figures:
    """By step uid; `places` by write step and generator. `expected`: rows the source's statistics promise, None when
    they say nothing. `chains`: how many chains of one job are counted together."""

    steps: dict[str, StepFigures] = field(default_factory=dict)
    places: dict[tuple[str, str], Position] = field(default_factory=dict)
    bytes_moved: int = 0
    expected: int | None = None
    snapshots: int = 0
    chains: int = 1

    def of(self, step: str) -> StepFigures:
        return self.steps.setdefault(step, StepFigures())

    def stand(self, *, step: str, generator: str, at: Position) -> None:
        """Counts a step's new place in what a generator gives."""
        self.places[step, generator] = at
        taken = [place for (one, _), place in self.places.items() if one == step]
        given = [place for (_, one), place in self.places.items() if one == generator]
        writes, reads = self.of(step), self.of(generator)
        writes.pages, writes.ignored = _sum(taken, "page"), _sum(taken, "ignored")
        # refusals are told before their page is committed, so they may be ahead of it
        writes.records = max(0, _sum(taken, "read") - writes.ignored - writes.failed)
        reads.records, reads.pages = max(place["read"] for place in given), max(place["page"] for place in given)
        self.bytes_moved = _sum(list(self.places.values()), "bytes")
        self.snapshots = max(place["snapshots"] for place in self.places.values())


def _sum(places: list[Position], what: str) -> int:
    return sum(int(place[what]) for place in places)
