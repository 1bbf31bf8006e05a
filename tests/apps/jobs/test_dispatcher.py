import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone
from kombu import Connection

from apps.jobs import queue
from apps.jobs import services as jobs
from apps.jobs.models import Job, Result, State
from apps.jobs.queue import BrokerDown, Publisher
from apps.jobs.services import Dispatcher
from apps.jobs.services.dispatching import FEW, is_anybody_dispatching
from tests.apps.jobs.conftest import Begin, expire_lease
from tests.apps.jobs.threads import Aside, at_once
from tests.faults.machine import Broker

pytestmark = pytest.mark.django_db(transaction=True)
Claimed = Callable[..., Job]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """One of the test's own, to be broken at will."""
    with TemporaryDirectory(prefix="cd-") as folder:
        broker = Broker(Path(folder))
        url = f"redis+socket://{broker.socket}?virtual_host=0"
        monkeypatch.setitem(current_app.conf, "broker_url", url)
        broker.start()
        yield broker
        if broker.process is not None:
            broker.thaw()
        broker.stop()


@pytest.fixture
def dispatcher(broker: Broker) -> Iterator[Dispatcher]:
    with Publisher() as publisher:
        yield Dispatcher(publisher)


def hints(name: str = "sync") -> list[int]:
    """The ids of the jobs that the broker holds hints of, which are taken."""
    with current_app.connection_for_read() as broker:
        return [message["job_id"] for message in messages(broker, name)]


def messages(broker: Connection, name: str) -> Iterator[dict[str, int]]:
    channel = broker.default_channel
    while message := channel.basic_get(name, no_ack=True):
        _, values, _ = message.payload
        yield values


def long_ago(*found: Job) -> None:
    """As if these had been published a while ago."""
    Job.objects.filter(id__in=[job.id for job in found]).update(published_at=timezone.now() - timedelta(seconds=11))


def test_publishes_each_new_job_once_in_order(begin: Begin, dispatcher: Dispatcher) -> None:
    found, question = [begin(subject) for subject in range(3)], begin(kind="question")
    assert dispatcher.tick() == 4
    assert hints() == [job.id for job in found]
    assert hints("interactive") == [question.id]
    assert dispatcher.tick() == 0


def test_hears_of_a_new_job_while_it_waits(begin: Begin, dispatcher: Dispatcher) -> None:
    dispatcher.listen()
    began = time.monotonic()
    with Aside(begin):
        dispatcher.wait(seconds=20)
    assert time.monotonic() - began < 10
    assert dispatcher.tick() == 1


def test_waits_no_longer_than_it_should(dispatcher: Dispatcher) -> None:
    dispatcher.listen()
    dispatcher.wait(seconds=0.05)


def test_publishes_who_waits_for_a_child_when_that_has_ended(
    begin: Begin, claimed: Claimed, dispatcher: Dispatcher
) -> None:
    parent = claimed()
    child = begin(2, parent=parent)
    Job.objects.filter(id=parent.id).update(lease_until=None)
    assert dispatcher.tick() == 1
    assert hints() == [child.id]
    jobs.cancel(job=child)
    assert dispatcher.tick() == 1
    assert hints() == [parent.id]


def test_does_not_publish_what_could_not_run(begin: Begin, claimed: Claimed, dispatcher: Dispatcher) -> None:
    claimed(1)
    begin(1)
    later = claimed(2, worker="w2")
    Job.objects.filter(id=later.id).update(lease_until=None, not_before=timezone.now() + timedelta(seconds=60))
    jobs.cancel(job=begin(3))
    assert dispatcher.tick() == 0


def test_publishes_what_was_handed_back_and_whose_lease_ran_out(claimed: Claimed, dispatcher: Dispatcher) -> None:
    back, dead = claimed(1), claimed(2)
    Job.objects.filter(id=back.id).update(lease_until=None, not_before=timezone.now())
    Job.objects.filter(id=dead.id).update(published_at=timezone.now() - timedelta(seconds=9))
    expire_lease(dead)
    assert dispatcher.tick() == 2
    assert hints() == [back.id, dead.id]
    assert dispatcher.tick() == 0


def test_publishes_the_waiting_run_when_its_turn_comes(begin: Begin, claimed: Claimed, dispatcher: Dispatcher) -> None:
    running, waiting = claimed(1), begin(1)
    assert dispatcher.tick() == 0
    jobs.run(running)
    assert dispatcher.tick() == 1
    assert hints() == [waiting.id]


def test_publishes_again_what_the_broker_lost(begin: Begin, dispatcher: Dispatcher, broker: Broker) -> None:
    job, question = begin(), begin(kind="question")
    dispatcher.tick()
    empty(broker)
    assert dispatcher.tick() == 0
    long_ago(job, question)
    assert dispatcher.tick() == 2
    assert (hints(), hints("interactive")) == ([job.id], [question.id])


