import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from engine.contract import Request
from engine.errors import ConfigError, CredentialsError, EngineError, TransientError
from engine.schema import Query, Table
from tests.engine.drivers.conformance import failure, numbered, rows_of
from tests.engine.drivers.systems import Mariadb


@pytest.fixture
def system(mariadb_system) -> Iterator[Mariadb]:
    mariadb_system.drop_all()
    yield mariadb_system
    mariadb_system.close_drivers()


def sessions(system: Mariadb) -> list[int]:
    """The drivers' sessions, whose user nobody else is."""
    with system.server.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.PROCESSLIST WHERE user = %s", [system.settings["user"]])
        return [number for (number,) in cursor.fetchall()]


def end_sessions(system: Mariadb) -> None:
    for number in sessions(system):
        system.execute(f"KILL {number}")


def test_browses_every_database_that_the_user_may_use(system):
    table = system.make("t", numbered(1), key=["id"])
    name = system.settings["database"]
    driver = system.driver(database="")
    assert driver.catalogs() == [name]
    assert driver.schemas(name) == [name]
    assert driver.tables(name, name) == list(driver.streams()) == [table]
    assert driver.describe(Table("t", catalog=name)).source == table
    failure(lambda: driver.describe(Table("t")), ConfigError, "unknown_table")
    failure(lambda: driver.describe(Table("t", "other", name)), ConfigError, "unknown_table")


@pytest.mark.parametrize("schema", ["information_schema", "mysql", "performance_schema", "sys"])
def test_does_not_know_the_servers_own_tables(system, schema):
    driver = system.driver()
    assert schema not in driver.catalogs()
    for name in ("TABLES", "user"):
        failure(lambda: driver.describe(Table(name, schema)), ConfigError, "unknown_table")  # noqa: B023


def test_reads_in_a_read_only_transaction(system):
    table = system.make("t", numbered(1), key=["id"])
    with closing(system.driver().read(Request(table))) as reading:
        cursor = reading.session.cursor
        with pytest.raises(Exception, match="READ ONLY"):
            cursor.execute("DELETE FROM t")
        cursor.execute("SELECT @@tx_isolation, @@time_zone, @@local_infile, @@sql_mode")
        [(isolation, zone, _, mode)] = cursor.fetchall()
    assert (isolation, zone) == ("REPEATABLE-READ", "+00:00")
    assert "STRICT_ALL_TABLES" in mode


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 INTO OUTFILE '/nowhere/x'",
        "SELECT 1) AS q INTO/**/DUMPFILE '/nowhere/x' -- ",
        "SELECT 1) AS q\ninto\noutfile '/nowhere/x' #",
    ],
)
def test_refuses_a_query_that_writes_a_file(system, text):
    error = failure(lambda: system.driver().read(Request(Query(text))), ConfigError, "invalid_query")
    assert error.message == "A query may not write a file."


def test_refuses_two_columns_of_one_name(system):
    with pytest.raises(ConfigError) as caught:
        system.driver().read(Request(Query("SELECT 1 AS a, 2 AS a")))
    assert caught.value.code == "invalid_query"


def test_looks_again_where_its_session_was_ended(system):
    driver = system.driver()
    name = system.settings["database"]
    assert driver.catalogs() == [name]
    end_sessions(system)
    assert driver.catalogs() == [name]


def test_may_be_tried_again_where_its_session_was_ended(system):
    for key in (["id"], []):
        table = system.make(f"t{len(key)}", numbered(*range(300)), key=key)
        with closing(system.driver().read(Request(table, page_rows=3))) as reading:
            pages = reading.pages()
            next(pages)
            end_sessions(system)
            if key:
                failure(lambda: next(pages), TransientError, "connection_lost", secrets=system.secrets.values())  # noqa: B023
            pages.close()


def test_a_table_that_is_dropped_meanwhile_is_named(system):
    table = system.make("t", numbered(*range(10)), key=["id"])
    driver = system.driver()
    reading = driver.read(Request(table, page_rows=3))
    system.execute("DROP TABLE t")
    with closing(reading), pytest.raises(EngineError) as caught:
        next(reading.pages())
    assert caught.value.code == "unknown_table"


def test_what_may_not_be_read_is_told(system):
    system.make("t", numbered(1), key=["id"])
    name, secret = f"{system.settings['database']}_p", "CANARY"
    system.execute(f"CREATE USER {name}@'%' IDENTIFIED BY '{secret}'")
    system.execute(f"GRANT SELECT (id) ON {system.settings['database']}.t TO {name}@'%'")
    try:
        driver = system.driver(user=name, secrets={"password": secret})
        assert rows_of(driver.read(Request(Query("SELECT id FROM t")))) == [{"id": 1}]
        act = lambda: driver.read(Request(Query("SELECT name FROM t")))  # noqa: E731
        error = failure(act, ConfigError, "permission_denied")
        assert error.message == "The user may not do this."
    finally:
        system.execute(f"DROP USER {name}@'%'")


def test_a_server_of_another_kind_is_no_answer(system):
    for words in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x05\0\0\0\x0ashort"):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=_say, args=(listener, words))
            thread.start()
            with pytest.raises(EngineError) as caught:
                system.driver(port=listener.getsockname()[1]).check()
            thread.join(10)
        assert caught.value.code in ("unreachable", "wrong_protocol")


def _say(listener: socket.socket, words: bytes) -> None:
    peer, _ = listener.accept()
    with peer:
        peer.sendall(words)


def test_a_refusal_names_no_address(system):
    error = failure(system.driver(secrets={"password": "wrong"}).check, CredentialsError, "auth_failed")
    assert error.message == f"The database refused the user {system.settings['user']!r} or the password."


@pytest.mark.parametrize("option", ["unix_socket", "read_default_file", "init_command", "local_infile", "ssl_ca"])
def test_knows_no_other_option(system, option):
    """What is no field is not looked at: a connection is opened by the declared ones alone."""
    assert option not in {field.name for field in system.driver().spec.fields}
    system.driver(**{option: "/etc/passwd"}).check()
