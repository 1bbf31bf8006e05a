import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import uuid4

import pytest
from psycopg.sql import SQL, Identifier, Literal

from engine.contract import Request
from engine.errors import ConfigError, CredentialsError, TransientError
from engine.schema import Query, Table
from tests.engine.drivers.conformance import failure, numbered, rows_of
from tests.engine.drivers.systems import Postgresql


@pytest.fixture
def system(postgresql_system) -> Iterator[Postgresql]:
    postgresql_system.drop_all()
    yield postgresql_system
    postgresql_system.close_drivers()


# Keys


def test_takes_a_unique_index_where_there_is_no_primary_key(system):
    system.execute("CREATE TABLE t (id integer NOT NULL, code text NOT NULL, part text)")
    for index in (
        "CREATE UNIQUE INDEX ON t (part)",
        "CREATE UNIQUE INDEX ON t (code) WHERE id > 0",
        "CREATE UNIQUE INDEX ON t (lower(code))",
        "CREATE INDEX ON t (id)",
    ):
        system.execute(index)
    assert system.driver().describe(system.table("t")).key == ()
    system.execute("CREATE UNIQUE INDEX ON t (code, id)")
    assert system.driver().describe(system.table("t")).key == ("code", "id")
    system.execute("CREATE UNIQUE INDEX ON t (id) INCLUDE (part)")
    assert system.driver().describe(system.table("t")).key == ("id",)


def test_takes_no_index_that_compares_otherwise_than_its_column(system):
    system.execute('CREATE TABLE t (name text COLLATE "C" NOT NULL)')
    system.execute('CREATE UNIQUE INDEX ON t (name COLLATE "POSIX")')
    assert system.driver().describe(system.table("t")).key == ()
    system.execute("CREATE UNIQUE INDEX ON t (name)")
    assert system.driver().describe(system.table("t")).key == ("name",)


def test_pages_walk_the_index(system):
    system.make("t", numbered(*range(50)), key=["id"])
    system.execute("INSERT INTO t SELECT n, 'x' FROM generate_series(100, 20000) n; ANALYZE t")
    system.execute("SET enable_seqscan = off")  # the planner's choice would differ with the table's size
    request = Request(system.table("t"), page_rows=7, after=[5])
    with closing(system.driver().read(request)) as reading:
        next(iter(reading.pages()))
        [(_, query)] = system.sessions()
    statement = re.sub(r"\$1", "'5'", re.sub(r"\$2::INTEGER", "7", query))
    plan = "\n".join(line for (line,) in system.connection.execute(f"EXPLAIN {statement}").fetchall())
    assert "Index Cond" in plan
    assert "Sort" not in plan


# The transaction


def test_reads_in_a_read_only_transaction_without_a_cursor_left_open(system):
    table = system.make("t", numbered(*range(10)), key=["id"])
    with closing(system.driver().read(Request(table, page_rows=3))) as reading:
        next(iter(reading.pages()))
        [(state, query)] = system.sessions()
        assert state == "idle in transaction"
        assert query.startswith('SELECT "id", "name"')
        for said, value in (
            ("SHOW transaction_read_only", "on"),
            ("SHOW transaction_isolation", "repeatable read"),
            ("SELECT count(*) FROM pg_cursors", 0),
        ):
            assert reading.connection.execute(said).fetchall() == [(value,)]


def test_leaves_no_transaction_open_between_two_looks(system):
    driver = system.driver()
    driver.catalogs()
    driver.schemas("")
    assert [state for state, _ in system.sessions()] == ["idle"]


def test_looks_again_where_its_session_was_ended(system):
    driver = system.driver()
    assert driver.schemas("") == ["public"]
    system.end_sessions()
    assert driver.schemas("") == ["public"]


def test_may_be_tried_again_where_its_session_was_ended(system):
    table = system.make("t", numbered(*range(10)), key=["id"])
    with closing(system.driver().read(Request(table, page_rows=3))) as reading:
        pages = reading.pages()
        next(pages)
        system.end_sessions()
        failure(lambda: next(pages), TransientError, "connection_lost", secrets=system.secrets.values())


def test_a_table_that_is_dropped_meanwhile_is_named(system):
    table = system.make("t", numbered(*range(10)), key=["id"])
    driver = system.driver()
    reading = driver.read(Request(table, page_rows=3))
    system.execute("DROP TABLE t")
    with closing(reading):
        error = failure(lambda: next(reading.pages()), ConfigError, "unknown_table")
    assert error.message == 'A table does not exist: relation "public.t" does not exist'


def test_a_column_that_is_dropped_meanwhile_is_named(system):
    table = system.make("t", numbered(*range(10)), key=["id"])
    with closing(system.driver().read(Request(table, page_rows=3))) as reading:
        system.execute("ALTER TABLE t DROP COLUMN name")
        error = failure(lambda: next(reading.pages()), ConfigError, "unknown_column")
    assert error.message == 'A column does not exist: column "name" does not exist'


def test_what_may_not_be_read_is_told(system):
    table = system.make("t", numbered(1), key=["id"])
    password = f"CANARY{uuid4().hex}"
    with role(system, password) as name:
        system.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
        driver = system.driver(user=name, secrets={"password": password})
        error = failure(
            lambda: rows_of(driver.read(Request(table))), ConfigError, "permission_denied", secrets=[password]
        )
    assert error.message == "The user may not do this: permission denied for table t"


