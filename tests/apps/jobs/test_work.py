from collections.abc import Callable
from datetime import timedelta

import orjson
import pytest
from django.utils import timezone

from apps.accounts.models import new_uid
from apps.jobs import services as jobs
from apps.jobs.models import Job, JobStep, RecordError, Result
from apps.jobs.services import Work
from engine.errors import FenceLost
from engine.schema import RawJson
from engine.sync.control import Refusal
from tests.apps.jobs.conftest import expire_lease

pytestmark = pytest.mark.django_db
Claimed = Callable[..., Job]


@pytest.fixture
def work(claimed: Claimed) -> Work:
    return Work(claimed())


def refuse(work: Work, index: int = 0, *, page: int = 1, stream: str = "export", **record: object) -> None:
    refusal = Refusal(index, "mapping", "invalid_value", "It is wrong.", record, trace_key="7")
    work.refuse(step_uid="step", stream=stream, page=page, refusals=[refusal])


def test_a_line_of_the_log_is_numbered_among_the_others(work: Work) -> None:
    work.log("info", "Rows lane.", lane="rows")
    event = work.job.events.last()
    assert (event.number, event.level, event.message, event.data) == (3, "info", "Rows lane.", {"lane": "rows"})


def test_progress_stores_figures_of_the_job_and_its_steps(work: Work) -> None:
    step = JobStep.objects.create(job=work.job, step_uid="s", role="import", resource_uid="i", name="Copy")
    step.records, step.lane = 5, "rows"
    Job.objects.filter(id=work.job.id).update(stalled=3)
    work.progress([step], records_read=6, bytes_moved=7)
    job = Job.objects.get(id=work.job.id)
    step.refresh_from_db()
    assert (job.records_read, job.bytes_moved, job.stalled) == (6, 7, 0)
    assert (step.records, step.lane) == (5, "rows")


def test_a_pulse_is_life_and_no_progress(work: Work) -> None:
    Job.objects.filter(id=work.job.id).update(stalled=3)
    work.moved_at = 0
    work.pulse(bytes_moved=7)
    job = Job.objects.get(id=work.job.id)
    assert (job.bytes_moved, job.stalled) == (7, 3)
    assert work.is_alive(600)


def test_a_snapshot_is_taken_once(work: Work) -> None:
    assert work.snapshot(lambda: {"a": 1}) == {"a": 1}
    expire_lease(work.job)
    again = jobs.claim(job_id=work.job.id, worker="w2")
    assert again is not None
    assert Work(again).snapshot(lambda: {"a": 2}) == {"a": 1}


def test_a_record_is_refused_once_for_its_place(work: Work) -> None:
    for _ in range(2):
        refuse(work, name="Ada")
        refuse(work, 1)
        refuse(work, page=2)
        refuse(work, stream="another")
    places = RecordError.objects.values_list("step_uid", "stream", "page", "index").order_by("id")
    expected = [("export", 1, 0), ("export", 1, 1), ("export", 2, 0), ("another", 1, 0)]
    assert list(places) == [("step", *place) for place in expected]
    error = RecordError.objects.earliest("id")
    assert (error.source, error.code, error.trace_key) == ("mapping", "invalid_value", "7")
    assert error.record == {"name": "Ada"}


def test_what_was_never_committed_is_forgotten(work: Work) -> None:
    refuse(work, page=1)
    refuse(work, page=2)
    refuse(work, page=2, stream="another")
    work.forget_refusals(step_uid="step", stream="export", behind=1)
    assert set(RecordError.objects.values_list("stream", "page")) == {("export", 1), ("another", 2)}


def test_a_record_is_kept_as_json_can_hold_it(work: Work) -> None:
    refuse(work, blob=b"\x00\xff", text="a\x00b", doc=RawJson('{"a":1}'), big=2**63, nothing=None)
    expected = {"blob": "00ff", "text": "a\u2400b", "doc": '{"a":1}', "big": 2**63, "nothing": None}
    assert RecordError.objects.get().record == expected


def test_an_answer_is_kept_for_an_hour(work: Work) -> None:
    work.answer({"ok": True})
    work.answer({"ok": False})
    result = Result.objects.get(job=work.job)
    assert (result.content_type, orjson.loads(bytes(result.body))) == ("application/json", {"ok": False})
    assert timedelta(minutes=59) < result.expires_at - timezone.now() < timedelta(minutes=61)


def test_an_answer_that_is_too_large_says_so(work: Work) -> None:
    work.answer(["x" * 1000] * 6000)
    assert orjson.loads(bytes(Result.objects.get().body))["code"] == "too_large"


@pytest.mark.parametrize(
    "write",
    [
        lambda work: work.progress(records_read=1),
        lambda work: work.pulse(bytes_moved=1),
        lambda work: work.log("info", "Still here."),
        lambda work: work.answer({"ok": True}),
        lambda work: work.snapshot(lambda: {"a": 1}),
        lambda work: refuse(work, name="Ada"),
        lambda work: work.forget_refusals(step_uid="step", stream="export", behind=0),
        lambda work: work.store(lambda: Job.objects.update(error_code="x")),
    ],
)
def test_nothing_is_written_once_another_attempt_has_taken_over(work: Work, write: Callable[[Work], None]) -> None:
    expire_lease(work.job)
    again = jobs.claim(job_id=work.job.id, worker="w2")
    assert again is not None
    Work(again).refuse(step_uid="step", stream="export", page=9, refusals=[Refusal(0, "mapping", "x", "x")])
    before = state_of(work.job)
    with pytest.raises(FenceLost):
        write(work)
    assert state_of(work.job) == before


def test_nothing_is_written_once_the_job_has_ended(work: Work) -> None:
    jobs.run(work.job)
    with pytest.raises(FenceLost):
        work.progress(records_read=1)


def state_of(job: Job) -> tuple[object, ...]:
    row = Job.objects.filter(id=job.id).values().get()
    return row, job.events.count(), RecordError.objects.count(), Result.objects.count()


def test_a_retrys_results_are_credited_to_its_parent(work: Work, begin: Callable[..., Job]) -> None:
    Job.objects.filter(id=work.job.id).update(records_written=10, records_failed=3)
    child = begin(2, parent=work.job, uid=new_uid())
    Work(child).add_to_parent(written=2, failed=2)
    parent = Job.objects.get(id=work.job.id)
    assert (parent.records_written, parent.records_failed) == (12, 1)
