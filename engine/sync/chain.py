"""A flow as the engine runs it: generators give pages, then every step takes each page in turn."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.contract import Driver, Request, Target, Writes


@dataclass(frozen=True, slots=True)
class Generator:
    """Where pages come from. `overlap`: how far a cursor is taken back for late rows, in its unit (seconds for
    moments; None: 5 minutes for moments, nothing for numbers). `limit`: the most records, None for all. `purpose`: ""
    for the flow's own runs; others, such as "test" and "retry", are remembered apart from them."""

    uid: str
    name: str
    driver: Driver
    request: Request
    overlap: float | None = None
    filter: list[Any] = field(default_factory=list)
    limit: int | None = None
    purpose: str = ""

    @property
    def memory(self) -> str:
        """The name under which destinations remember how far they got in what it gives."""
        return f"{self.uid}:{self.purpose}" if self.purpose else self.uid


class WritingDriver(Driver, Writes, Protocol):
    """A driver that can also write."""


@dataclass(frozen=True, slots=True)
class WriteStep:
    """Where pages go: what passes `filter` is mapped by `mapping` ([]: as it is) and written to `target`."""

    uid: str
    name: str
    driver: WritingDriver
    target: Target
    mapping: list[dict[str, Any]] = field(default_factory=list)
    filter: list[Any] = field(default_factory=list)
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    generators: tuple[Generator, ...]
    steps: tuple[WriteStep, ...]
