"""Loads rows into a PostgreSQL table by COPY; rows of a keyed update by way of a temporary table."""

from collections.abc import Iterable, Sequence

import psycopg

from engine.drivers.sql.postgresql.ddl import names, quoted, quoted_table
from engine.drivers.sql.postgresql.write_refusals import refusal
from engine.drivers.sql.postgresql.write_session import PostgresqlSession
from engine.drivers.sql.write_rejects import Refusal
from engine.schema import Column, Table

_PAGE = 'pg_temp."_cd_page"'


class Loader:
    """`key`: update the rows that have it already. `settles`: some constraints are only checked when asked to."""

    def __init__(
        self,
        session: PostgresqlSession,
        table: Table,
        columns: Sequence[Column],
        key: Sequence[str] = (),
        *,
        settles: bool = False,
    ) -> None:
        self._session = session
        self._settles = settles
        self._is_merging = bool(key)
        self._into = f"{_PAGE if key else quoted_table(table)} ({names(columns)})"
        self._make_page = (
            f'CREATE TEMPORARY TABLE IF NOT EXISTS "_cd_page" ON COMMIT DELETE ROWS AS'
            f" SELECT {names(columns)} FROM {quoted_table(table)} WITH NO DATA; DELETE FROM {_PAGE}"
        )
        self._merge, self._merge_last = _merge_statements(table, columns, key)

    def load_text(self, lines: Sequence[bytes]) -> Refusal | None:
        """All of the lines, or none and why."""
        try:
            with self._session.savepoint():
                self._copy("text", [b"\n".join(lines), b"\n"])
        except psycopg.Error as error:
            refused = refusal(error)
            if refused is None:
                raise
            return refused
        return None

    def load_lines(self, chunks: Iterable[bytes]) -> int:
        """How many rows there were."""
        return self._copy("text", chunks)

    def load_binary(self, chunks: Iterable[bytes]) -> int:
        """How many rows there were."""
        return self._copy("binary", chunks)

    def _copy(self, encoding: str, chunks: Iterable[bytes]) -> int:
        if self._is_merging:
            self._session.execute(self._make_page)
        count = self._session.copy_in(f"COPY {self._into} FROM STDIN (FORMAT {encoding})", chunks)
        if self._is_merging:
            self._merge_page()
        if self._settles:
            self._session.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return count

    def _merge_page(self) -> None:
        try:
            with self._session.savepoint():
                self._session.execute(self._merge)
        except psycopg.errors.CardinalityViolation:
            # A key came twice in this page. Sorting for it would cost every page that has none.
            self._session.execute(self._merge_last)


def _merge_statements(table: Table, columns: Sequence[Column], key: Sequence[str]) -> tuple[str, str]:
    """The page into the table; and the same with only the last of the rows that share a key."""
    values = [quoted(column.name) for column in columns if column.name not in key]
    keys = ", ".join(map(quoted, key))
    update = "DO UPDATE SET " + ", ".join(f"{value} = EXCLUDED.{value}" for value in values) if values else "DO NOTHING"
    insert = f"INSERT INTO {quoted_table(table)} ({names(columns)}) OVERRIDING SYSTEM VALUE SELECT"
    last = f"DISTINCT ON ({keys}) {names(columns)} FROM {_PAGE} ORDER BY {keys}, ctid DESC"
    conflict = f"ON CONFLICT ({keys}) {update}"
    return f"{insert} {names(columns)} FROM {_PAGE} {conflict}", f"{insert} {last} {conflict}"
