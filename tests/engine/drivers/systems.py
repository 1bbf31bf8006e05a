"""The real systems that drivers are tried on: a database of our own in each, dropped afterwards."""

import ipaddress
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit
from uuid import uuid4

import duckdb
import psycopg
import pymysql
import pytest

from engine.drivers.sql.driver import SqlDriver
from engine.registry import driver_class
from engine.schema import Row, Table
from engine.toolkit.egress import Egress
from engine.toolkit.surroundings import Surroundings

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/postgres")
MARIADB_URL = os.environ.get("TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/")

LOOPBACK = Egress(allow=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
TYPES = {int: "bigint", str: "varchar(100)", float: "double precision"}


class System:
    """One database and the driver that reads it; statements go to the database directly."""

    name: str
    quote = '"'
    mark = "%s"
    text_size: int | None = 100
    """What is left of how long a short text may be."""

    def __init__(self, settings: dict[str, Any], secrets: dict[str, str], surroundings: Surroundings) -> None:
        self.settings = settings
        self.secrets = secrets
        self.surroundings = surroundings
        self.opened: list[SqlDriver[Any]] = []

    def driver(self, *, secrets: Mapping[str, str] | None = None, **settings: Any) -> SqlDriver[Any]:
        """A driver with the right settings, but for those given."""
        found = driver_class(self.name)(
            {**self.settings, **settings}, self.secrets if secrets is None else secrets, self.surroundings
        )
        self.opened.append(found)
        return found

    def close_drivers(self) -> None:
        for driver in self.opened:
            driver.close()
        self.opened.clear()

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        raise NotImplementedError

    def table(self, name: str) -> Table:
        """As the driver names a table of this database."""
        raise NotImplementedError

    def make(self, name: str, rows: Sequence[Row], *, key: Sequence[str] = ()) -> Table:
        """A table with these rows, of integers and short texts."""
        shapes = {column: self._type(column, rows, key) for column in rows[0]}
        parts = [f"{self.quoted(column)} {shape}" for column, shape in shapes.items()]
        if key:
            parts.append(f"PRIMARY KEY ({', '.join(map(self.quoted, key))})")
        self.execute(f"CREATE TABLE {self.quoted(name)} ({', '.join(parts)})")
        self.add(name, [row for row in rows if any(value is not None for value in row.values())])
        return self.table(name)

    def add(self, name: str, rows: Sequence[Row]) -> None:
        for row in rows:
            places = ", ".join([self.mark] * len(row))
            into = f"{self.quoted(name)} ({', '.join(map(self.quoted, row))})"
            if self.mark == "%s":
                into = into.replace("%", "%%")
            self.execute(f"INSERT INTO {into} VALUES ({places})", list(row.values()))

    def quoted(self, name: str) -> str:
        return self.quote + name.replace(self.quote, self.quote * 2) + self.quote

    def drop(self, table: Table) -> None:
        self.execute(f"DROP TABLE {self.quoted(table.name)}")

    def drop_all(self) -> None:
        raise NotImplementedError

    def _type(self, column: str, rows: Sequence[Row], key: Sequence[str]) -> str:
        kind = next((type(row[column]) for row in rows if row[column] is not None), int)
        return TYPES[kind] + (" NOT NULL" if column in key else "")


SESSIONS = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'crossdock'"


class Postgresql(System):
    name = "postgresql"

    def __init__(self, url: SplitResult, database: str) -> None:
        settings = {"host": url.hostname, "port": url.port or 5432, "database": database, "user": url.username}
        super().__init__(settings, {"password": url.password or f"CANARY{uuid4().hex}"}, Surroundings(LOOPBACK))
        self.url = url
        self.connection = self.connect()

    def connect(self) -> psycopg.Connection[Any]:
        """Another session of the database's owner."""
        return psycopg.connect(
            self.url.geturl(), dbname=self.settings["database"], autocommit=True, prepare_threshold=None
        )

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        self.connection.execute(statement, values or None)

    def table(self, name: str) -> Table:
        return Table(name, "public")

    def sessions(self) -> list[tuple[str, str]]:
        """State and last statement of the drivers' sessions."""
        return self.connection.execute(f"SELECT state, query {SESSIONS}").fetchall()

    def end_sessions(self) -> None:
        self.execute(f"SELECT pg_terminate_backend(pid, 5000) {SESSIONS}")

    def drop_all(self) -> None:
        self.execute("DROP SCHEMA public CASCADE")
        self.execute("CREATE SCHEMA public")


# Any text, and every one of them different from every other.
LETTERS = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


class Mariadb(System):
    name = "mysql"
    quote = "`"

    def __init__(self, url: SplitResult, database: str, password: str, server: Any) -> None:
        settings = {"host": url.hostname, "port": url.port or 3306, "database": database, "user": database}
        super().__init__(settings, {"password": password}, Surroundings(LOOPBACK))
        self.server = server

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        with self.server.cursor() as cursor:
            cursor.execute(statement, values or None)

    def table(self, name: str) -> Table:
        return Table(name, self.settings["database"])

    def drop_all(self) -> None:
        database = self.settings["database"]
        for statement in (f"DROP DATABASE {database}", f"CREATE DATABASE {database} {LETTERS}", f"USE {database}"):
            self.execute(statement)


class Sqlite(System):
    name = "sqlite"
    mark = "?"

    def __init__(self, folder: Path) -> None:
        super().__init__({"path": "test.db"}, {}, Surroundings(folders=(folder,)))
        self.path = folder / "test.db"
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        self.connection.execute(statement, values)

    def table(self, name: str) -> Table:
        return Table(name)

    def drop_all(self) -> None:
        found = self.connection.execute("SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view')")
        for kind, name in found.fetchall():
            self.execute(f"DROP {kind} {self.quoted(name)}")


class Duckdb(System):
    """Who writes to a file that is read puts another one in its place: DuckDB lets nobody in beside a writer."""

    name = "duckdb"
    mark = "?"
    text_size = None

    def __init__(self, folder: Path) -> None:
        super().__init__({"path": "test.duckdb"}, {}, Surroundings(folders=(folder,)))
        self.path = folder / "test.duckdb"
        self.written = folder / "written.duckdb"

    @contextmanager
    def writing(self) -> Iterator[Any]:
        with closing(duckdb.connect(str(self.written))) as connection:
            yield connection
        shutil.copy(self.written, self.path.with_suffix(".copy"))
        self.path.with_suffix(".copy").replace(self.path)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        with self.writing() as connection:
            connection.execute(statement, list(values))

    def add(self, name: str, rows: Sequence[Row]) -> None:
        with self.writing() as connection:
            for row in rows:
                into = f"{self.quoted(name)} ({', '.join(map(self.quoted, row))})"
                connection.execute(f"INSERT INTO {into} VALUES ({', '.join('?' * len(row))})", list(row.values()))

    def table(self, name: str) -> Table:
        return Table(name, "main")

    def drop_all(self) -> None:
        self.written.unlink(missing_ok=True)
        with self.writing():
            pass


@contextmanager
def postgresql(url: str = POSTGRES_URL) -> Iterator[Postgresql]:
    name = f"cd_{uuid4().hex[:12]}"
    try:
        server = psycopg.connect(url, autocommit=True)
    except psycopg.OperationalError as error:
        _unavailable("PostgreSQL", "TEST_POSTGRES_URL", error)
    with closing(server):
        server.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
        try:
            system = Postgresql(urlsplit(url), name)
            with closing(system.connection):
                yield system
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def mariadb() -> Iterator[Mariadb]:
    """With a user of its own, since MariaDB asks everybody for a password."""
    url, name, password = urlsplit(MARIADB_URL), f"cd_{uuid4().hex[:12]}", f"CANARY{uuid4().hex}"
    try:
        server = pymysql.connect(
            host=url.hostname,
            port=url.port or 3306,
            user=url.username or "root",
            password=url.password or "",
            charset="utf8mb4",
            autocommit=True,
        )
    except pymysql.OperationalError as error:
        _unavailable("MariaDB", "TEST_MARIADB_URL", error)
    with closing(server):
        system = Mariadb(url, name, password, server)
        for statement in (
            f"CREATE DATABASE {name} {LETTERS}",
            f"USE {name}",
            f"CREATE USER {name}@'%' IDENTIFIED BY '{password}'",
            f"GRANT ALL ON {name}.* TO {name}@'%'",
        ):
            system.execute(statement)
        try:
            yield system
        finally:
            system.execute(f"DROP DATABASE {name}")
            system.execute(f"DROP USER {name}@'%'")


@contextmanager
def sqlite(folder: Path) -> Iterator[Sqlite]:
    system = Sqlite(folder)
    with closing(system.connection):
        yield system


def _unavailable(what: str, variable: str, error: Exception) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} cannot be reached: {error}")
    pytest.skip(f"{what} cannot be reached; {variable} says where it is")
