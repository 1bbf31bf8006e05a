"""SQLite files."""

import contextlib
import sqlite3
from collections.abc import Sequence

from engine.contract import Lineage, Request, Spec, Target, Writer
from engine.drivers.sql import plan
from engine.drivers.sql.driver import SqlDriver
from engine.drivers.sql.interruption import Interruption
from engine.drivers.sql.reading import SqlReading
from engine.drivers.sql.sqlite import answer, connect, describe, errors, read
from engine.drivers.sql.sqlite.browse import SqliteCatalogue
from engine.drivers.sql.sqlite.conditions import SqliteConditions
from engine.drivers.sql.sqlite.session import SqliteSession
from engine.drivers.sql.sqlite.survey import SqliteSurvey
from engine.drivers.sql.sqlite.write import SqliteWriter
from engine.looking import Answer, Limits
from engine.schema import Column, Table


class SqliteDriver(SqlDriver[sqlite3.Connection]):
    spec = Spec("sqlite", "SQLite", "database", connect.FIELDS)
    conditions = SqliteConditions()

    def connect(self, application_name: str, *, read_only: bool) -> sqlite3.Connection:
        return connect.open_connection(
            self.settings, self.secrets, self.surroundings, application_name=application_name, read_only=read_only
        )

    def catalogue(self, connection: sqlite3.Connection) -> SqliteCatalogue:
        return SqliteCatalogue(connection)

    def surveyor(self, connection: sqlite3.Connection) -> SqliteSurvey:
        return SqliteSurvey(connection)

    def reading(self, connection: sqlite3.Connection, request: Request) -> SqlReading:
        session = SqliteSession(connection)
        with errors.translated():
            if isinstance(request.source, Table):
                described = describe.table(connection, request.source)
            else:
                described = describe.query(connection, request.source)
        return read.SqliteReading(session, plan.make(described, request), request)

    def query(self, text: str, limits: Limits) -> Answer:
        return self._apart(lambda connection: answer.of(connection, text, limits), seconds=limits.seconds)

    def is_reset(self, connection: sqlite3.Connection) -> bool:
        return connect.is_reset(connection)

    def interruption(self, connection: sqlite3.Connection) -> Interruption:
        def ask() -> None:
            with contextlib.suppress(sqlite3.ProgrammingError):  # it is closed
                connection.interrupt()

        return Interruption(ask, hang_up=ask)  # there is no line to a file

    def writer(self, target: Target, columns: Sequence[Column], key: Sequence[str], lineage: Lineage) -> Writer:
        return SqliteWriter(
            connect=self.open_connection,
            target=target,
            columns=columns,
            key=key,
            lineage=lineage,
        )
