import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from apps.jobs import services as jobs
from apps.jobs.models import Job, State
from apps.jobs.services import Work, heartbeat
from apps.jobs.services.heartbeat import Heartbeat
from engine.errors import Stopped
from tests.apps.jobs.conftest import eventually, expire_lease

pytestmark = pytest.mark.django_db(transaction=True)
Claimed = Callable[..., Job]


@pytest.fixture(autouse=True)
def short_lease(settings: Settings) -> None:
    settings.JOB_LEASE_SECONDS = 2


def beating(work: Work) -> Heartbeat:
    def give_up(job: Job) -> None:
        pytest.fail(f"{job} was given up")

    return Heartbeat(work, give_up=give_up)


def lease_of(job: Job) -> float:
    """Seconds left."""
    job.refresh_from_db()
    return (job.lease_until - timezone.now()).total_seconds()


def test_a_lease_is_renewed_as_long_as_something_moves(claimed: Claimed) -> None:
    work = Work(claimed())
    with beating(work):
        first = work.job.lease_until
        assert eventually(lambda: lease_of(work.job) > 0 and work.job.lease_until > first)
        assert eventually(lambda: timezone.now() > first)
        assert lease_of(work.job) > 0
    assert work.stop.reason == ""


def test_the_lease_of_a_run_that_moves_nothing_runs_out(claimed: Claimed, settings: Settings) -> None:
    settings.JOB_STANDSTILL_SECONDS = 0
    work = Work(claimed())
    with beating(work):
        assert eventually(lambda: lease_of(work.job) < 0)


def test_a_long_statement_is_no_standstill(claimed: Claimed, settings: Settings) -> None:
    settings.JOB_STANDSTILL_SECONDS = 0
    work = Work(claimed())
    first = work.job.lease_until
    with beating(work), work.long_statement():
        assert eventually(lambda: lease_of(work.job) > 0 and work.job.lease_until > first)


def test_a_wish_to_cancel_arrives_and_interrupts(claimed: Claimed) -> None:
    work, interrupted = Work(claimed()), threading.Event()
    with beating(work), work.stop.interruptible(interrupted.set):
        jobs.cancel(job=work.job)
        assert interrupted.wait(20)
    assert work.stop.reason == "cancel"


def test_an_interactive_job_is_stopped_when_its_time_is_over(claimed: Claimed, settings: Settings) -> None:
    settings.JOB_INTERACTIVE_SECONDS = 0.2
    work, interrupted = Work(claimed(kind="question")), threading.Event()
    with beating(work), work.stop.interruptible(interrupted.set):
        assert interrupted.wait(20)
    assert work.stop.reason == "timed_out"


def test_a_kind_may_have_a_time_of_its_own(claimed: Claimed, settings: Settings) -> None:
    settings.JOB_INTERACTIVE_SECONDS = 0.2
    settings.JOB_RUNNERS["question"]["seconds"] = 600
    work = Work(claimed(kind="question"))
    with Heartbeat(work, give_up=lambda _: None) as heartbeat_of_work:
        assert heartbeat_of_work.limit == 600


