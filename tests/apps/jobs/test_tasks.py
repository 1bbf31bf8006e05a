from collections.abc import Callable

import pytest

from apps.jobs import tasks
from apps.jobs.models import Job, State
from apps.jobs.services import Work

pytestmark = pytest.mark.django_db(transaction=True)


def test_runs_the_job_that_the_hint_names(play: Callable[..., Job]) -> None:
    def work(work: Work) -> None:
        work.log("info", "Done.")

    job = play(work)
    tasks.run.apply(kwargs={"job_id": job.id, "of_a_later_version": True}).get()
    job.refresh_from_db()
    assert job.state == State.COMPLETED
    assert job.worker
