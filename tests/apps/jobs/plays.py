"""A runner for tests: a job's `play` names the function that runs it."""

from collections.abc import Callable

from apps.jobs.services import Work

PLAYS: dict[str, Callable[[Work], None]] = {}


def run(work: Work) -> None:
    PLAYS[work.params.get("play", "nothing")](work)
