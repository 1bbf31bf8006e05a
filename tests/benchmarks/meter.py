"""What work costs: seconds on the clock and of the processors, and how far memory grew."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, TypeVar

import psutil

Value = TypeVar("Value", int, float)
SECONDS_BETWEEN_LOOKS = 0.05
LOOKS_AT_THE_SAME = 20
"""To find a family takes a hundred times longer than to look at it, and what is measured shares the processors."""


@dataclass(frozen=True)
class Cost:
    """`wall`: seconds; `client` and `server`: of CPU, in the worker (or the limit's programs) and in the database;
    `memory`: the worker's bytes above those of a process that has done nothing yet."""

    wall: float
    client: float
    server: float
    memory: int
    lane: str = ""

    @property
    def cpu(self) -> float:
        return self.client + self.server


class Family:
    """A process and all below it, those included that have ended and were waited for."""

    def __init__(self, pid: int) -> None:
        self.head = psutil.Process(pid)

    def cpu(self) -> float:
        """Seconds. One that ends meanwhile is its parent's from then on, and would be missed or counted twice."""
        while True:
            used = _of_each(self.members(), lambda process: sum(process.cpu_times()[:4]))
            if used.keys() == {member.pid for member in self.members()}:
                return sum(used.values())

    def resident(self) -> dict[int, int]:
        """Bytes by process."""
        return _of_each(self.members(), lambda process: process.memory_info().rss)

    def members(self) -> list[psutil.Process]:
        try:
            return [self.head, *self.head.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


class MemoryWatch:
    """While open, looks again and again how large the largest process of a family is. `most`: in bytes."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        members: list[psutil.Process] = []
        for number in count():
            if number % LOOKS_AT_THE_SAME == 0:
                members = self.family.members()
            sizes = _of_each(members, lambda process: process.memory_info().rss).values()
            self.most = max(self.most, *sizes, 0)
            if self._over.wait(SECONDS_BETWEEN_LOOKS):
                return


def _of_each(processes: Iterable[psutil.Process], value: Callable[[psutil.Process], Value]) -> dict[int, Value]:
    found = {}
    for process in processes:
        try:
            found[process.pid] = value(process)
        except psutil.NoSuchProcess:  # between the list and the look
            continue
    return found


@dataclass
class Spent:
    """Filled when the block of `metered` ends."""

    wall: float = 0.0
    client: float = 0.0
    server: float = 0.0
    memory: int = 0


@contextmanager
def metered(client: Family, server: Family, *, fresh: int = 0) -> Iterator[Spent]:
    """`fresh`: bytes of a process of the family that has done nothing yet."""
    spent = Spent()
    used, served, started = client.cpu(), server.cpu(), time.monotonic()
    with MemoryWatch(client) as watch:
        yield spent
    spent.wall = time.monotonic() - started
    spent.client, spent.server = client.cpu() - used, server.cpu() - served
    spent.memory = watch.most - fresh


def pipeline(
    commands: Sequence[Sequence[str]], environment: dict[str, str], server: Family, *, log: Path | None = None
) -> Cost:
    """Programs one into the other; `memory`: all of the largest. `log`: the file for what they say on stderr. Raises
    CalledProcessError when one of them fails."""
    served, started = server.cpu(), time.monotonic()
    with ExitStack() as stack:
        said = stack.enter_context(log.open("wb")) if log else None
        processes = _started(commands, environment, said)
        watches = [stack.enter_context(MemoryWatch(Family(process.pid))) for process in processes]
        client = sum(_waited_for(process) for process in processes)
        wall = time.monotonic() - started
    for process in processes:
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args)
    return Cost(wall, client, server.cpu() - served, memory=max(watch.most for watch in watches))


def _started(
    commands: Sequence[Sequence[str]], environment: dict[str, str], log: IO[bytes] | None
) -> list[subprocess.Popen[bytes]]:
    processes: list[subprocess.Popen[bytes]] = []
    for number, command in enumerate(commands):
        source = processes[-1].stdout if processes else subprocess.DEVNULL
        sink = subprocess.PIPE if number < len(commands) - 1 else subprocess.DEVNULL
        processes.append(subprocess.Popen(command, stdin=source, stdout=sink, stderr=log, env=environment))
        if processes[:-1]:
            processes[-2].stdout.close()  # else the first would never hear that the second is gone
    return processes


def _waited_for(process: subprocess.Popen[bytes]) -> float:
    """Seconds of CPU, of it and of all that it waited for."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime
