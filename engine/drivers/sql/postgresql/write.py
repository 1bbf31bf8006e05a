"""PostgreSQL as a destination: COPY, a state row in the same transaction, and tables that are swapped whole."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import psycopg

from engine.bulk import Batch, ReadsBytes
from engine.contract import Lineage, Mode, Position, Reading, Rejected, Target
from engine.drivers.sql import write_names
from engine.drivers.sql.postgresql import ddl, describe, write_facts
from engine.drivers.sql.postgresql.arrow_in import CopyBatches
from engine.drivers.sql.postgresql.copy_text import CopyText
from engine.drivers.sql.postgresql.ddl import quoted, quoted_table
from engine.drivers.sql.postgresql.swap import Swap
from engine.drivers.sql.postgresql.write_facts import Relation
from engine.drivers.sql.postgresql.write_load import Loader
from engine.drivers.sql.postgresql.write_refusals import refusal
from engine.drivers.sql.postgresql.write_session import Connection, PostgresqlSession
from engine.drivers.sql.postgresql.write_state import PostgresqlState
from engine.drivers.sql.state import State
from engine.drivers.sql.write import SqlWriter
from engine.drivers.sql.write_plan import converted, matched, no_unique_key, refuse_references
from engine.drivers.sql.write_rejects import load
from engine.errors import ConfigError, RecordError
from engine.schema import Column, Row, Stream, Table

BYTES_FORMAT = "postgresql-binary"


class PostgresqlWriter(SqlWriter):
    def __init__(
        self,
        *,
        connect: Callable[[str], Connection],
        target: Target,
        columns: Sequence[Column],
        key: Sequence[str],
        lineage: Lineage,
    ) -> None:
        self._connection = PostgresqlSession(connect, write_names.session_name(lineage))
        super().__init__(self._connection, target=target, columns=columns, key=key, lineage=lineage)
        self._is_deferring = False
        self._loader: Loader | None = None
        self._text = CopyText(columns)

    def bytes_refusal(self, reading: Reading) -> str:
        """Why bytes cannot be taken: binary COPY trusts them, so every type must be the very same on both sides."""
        if not isinstance(reading, ReadsBytes) or reading.bytes_format != BYTES_FORMAT:
            return "the source is another kind of database"
        if len(reading.stream.columns) != len(self.columns):
            return f"{self._table} fills a column by itself"
        for source, target in zip(reading.stream.columns, self.columns, strict=True):
            if source.native != target.native:
                return f"{source.name} is {source.native} there and {target.native} here"
            if not ddl.is_own(target):
                return f"{source.name} is {source.native}, whose bytes are not safe to hand on"
        return ""

    def write_bytes(self, chunks: Iterable[bytes], position: Callable[[int], Position]) -> int:
        """How many rows there were. Raises RecordError when one was refused: then none of them is written."""
        return self._commit(lambda: self._load_whole(self._loading().load_binary, chunks), position)

    def arrow_refusal(self, columns: Sequence[Column]) -> str:
        return "" if len(columns) == len(self.columns) else f"{self._table} fills a column by itself"

    def write_arrow(self, batches: Iterable[Batch], position: Callable[[int], Position]) -> int:
        """How many rows there were. Raises RecordError when one was refused: then none of them is written."""
        lines = map(CopyBatches(self._given, converted(self.columns, self._given)).lines, batches)
        return self._commit(lambda: self._load_whole(self._loading().load_lines, lines), position)

    def _examine(self) -> None:
        self._table = self._located()
        present = write_facts.relation(self._connection, self._table)
        self._is_missing = present is None
        if present is None:
            self.columns = tuple(replace(column, native=ddl.native(column)) for column in self._given)
        else:
            self._examine_present(present)
        self._text = CopyText(converted(self.columns, self._given))

    def _located(self) -> Table:
        if self._target.table.schema:
            return self._target.table
        schema = write_facts.default_schema(self._connection)
        if schema is None:
            raise ConfigError("The database has no default schema: name one.", code="unknown_table")
        return replace(self._target.table, schema=schema)

    def _examine_present(self, present: Relation) -> None:
        if not present.is_table:
            raise ConfigError(f"{self._table} is {present.noun}.", code="not_a_table")
        self._is_deferring = present.is_deferring
        self.columns = tuple(matched(self._given, self._described()))
        if self._target.mode is Mode.UPSERT and not write_facts.has_unique_index(
            self._connection, present.oid, self._key
        ):
            statement = f"CREATE UNIQUE INDEX ON {quoted_table(self._table)} ({', '.join(map(quoted, self._key))})"
            raise no_unique_key(self._table, statement)
        if self._target.mode is Mode.REPLACE:
            refuse_references(self._table, write_facts.referring_tables(self._connection, present.oid))

    def _described(self) -> Stream:
        with self._connection.connection.cursor() as cursor:
            return describe.table(cursor, self._table).stream

    def _state_table(self) -> State:
        return PostgresqlState(self._connection, self._table.schema, self._lineage)

    def _end_predecessors(self) -> None:
        with self._transaction():
            write_facts.end_sessions(self._connection, write_names.session_prefix(self._lineage), self._lineage.fence)

    def _make_table(self) -> str:
        statements = ddl.create_table(self._table, self.columns, self._key)
        for statement in [*statements, *([ddl.add_key(self._table, self._key)] if self._key else [])]:
            self._connection.execute(statement)
        made = write_facts.relation(self._connection, self._table)
        assert made is not None
        return str(made.oid)

    def _stage_names(self, prefix: str) -> list[str]:
        return write_facts.stages(self._connection, self._table.schema, prefix)

    def _drop(self, table: Table) -> None:
        self._connection.execute(f"DROP TABLE {quoted_table(table)}")

    def _has_rows(self, table: Table) -> bool:
        return bool(self._connection.rows(f"SELECT 1 FROM {quoted_table(table)} LIMIT 1"))

    def _make_stage(self, stage: Table) -> None:
        self._loader = None
        if self._is_missing:
            for statement in ddl.create_table(stage, self.columns, self._key):
                self._connection.execute(statement)
        else:
            self._make_stage_like_target(stage)

    def _make_stage_like_target(self, stage: Table) -> None:
        self._connection.execute(
            f"CREATE TABLE {quoted_table(stage)} (LIKE {quoted_table(self._table)}"
            " INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY EXCLUDING STATISTICS)"
        )
        # Without its identity such a column would want values; the target numbers its rows when it gets them.
        fed = {column.name for column in self.columns}
        for name in write_facts.identity_columns(self._connection, self._table):
            if name not in fed:
                self._connection.execute(f"ALTER TABLE {quoted_table(stage)} DROP COLUMN {quoted(name)}")

    def _load(self, rows: Sequence[Row]) -> list[Rejected]:
        return load(rows, self._text.lines, self._loading().load_text)

    def _load_whole(self, load: Callable[[Iterable[bytes]], int], chunks: Iterable[bytes]) -> int:
        try:
            return load(chunks)
        except psycopg.Error as error:
            refused = refusal(error)
            if refused is None:
                raise
            raise RecordError(refused.message, code=refused.code) from error

    def _loading(self) -> Loader:
        if self._loader is None:
            self._loader = Loader(
                self._connection,
                self._into(),
                self.columns,
                self._key if self._target.mode is Mode.UPSERT else (),
                settles=self._target.mode is not Mode.REPLACE and self._is_deferring,
            )
        return self._loader

    def _replace_by(self, stage: Table, position: str) -> None:  # noqa: ARG002  (it is all one transaction here)
        try:
            made = Swap(self._connection, stage, self._table, self.columns, self._key, self._made).run()
        except psycopg.IntegrityError as error:
            refused = refusal(error)
            assert refused is not None
            raise ConfigError(f"The rows cannot replace {self._table}: {refused.message}", code=refused.code) from error
        self._state.remember_made(made)
