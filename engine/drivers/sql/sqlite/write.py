"""SQLite as a destination: everything, changes of tables too, is one transaction."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from engine.contract import Lineage, Mode, Rejected, Target
from engine.drivers.sql import write_names
from engine.drivers.sql.sqlite import ddl, describe, write_facts
from engine.drivers.sql.sqlite.ddl import names, quoted
from engine.drivers.sql.sqlite.write_refusals import refusal
from engine.drivers.sql.sqlite.write_session import SqliteSession
from engine.drivers.sql.sqlite.write_values import converters
from engine.drivers.sql.state import TABLE, State, StateTable
from engine.drivers.sql.write import SqlWriter
from engine.drivers.sql.write_parameters import Parameters
from engine.drivers.sql.write_plan import converted, matched, no_unique_key, refuse_references
from engine.drivers.sql.write_rejects import Refusal, load
from engine.errors import ConfigError
from engine.schema import Column, Row, Stream, Table


class SqliteWriter(SqlWriter):
    def __init__(
        self,
        *,
        connect: Callable[[str], sqlite3.Connection],
        target: Target,
        columns: Sequence[Column],
        key: Sequence[str],
        lineage: Lineage,
    ) -> None:
        self._connection = SqliteSession(connect, write_names.session_name(lineage))
        super().__init__(self._connection, target=target, columns=columns, key=key, lineage=lineage)
        self._values = Parameters(columns, converters)

    def _examine(self) -> None:
        self._table = Table(self._target.table.name)
        present = write_facts.kind(self._connection, self._table.name)
        self._is_missing = present is None
        if present is None:
            self.columns = tuple(replace(column, native=ddl.native(column.type)) for column in self._given)
        else:
            self._examine_present(present)
        self._values = Parameters(converted(self.columns, self._given), converters)

    def _examine_present(self, kind: str) -> None:
        if kind != "table":
            raise ConfigError(f"{self._table} is a {kind}.", code="not_a_table")
        self.columns = tuple(matched(self._given, self._described()))
        keys = write_facts.unique_keys(self._connection, self._table.name)
        if self._target.mode is Mode.UPSERT and set(self._key) not in keys:
            index, columns = quoted(f"{self._table.name}_key"), ", ".join(map(quoted, self._key))
            raise no_unique_key(self._table, f"CREATE UNIQUE INDEX {index} ON {quoted(self._table.name)} ({columns})")
        if self._target.mode is Mode.REPLACE:
            refuse_references(self._table, write_facts.referring_tables(self._connection, self._table.name))

    def _described(self) -> Stream:
        return describe.table(self._connection.connection, self._table).stream

    def _state_table(self) -> State:
        return StateTable(self._connection, quoted(TABLE), ddl.STATE, self._lineage)

    def _end_predecessors(self) -> None:
        """A file has no sessions to end."""

    def _make_table(self) -> str:
        self._connection.execute(ddl.create_table(self._table.name, self._given, self._key))
        return self._table.name

    def _stage_names(self, prefix: str) -> list[str]:
        return write_facts.stages(self._connection, prefix)

    def _make_stage(self, stage: Table) -> None:
        if self._is_missing:
            self._connection.execute(ddl.create_table(stage.name, self._given, self._key))
        else:
            columns = ", ".join(
                f"{quoted(column.name)} {ddl.native(column.type)}{'' if column.nullable else ' NOT NULL'}"
                for column in self.columns
            )
            self._connection.execute(f"CREATE TABLE {quoted(stage.name)} ({columns})")

    def _drop(self, table: Table) -> None:
        self._connection.execute(f"DROP TABLE {quoted(table.name)}")

    def _has_rows(self, table: Table) -> bool:
        return bool(self._connection.rows(f"SELECT 1 FROM {quoted(table.name)} LIMIT 1"))

    def _load(self, rows: Sequence[Row]) -> list[Rejected]:
        return load(rows, self._values.tuples, self._insert)

    def _insert(self, rows: Sequence[tuple[Any, ...]]) -> Refusal | None:
        try:
            with self._connection.savepoint():
                self._connection.execute_for_all(self._statement(), rows)
        except sqlite3.Error as error:
            refused = refusal(error)
            if refused is None:
                raise
            return refused
        return None

    def _statement(self) -> str:
        marks = ", ".join("?" * len(self.columns))
        insert = f"INSERT INTO {quoted(self._into().name)} ({names(self.columns)}) VALUES ({marks})"
        if self._target.mode is not Mode.UPSERT:
            return insert
        values = [quoted(column.name) for column in self.columns if column.name not in self._key]
        update = "UPDATE SET " + ", ".join(f"{value} = excluded.{value}" for value in values) if values else "NOTHING"
        return f"{insert} ON CONFLICT ({', '.join(map(quoted, self._key))}) DO {update}"

    def _replace_by(self, stage: Table, position: str) -> None:  # noqa: ARG002  (it is all one transaction here)
        """A present table keeps everything but its rows; a missing one is the stage under its name."""
        if write_facts.kind(self._connection, self._table.name) is None:
            self._connection.execute(f"ALTER TABLE {quoted(stage.name)} RENAME TO {quoted(self._table.name)}")
            self._state.remember_made(self._table.name)
            return
        loaded, target = names(self.columns), quoted(self._table.name)
        try:
            self._connection.execute(f"DELETE FROM {target}")
            self._connection.execute(f"INSERT INTO {target} ({loaded}) SELECT {loaded} FROM {quoted(stage.name)}")
        except sqlite3.IntegrityError as error:
            refused = refusal(error)
            message = refused.message if refused else "a rule of the table fails."
            code = refused.code if refused else "constraint_violated"
            raise ConfigError(f"The rows cannot replace {self._table}: {message}", code=code) from error
        self._drop(stage)
