#!/usr/bin/env python3
"""The one way in: any Python will do, it makes `.venv` from the locked requirements and goes on inside."""

import io
import os
import sys
from pathlib import Path

from config import install


def main() -> None:
    try:
        install.enter([__file__, *sys.argv[1:]])
        install_extras(sys.argv[2:] if sys.argv[1:2] == ["install"] else [])
    except install.InstallError as error:
        sys.exit(str(error))
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command == "test":
        run_module("pytest" if sys.argv[2:] else "tests", sys.argv[2:])
    elif command == "faults":
        run_module("pytest", ["-sv", "-m", "faults", "tests/faults", *sys.argv[2:]])
    elif command == "bench":
        run_module("tests.benchmarks", sys.argv[2:])
    elif command != "install":
        run_django()


def install_extras(names: "list[str]") -> None:
    """Those named, besides those that were asked for before."""
    if names or Path(sys.prefix, "crossdock-extras.txt").exists():
        from config import extras

        extras.add(names)


def run_module(name: str, arguments: "list[str]") -> None:
    os.chdir(install.ROOT)
    os.execv(sys.executable, [sys.executable, "-m", name, *arguments])


def run_django() -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # a log file shows each line when it is said
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from config.embedded import EmbeddedError

    try:
        execute_from_command_line(sys.argv)
    except (EmbeddedError, ImproperlyConfigured) as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
