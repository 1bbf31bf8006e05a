"""PostgreSQL servers of a run's own, as durable as in production, which a fault may kill."""

import random
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from config import loopback
from config.embedded.cluster import Cluster, ClusterName
from config.embedded.postgres import Postgres, remembered_port
from config.embedded.server import Server

PORTS = range(20_000, 30_000)


class DatabaseServer:
    """`control` listens on a socket, for Crossdock itself; `demo` on a port, as other people's systems."""

    def __init__(self, name: ClusterName, folder: Path) -> None:
        folder.mkdir()
        self.cluster = Cluster(name, folder, is_throwaway=False)
        self.server = Server(Postgres(self.cluster))

    def start(self) -> None:
        """Returns when it can be used, after whatever recovery it needs."""
        self.cluster.make_folders()
        if self.cluster.name == "demo" and not remembered_port(self.cluster).exists():
            # away from the demo's own ports: nobody must take this one while the server is down
            port = next(port for port in random.sample(PORTS, len(PORTS)) if loopback.is_free(port))
            remembered_port(self.cluster).write_text(str(port))
        self.server.start()

    def crash(self) -> None:
        """SIGKILL to the postmaster and to every process of it, as the kernel does when memory runs out."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._bury()

    def stop_at_once(self) -> None:
        """As `pg_ctl stop -m immediate`: sessions are dropped, and the next start recovers."""
        if self.server.process is not None:
            self.server.process.send_signal(signal.SIGQUIT)
        self._bury()

    def close(self) -> None:
        self.stop_at_once()  # a crash would leave its shared memory behind
        shutil.rmtree(self.cluster.served, ignore_errors=True)

    @property
    def settings(self) -> dict[str, Any]:
        """How its owner signs in, as Django's settings."""
        is_demo = self.cluster.name == "demo"
        return {
            "HOST": loopback.HOST if is_demo else str(self.cluster.sockets),
            "PORT": remembered_port(self.cluster).read_text() if is_demo else "5432",
            "NAME": "postgres" if is_demo else "crossdock",
            "USER": "postgres" if is_demo else "crossdock",
            "PASSWORD": self.cluster.password("database"),
        }

    @property
    def address(self) -> str:
        """The same in libpq's words."""
        names = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}
        return " ".join(f"{name}={self.settings[key]}" for name, key in names.items())

    def _family(self) -> list[psutil.Process]:
        if self.server.process is None or self.server.process.poll() is not None:
            return []
        postmaster = psutil.Process(self.server.process.pid)
        return [postmaster, *postmaster.children(recursive=True)]

    def _bury(self) -> None:
        if self.server.process is not None:
            self.server.process.wait()