@contextmanager
def role(system: Postgresql, password: str) -> Iterator[str]:
    name = f"{system.settings['database']}_role"
    system.connection.execute(SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(name), Literal(password)))
    try:
        yield name
    finally:
        system.close_drivers()
        system.execute(f"DROP OWNED BY {name}")
        system.execute(f"DROP ROLE {name}")


def test_names_no_value_of_a_row_in_an_error(system):
    system.make("t", [{"id": 1, "name": "CANARY in a row"}], key=["id"])
    request = Request(Query("SELECT id, name::integer AS n FROM t"), key=("id",))
    error = failure(lambda: rows_of(system.driver().read(request)), ConfigError, "invalid_value")
    assert "CANARY" not in error.message


def test_refuses_two_columns_of_one_name(system):
    act = lambda: system.driver().read(Request(Query("SELECT 1 AS a, 2 AS a")))  # noqa: E731
    failure(act, ConfigError, "duplicate_column")


def test_null_in_a_key_that_a_caller_named_is_an_error(system):
    system.execute("CREATE VIEW v AS SELECT NULL::integer AS id")
    act = lambda: rows_of(system.driver().read(Request(system.table("v"), key=("id",))))  # noqa: E731
    failure(act, ConfigError, "invalid_key")


@pytest.mark.parametrize("schema", ["pg_catalog", "information_schema"])
def test_does_not_know_the_servers_own_tables(system, schema):
    driver = system.driver()
    assert schema not in driver.schemas("")
    name = "pg_class" if schema == "pg_catalog" else "tables"
    failure(lambda: driver.describe(Table(name, schema)), ConfigError, "unknown_table")


# What a connection takes from its surroundings


def test_takes_nothing_from_the_environment_or_the_home(system, monkeypatch, tmp_path):
    """What whoever runs us has set for libpq must neither redirect a connection nor lend it a secret."""
    for name, value in {
        "PGHOST": "other.example",
        "PGHOSTADDR": "10.0.0.1",
        "PGPORT": "1",
        "PGDATABASE": "other",
        "PGUSER": "other",
        "PGPASSWORD": "CANARY",
        "PGPASSFILE": str(tmp_path / "pass"),
        "PGSSLMODE": "verify-full",
        "PGSSLCERT": str(tmp_path / "cert"),
        "PGAPPNAME": "other",
        "PGCLIENTENCODING": "LATIN1",
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "pass").write_text("*:*:*:*:CANARY\n")
    (tmp_path / "pass").chmod(0o600)
    system.driver().check()
    with Impostor() as impostor:
        driver = system.driver(secrets={}, port=impostor.port, sslmode="disable")
        failure(driver.check, CredentialsError, "auth_failed")
    assert b"CANARY" not in impostor.heard


class Impostor:
    """Speaks just enough of PostgreSQL's protocol to ask for a password and to refuse it."""

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal
        self.heard = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Impostor":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join(10)
        self.listener.close()

    def _serve(self) -> None:
        peer, _ = self.listener.accept()
        with peer:
            self.heard += peer.recv(4096)
            peer.sendall(b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big"))
            answer = peer.recv(4096)
            self.heard += answer
            if answer and self.refusal:
                fields = b"SFATAL\0" + b"VFATAL\0" + b"C28P01\0" + b"M" + self.refusal.encode() + b"\0\0"
                peer.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)


@pytest.mark.parametrize(
    ("words", "kind", "code"),
    [
        ('password authentication failed for user "root"', CredentialsError, "auth_failed"),
        ('no pg_hba.conf entry for host "10.1.2.3", user "root", no encryption', ConfigError, "permission_denied"),
        ("sorry, too many clients already", TransientError, "too_many_connections"),
        ("remaining connection slots are reserved", TransientError, "too_many_connections"),
        ("the database system is starting up", TransientError, "unavailable"),
        ('database "x" does not exist', ConfigError, "unknown_database"),
        ('role "x" is not permitted to log in', CredentialsError, "auth_failed"),
        ("something new happened at 10.1.2.3", TransientError, "connection_rejected"),
    ],
)
def test_sorts_refusals_of_a_connection_and_repeats_none(system, words, kind, code):
    with Impostor(words) as impostor:
        driver = system.driver(port=impostor.port, sslmode="disable", host="127.0.0.1")
        with pytest.raises(kind) as caught:
            driver.check()
    assert caught.value.code == code
    assert "10.1.2.3" not in caught.value.message
    assert next(iter(system.secrets.values())) not in caught.value.message


@pytest.mark.parametrize("option", ["service", "options", "hostaddr", "passfile", "sslkey", "sslrootcert", "dsn"])
def test_knows_no_other_option(system, option):
    """What is no field is not looked at: a connection is opened by the declared ones alone."""
    assert option not in {field.name for field in system.driver().spec.fields}
    system.driver(**{option: "/etc/passwd"}).check()


def test_a_secret_is_no_part_of_a_connection_string(system):
    tricky = "x' host=other.example password='y\\"
    with role(system, tricky) as name:
        system.driver(user=name, secrets={"password": tricky}).check()


def test_refuses_a_certificate_authority_that_is_none(system):
    for text in ("no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        driver = system.driver(sslmode="verify-full", ca_certificate=text)
        failure(driver.check, ConfigError, "tls_failed")
