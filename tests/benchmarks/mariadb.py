"""Between PostgreSQL and MariaDB, row by row."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql

from tests.benchmarks import tables
from tests.benchmarks.contest import Marks, Result, contest
from tests.benchmarks.rig import MissingError, Rig

DATABASE = "bench_target"
SHARE = 5


def writes(rig: Rig) -> Result:
    tables.large(rig)
    rows = rig.rows // SHARE
    with database() as values:
        there = rig.connection("mariadb", values)
        flow = rig.flow("orders", target=there, mode="replace", export=_first(rows))
        return contest(
            title="PostgreSQL → MariaDB",
            about=f"a full refresh of {rows:,} rows of 12 columns",
            rows=rows,
            rounds=rig.rounds,
            ours=lambda: rig.carry(flow, rows),
            marks=Marks(client=35),
            lane="rows",
        )


def reads(rig: Rig) -> Result:
    tables.large(rig)
    rows = rig.rows // SHARE
    with database() as values:
        there = rig.connection("mariadb", values)
        rig.run(rig.flow("orders", target=there, mode="replace", export=_first(rows)))
        flow = rig.flow("orders", source=there, mode="replace", to={"table": "from_mariadb"})
        return contest(
            title="MariaDB → PostgreSQL",
            about=f"a full refresh of {rows:,} rows of 12 columns",
            rows=rows,
            rounds=rig.rounds,
            ours=lambda: rig.carry(flow, rows),
            marks=Marks(),
            lane="rows",
        )


def _first(rows: int) -> dict[str, Any]:
    return {"source": {"query": f"SELECT * FROM orders WHERE id <= {rows}"}, "key": ["id"]}


@contextmanager
def database() -> Iterator[dict[str, Any]]:
    """An empty one on TEST_MARIADB_URL, as the settings of a connection to it. Raises MissingError."""
    url = urlsplit(os.environ.get("TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/mysql"))
    values = {"host": url.hostname or "127.0.0.1", "port": url.port or 3306, "user": unquote(url.username or "root")}
    if url.password:
        values["password"] = unquote(url.password)
    try:
        server = pymysql.connect(**values)
    except pymysql.OperationalError as error:
        raise MissingError("There is no MariaDB at TEST_MARIADB_URL.") from error
    with server, server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
        yield {**values, "database": DATABASE}
        cursor.execute(f"DROP DATABASE {DATABASE}")
