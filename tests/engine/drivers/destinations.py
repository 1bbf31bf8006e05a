"""Databases of their own for the tests of writers, on real servers, dropped afterwards."""

import ipaddress
import os
import secrets
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

import psycopg
import pymysql
import pytest
from psycopg import sql

from engine.contract import Lineage, Mode, Position, Rejected, Request, Target, Writer
from engine.drivers.sql.mysql import connect as mysql_connect
from engine.drivers.sql.mysql import describe as mysql_describe
from engine.drivers.sql.mysql.write import MysqlWriter
from engine.drivers.sql.postgresql import connect as postgresql_connect
from engine.drivers.sql.postgresql import describe as postgresql_describe
from engine.drivers.sql.postgresql.write import PostgresqlWriter
from engine.drivers.sql.sqlite import connect as sqlite_connect
from engine.drivers.sql.sqlite import describe as sqlite_describe
from engine.drivers.sql.sqlite.write import SqliteWriter
from engine.registry import driver_class
from engine.schema import Column, Kind, Row, Stream, Table, Type
from engine.toolkit.egress import Egress
from engine.toolkit.surroundings import Surroundings

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/postgres")
MARIADB_URL = os.environ.get("TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306")
LOOPBACK = Egress(allow=(ipaddress.ip_network("127.0.0.0/8"),))

ID = Column("id", Type(Kind.INTEGER, size=64), nullable=False)
ID_NAME = (ID, Column("name", Type(Kind.TEXT, size=100)))


@dataclass
class Refusals:
    """Remembers what a writer told of rejected rows."""

    rows: list[Rejected] = field(default_factory=list)

    def __call__(self, rejected: list[Rejected]) -> None:
        self.rows += rejected

    @property
    def codes(self) -> dict[int, str]:
        return {row.index: row.code for row in self.rows}


def lineage(fence: int = 1, *, job: str = "job-1", step: str = "step-1", generation: int = 0) -> Lineage:
    return Lineage(step=step, stream="orders", job=job, fence=fence, generation=generation)


def named(*ids: int, suffix: str = "") -> list[Row]:
    return [{"id": number, "name": f"name {number}{suffix}"} for number in ids]


def pairs(*ids: int, suffix: str = "") -> list[tuple[int, str]]:
    return [(number, f"name {number}{suffix}") for number in ids]


def run(writer: Writer, *pages: Sequence[Row], refusals: Refusals | None = None) -> None:
    """A whole run: takes over, begins, writes the pages, finishes, closes."""
    writer.take_over()
    writer.begin(at(0))
    for number, page in enumerate(pages, 1):
        writer.write(page, at(number), refusals or Refusals())
    writer.finish(at(len(pages)))
    writer.close()


def at(page: int) -> Position:
    return {"page": page}


class Place(ABC):
    """A database of our own, and a connection beside the writers that sees and changes it."""

    table = Table("target")
    driver: str
    writer_class: type[Any]
    surroundings = Surroundings(egress=LOOPBACK)

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.secrets: dict[str, Any] = {}
        self.opened: list[Any] = []

    @abstractmethod
    def open(self, application_name: str) -> Any: ...

    @abstractmethod
    def describe(self, table: Table) -> Stream: ...

    @abstractmethod
    def execute(self, *statements: str) -> None: ...

    @abstractmethod
    def rows(self, statement: str) -> list[tuple[Any, ...]]: ...

    @abstractmethod
    def tables(self) -> set[str]: ...

    @abstractmethod
    def clear(self) -> None: ...

    def connect(self, application_name: str) -> Any:
        connection = self.open(application_name)
        self.opened.append(connection)
        return connection

    def reading(self, request: Request | None = None) -> Any:
        driver = driver_class(self.driver)(self.settings, self.secrets, self.surroundings)
        reading = driver.read(request or Request(self.table))
        self.opened += [reading, driver]
        return reading

    def read(self, request: Request | None = None) -> list[Row]:
        """The target's rows as the driver reads them."""
        return [row for page in self.reading(request).pages() for row in page.rows]

    def ids(self) -> list[int]:
        return [number for (number,) in self.rows("SELECT id FROM target ORDER BY id")]

    def writer(
        self,
        mode: Mode | Target,
        columns: Sequence[Column] = ID_NAME,
        key: Sequence[str] = ("id",),
        *,
        of: Lineage | None = None,
        connect: Callable[[str], Any] | None = None,
    ) -> Any:
        return self.writer_class(
            connect=connect or self.connect,
            target=Target(self.table, mode) if isinstance(mode, Mode) else mode,
            columns=columns,
            key=key,
            lineage=of or lineage(),
        )

    def close(self) -> None:
        for connection in self.opened:
            connection.close()
        self.opened.clear()


