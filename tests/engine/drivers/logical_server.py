"""A PostgreSQL of the tests' own whose changes can be followed; the one that is there for all may not be set up so."""

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import loopback
from config.embedded.cluster import Cluster
from config.embedded.postgres import Postgres, remembered_port
from config.embedded.server import Server

PORTS = range(20_000, 30_000)
SETTINGS = {
    "wal_level": "logical",
    "max_replication_slots": "4",
    "max_prepared_transactions": "4",
    "synchronous_commit": "on",  # else what was committed is told some moments later
}


class LogicalPostgres(Postgres):
    def _settings(self) -> dict[str, str]:
        return {**super()._settings(), **SETTINGS}


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of its superuser; TEST_LOGICAL_URL names another server that may be played with."""
    if url := os.environ.get("TEST_LOGICAL_URL"):
        yield url
        return
    folder.mkdir()
    cluster = Cluster("demo", folder, is_throwaway=True)
    cluster.make_folders()
    port = next(port for port in random.sample(PORTS, len(PORTS)) if loopback.is_free(port))
    remembered_port(cluster).write_text(str(port))
    server = Server(LogicalPostgres(cluster))
    try:
        server.start()
        yield f"postgresql://postgres:{cluster.password('database')}@{loopback.HOST}:{port}/postgres"
    finally:
        server.stop()
        shutil.rmtree(cluster.served, ignore_errors=True)
