"""Ours against its limit: in turn, in the same run, and the medians of it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from tests.benchmarks.meter import Cost

WALL, CPU, CLIENT, MEMORY = "wall ÷ limit", "CPU ÷ limit", "client µs a row", "memory MB"
MOST_MEMORY = 200.0


@dataclass(frozen=True)
class Figure:
    """`most`: the mark that it must not be above; None where there is none."""

    value: float
    most: float | None = None

    @property
    def is_missed(self) -> bool:
        return self.most is not None and self.value > self.most


@dataclass
class Result:
    """What one benchmark found. `about`: what was done, and against what. `runs`: what each round cost."""

    title: str
    about: str
    figures: dict[str, Figure]
    facts: dict[str, Any] = field(default_factory=dict)
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Marks:
    """The most that each figure may be."""

    wall: float | None = None
    cpu: float | None = None
    client: float | None = None
    memory: float | None = MOST_MEMORY


def contest(
    *,
    title: str,
    about: str,
    rows: int,
    rounds: int,
    ours: Callable[[], Cost],
    limit: Callable[[], Cost] | None = None,
    marks: Marks,
    lane: str = "",
    prepare: Callable[[], None] = lambda: None,
) -> Result:
    """`prepare` is called before each run of either and is not measured. `lane`: the one that is to be measured; if
    ours takes another, the facts say so."""
    took: dict[str, list[Cost]] = {"ours": [], "limit": []}
    for _ in range(rounds):
        for name, run in (("limit", limit), ("ours", ours)):
            if run is not None:
                prepare()
                took[name].append(run())
    mine = _middle(took["ours"])
    figures = {}
    if limit is not None:
        best = _middle(took["limit"])
        figures[WALL] = Figure(mine.wall / best.wall, marks.wall)
        figures[CPU] = Figure(mine.cpu / best.cpu, marks.cpu)
    figures[CLIENT] = Figure(mine.client / rows * 1e6, marks.client)
    figures[MEMORY] = Figure(max(cost.memory for cost in took["ours"]) / 2**20, marks.memory)
    facts = {"rows": rows, "rounds": rounds, "lane": took["ours"][-1].lane, "rows a second": round(rows / mine.wall)}
    if facts["lane"] != lane:
        facts["meant for"] = lane
    runs = {name: [asdict(cost) for cost in costs] for name, costs in took.items() if costs}
    return Result(title, about, figures, facts, runs)


def _middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure by itself."""
    return Cost(
        *(median(getattr(cost, name) for cost in costs) for name in ("wall", "client", "server")),
        memory=max(cost.memory for cost in costs),
    )
