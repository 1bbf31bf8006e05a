"""Runs a program that must not outlive the process that asked for it, not even when that one is killed.

    python tether.py PARENT SIGNAL ACCOUNT program argument…

PARENT is the asking process's id, SIGNAL what the program gets when that process is gone, ACCOUNT `-` or the `uid:gid`
to run it under. Linux sends the signal itself, so the program takes this process's place; elsewhere this process stays
beside it and looks. Run as a file, without site packages and without an environment of ours.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
SECONDS_BETWEEN_LOOKS = 0.5
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)


def command(program: Sequence[str], *, stop: signal.Signals, account: tuple[int, int] | None = None) -> list[str]:
    """The command that runs `program` tethered to this process."""
    under = "{}:{}".format(*account) if account else "-"
    return [sys.executable, "-IS", str(Path(__file__).resolve()), str(os.getpid()), str(int(stop)), under, *program]


def main(parent: int, stop: int, account: str, program: list[str]) -> None:
    if account != "-":
        take(*map(int, account.split(":")))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, stop)  # after the change of account, which would undo it
        if os.getppid() != parent:
            sys.exit(1)
        os.execv(program[0], program)
    else:
        sys.exit(stand_by(parent, stop, program))


def take(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def stand_by(parent: int, stop: int, program: list[str]) -> int:
    """Hands signals on, looks whether the parent still lives, and ends as the program ends."""
    child = subprocess.Popen(program, close_fds=False)
    for number in FORWARDED:
        signal.signal(number, lambda received, _: child.send_signal(received))
    while True:
        try:
            return child.wait(SECONDS_BETWEEN_LOOKS)
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:
                child.send_signal(stop)
                return child.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
