"""The real systems that connections lead to: a database with one table in each."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pymysql
import pytest

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/postgres")
MARIADB = os.environ.get("TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/")

Values = dict[str, Any]


def missing(variable: str, error: Exception) -> None:
    """A server that is not there is no failure, but where all are to be there."""
    if os.environ.get("CI"):
        raise error
    pytest.skip(f"no server at {variable}")


@contextmanager
def postgresql() -> Iterator[Values]:
    """What a connection needs to reach a new database, whose owner has a password of its own."""
    name, password = f"cd_{uuid4().hex[:8]}", f"CANARY-{uuid4().hex}"
    try:
        server = psycopg.connect(POSTGRES, autocommit=True)
    except psycopg.OperationalError as error:
        missing("TEST_POSTGRES_URL", error)
    with server:
        server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        server.execute(f"CREATE DATABASE {name} OWNER {name}")
        try:
            with psycopg.connect(POSTGRES, dbname=name, autocommit=True) as own:
                own.execute(
                    "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(8, 2), note text DEFAULT 'none')"
                )
                own.execute("COMMENT ON COLUMN orders.total IS 'with tax'")
            where = server.info
            yield {"host": where.host, "port": where.port, "database": name, "user": name, "password": password}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
            server.execute(f"DROP ROLE {name}")


@contextmanager
def mariadb() -> Iterator[Values]:
    """The same; MariaDB checks the password in any installation."""
    name, password = f"cd_{uuid4().hex[:8]}", f"CANARY-{uuid4().hex}"
    url = urlsplit(MARIADB)
    where = {"host": url.hostname or "127.0.0.1", "port": url.port or 3306}
    try:
        server = pymysql.connect(**where, user=url.username or "root", password=url.password or "", autocommit=True)
    except pymysql.OperationalError as error:
        missing("TEST_MARIADB_URL", error)
    with server, server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute(f"CREATE USER {name}@'%%' IDENTIFIED BY %s", [password])
        cursor.execute(f"GRANT ALL ON {name}.* TO {name}@'%'")
        try:
            cursor.execute(
                f"CREATE TABLE {name}.orders (id bigint PRIMARY KEY, total decimal(8, 2) COMMENT 'with tax', note text)"
            )
            yield {**where, "database": name, "user": name, "password": password}
        finally:
            cursor.execute(f"DROP USER {name}@'%'")
            cursor.execute(f"DROP DATABASE {name}")


@contextmanager
def sqlite(folder: Path) -> Iterator[Values]:
    """A file in the organisation's folder."""
    folder.mkdir(parents=True)
    file = sqlite3.connect(folder / "shop.db")
    file.execute("CREATE TABLE orders (id integer PRIMARY KEY, total decimal(8, 2), note text DEFAULT 'none')")
    file.close()
    yield {"path": "shop.db"}
