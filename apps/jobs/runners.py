"""Which service runs which kind of job: the table JOB_RUNNERS, resolved on first use."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from apps.errors import Invalid


@dataclass(frozen=True, slots=True)
class Runner:
    kind: str
    path: str
    queue: str
    is_exclusive: bool
    is_single: bool

    def load(self) -> Callable[[Any], None]:
        """The service, which takes the `Work` of one attempt."""
        service: Callable[[Any], None] = import_string(self.path)
        return service


@cache
def runner(kind: str) -> Runner:
    table: Any = settings.JOB_RUNNERS
    entry = table.get(kind)
    if entry is None:
        raise Invalid(f"There is no kind of job named {kind!r}.", code="unknown_kind", field="kind")
    return Runner(kind, entry["path"], entry["queue"], entry["exclusive"], entry.get("single", False))


def longest(kind: str) -> float:
    """The seconds that an interactive job of the kind may take."""
    entry = settings.JOB_RUNNERS.get(kind, {})
    return float(entry.get("seconds", settings.JOB_INTERACTIVE_SECONDS))


def queues() -> list[str]:
    """Every queue that jobs go to."""
    return sorted({str(entry["queue"]) for entry in settings.JOB_RUNNERS.values()})