class PostgresqlPlace(Place):
    driver = "postgresql"
    writer_class = PostgresqlWriter

    def __init__(self, url: SplitResult, database: str) -> None:
        super().__init__()
        self.settings = {
            "host": url.hostname,
            "port": url.port or 5432,
            "database": database,
            "user": url.username or "postgres",
            "sslmode": "disable",
        }
        self.secrets = {"password": url.password or ""}
        self.superuser = self.open("test")
        self.superuser.autocommit = True

    def open(self, application_name: str, **settings: Any) -> psycopg.Connection[Any]:
        return postgresql_connect.open_connection(
            {**self.settings, **settings},
            self.secrets,
            self.surroundings,
            application_name=application_name,
        )

    def describe(self, table: Table) -> Stream:
        return postgresql_describe.table(self.superuser.cursor(), table).stream

    def execute(self, *statements: str) -> None:
        for statement in statements:
            self.superuser.execute(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self.superuser.execute(statement).fetchall()

    def tables(self) -> set[str]:
        return {name for (name,) in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}

    def clear(self) -> None:
        self.close()
        self.execute("SET client_min_messages = warning", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


class MysqlPlace(Place):
    driver = "mysql"
    writer_class = MysqlWriter

    def __init__(self, url: SplitResult, database: str) -> None:
        super().__init__()
        self.database = database
        self.settings = {
            "host": url.hostname,
            "port": url.port or 3306,
            "database": database,
            "user": url.username or "root",
            "sslmode": "disable",
        }
        self.secrets = {"password": url.password or ""}
        self.superuser = self.open("test", database="")
        self.execute("SET autocommit = 1")
        self.clear()

    def open(self, application_name: str, **settings: Any) -> Any:
        return mysql_connect.open_connection(
            {**self.settings, **settings},
            self.secrets,
            self.surroundings,
            application_name=application_name,
        )

    def describe(self, table: Table) -> Stream:
        return mysql_describe.table(self.superuser.cursor(), table, self.database, is_mariadb=True).stream

    def execute(self, *statements: str) -> None:
        with self.superuser.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.superuser.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def tables(self) -> set[str]:
        return {name for (name,) in self.rows("SHOW TABLES")}

    def clear(self) -> None:
        self.close()
        self.execute(
            f"DROP DATABASE IF EXISTS {self.database}",
            f"CREATE DATABASE {self.database} CHARACTER SET utf8mb4",
            f"USE {self.database}",
        )


class SqlitePlace(Place):
    driver = "sqlite"
    writer_class = SqliteWriter

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.settings = {"path": "file.db"}
        self.surroundings = Surroundings(folders=(folder,))
        self.superuser = sqlite3.connect(folder / "file.db", isolation_level=None)

    def open(self, application_name: str) -> sqlite3.Connection:
        return sqlite_connect.open_connection(
            self.settings, self.secrets, self.surroundings, application_name=application_name
        )

    def describe(self, table: Table) -> Stream:
        return sqlite_describe.table(self.superuser, table).stream

    def execute(self, *statements: str) -> None:
        for statement in statements:
            self.superuser.execute(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self.superuser.execute(statement).fetchall()

    def tables(self) -> set[str]:
        return {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def clear(self) -> None:
        self.close()


@contextmanager
def postgresql_place() -> Iterator[PostgresqlPlace]:
    url, database = urlsplit(POSTGRES_URL), f"crossdock_write_{secrets.token_hex(4)}"
    try:
        server = psycopg.connect(POSTGRES_URL, autocommit=True)
    except psycopg.OperationalError as error:
        unavailable("PostgreSQL", error)
    with server:
        server.execute(
            sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(sql.Identifier(database))
        )
        place = PostgresqlPlace(url, database)
        try:
            yield place
        finally:
            place.close()
            place.superuser.close()
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))


@contextmanager
def mysql_place() -> Iterator[MysqlPlace]:
    url = urlsplit(MARIADB_URL)
    try:
        pymysql.connect(
            host=url.hostname, port=url.port or 3306, user=url.username, password=url.password or ""
        ).close()
    except pymysql.OperationalError as error:
        unavailable("MariaDB", error)
    place = MysqlPlace(url, f"crossdock_write_{secrets.token_hex(4)}")
    try:
        yield place
    finally:
        place.close()
        place.execute(f"DROP DATABASE {place.database}")
        place.superuser.close()


@contextmanager
def sqlite_place(folder: Path) -> Iterator[SqlitePlace]:
    place = SqlitePlace(folder)
    try:
        yield place
    finally:
        place.close()
        place.superuser.close()


def unavailable(what: str, error: Exception) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} cannot be reached: {error}")
    pytest.skip(f"{what} cannot be reached: {error}")
