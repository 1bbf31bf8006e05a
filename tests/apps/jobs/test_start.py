import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Organization
from apps.errors import Conflict, Invalid
from apps.jobs import services as jobs
from apps.jobs.models import Job, State
from tests.apps.jobs.conftest import Begin
from tests.apps.jobs.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def listener() -> psycopg.Connection:
    """Another connection to our database, that hears of jobs."""
    settings = connection.get_connection_params()
    values = {name: settings[name] for name in ("dbname", "host", "port", "user", "password") if settings.get(name)}
    with psycopg.connect(**values, autocommit=True) as listener:
        listener.execute("LISTEN jobs")
        yield listener


def heard(listener: psycopg.Connection) -> int:
    return sum(1 for _ in listener.notifies(timeout=0.2))


def test_queues_a_job_and_tells_the_dispatcher(begin: Begin, listener: psycopg.Connection) -> None:
    job = begin(7, labels={"flow": "f"}, params={"a": 1})
    assert (job.state, job.queue, job.fence, job.attempt) == (State.QUEUED, "sync", 0, 0)
    assert (job.subject_id, job.labels, job.params) == (7, {"flow": "f"}, {"a": 1})
    assert [event.message for event in job.events.all()] == ["queued"]
    assert heard(listener) == 1


def test_is_part_of_the_callers_transaction(begin: Begin, listener: psycopg.Connection) -> None:
    with transaction.atomic():
        begin()
        assert heard(listener) == 0
        transaction.set_rollback(True)
    assert heard(listener) == 0
    assert not Job.objects.exists()


def test_joins_the_run_that_waits_already(begin: Begin) -> None:
    first = begin(params={"a": 1})
    assert begin(params={"a": 1}) == first
    assert Job.objects.count() == 1


def test_refuses_a_second_waiting_run_with_other_parameters(begin: Begin) -> None:
    first = begin(params={"a": 1})
    with pytest.raises(Conflict) as caught:
        begin(params={"a": 2})
    assert (caught.value.code, caught.value.job) == ("run_waiting", first.uid)
    assert Job.objects.count() == 1


def test_one_run_may_wait_behind_the_one_that_runs(begin: Begin) -> None:
    running = jobs.claim(job_id=begin().id, worker="w")
    waiting = begin()
    assert running is not None
    assert waiting.id != running.id
    assert begin() == waiting


def test_other_subjects_do_not_mind(begin: Begin) -> None:
    assert begin(1) != begin(2)


def test_what_is_not_exclusive_waits_as_often_as_it_is_asked(begin: Begin) -> None:
    assert begin(kind="question") != begin(kind="question")


def test_children_wait_beside_their_parent(begin: Begin) -> None:
    parent = begin()
    assert begin(parent=parent) != begin(parent=parent)


def test_the_same_idempotency_key_gives_the_same_job_also_after_it_ended(begin: Begin) -> None:
    job = begin(idempotency_key="k")
    assert begin(idempotency_key="k") == job
    jobs.cancel(job=job)
    assert begin(idempotency_key="k") == job


def test_a_key_that_joined_a_waiting_run_finds_it_again(begin: Begin) -> None:
    job = begin()
    assert begin(idempotency_key="k") == job
    jobs.claim(job_id=job.id, worker="w")
    assert begin(idempotency_key="k") == job


@pytest.mark.parametrize("other", [{"subject": 2}, {"params": {"a": 1}}, {"kind": "question"}])
def test_a_key_that_was_used_for_something_else_is_refused(begin: Begin, other: dict) -> None:
    job = begin(1, idempotency_key="k")
    with pytest.raises(Conflict) as caught:
        begin(**{"subject": 1, "idempotency_key": "k", **other})
    assert (caught.value.code, caught.value.job) == ("idempotency_key_reused", job.uid)
    assert Job.objects.count() == 1


def test_another_organizations_key_is_another_key(begin: Begin) -> None:
    globex = Organization.objects.create(name="Globex")
    assert begin(1, idempotency_key="k") != begin(2, idempotency_key="k", organization=globex)


def test_twenty_requests_with_one_key_make_one_job(begin: Begin) -> None:
    found = at_once(20, lambda number: begin(idempotency_key="k").id)
    assert len(set(found)) == Job.objects.count() == 1


def test_fifty_triggers_leave_at_most_one_waiting(begin: Begin) -> None:
    def trigger(number: int) -> int:
        job = begin()
        if number % 3 == 0:
            jobs.claim(job_id=job.id, worker=f"w{number}")
        return job.id

    found = at_once(50, trigger)
    states = sorted(Job.objects.values_list("state", flat=True))
    assert states in (["queued", "running"], ["running"])
    assert set(found) <= set(Job.objects.values_list("id", flat=True))


def test_refuses_an_unknown_kind(begin: Begin) -> None:
    with pytest.raises(Invalid) as caught:
        begin(kind="dance")
    assert caught.value.code == "unknown_kind"


def test_a_constraint_that_nobody_expects_is_an_error(begin: Begin) -> None:
    job = begin(1)
    with pytest.raises(IntegrityError):
        begin(2, uid=job.uid)