def test_one_that_does_not_stop_is_given_up(
    claimed: Claimed, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_INTERACTIVE_SECONDS = 0.2
    monkeypatch.setattr(heartbeat, "GRACE_SECONDS", 0.5)
    work, given_up = Work(claimed(kind="question")), threading.Event()
    with Heartbeat(work, give_up=lambda _: given_up.set()):
        assert given_up.wait(20)


def test_a_sync_may_take_as_long_as_it_needs(claimed: Claimed, settings: Settings) -> None:
    settings.JOB_INTERACTIVE_SECONDS = 0.2
    work = Work(claimed())
    first = work.job.lease_until
    with beating(work):
        assert eventually(lambda: lease_of(work.job) > 0 and work.job.lease_until > first)
    assert work.stop.reason == ""


def test_a_wish_to_drain_arrives_and_interrupts_nothing(claimed: Claimed) -> None:
    work, interrupted = Work(claimed()), threading.Event()
    with beating(work), work.stop.interruptible(interrupted.set):
        jobs.drain(worker="worker")
        assert eventually(lambda: work.stop.reason == "drain")
    assert not interrupted.is_set()


def test_cancelling_overrules_draining(claimed: Claimed) -> None:
    work = Work(claimed())
    with beating(work):
        jobs.drain(worker="worker")
        assert eventually(lambda: work.stop.reason == "drain")
        jobs.cancel(job=work.job)
        assert eventually(lambda: work.stop.reason == "cancel")


def test_a_fence_that_was_lost_arrives(claimed: Claimed) -> None:
    work = Work(claimed())
    with beating(work):
        expire_lease(work.job)
        again = jobs.claim(job_id=work.job.id, worker="w2")
        if again is None:  # it was renewed in between
            Job.objects.filter(id=work.job.id).update(fence=work.job.fence + 1)
        assert eventually(lambda: work.stop.reason == "lease_lost")
    Job.objects.filter(id=work.job.id).update(fence=work.job.fence)


def test_a_frozen_database_stops_a_job_before_its_lease_ends(claimed: Claimed, proxy: "Proxy") -> None:
    """The heartbeat's own call hangs, so the runner must notice by itself."""
    work = Work(claimed())
    with beating(work):
        assert eventually(lambda: proxy.carried > 0)
        proxy.freeze()
        assert eventually(lambda: stops(work))
    assert work.stop.reason == "lease_lost"
    proxy.thaw()


def test_a_database_that_is_away_stops_a_job_before_its_lease_ends(claimed: Claimed, proxy: "Proxy") -> None:
    work, interrupted = Work(claimed()), threading.Event()
    with beating(work), work.stop.interruptible(interrupted.set):
        assert eventually(lambda: proxy.carried > 0)
        proxy.break_off()
        assert interrupted.wait(20)
    assert work.stop.reason == "lease_lost"
    assert Job.objects.get(id=work.job.id).state == State.RUNNING


def test_a_database_that_comes_back_soon_stops_nothing(claimed: Claimed, proxy: "Proxy", settings: Settings) -> None:
    settings.JOB_LEASE_SECONDS = 20
    work = Work(claimed())
    with beating(work):
        assert eventually(lambda: proxy.carried > 0)
        proxy.break_off()
        assert eventually(lambda: proxy.refused > 0)
        proxy.mend()
        before = proxy.carried
        assert eventually(lambda: proxy.carried > before)
    assert work.stop.reason == ""


def stops(work: Work) -> bool:
    try:
        work.stop.raise_if_shown(may_hand_back=False)
    except Stopped:
        return True
    return False


class Proxy:
    """Between new connections and our database; it can be frozen, and broken off."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.carried = 0
        self.refused = 0
        self._is_going = threading.Event()
        self._is_going.set()
        self._is_broken = False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        self._is_going.clear()

    def thaw(self) -> None:
        self._is_going.set()

    def break_off(self) -> None:
        self._is_broken = True
        for pair in self._pairs:
            for one in pair:
                with suppress(OSError):  # it ended by itself
                    one.shutdown(socket.SHUT_RDWR)  # which a read in another thread notices, and a close does not

    def mend(self) -> None:
        self._is_broken = False

    def close(self) -> None:
        self.break_off()
        self.thaw()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_broken:
                self.refused += 1
                client.close()
                continue
            server = self._connect()
            self._pairs.append((client, server))
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError), one:
            while data := one.recv(65536):
                self._is_going.wait()
                other.sendall(data)
                self.carried += len(data)
            other.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Every connection that is made from now on goes through it: the heartbeat's own, not this thread's."""
    connections["default"].ensure_connection()
    settings = connections.settings["default"]
    host, port = settings["HOST"] or "/tmp", int(settings["PORT"] or 5432)

    def connect() -> socket.socket:
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    proxy = Proxy(connect)
    monkeypatch.setitem(settings, "HOST", "127.0.0.1")
    monkeypatch.setitem(settings, "PORT", str(proxy.port))
    yield proxy
    proxy.close()
