"""Ways to spoil the job machine, one function each: the tests must notice every one of them, else they prove nothing.

Where two safeguards back each other, a mutant takes both away: without one alone nothing goes wrong, as it should be.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from apps.jobs import services
from apps.jobs.models import Job
from apps.jobs.queue import Publisher
from apps.jobs.services import claiming, dispatching, due, heartbeat, starting
from engine.drivers.sql.postgresql.write import PostgresqlWriter
from engine.drivers.sql.state import StateTable
from engine.drivers.sql.write import SqlWriter


def writes_are_not_fenced() -> None:
    """The destination takes rows under any fence and behind any position, and nobody ends older sessions."""

    def update(self: Any, assignments: str, values: Sequence[Any], condition: str, compared: Sequence[Any]) -> None:
        self._session.execute(
            f"UPDATE {self._table} SET {assignments} WHERE step_uid = %s AND stream = %s", [*values, *self._key]
        )

    StateTable._update = update
    PostgresqlWriter._end_predecessors = lambda self: None


def positions_are_committed_after_the_rows() -> None:
    """The rows in one transaction, their position in the next."""
    commit = SqlWriter._commit

    def in_two(self: Any, work: Callable[[], Any], position: Callable[[Any], Any], *, is_done: bool = False) -> Any:
        self._session.begin()
        result = work()
        self._session.commit()
        return commit(self, lambda: result, position, is_done=is_done)

    SqlWriter._commit = in_two


def jobs_are_claimed_in_any_state() -> None:
    """A hint is taken for an order, and the claim looks at no state."""
    _replace(claiming, "CLAIM", due.OPEN, "TRUE")
    work_through = services.work_through

    def obey(*, job_id: int, worker: str) -> None:
        job = services.claim(job_id=job_id, worker=worker)
        if job is not None:
            services.run(job)
        work_through(job_id=job_id, worker=worker)

    services.work_through = obey


def leases_never_run_out() -> None:
    """For whoever claims or publishes: a job whose worker was killed stays with the dead."""
    _replace_everywhere(due.HANDED_BACK, due.HANDED_BACK.replace("lease_until < now()", "FALSE"))


def hints_come_before_the_commit() -> None:
    """Whoever starts a job publishes it at once, and nobody does so again."""
    insert = starting._insert

    def insert_and_publish(job: Job) -> bool:
        is_new = insert(job)
        Job.objects.filter(id=job.id).update(published_at=Now())
        with Publisher() as publisher:
            publisher.publish(job_id=job.id, queue=job.queue)
        return is_new

    starting._insert = insert_and_publish
    _publish_once()


def hints_are_acknowledged_early_and_never_repeated() -> None:
    """The other half is among this folder's settings."""
    _publish_once()


def leases_are_never_renewed() -> None:
    heartbeat.RENEW = "SELECT %(lease)s, %(id)s, %(fence)s"


def runs_of_a_flow_overlap() -> None:
    """Neither the claim nor the index keeps a second run from starting."""
    _replace_everywhere(due.ALONE, "TRUE")
    _replace(claiming, "CLAIM", "is_draining = false", "is_exclusive = false, is_draining = false")


def jobs_are_never_given_up() -> None:
    settings.JOB_ATTEMPTS = 1_000_000


def _publish_once() -> None:
    dispatching.Dispatcher._publish_again = lambda self, queue: 0


def _replace_everywhere(old: str, new: str) -> None:
    """In every statement of the job machine that holds it."""
    modules = [module for name, module in sys.modules.items() if name.startswith("apps.jobs.services.")]
    found = [
        (module, name)
        for module in modules
        for name, text in vars(module).items()
        if name.isupper() and isinstance(text, str) and old in text
    ]
    for module, name in found:
        _replace(module, name, old, new)
    assert any(name == "CLAIM" for _, name in found), "the mutant would be none"


def _replace(module: Any, name: str, old: str, new: str) -> None:
    text = getattr(module, name)
    assert old in text, f"{name} has no {old!r}: the mutant would be none"
    setattr(module, name, text.replace(old, new))
