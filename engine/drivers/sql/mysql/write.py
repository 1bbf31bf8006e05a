"""MySQL and MariaDB as destinations: INSERTs of many rows, a state row with them, tables renamed whole."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import pymysql

from engine.contract import Lineage, Mode, Position, Rejected, Target
from engine.drivers.sql import write_names
from engine.drivers.sql.mysql import ddl, describe, swap, write_facts
from engine.drivers.sql.mysql.connect import Connection
from engine.drivers.sql.mysql.ddl import quoted, quoted_table
from engine.drivers.sql.mysql.write_facts import Relation
from engine.drivers.sql.mysql.write_load import Loader
from engine.drivers.sql.mysql.write_refusals import refusal
from engine.drivers.sql.mysql.write_session import MysqlSession
from engine.drivers.sql.mysql.write_state import MysqlState
from engine.drivers.sql.mysql.write_values import converters
from engine.drivers.sql.state import Remembered, State
from engine.drivers.sql.write import SqlWriter
from engine.drivers.sql.write_parameters import Parameters
from engine.drivers.sql.write_plan import converted, matched, no_unique_key, refuse_references
from engine.drivers.sql.write_rejects import load
from engine.drivers.sql.write_session import LOCK_SECONDS
from engine.errors import ConfigError, EngineError
from engine.schema import Column, Row, Stream, Table


class MysqlWriter(SqlWriter):
    """What changes a table's shape or name commits by itself here, so each such change comes after the state that
    makes its outcome readable, and only attempts whose sessions have ended are cleaned up after."""

    def __init__(
        self,
        *,
        connect: Callable[[str], Connection],
        target: Target,
        columns: Sequence[Column],
        key: Sequence[str],
        lineage: Lineage,
    ) -> None:
        self._connection = MysqlSession(
            connect, write_names.session_name(lineage), write_names.session_mark(lineage, lineage.fence)
        )
        super().__init__(self._connection, target=target, columns=columns, key=key, lineage=lineage)
        self._is_transactional = True
        self._loader: Loader | None = None
        self._values = Parameters(columns, converters)

    def finish(self, position: Position) -> None:
        super().finish(position)
        with contextlib.suppress(EngineError), self._transaction():  # what stays behind, the next run drops
            self._drop_stages()

    def _examine(self) -> None:
        self._table = self._located()
        self._server = write_facts.server(self._connection)
        self._words = ddl.Words(self._server.collation, "UUID" if self._server.has_uuid else "CHAR(36)")
        present = write_facts.relation(self._connection, self._table)
        self._is_missing = present is None
        if present is None:
            natives = ddl.natives(self._given, self._key, self._words)
            pairs = zip(self._given, natives, strict=True)
            self.columns = tuple(replace(column, native=native) for column, native in pairs)
        else:
            self._examine_present(present)
        self._values = Parameters(converted(self.columns, self._given), converters)

    def _located(self) -> Table:
        asked = self._target.table
        database = asked.schema or asked.catalog or write_facts.default_database(self._connection)
        if not database:
            raise ConfigError("The connection names no database: name one.", code="unknown_database")
        return Table(asked.name, database)

    def _examine_present(self, present: Relation) -> None:
        if not present.is_table:
            raise ConfigError(f"{self._table} is a {present.kind.lower()}.", code="not_a_table")
        described = self._described()
        self.columns = tuple(matched(self._given, described))
        self._is_transactional = present.is_transactional
        if not present.is_transactional:
            self._lower_delivery()
        if self._target.mode is Mode.UPSERT:
            self._examine_key(described)
        if self._target.mode is Mode.REPLACE:
            self._examine_replaceable(present)

    def _examine_key(self, described: Stream) -> None:
        indexes = write_facts.unique_indexes(self._connection, self._table)
        if set(self._key) not in indexes:
            statement = f"ALTER TABLE {quoted_table(self._table)} ADD UNIQUE ({', '.join(map(quoted, self._key))})"
            raise no_unique_key(self._table, statement)
        optional = [column.name for column in described.columns if column.nullable and column.name in self._key]
        if len(indexes) > 1 and optional:
            raise ConfigError(
                f"{self._table} has other unique indexes, so its key column {optional[0]!r} must be NOT NULL.",
                code="no_unique_key",
            )

    def _examine_replaceable(self, present: Relation) -> None:
        if not present.is_transactional:
            raise ConfigError(
                f"{self._table} cannot be replaced: its engine has no transactions. Make it ENGINE = InnoDB.",
                code="not_transactional",
            )
        refuse_references(self._table, write_facts.referring_tables(self._connection, self._table))

    def _described(self) -> Stream:
        connection = self._connection.connection
        with connection.cursor() as cursor:
            return describe.table(cursor, self._table, "", is_mariadb=connection.is_mariadb).stream

    def _state_table(self) -> State:
        return MysqlState(self._connection, self._table.schema, self._lineage)

    def _end_predecessors(self) -> None:
        with self._transaction():
            if (left := self._state.read()) is not None:
                self._end_session(left.fence)

    def _end_session(self, fence: int) -> None:
        if fence < self._lineage.fence:
            write_facts.end_session(self._connection, write_names.session_mark(self._lineage, fence))

    def _make_table(self) -> str:
        self._connection.execute(ddl.create_table(self._table, self._given, self._key, self._words))
        return self._table.name

    def _adopt_stage(self, left: Remembered) -> Remembered:
        with self._transaction(lock_seconds=LOCK_SECONDS):
            stages = self._stages()
            for stage in stages:
                self._end_session(stage.fence)
            if swap.mend(self._connection, self._table, stages):
                self._examine()
            loaded = [stage for stage in stages if not stage.is_old]
            if left.is_swapping and left.position is not None and not loaded:
                return self._acknowledge_swap(left, left.position)
            mine = [stage for stage in loaded if write_names.is_of_job(stage, self._lineage)]
            if left.is_done or not mine:
                return left if left.is_done else Remembered()
            self._stage = self._own_stage()
            swap.take_stage(self._connection, max(mine, key=lambda stage: stage.fence), self._stage)
        return left

    def _acknowledge_swap(self, left: Remembered, position: str) -> Remembered:
        """The last attempt came as far as changing the names, and no further."""
        self._made = self._table.name
        self._state.remember_made(self._made)
        self._state.advance(position, position, is_done=True)
        return replace(left, is_done=True)

    def _stage_names(self, prefix: str) -> list[str]:
        return write_facts.stages(self._connection, self._table.schema, prefix)

    def _drop(self, table: Table) -> None:
        self._connection.execute(f"DROP TABLE {quoted_table(table)}")

    def _has_rows(self, table: Table) -> bool:
        return bool(self._connection.rows(f"SELECT 1 FROM {quoted_table(table)} LIMIT 1"))

    def _make_stage(self, stage: Table) -> None:
        self._loader = None
        if self._is_missing:
            self._connection.execute(ddl.create_table(stage, self._given, self._key, self._words))
        else:
            self._connection.execute(f"CREATE TABLE {quoted_table(stage)} LIKE {quoted_table(self._table)}")

    def _load(self, rows: Sequence[Row]) -> list[Rejected]:
        return load(rows, self._values.tuples, self._loading().load, is_atomic=self._is_transactional)

    def _loading(self) -> Loader:
        if self._loader is None:
            key = self._key if self._target.mode is Mode.UPSERT else ()
            self._loader = Loader(self._connection, self._into(), self.columns, key, self._server.packet)
        return self._loader

    def _replace_by(self, stage: Table, position: str) -> None:
        if swap.can_rename(self._connection, self._table, is_made=self._made == self._table.name):
            self._rename(stage, position)
        else:
            self._refill(stage)

    def _rename(self, stage: Table, position: str) -> None:
        self._state.advance(self._position, position, is_swapping=True)
        self._connection.commit()
        self._position = position
        swap.rename(self._connection, stage, self._table)
        self._state.remember_made(self._table.name)

    def _refill(self, stage: Table) -> None:
        try:
            swap.refill(self._connection, stage, self._table, self.columns)
        except pymysql.Error as error:
            refused = refusal(error)
            if refused is None:
                raise
            raise ConfigError(f"The rows cannot replace {self._table}: {refused.message}", code=refused.code) from error
