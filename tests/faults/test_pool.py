"""When our own database has no connection left, is frozen or is away, the web says so and workers try again."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import Barrier

import psycopg
import pytest
from django.db import connection, transaction

from apps.accounts.models import Organization
from apps.jobs.services.control import steadily
from tests.apps.jobs.threads import at_once
from tests.faults.machine import Machine, database_url, eventually
from tests.faults.proxy import Manner, Proxy, proxy_to, server_of
from tests.faults.web import Answer, Web, told

pytestmark = pytest.mark.faults

PATHS = ("/v1/flows", "/v1/exports", "/v1/connections")


@pytest.fixture
def line(machine: Machine) -> Iterator[Proxy]:
    """Between the web server and our own database."""
    with proxy_to(server_of(connection.settings_dict)) as proxy:
        machine.more["DATABASE_URL"] = database_url(through=proxy.port)
        yield proxy


@pytest.fixture
def web(machine: Machine, line: Proxy) -> Web:
    return Web(machine, Organization.objects.create(name="Faults"))


def ask(web: Web, count: int) -> list[Answer]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda number: web.call("GET", PATHS[number % len(PATHS)]), range(count)))


def assert_told(answers: list[Answer]) -> None:
    """Each that was not answered says in its dialect's words when to come again."""
    for answer in answers:
        assert answer.status in {200, 503}, answer
        if answer.status == 503:
            assert int(answer.headers["retry-after"]) > 0
            assert "password" not in str(answer.document)
            assert "errors" in answer.document or "error" in answer.document, answer


def test_says_that_it_is_unavailable_when_connections_are_used_up(
    machine: Machine, web: Web, say: Callable[[str], None]
) -> None:
    with ExitStack() as held:
        with suppress(psycopg.OperationalError):
            while True:
                held.enter_context(psycopg.connect(database_url()))
        answers = ask(web, 24)
        assert_told(answers)
        assert any(answer.status == 503 for answer in answers)
    say(f"connections used up: {told([answer.seconds for answer in answers])}")
    assert eventually(lambda: all(answer.status == 200 for answer in ask(web, 24))), machine.logs()


@pytest.mark.parametrize("manner", [Manner.HANG, Manner.REFUSE])
def test_says_that_it_is_unavailable_when_the_database_is_away(
    machine: Machine, web: Web, line: Proxy, manner: Manner, say: Callable[[str], None]
) -> None:
    assert all(answer.status == 200 for answer in ask(web, 16))
    line.manner = manner
    if manner is Manner.REFUSE:
        line.cut()
    answers = ask(web, 16)
    assert_told(answers)
    assert {answer.status for answer in answers} == {503}
    say(f"database {manner}: {told([answer.seconds for answer in answers])}")
    line.manner = Manner.CARRY
    assert eventually(lambda: all(answer.status == 200 for answer in ask(web, 16))), machine.logs()


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_is_tried_again() -> None:
    """Each adds 1 to both, one of them in the other order."""
    rows = [Organization.objects.create(name=f"{name}0") for name in ("a", "b")]
    have_both_begun = Barrier(2)
    tries = []

    def add(number: int) -> None:
        def act() -> None:
            tries.append(number)
            order = rows if number == 0 else rows[::-1]
            increment(order[0])
            if len(tries) <= 2:
                have_both_begun.wait(20)
            increment(order[1])

        steadily(act)

    at_once(2, add)
    assert sorted(Organization.objects.values_list("name", flat=True)) == ["a2", "b2"]
    assert len(tries) == 3


def increment(row: Organization) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_organization SET name = left(name, 1) || (substr(name, 2)::int + 1) WHERE id = %s",
            [row.id],
        )


@pytest.mark.django_db(transaction=True)
def test_a_serialization_failure_is_tried_again() -> None:
    row = Organization.objects.create(name="a0")
    have_both_read = Barrier(2)
    tries = []

    def add(number: int) -> None:
        def act() -> None:
            tries.append(number)
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
                cursor.execute("SELECT name FROM accounts_organization WHERE id = %s", [row.id])
                name = cursor.fetchone()[0]
                if len(tries) <= 2:
                    have_both_read.wait(20)
                cursor.execute(
                    "UPDATE accounts_organization SET name = %s WHERE id = %s", [f"a{int(name[1:]) + 1}", row.id]
                )

        steadily(act)

    at_once(4, add)
    row.refresh_from_db()
    assert row.name == "a4"
    assert not transaction.get_connection().in_atomic_block
