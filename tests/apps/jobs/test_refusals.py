from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.jobs import services as jobs
from apps.jobs.models import Job, JobEvent, RecordError
from apps.jobs.services import Work
from engine.sync.control import Refusal
from tests.apps.jobs.conftest import expire_lease

pytestmark = pytest.mark.django_db
Claimed = Callable[..., Job]


@pytest.fixture
def work(claimed: Claimed, settings: Settings) -> Work:
    settings.JOB_RECORD_ERRORS = 5
    return Work(claimed())


def refuse(work: Work, page: int, *indexes: int, step: str = "step", stream: str = "export") -> None:
    refusals = [Refusal(index, "mapping", "invalid_value", "It is wrong.", {"id": index}) for index in indexes]
    work.refuse(step_uid=step, stream=stream, page=page, refusals=refusals)


def kept(step: str = "step") -> list[tuple[int, int]]:
    errors = RecordError.objects.filter(step_uid=step).order_by("id")
    return list(errors.values_list("page", "index"))


def warnings(work: Work) -> list[str]:
    return list(work.job.events.filter(level=JobEvent.Level.WARNING).values_list("message", flat=True))


def test_a_step_keeps_its_first_errors_and_counts_them_all(work: Work) -> None:
    refuse(work, 1, 0, 1, 2)
    refuse(work, 2, 0, 1, 2)
    refuse(work, 3, 0)
    assert kept() == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]
    assert work.refused(step_uid="step") == 7
    assert warnings(work) == ["A step refused more than 5 records: those above are counted and not kept."]


def test_says_nothing_as_long_as_all_are_kept(work: Work) -> None:
    refuse(work, 1, 0, 1, 2, 3, 4)
    assert (len(kept()), warnings(work)) == (5, [])


def test_each_step_has_a_share_of_its_own(work: Work) -> None:
    refuse(work, 1, *range(9))
    refuse(work, 1, *range(9), step="other")
    assert (len(kept()), len(kept("other"))) == (5, 5)
    assert (work.refused(step_uid="step"), work.refused(step_uid="other")) == (9, 9)
    assert len(warnings(work)) == 2


def test_what_is_told_again_counts_once(work: Work) -> None:
    refuse(work, 1, 0, 1)
    refuse(work, 1, 5, 6, 7, 8)
    refuse(work, 1, 5, 6, 7, 8)
    assert work.refused(step_uid="step") == 6
    assert len(kept()) == 5


def test_a_take_over_counts_what_was_committed_and_what_comes_again(work: Work) -> None:
    refuse(work, 1, *range(4))
    refuse(work, 2, *range(4))
    expire_lease(work.job)
    claimed = jobs.claim(job_id=work.job.id, worker="w2")
    assert claimed is not None
    again = Work(claimed)
    again.forget_refusals(step_uid="step", stream="export", behind=1)
    assert (again.refused(step_uid="step"), len(kept())) == (4, 4)
    refuse(again, 2, *range(4))
    refuse(again, 3, *range(4))
    assert again.refused(step_uid="step") == 12
    assert kept() == [(1, 0), (1, 1), (1, 2), (1, 3), (2, 0)]
    assert len(warnings(again)) == 1


def test_a_stream_that_begins_anew_counts_anew(work: Work) -> None:
    refuse(work, 1, *range(9))
    refuse(work, 1, 0, stream="another")
    work.forget_refusals(step_uid="step", stream="export", behind=0)
    refuse(work, 1, 0, 1)
    assert work.refused(step_uid="step") == 3
    assert sorted(kept()) == [(1, 0), (1, 1)]


def test_what_was_not_kept_stays_failed_when_the_rest_is_resolved(work: Work) -> None:
    refuse(work, 1, *range(9))
    Job.objects.filter(id=work.job.id).update(records_failed=work.refused(step_uid="step"))
    assert jobs.resolve_errors(job=work.job, at=timezone.now(), by="olga") == 5
    work.job.refresh_from_db()
    assert work.job.records_failed == 4
