"""A tethered program ends with the process that asked for it, with Linux's help and, as elsewhere, without."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from config import tether
from config.embedded import account
from tests.config.conftest import ROOT, all_end

SLEEPS = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
AS_ELSEWHERE = """
import os, signal, sys
from config import tether
sys.exit(tether.stand_by(int(sys.argv[1]), signal.SIGTERM, sys.argv[2:]))
"""


def asker(program: str) -> str:
    return f"""
import os, signal, subprocess, sys
from config import tether
subprocess.run({program})
"""


@pytest.mark.parametrize(
    "command",
    [
        f"tether.command({SLEEPS!r}, stop=signal.SIGTERM)",
        f"[sys.executable, '-c', {AS_ELSEWHERE!r}, str(os.getpid()), *{SLEEPS!r}]",
    ],
    ids=["by the kernel", "by looking"],
)
def test_ends_with_who_asked(command: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", asker(command)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "up\n"
        tethered = psutil.Process(process.pid).children(recursive=True)
        process.kill()

    assert tethered
    assert all_end(tethered)


def test_hands_signals_on_and_ends_as_the_program_ends() -> None:
    source = "import signal, sys, time; signal.signal(signal.SIGINT, lambda *_: sys.exit(7)); print('up', flush=True)"
    program = [sys.executable, "-c", f"{source}; time.sleep(60)"]
    command = [sys.executable, "-c", AS_ELSEWHERE, str(os.getpid()), *program]

    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGINT)

        assert process.wait() == 7


def test_runs_under_the_servers_account() -> None:
    uid, gid = account.servers() or (os.getuid(), os.getgid())

    command = tether.command(["/bin/sh", "-c", "id -u; id -g"], stop=signal.SIGTERM, account=account.servers())

    assert subprocess.check_output(command, text=True).split() == [str(uid), str(gid)]
