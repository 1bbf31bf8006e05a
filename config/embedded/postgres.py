"""PostgreSQL: made at first start, then run with everything that differs from its defaults on the command line."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from config import loopback, tether
from config.embedded import account, programs, server
from config.embedded.cluster import Cluster
from config.embedded.errors import EmbeddedError

EXTENSIONS = ("vector", "pg_trgm")
FIRST_OID_OF_USERS = 16384
"""What a stand-alone PostgreSQL makes below belongs to the system, and pg_dump would leave it out."""
PORTS = range(15432, 16432)


class Postgres:
    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # ends sessions, then shuts down in order

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.log = cluster.log("postgres")
        self.lock = cluster.lock("postgres")
        self.data = cluster.served / "postgres"
        self._password = cluster.password("database")
        self._port = 0

    def prepare(self) -> None:
        if not self.data.exists():
            self._create()
        self._refuse_another_version()
        if self.cluster.name == "demo":
            self._port = choose_port(self.cluster)
        self._remove_what_the_dead_left()

    def command(self) -> Sequence[str]:
        program = [str(programs.postgres("postgres")), "-D", str(self.data)]
        return [*program, *(f"--{name}={value}" for name, value in self._settings().items())]

    def configuration(self) -> str:
        return ""

    def is_ready(self) -> bool:
        """The last line of the file that pg_ctl looks at, too."""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()[-1].startswith("ready")
        except (OSError, IndexError):
            return False

    def _settings(self) -> dict[str, str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.cluster.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": str(8 * (os.cpu_count() or 1) + 60),  # web threads, workers, commands
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_error_statement": "panic",  # statements may hold secrets
        }
        if self.cluster.name == "demo":
            settings |= {"listen_addresses": loopback.HOST, "port": str(self._port)}
        if self.cluster.is_throwaway:
            settings |= {
                "fsync": "off",
                "full_page_writes": "off",
                "synchronous_commit": "off",
                "max_connections": "60",
            }
        return settings

    def _remove_what_the_dead_left(self) -> None:
        """As our lock is free they are dead. PostgreSQL itself believes in them until PID 1 has buried them, which in
        a container may be never."""
        for leftover in (self.data / "postmaster.pid", *self.cluster.sockets.glob(".s.PGSQL.*")):
            leftover.unlink(missing_ok=True)

    def _create(self) -> None:
        """Under another name until it is complete, so that an interrupted first start leaves nothing half made."""
        unfinished = self.data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        account.make_folder(unfinished)
        self._run("initdb", "-D", str(unfinished), *self._nature())
        (unfinished / "pg_hba.conf").write_text(self._doors())
        self._run("pg_resetwal", "-D", str(unfinished), f"--next-oid={FIRST_OID_OF_USERS}")
        self._run(
            *("postgres", "--single", "-D", str(unfinished), "-c", "exit_on_error=true"),
            *("-c", "log_min_error_statement=panic", "template1"),
            statements=self._first_statements(),
        )
        unfinished.rename(self.data)

    def _nature(self) -> list[str]:
        """What cannot be changed later: texts are UTF-8 and sort alike on every system."""
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        sync = ["--no-sync"] if self.cluster.is_throwaway else []
        return [*locale, *sync, "--username=postgres", "--auth=reject", "--no-instructions"]

    def _doors(self) -> str:
        if self.cluster.name == "demo":
            return f"host all all {loopback.HOST}/32 scram-sha-256\n"
        return "local all all scram-sha-256\n"

    def _first_statements(self) -> list[str]:
        if self.cluster.name == "demo":
            return [f"ALTER ROLE postgres PASSWORD '{self._password}'"]
        # Crossdock is no superuser, so the extensions are there before it asks for them, in databases for tests, too;
        # the superuser has no password and cannot sign in
        return [
            *(f"CREATE EXTENSION {extension}" for extension in EXTENSIONS),
            f"CREATE ROLE crossdock LOGIN CREATEDB PASSWORD '{self._password}'",
            "CREATE DATABASE crossdock OWNER crossdock",
        ]

    def _run(self, name: str, *arguments: str, statements: Sequence[str] = ()) -> None:
        program = [str(programs.postgres(name)), *arguments]
        with server.opened_log(self.log) as log:
            done = subprocess.run(
                tether.command(program, stop=signal.SIGKILL, account=account.servers()),
                input="".join(f"{statement}\n" for statement in statements).encode(),
                stdout=log,
                stderr=log,
                cwd="/",
                env=server.environment(),
                check=False,
            )
        if done.returncode:
            raise EmbeddedError(f"{self.data} could not be made. {server.last_lines(self.log)}")

    def _refuse_another_version(self) -> None:
        """A folder without any version is PostgreSQL's to complain about."""
        file = self.data / "PG_VERSION"
        made_by = file.read_text().strip() if file.exists() else ""
        program = str(programs.postgres("postgres"))
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, env=server.environment(), check=True
        )
        ours = answer.stdout.split()[-1].split(".")[0]
        if made_by and made_by != ours:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {made_by}, and this is PostgreSQL {ours}. Dump it with the "
                "version that made it (docs/operating.md says how), or move the folder away to start anew."
            )


def remembered_port(cluster: Cluster) -> Path:
    return cluster.folder / "port"


def choose_port(cluster: Cluster) -> int:
    """The port of the last time, or another when somebody else listens there now."""
    file = remembered_port(cluster)
    remembered = int(file.read_text()) if file.exists() else PORTS[0]
    for port in chain([remembered], PORTS):
        if loopback.is_free(port):
            file.write_text(str(port))
            return port
    raise EmbeddedError(f"No port from {PORTS[0]} to {PORTS[-1]} is free on {loopback.HOST}.")
