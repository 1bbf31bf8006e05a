"""What `up` and `demo` share: Crossdock's programs on this machine, from the check of the port to the first answer."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TextIO

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config import home, loopback
from config.processes import Processes, Program

DEFAULT_PORT = 8000
SECONDS_TO_ANSWER = 60
SECONDS_BETWEEN_LOOKS = 0.1


def programs(port: int) -> list[Program]:
    return [
        Program(
            "web",
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", loopback.HOST, "--port", str(port)),
                *(
                    "--workers",
                    str(os.cpu_count() or 1),
                    "--blocking-threads",
                    str(settings.WEB_THREADS),
                    "config.wsgi:application",
                ),
            ],
        ),
        Program(
            "worker",
            [
                *(sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "--pool", "prefork"),
                *("--queues", "interactive,sync,foreign", "--without-gossip", "--without-mingle"),
            ],
        ),
        Program("dispatcher", [sys.executable, str(home.ROOT / "manage.py"), "dispatch"]),
    ]


def refuse_a_port_in_use(port: int) -> None:
    if not loopback.is_free(port):
        raise CommandError(
            f"Port {port} is in use on this machine, perhaps by another Crossdock; choose another with --port."
        )


def migrate(*, is_wanted: bool) -> None:
    """The embedded database follows the code; whoever has a database of their own decides when (`is_wanted`: now)."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if not (is_wanted or connection.settings_dict.get("EMBEDDED")):
        raise CommandError("The database is behind the code: run ./manage.py migrate first.")
    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_catalogue", verbosity=0)


@contextmanager
def running(port: int, output: TextIO = sys.stdout) -> Iterator[Processes]:
    """Web, worker and dispatcher, from the web's first answer to the end of the block."""
    with Processes(programs(port), output) as processes:
        deadline = monotonic() + SECONDS_TO_ANSWER
        while not loopback.answers(port, "/api/health"):
            if processes.has_ended("web") or monotonic() > deadline:
                raise CommandError("The web server did not start; its lines above say why.")
            sleep(SECONDS_BETWEEN_LOOKS)
        yield processes
