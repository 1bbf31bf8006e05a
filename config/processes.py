"""Programs side by side in the foreground: lines interleaved, what ends started again, all stopped together."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from threading import Event, Lock, Thread
from time import monotonic
from typing import IO, Any, Self, TextIO

from config import home, tether

SECONDS_TO_STOP = 35
"""A worker takes up to 20 to hand its jobs back (CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT)."""
SECONDS_TO_DIE = 5
LONGEST_PAUSE = 30
STEADY_SECONDS = 60
COLOURS = (36, 33, 35, 32, 34)


@dataclass(frozen=True)
class Program:
    name: str
    command: Sequence[str]


class Child:
    """One program, kept running by a thread until all are to stop."""

    def __init__(self, program: Program, say: Callable[[str], None], stopping: Event) -> None:
        self.program = program
        self.say = say
        self.stopping = stopping
        self.endings = 0
        self.process: subprocess.Popen[str] | None = None
        self.has_stopped = Event()  # a thread's join, once interrupted, takes the thread for ended

    def start(self) -> None:
        Thread(target=self._keep_running, daemon=True).start()

    def signal(self, number: signal.Signals) -> None:
        """To the program alone, which tells its own processes; only a kill goes to all of them."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)

    def _keep_running(self) -> None:
        pause = 1
        while not self.stopping.is_set():
            started = monotonic()
            code = self._run()
            if self.stopping.is_set():
                break
            self.endings += 1
            if monotonic() - started > STEADY_SECONDS:
                pause = 1
            self.say(f"{outcome(code)}; starting it again in {pause} s")
            self.stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        self.has_stopped.set()

    def _run(self) -> int:
        with self._spawn() as process:
            self.process = process
            if self.stopping.is_set():  # between the look at it and the start
                self.signal(signal.SIGTERM)
            assert process.stdout is not None
            reader = Thread(target=self._pass_on, args=[process.stdout], daemon=True)
            reader.start()
            code = process.wait()
            self.signal(signal.SIGKILL)  # what it may have left behind, so that nothing runs twice
            reader.join()
        return code

    def _spawn(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            tether.command(self.program.command, stop=signal.SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=home.ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # the terminal's Ctrl-C is for us, who stop it in order
        )

    def _pass_on(self, lines: IO[str]) -> None:
        for line in lines:
            self.say(line.rstrip("\n"))


def outcome(code: int) -> str:
    return f"ended with status {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"


class Processes:
    """A context that starts its programs and, however its block ends, stops them. Inside, SIGTERM and a closed terminal
    raise KeyboardInterrupt as Ctrl-C does; one more while they stop kills them."""

    def __init__(
        self, programs: Sequence[Program], output: TextIO = sys.stdout, *, seconds_to_stop: float = SECONDS_TO_STOP
    ) -> None:
        self.output = output
        self.seconds_to_stop = seconds_to_stop
        self.writing = Lock()
        self.stopping = Event()
        self.handlers: dict[signal.Signals, Any] = {}
        width = max(len(program.name) for program in programs)
        self.children = {
            program.name: Child(program, self._prefixed(program.name.ljust(width), colour), self.stopping)
            for program, colour in zip(programs, cycle(COLOURS), strict=False)
        }

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGHUP):
            self.handlers[number] = signal.signal(number, signal.default_int_handler)
        for child in self.children.values():
            child.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            for number, handler in self.handlers.items():
                signal.signal(number, handler)

    def wait(self) -> None:
        """Until KeyboardInterrupt."""
        self.stopping.wait()

    def has_ended(self, name: str) -> bool:
        """Whether the program ended by itself, be it running again by now."""
        return self.children[name].endings > 0

    def stop(self) -> None:
        """In order; after `seconds_to_stop` or another KeyboardInterrupt by force."""
        self.stopping.set()
        with suppress(KeyboardInterrupt):
            self._end_all(signal.SIGTERM, self.seconds_to_stop)
        self._end_all(signal.SIGKILL, SECONDS_TO_DIE)

    def _end_all(self, number: signal.Signals, seconds: float) -> None:
        deadline = monotonic() + seconds
        running = [child for child in self.children.values() if not child.has_stopped.is_set()]
        for child in running:
            child.signal(number)
        for child in running:
            child.has_stopped.wait(max(0.0, deadline - monotonic()))

    def _prefixed(self, name: str, colour: int) -> Callable[[str], None]:
        is_coloured = self.output.isatty() and "NO_COLOR" not in os.environ
        prefix = f"\033[{colour}m{name} |\033[0m " if is_coloured else f"{name} | "

        def say(line: str) -> None:
            with self.writing, suppress(BrokenPipeError):
                self.output.write(f"{prefix}{line}\n")
                self.output.flush()

        return say