def test_a_hint_that_waits_to_be_taken_is_not_lost(begin: Begin, dispatcher: Dispatcher) -> None:
    found = [begin(subject) for subject in range(3)]
    dispatcher.tick()
    long_ago(*found)
    assert dispatcher.tick() == 0
    assert len(hints()) == 3


def test_publishes_no_more_again_than_wakes_the_workers(begin: Begin, dispatcher: Dispatcher) -> None:
    found = [begin(subject) for subject in range(FEW + 5)]
    dispatcher.tick()
    hints()
    long_ago(*found)
    assert dispatcher.tick() == FEW
    assert hints() == [job.id for job in found[:FEW]]


@pytest.mark.parametrize("fault", ["stop", "freeze"])
def test_jobs_wait_for_a_broker_that_does_not_answer(
    fault: str, begin: Begin, dispatcher: Dispatcher, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    begin(1)
    dispatcher.tick()
    taken = hints()
    getattr(broker, fault)()
    job = begin(2)
    began = time.monotonic()
    assert [dispatcher.tick() for _ in range(2)] == [0, 0]
    assert time.monotonic() - began < 10
    job.refresh_from_db()
    assert job.published_at is None
    broker.start() if fault == "stop" else broker.thaw()
    assert dispatcher.tick() == 1
    assert job.id in hints()
    assert taken != [job.id]
    told = [record.getMessage() for record in caplog.records if "broker" in record.getMessage()]
    assert [line.split(" (")[0] for line in told] == ["The broker is away", "The broker is back"]


def test_an_overdue_job_waits_for_the_broker_too(begin: Begin, dispatcher: Dispatcher, broker: Broker) -> None:
    job = begin()
    dispatcher.tick()
    long_ago(job)
    broker.stop()
    assert dispatcher.tick() == 0
    broker.start()
    assert dispatcher.tick() == 1


def test_a_publisher_says_that_the_broker_is_down(broker: Broker) -> None:
    broker.stop()
    with Publisher() as publisher, pytest.raises(BrokerDown):
        publisher.publish(job_id=1, queue="sync")


@pytest.mark.parametrize(("fault", "is_reachable"), [("stop", False), ("freeze", False), ("start", True)])
def test_readiness_asks_whether_the_broker_answers(broker: Broker, fault: str, is_reachable: bool) -> None:
    if fault != "start":
        getattr(broker, fault)()
    assert queue.is_reachable() is is_reachable


def test_several_dispatchers_publish_each_job_once(begin: Begin, broker: Broker) -> None:
    ids = {begin(subject).id for subject in range(60)}

    def dispatch(number: int) -> int:
        with Publisher() as publisher:
            return Dispatcher(publisher).tick()

    assert sum(at_once(4, dispatch)) == 60
    published = hints()
    assert len(published) == 60
    assert set(published) == ids


def test_publishes_more_than_a_batch_in_one_round(
    begin: Begin, dispatcher: Dispatcher, django_assert_max_num_queries: Callable
) -> None:
    first = begin()
    rows = [{"subject_id": subject, "subject_uid": f"{subject:024x}"} for subject in range(1000, 1700)]
    shared = {"kind": "sync", "queue": "sync", "organization_id": first.organization_id}
    more = Job.objects.bulk_create(Job(**shared, **row) for row in rows)
    with django_assert_max_num_queries(32):
        assert dispatcher.tick() == 701
    Job.objects.filter(id__in=[job.id for job in more]).delete()
    assert len(hints()) == 701


def test_shows_that_a_dispatcher_is_there(dispatcher: Dispatcher) -> None:
    assert not is_anybody_dispatching()
    dispatcher.listen()
    assert is_anybody_dispatching()
    connection.close()
    assert not is_anybody_dispatching()


def test_ends_a_cancellation_that_nobody_is_left_to_obey(claimed: Claimed, dispatcher: Dispatcher) -> None:
    obeyed, orphaned, back = claimed(1), claimed(2), claimed(3, worker="w2")
    expire_lease(orphaned)
    Job.objects.filter(id=back.id).update(lease_until=None)
    for job in (obeyed, orphaned, back):
        jobs.cancel(job=job)
    dispatcher.tick()
    states = [Job.objects.get(id=job.id).state for job in (obeyed, orphaned, back)]
    assert states == [State.CANCELLING, State.CANCELLED, State.CANCELLED]


def test_forgets_old_answers(begin: Begin, dispatcher: Dispatcher) -> None:
    Result.objects.create(job=begin(), body=b"{}", expires_at=timezone.now() - timedelta(seconds=1))
    dispatcher.tick()
    assert not Result.objects.exists()


def empty(broker: Broker) -> None:
    """Forgets everything, as a restart without a disk does; the dispatcher's connection stays."""
    with current_app.connection_for_read() as one:
        one.default_channel.client.flushall()
