"""A server as our child: started, watched, stopped."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from config import tether
from config.embedded import account, locks
from config.embedded.errors import EmbeddedError

SECONDS_TO_START = 120
SECONDS_TO_STOP = 30
SECONDS_BETWEEN_LOOKS = 0.02
LONGEST_LOG = 5_000_000


class Program(Protocol):
    """What distinguishes one kind of server from another."""

    name: str
    stop_signal: signal.Signals
    log: Path
    lock: Path

    def prepare(self) -> None:
        """Before each start, when no process of an earlier one is left."""

    def command(self) -> Sequence[str]: ...

    def configuration(self) -> str:
        """What the program reads from its standard input."""

    def is_ready(self) -> bool: ...


class Server:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it can be used. Every process of the server holds its lock: a free one means that all died."""
        lock = locks.opened(self.program.lock)
        try:
            if not locks.take_within(lock, SECONDS_TO_STOP):
                raise EmbeddedError(
                    f"An earlier {self.program.name} still runs on {self.program.lock.parent}: stop it."
                )
            self.program.prepare()
            self.process = self._spawn(lock)
        finally:
            os.close(lock)
        self._wait_until_ready(self.process)

    def _spawn(self, lock: int) -> subprocess.Popen[bytes]:
        command = tether.command(self.program.command(), stop=self.program.stop_signal, account=account.servers())
        with opened_log(self.program.log) as log:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, pass_fds=[lock], cwd="/", env=environment()
            )
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as configuration:  # of one that died at once, as its log will say
            configuration.write(self.program.configuration().encode())
        return process

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while not self.program.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise EmbeddedError(
                    f"The embedded {self.program.name} in {self.program.lock.parent} did not start. "
                    + last_lines(self.program.log)
                )
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def wait(self) -> None:
        if self.process:
            self.process.wait()

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(self.program.stop_signal)
        try:
            self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def opened_log(path: Path) -> BinaryIO:
    """To write on where the last start ended, unless that has grown long."""
    is_long = path.exists() and path.stat().st_size > LONGEST_LOG
    return path.open("wb" if is_long else "ab")


def environment() -> dict[str, str]:
    """Nothing of ours reaches the servers: no secret, no PGDATA, no language of the operator's."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-5:]
    return f"The last lines of {log}:\n" + "\n".join(f"    {line}" for line in lines)
