"""One fault after another while flows run: the seed alone decides which, where, and after how long."""

import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import psutil
import psycopg
from django.db import Error, connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from apps.jobs.models import ENDED, LIVE, Job, Schedule
from tests.faults.database_server import DatabaseServer
from tests.faults.machine import CAN_SHIFT_CLOCKS, LEASE_SECONDS, Machine, eventually
from tests.faults.workload import PIPELINES, Workload

WORKERS = DISPATCHERS = 2
PROCESSES = 3
"""Of a worker, which run jobs."""
SECONDS_TO_START = 2
PAUSES = (0.3, 1.5)
OUTAGE = (0.2, 1.0)
ZOMBIE_SECONDS = 1.5 * LEASE_SECONDS
CLOCKS = (7200, -7200, 262, -262)
SECONDS_TO_SETTLE = 240


class Chaos:
    """`strike` so many faults, then `settle`. `log` says what was done, `ended` how often a process ended by itself."""

    def __init__(
        self, machine: Machine, control: DatabaseServer, systems: DatabaseServer, workload: Workload, seed: int
    ) -> None:
        self.machine, self.control, self.systems, self.workload = machine, control, systems, workload
        self.choice, self.load = random.Random(seed), random.Random(seed + 1)
        self.workers: list[subprocess.Popen[bytes]] = [machine.worker() for _ in range(WORKERS)]
        self.dispatchers: list[subprocess.Popen[bytes]] = [machine.dispatcher() for _ in range(DISPATCHERS)]
        self.began = time.monotonic()
        self.later: list[tuple[float, Callable[[], object]]] = []
        self.log: list[str] = []
        self.struck: Counter[str] = Counter()
        self.ended = 0
        self.deaths: list[tuple[int, int, datetime]] = []
        """Jobs, their fences, and when the worker that ran them was killed."""

    def strike(self, faults: int) -> None:
        """The first when the workers are at work."""
        assert eventually(self._is_at_work, SECONDS_TO_SETTLE), self.machine.logs()
        deck: list[Callable[[], object]] = []
        for _ in range(faults):
            if not deck:
                deck = self._deck()
                self.choice.shuffle(deck)
            self.pause(self.choice.uniform(*PAUSES))
            fault = deck.pop()
            name = fault.__name__.replace("_", " ").strip()
            self.struck[name] += 1
            self._say(name)
            fault()

    def settle(self) -> bool:
        """Ends every fault and all load, and then runs each flow once more. Whether all jobs have ended."""
        for _, act in self.later:
            act()
        self.later.clear()
        self._eventually_do(lambda: Schedule.objects.update(is_enabled=False))
        if not eventually(self._have_all_ended, SECONDS_TO_SETTLE):
            return False
        for pipeline in PIPELINES:
            self.workload.start(pipeline.name)
        return eventually(self._have_all_ended, SECONDS_TO_SETTLE)

    def pause(self, seconds: float) -> None:
        """Meanwhile new runs are asked for, and what is due to go on goes on."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            for entry in [entry for entry in self.later if entry[0] <= now]:
                self.later.remove(entry)
                entry[1]()
            self._replace_what_ended()
            self._try(self._add_load)
            time.sleep(0.05)

    def _deck(self) -> list[Callable[[], object]]:
        """Every kind of fault, the likely ones more than once."""
        often = [self._kill_worker, self._kill_child, self._freeze_child]
        once = [
            self._freeze_worker,
            self._deploy,
            self._kill_dispatcher,
            self._crash_control,
            self._stop_control,
            self._crash_systems,
            self._stop_systems,
            self._lose_broker,
            self._empty_broker,
            self._freeze_broker,
            self._repeat_hints,
        ]
        return [*often, *often, *once, *([self._shift_clock] if CAN_SHIFT_CLOCKS else [])]

    def _kill_worker(self) -> None:
        place = self.choice.randrange(WORKERS)
        self._try(lambda: self._note_deaths(self.workers[place]))
        self.machine.kill(self.workers[place])
        self.workers[place] = self.machine.worker()

    def _kill_child(self) -> None:
        with suppress(psutil.NoSuchProcess):
            self._child().kill()

    def _freeze_child(self) -> None:
        """A zombie: its lease runs out, somebody else goes on, and then it wakes."""
        with suppress(psutil.NoSuchProcess):
            child = self._child()
            child.suspend()
            self._after(ZOMBIE_SECONDS, lambda: _resume(child))

    def _freeze_worker(self) -> None:
        worker = self.choice.choice(self.workers)
        self.machine.freeze(worker)
        self._after(ZOMBIE_SECONDS, lambda: self.machine.thaw(worker))

    def _deploy(self) -> None:
        """SIGTERM, a new worker at once, and SIGKILL for the old one where it has not ended in time."""
        place = self.choice.randrange(WORKERS)
        old = self.workers[place]
        old.terminate()
        self._after(self.choice.uniform(1, 5), lambda: self.machine.kill(old))
        self.workers[place] = self.machine.worker()

    def _kill_dispatcher(self) -> None:
        place = self.choice.randrange(DISPATCHERS)
        self.machine.kill(self.dispatchers[place])
        self.dispatchers[place] = self.machine.dispatcher()

    def _shift_clock(self) -> None:
        """A worker or a dispatcher is replaced by one whose clock is off."""
        clock, place = self.choice.choice(CLOCKS), self.choice.randrange(WORKERS)
        if self.choice.random() < 0.5:
            self.machine.kill(self.workers[place])
            self.workers[place] = self.machine.worker(clock=clock)
        else:
            self.machine.kill(self.dispatchers[place])
            self.dispatchers[place] = self.machine.dispatcher(clock=clock)

    def _crash_control(self) -> None:
        self._interrupt(self.control.crash, self.control.start)

    def _stop_control(self) -> None:
        self._interrupt(self.control.stop_at_once, self.control.start)

    def _crash_systems(self) -> None:
        self._interrupt(self.systems.crash, self.systems.start)

    def _stop_systems(self) -> None:
        self._interrupt(self.systems.stop_at_once, self.systems.start)

    def _lose_broker(self) -> None:
        self._interrupt(self.machine.broker.stop, self.machine.broker.start)

    def _empty_broker(self) -> None:
        with suppress(RedisError):  # it may be frozen
            self.machine.broker.forget()

    def _freeze_broker(self) -> None:
        self.machine.broker.freeze()
        self._after(self.choice.uniform(1, 3), self.machine.broker.thaw)

    def _repeat_hints(self) -> None:
        """Three more of every job that waits or runs, and one of those that have just ended."""

        def publish() -> None:
            waiting = list(Job.objects.exclude(state__in=ENDED).values_list("id", flat=True)) * 3
            ended = Job.objects.filter(state__in=ENDED).order_by("-ended_at").values_list("id", flat=True)[:20]
            self.machine.broker.publish([*waiting, *ended], queue="sync")

        with suppress(OperationalError):  # it may be frozen
            self._try(publish)

    def _interrupt(self, stop: Callable[[], object], start: Callable[[], object]) -> None:
        stop()
        self.pause(self.choice.uniform(*OUTAGE))
        start()

    def _child(self) -> psutil.Process:
        """One of the processes that run jobs; raises NoSuchProcess while a worker starts: it would give up."""
        pool = self.machine.pool(self.choice.choice(self.workers))
        place = self.choice.random()
        if len(pool) < PROCESSES or time.time() - pool[0].create_time() < SECONDS_TO_START:
            raise psutil.NoSuchProcess(0)
        return pool[int(place * len(pool))]

    def _note_deaths(self, worker: subprocess.Popen[bytes]) -> None:
        name = self.machine.names[worker.pid]
        running = Job.objects.filter(worker=name, state__in=LIVE, lease_until__isnull=False)
        now = datetime.now(UTC)
        self.deaths += [(job_id, fence, now) for job_id, fence in running.values_list("id", "fence")]

    def _add_load(self) -> None:
        if self.load.random() < 0.3:
            self.workload.start(self.load.choice(PIPELINES).name)
        if self.load.random() < 0.03:
            self.workload.let_schedules_fall_due()
        if self.load.random() < 0.1:
            self.workload.change_sources(self.load)

    def _replace_what_ended(self) -> None:
        """As whoever supervises the processes does."""
        groups = ((self.workers, self.machine.worker), (self.dispatchers, self.machine.dispatcher))
        for processes, start in groups:
            for place, process in enumerate(processes):
                if process.poll() is not None:
                    self._say(f"{process.args} ended by itself with status {process.returncode}")
                    self.ended += 1
                    processes[place] = start()

    def _is_at_work(self) -> bool:
        self.pause(0.1)
        return self._try(Job.objects.filter(records_written__gt=0).exists) is True

    def _have_all_ended(self) -> bool:
        self._replace_what_ended()
        return self._try(lambda: not Job.objects.exclude(state__in=ENDED).exists()) is True

    def _eventually_do(self, act: Callable[[], object]) -> None:
        eventually(lambda: self._try(act) is not None)

    def _try(self, act: Callable[[], object]) -> object:
        """What `act` answers; None while a server is down, when nobody is told that anything was done."""
        try:
            return act()
        except (Error, psycopg.Error):
            connection.close()
            return None

    def _after(self, seconds: float, act: Callable[[], object]) -> None:
        self.later.append((time.monotonic() + seconds, act))

    def _say(self, text: str) -> None:
        self.log.append(f"{time.monotonic() - self.began:7.1f} s  {text}")


def _resume(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.resume()
