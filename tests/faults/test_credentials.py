"""A password that changes while rows move: what was written stays, nobody is locked out, and the rest follows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.utils import timezone

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.flows import services as flows
from apps.flows.models import Flow
from apps.jobs.models import State
from config.embedded import start_demo
from tests.faults.machine import Machine, eventually
from tests.faults.proxy import Proxy, proxy_to
from tests.faults.runs import has_ended, start
from tests.faults.scenario import BY_ROWS, CAST, CHECKSUM, EVENTS, at, make_flow, make_slow_table, source_of

pytestmark = pytest.mark.faults

ROWS = 300_000
FILL = f"""
INSERT INTO events
SELECT n, 'event ' || n, n * 1.01, '2024-02-29 12:00+00'::timestamptz FROM generate_series(1, {ROWS}) AS n
"""
MOST_SIGN_INS = 3


@dataclass
class Shop:
    """A system that asks for a password, at the other end of a line that counts who comes."""

    server: psycopg.Connection[Any]
    name: str
    line: Proxy

    def change_password(self, password: str) -> None:
        """And ends the sessions that signed in with the one before."""
        self.server.execute(f"ALTER ROLE {self.name} PASSWORD '{password}'")
        self.server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [self.name])


@pytest.fixture
def shop() -> Iterator[Shop]:
    demo = start_demo()  # the external server may trust everybody
    name = f"shop_{uuid4().hex[:8]}"
    login = {"host": demo.host, "port": demo.port, "user": demo.user, "password": demo.password}
    with (
        psycopg.connect(**login, dbname="postgres", autocommit=True) as server,
        proxy_to((demo.host, demo.port)) as line,
    ):
        server.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'first-password'")
        server.execute(f"CREATE DATABASE {name} OWNER {name}")
        with psycopg.connect(**login, dbname=name, autocommit=True) as shop:
            for statement in (EVENTS, FILL, f"GRANT SELECT ON events TO {name}", "ANALYZE events"):
                shop.execute(statement)
        yield Shop(server, name, line)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        server.execute(f"DROP ROLE {name}")


@pytest.fixture
def flow(shop: Shop, systems: tuple[str, str], machine: Machine) -> Flow:
    """From the shop into a table that takes its time, so that a test comes in between."""
    make_slow_table(systems[1])
    flow = make_flow(systems, mapping=CAST, filter=BY_ROWS, mode="append")
    login = {"host": "127.0.0.1", "port": shop.line.port, "database": shop.name, "user": shop.name}
    connections.change(connection=source_of(flow), values={**login, "password": "first-password"})
    Connection.objects.update(is_offline=False, offline_reason="")
    machine.dispatcher()
    machine.worker()
    return flow


@contextmanager
def few_sign_ins(shop: Shop) -> Iterator[None]:
    before = shop.line.connections
    yield
    assert 0 < shop.line.connections - before <= MOST_SIGN_INS


def is_exact(systems: tuple[str, str]) -> bool:
    """Every row of the shop, once, as it is there."""
    with at(systems[1]) as target, at(systems[0]) as scratch:
        scratch.execute(EVENTS)
        scratch.execute(FILL)
        return target.execute(CHECKSUM).fetchone() == scratch.execute(CHECKSUM).fetchone()


def test_a_run_that_is_refused_goes_on_once_the_password_is_mended(
    machine: Machine, shop: Shop, flow: Flow, systems: tuple[str, str]
) -> None:
    job = start(flow, machine)
    with few_sign_ins(shop):
        shop.change_password("second-password")
        assert eventually(lambda: has_ended(job)), machine.logs()
    assert (job.state, job.error_code) == (State.FAILED, "auth_failed")
    assert "password" not in job.error_message.replace("or the password", "")
    written = job.records_written
    assert 0 < written < ROWS
    refused = [Connection.objects.get(is_offline=True)]
    assert refused == [source_of(flow)]

    connections.change(connection=source_of(flow), values={"password": "second-password"})
    test = connections.start_test(connection=source_of(flow), at=timezone.now())
    assert eventually(lambda: has_ended(test)), machine.logs()
    assert not source_of(flow).is_offline

    again = flows.run_flow(flow=flow, at=timezone.now())
    assert eventually(lambda: has_ended(again)), machine.logs()
    assert (again.state, again.records_written) == (State.COMPLETED, ROWS - written)
    assert is_exact(systems)


def test_a_run_whose_connection_was_edited_in_time_goes_on_by_itself(
    machine: Machine, shop: Shop, flow: Flow, systems: tuple[str, str]
) -> None:
    job = start(flow, machine)
    connections.change(connection=source_of(flow), values={"password": "second-password"})
    with few_sign_ins(shop):
        shop.change_password("second-password")
        assert eventually(lambda: has_ended(job)), machine.logs()
    assert (job.state, job.records_written, job.attempt) == (State.COMPLETED, ROWS, 2)
    assert not Connection.objects.filter(is_offline=True).exists()
    assert is_exact(systems)
