import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.faults.machine import Machine

SERVER = os.environ.get("TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/postgres")


@pytest.fixture
def machine(transactional_db: None) -> Iterator[Machine]:
    with running() as machine:
        yield machine


@contextmanager
def running(**environment: str) -> Iterator[Machine]:
    """Broker running; workers and dispatchers are the test's to start."""
    with tempfile.TemporaryDirectory(prefix="cd-") as folder:  # a socket's path must be short
        machine = Machine(Path(folder), **environment)
        machine.broker.start()
        try:
            yield machine
        finally:
            machine.close()


@pytest.fixture
def systems() -> Iterator[tuple[str, str]]:
    """Names of two empty databases on the external PostgreSQL: a source and a destination."""
    names = tuple(f"cd_{kind}_{uuid4().hex[:8]}" for kind in ("src", "dst"))
    try:
        server = psycopg.connect(SERVER, autocommit=True)
    except psycopg.OperationalError:
        if os.environ.get("CI"):
            raise
        pytest.skip("no PostgreSQL at TEST_POSTGRES_URL")
    with server:
        for name in names:
            server.execute(f"CREATE DATABASE {name}")
        yield names
        for name in names:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
