"""Programs side by side: their lines, their restarts, their end."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from io import StringIO
from threading import Timer

import psutil
import pytest

from config.processes import Processes, Program
from tests.config.conftest import ROOT, all_end, eventually, is_running

PATIENT = "import signal, sys, time; {} ; print('up', flush=True); time.sleep(60)"
OBEYS = PATIENT.format("signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye', flush=True)))")
REFUSES = PATIENT.format("signal.signal(signal.SIGTERM, signal.SIG_IGN)")


def program(name: str, source: str) -> Program:
    return Program(name, [sys.executable, "-c", source])


def lines_of(output: StringIO) -> list[str]:
    return output.getvalue().splitlines()


def test_puts_each_programs_name_before_its_lines() -> None:
    output = StringIO()

    with Processes([program("web", OBEYS), program("dispatcher", OBEYS)], output):
        assert eventually(lambda: len(lines_of(output)) == 2)

    assert sorted(lines_of(output)) == ["dispatcher | bye", "dispatcher | up", "web        | bye", "web        | up"]


def test_starts_again_what_ends() -> None:
    output = StringIO()

    with Processes([program("worker", "raise SystemExit(3)")], output) as processes:
        assert eventually(lambda: processes.children["worker"].endings == 2)

    assert processes.has_ended("worker")
    assert lines_of(output)[:2] == [
        "worker | ended with status 3; starting it again in 1 s",
        "worker | ended with status 3; starting it again in 2 s",
    ]


def test_says_which_signal_killed_a_program() -> None:
    output = StringIO()

    with Processes([program("worker", OBEYS)], output) as processes:
        assert eventually(lambda: lines_of(output) == ["worker | up"])
        processes.children["worker"].process.kill()
        assert eventually(lambda: processes.has_ended("worker"))

    assert lines_of(output)[1] == "worker | was killed by SIGKILL; starting it again in 1 s"


def test_leaves_nothing_of_a_program_that_ended() -> None:
    """A worker whose main process is killed leaves children; a second generation must not meet them."""
    source = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'input()']).pid, flush=True)"
    output = StringIO()

    with Processes([program("worker", f"{source}; sys.stdin.read(); import os; os._exit(1)")], output) as processes:
        assert eventually(lambda: processes.has_ended("worker"))

    orphan = int(lines_of(output)[0].removeprefix("worker | "))
    assert eventually(lambda: not psutil.pid_exists(orphan) or not is_running(psutil.Process(orphan)))


def test_kills_what_does_not_stop_in_time() -> None:
    output = StringIO()

    with Processes([program("worker", REFUSES)], output, seconds_to_stop=0.2) as processes:
        assert eventually(lambda: lines_of(output) == ["worker | up"])

    assert processes.children["worker"].process.returncode == -signal.SIGKILL


def interrupt_in(seconds: float) -> None:
    Timer(seconds, os.kill, [os.getpid(), signal.SIGTERM]).start()


def test_kills_at_the_second_interrupt() -> None:
    output = StringIO()

    with suppress(KeyboardInterrupt), Processes([program("worker", REFUSES)], output) as processes:
        assert eventually(lambda: lines_of(output) == ["worker | up"])
        interrupt_in(0.3)
        raise KeyboardInterrupt

    assert processes.children["worker"].process.returncode == -signal.SIGKILL


def test_takes_a_terminate_signal_for_an_interrupt_inside_only() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with Processes([program("worker", OBEYS)], StringIO()) as processes:
        interrupt_in(0.1)
        with pytest.raises(KeyboardInterrupt):
            processes.wait()

    assert signal.getsignal(signal.SIGTERM) is before


def test_takes_its_programs_along_when_killed() -> None:
    source = (
        "import sys; from config.processes import Processes, Program\n"
        f"with Processes([Program('worker', [sys.executable, '-c', {OBEYS!r}])]) as processes: processes.wait()"
    )
    with subprocess.Popen([sys.executable, "-c", source], cwd=ROOT, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout.readline() == "worker | up\n"
        (worker,) = psutil.Process(supervisor.pid).children()
        supervisor.kill()

    assert all_end([worker])
