"""The transaction of one reading from PostgreSQL: one snapshot, values left as text where nobody needs more."""

from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap, Loader
from psycopg.rows import TupleRow
from psycopg.types.string import TextLoader

from engine.drivers.sql.postgresql import errors
from engine.drivers.sql.reading import Fetched
from engine.drivers.sql.select import Statement
from engine.schema import RawJson

Connection = psycopg.Connection[TupleRow]
Data = bytes | bytearray | memoryview

# These become Python values, by the client's own loaders.
PARSED = frozenset({"bool", "int2", "int4", "int8", "oid", "float4", "float8", "bytea"})

# Text that means the same whatever the server, the database or the role has set. A statement that says nothing for
# ten minutes is stuck; between pages the transaction may be idle as long as the destination needs.
SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "statement_timeout": "600s",
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "0",
}


class PostgresqlSession:
    """`native`: leave what is PostgreSQL's own notation as it is."""

    def __init__(self, connection: Connection, *, native: bool) -> None:
        self._connection = connection
        self._native = native
        self._cursor = connection.cursor()
        leave_as_text(self._cursor.adapters, native=native)
        self.set(**SETTINGS)

    def set(self, **settings: str) -> None:
        """For this transaction only."""
        calls = ", ".join(["pg_catalog.set_config(%s, %s, true)"] * len(settings))
        with errors.translated():
            self._cursor.execute(f"SELECT {calls}".encode(), [part for pair in settings.items() for part in pair])

    def fetch(self, statement: Statement, values: dict[str, Any]) -> Fetched:
        # With parameters the server takes no second statement.
        with errors.translated():
            self._cursor.execute(statement.text.encode(), statement.bound(values))
            return self._cursor.fetchall()

    def passing(self, statement: Statement, values: dict[str, Any]) -> "PassingRows":
        cursor = self._connection.cursor(name="crossdock")
        leave_as_text(cursor.adapters, native=self._native)
        with errors.translated():
            cursor.execute(statement.text.encode(), statement.bound(values))
        return PassingRows(cursor)

    def close(self) -> None:
        self._connection.close()


class PassingRows:
    """What a cursor of the server still has."""

    after = None

    def __init__(self, cursor: psycopg.ServerCursor[TupleRow]) -> None:
        self._cursor = cursor

    def take(self, count: int) -> Fetched:
        with errors.translated():
            return self._cursor.fetchmany(count)

    def close(self) -> None:
        with errors.translated():
            self._cursor.close()


class _Json(Loader):
    def load(self, data: Data) -> RawJson:
        return RawJson(data, "utf-8")


class _Moment(Loader):
    """PostgreSQL writes UTC as "+00"; elsewhere an offset has its minutes."""

    def load(self, data: Data) -> str:
        return bytes(data).replace(b"+00", b"+00:00").decode()


def leave_as_text(adapters: AdaptersMap, *, native: bool, parse_arrays: bool = False) -> None:
    """`parse_arrays`: into lists, of elements that are left as text like anything else."""
    for kind in adapters.types:
        if kind.name not in PARSED:
            adapters.register_loader(kind.oid, TextLoader)
        if kind.array_oid and not parse_arrays:
            adapters.register_loader(kind.array_oid, TextLoader)
    for name in ("json", "jsonb"):
        adapters.register_loader(name, _Json)
    if not native:
        adapters.register_loader("timestamptz", _Moment)
