"""A planted password is looked for wherever something is kept or said, in every spelling."""

import contextlib
import io
import logging
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection as database

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.errors import Invalid
from engine.errors import EngineError
from engine.toolkit.masking import spellings
from tests.apps.connections import servers
from tests.apps.connections.conftest import AT, Create, Finish


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that the log writes at DEBUG, through the handler that the settings made."""
    handler = next(each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler)
    stream = io.StringIO()
    before, level = handler.setStream(stream), logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    yield stream
    logging.getLogger().setLevel(level)
    handler.setStream(before)


def everything_stored() -> str:
    """Every row of every table of our own database as text, as a dump of it has them."""
    rows: list[str] = []
    with database.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text || to_jsonb(t)::text FROM {table} t")
            rows += [text for (text,) in cursor.fetchall()]
    return "\n".join(rows)


def test_a_planted_password_is_found_nowhere(create: Create, finish: Finish, log: io.StringIO) -> None:
    said: list[object] = []
    with servers.mariadb() as values:
        canaries = [values["password"], "CANARY-wrong/ü\\\"'+ =%"]
        connection = create("mariadb", **values)
        said += live(connection, finish)
        wrong = connections.change(connection=connection, values={"password": canaries[1]})
        said += live(wrong, finish)
        said += [connections.clone(connection=wrong, name="Copy").__dict__]
        said += refusals(wrong, canaries)
        job = connections.start_unsaved_test(
            organization_id=wrong.organization_id, project_id=None, connector=wrong.connector, values=values, at=AT
        )
        stored = everything_stored()  # while the values wait in their job
        said += [finish(job).__dict__, connections.change(connection=wrong, values={"port": 1}).__dict__]

    logging.getLogger("apps").error("as an operator would see it: %s", canaries)
    texts = {"log": log.getvalue(), "stored": stored + everything_stored(), "said": repr(said)}
    assert "auth_failed" in texts["stored"]
    assert "as an operator would see it" in texts["log"]
    for canary in canaries:
        for form in {*spellings(canary), canary[-8:]}:
            assert [place for place, text in texts.items() if form in text] == []


def live(connection: Connection, finish: Finish) -> list[object]:
    """What is said when the connection is used in every way."""
    test = finish(connections.start_test(connection=connection, at=AT))
    browse = finish(connections.start_browse(connection=connection, at=AT))
    said: list[object] = [test.__dict__, bytes(test.result.body), browse.__dict__]
    try:
        with connections.opened(connection) as driver:
            said.append([str(table) for table in driver.streams()])
    except EngineError as error:
        said += [error, error.message]
        logging.getLogger("apps").exception("The connection cannot be used")
    connection.refresh_from_db()
    return [*said, connection, connection.__dict__]


def refusals(connection: Connection, canaries: list[str]) -> list[object]:
    """What is said to values that are wrong, the secret's own among them."""
    said: list[object] = []
    for canary in canaries:
        for values in ({"password": canary + "\0"}, {"port": canary}, {"sslmode": canary}, {"host": canary + "\n"}):
            with pytest.raises(Invalid) as refusal:
                connections.change(connection=connection, values=values)
            said += [refusal.value, refusal.value.message, [problem.message for problem in refusal.value.problems]]
    return said


@contextmanager
def greedy_server() -> Iterator[tuple[int, list[bytes]]]:
    """What speaks just enough PostgreSQL to ask for the password in plain text, and keeps what it gets."""
    listener, received = socket.create_server(("127.0.0.1", 0)), []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client:
                    if client.recv(4096)[4:8] == struct.pack("!i", 80877103):  # may we speak TLS?
                        client.sendall(b"N")
                        client.recv(4096)
                    client.sendall(b"R" + struct.pack("!ii", 8, 3))
                    received.append(client.recv(4096))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], received
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_server_never_sees_what_was_entered_for_another(create, finish):
    values = {"host": "db.example", "database": "d", "user": "u", "password": "CANARY-elsewhere"}
    with greedy_server() as (port, received):
        moved = connections.change(
            connection=create("postgresql", **values),
            values={"host": "127.0.0.1", "port": port, "sslmode": "disable", "password": "******"},
        )
        finish(connections.start_test(connection=moved, at=AT))
        assert received
        assert b"CANARY" not in b"".join(received)

        entered = connections.change(connection=moved, values={"password": "CANARY-entered-here"})
        finish(connections.start_test(connection=entered, at=AT))
        assert b"CANARY-entered-here" in b"".join(received)
