import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.errors import NotFound
from apps.jobs import services as jobs
from apps.jobs.models import Job, RecordError, Result, State
from apps.jobs.services import Work
from tests.apps.jobs.conftest import Begin
from tests.apps.jobs.threads import Aside

AT = timezone.now()


@pytest.mark.django_db(transaction=True)
def test_waits_until_the_job_has_ended(play: Callable[..., Job]) -> None:
    def answer(work: Work) -> None:
        time.sleep(0.1)
        work.answer({"ok": True})

    job = play(answer, kind="question")
    with Aside(lambda: jobs.work_through(job_id=job.id, worker="w")):
        waited_for = jobs.wait(job, seconds=20)
    assert waited_for.state == State.COMPLETED
    assert bytes(waited_for.result.body) == b'{"ok":true}'


def test_waits_no_longer_than_it_may(begin: Begin) -> None:
    assert jobs.wait(begin(kind="question"), seconds=0.1).state == State.QUEUED


def test_answers_are_forgotten_when_their_time_is_over(begin: Begin) -> None:
    kept, old = begin(1), begin(2)
    for job, seconds in ((kept, 60), (old, -1)):
        Result.objects.create(job=job, body=b"{}", expires_at=timezone.now() + timedelta(seconds=seconds))
    assert jobs.erase_expired_results() == 1
    assert Result.objects.get().job == kept


@pytest.fixture
def failed(begin: Begin) -> Job:
    """A job with three records refused."""
    job = begin()
    Job.objects.filter(id=job.id).update(records_failed=3)
    for index in range(3):
        RecordError.objects.create(job=job, step_uid="s", page=1, index=index, source="mapping", code="c", message="m")
    return job


def test_all_open_errors_are_resolved(failed: Job) -> None:
    assert jobs.resolve_errors(job=failed, at=AT, by="olga@acme.example") == 3
    failed.refresh_from_db()
    assert failed.records_failed == 0
    assert set(failed.record_errors.values_list("resolved_by", "resolved_at")) == {("olga@acme.example", AT)}
    assert jobs.resolve_errors(job=failed, at=AT, by="edgar@acme.example") == 0
    assert failed.record_errors.filter(resolved_by="olga@acme.example").count() == 3


def test_some_are_resolved(failed: Job) -> None:
    first = failed.record_errors.earliest("id")
    assert jobs.resolve_errors(job=failed, at=AT, by="olga", uids=[first.uid]) == 1
    failed.refresh_from_db()
    assert failed.records_failed == 2


def test_an_error_of_another_job_resolves_nothing(failed: Job, begin: Begin) -> None:
    uids = list(failed.record_errors.values_list("uid", flat=True))
    with pytest.raises(NotFound):
        jobs.resolve_errors(job=begin(2), at=AT, by="stan", uids=uids[:1])
    with pytest.raises(NotFound):
        jobs.resolve_errors(job=failed, at=AT, by="stan", uids=[*uids, "0" * 24])
    failed.refresh_from_db()
    assert failed.records_failed == 3
    assert not failed.record_errors.exclude(resolved_at=None).exists()
