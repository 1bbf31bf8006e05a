"""MySQL and MariaDB."""

from collections.abc import Sequence

from engine.contract import Lineage, Request, Spec, Target, Writer
from engine.drivers.sql import fields, plan, select
from engine.drivers.sql.description import Description
from engine.drivers.sql.driver import SqlDriver
from engine.drivers.sql.interruption import Interruption
from engine.drivers.sql.mysql import answer, connect, describe, errors, read
from engine.drivers.sql.mysql.browse import MysqlCatalogue
from engine.drivers.sql.mysql.conditions import MysqlConditions
from engine.drivers.sql.mysql.connect import Connection
from engine.drivers.sql.mysql.session import MysqlSession
from engine.drivers.sql.mysql.survey import MysqlSurvey
from engine.drivers.sql.mysql.write import MysqlWriter
from engine.drivers.sql.reading import SqlReading
from engine.looking import Answer, Limits
from engine.schema import Column, Query, Table


class MysqlDriver(SqlDriver[Connection]):
    spec = Spec("mysql", "MySQL / MariaDB", "database", connect.FIELDS)
    conditions = MysqlConditions()

    def connect(self, application_name: str, *, read_only: bool) -> Connection:
        return connect.open_connection(
            self.settings, self.secrets, self.surroundings, application_name=application_name, read_only=read_only
        )

    def catalogue(self, connection: Connection) -> MysqlCatalogue:
        return MysqlCatalogue(connection, self._database)

    def surveyor(self, connection: Connection) -> MysqlSurvey:
        return MysqlSurvey(connection)

    def reading(self, connection: Connection, request: Request) -> SqlReading:
        session = MysqlSession(connection)
        with errors.translated():
            described = self._described(session, connection, request.source)
        return read.MysqlReading(session, plan.make(described, request), request)

    def query(self, text: str, limits: Limits) -> Answer:
        return self._apart(lambda connection: answer.of(connection, text, limits), seconds=limits.seconds)

    def is_reset(self, connection: Connection) -> bool:
        return connect.is_reset(connection)

    def interruption(self, connection: Connection) -> Interruption:
        return connect.interruption(connection, lambda: self.open_connection(self.surroundings.name))

    def writer(self, target: Target, columns: Sequence[Column], key: Sequence[str], lineage: Lineage) -> Writer:
        return MysqlWriter(
            connect=self.open_connection,
            target=target,
            columns=columns,
            key=key,
            lineage=lineage,
        )

    @property
    def _database(self) -> str:
        return fields.text(self.settings, connect.DATABASE)

    def _described(self, session: MysqlSession, connection: Connection, source: Table | Query) -> Description:
        if isinstance(source, Table):
            return describe.table(session.cursor, source, self._database, is_mariadb=connection.is_mariadb)
        describe.check_query(source)
        statement = select.empty(source, read.DIALECT)
        session.cursor.execute(statement.text, statement.bound({}))
        return session.cursor.described(source)
