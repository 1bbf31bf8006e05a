"""PostgreSQL, and what speaks its protocol and keeps its catalogue."""

from collections.abc import Mapping, Sequence

from engine.contract import Lineage, Request, Spec, Target, Writer
from engine.drivers.sql import plan, select
from engine.drivers.sql.driver import SqlDriver
from engine.drivers.sql.interruption import Interruption
from engine.drivers.sql.postgresql import answer, conditions, connect, describe, errors, follow, follow_tables, read
from engine.drivers.sql.postgresql.browse import PostgresqlCatalogue
from engine.drivers.sql.postgresql.conditions import PostgresqlConditions
from engine.drivers.sql.postgresql.follow_server import Server
from engine.drivers.sql.postgresql.ranges import BytesReading, RangedReading
from engine.drivers.sql.postgresql.session import Connection
from engine.drivers.sql.postgresql.survey import PostgresqlSurvey
from engine.drivers.sql.postgresql.write import PostgresqlWriter
from engine.drivers.sql.reading import SqlReading
from engine.following import Backlog, Followed, Follower
from engine.looking import Answer, Limits
from engine.schema import Column, Table

SECONDS_TO_ARRANGE = 120


class PostgresqlDriver(SqlDriver[Connection]):
    spec = Spec("postgresql", "PostgreSQL", "database", connect.FIELDS)
    conditions = PostgresqlConditions(is_utf8=False)

    def connect(self, application_name: str, *, read_only: bool) -> Connection:
        return connect.open_connection(
            self.settings, self.secrets, self.surroundings, application_name=application_name, read_only=read_only
        )

    def catalogue(self, connection: Connection) -> PostgresqlCatalogue:
        return PostgresqlCatalogue(connection)

    def surveyor(self, connection: Connection) -> PostgresqlSurvey:
        return PostgresqlSurvey(connection)

    def reading(self, connection: Connection, request: Request) -> SqlReading:
        connection.autocommit = False
        with errors.translated(), connection.cursor() as cursor:
            if isinstance(request.source, Table):
                described = describe.table(cursor, request.source)
            else:
                statement = select.empty(request.source, read.DIALECT)
                cursor.execute(statement.text.encode(), statement.bound({}))
                described = describe.result(cursor, request.source)
        self.conditions = conditions.of(connection)
        planned = plan.make(described, request)
        kind = RangedReading if read.bytes_refusal(planned.stream) else BytesReading
        return kind(connection, planned, request)

    def query(self, text: str, limits: Limits) -> Answer:
        return self._apart(lambda connection: answer.of(connection, text, limits), seconds=limits.seconds)

    def followable(self, tables: Sequence[Followed]) -> Mapping[Table, str]:
        def refusals(connection: Connection) -> Mapping[Table, str]:
            return follow_tables.refusals(tables, follow_tables.known(Server(connection), tables))

        return self._apart(refusals, seconds=SECONDS_TO_ARRANGE)

    def follow(self, name: str, tables: Sequence[Followed]) -> Follower:
        """Over a connection of its own, for as long as the follower is open."""
        connection = self._opened()
        follower = self._try(lambda found: follow.begun(Server(found), name, tables), connection)
        follower.release = lambda: self._discard(connection)
        return follower

    def standing(self, name: str) -> Backlog | None:
        return self._apart(lambda connection: follow.standing(Server(connection), name), seconds=SECONDS_TO_ARRANGE)

    def unfollow(self, name: str) -> None:
        self._apart(lambda connection: follow.unfollow(Server(connection), name), seconds=SECONDS_TO_ARRANGE)

    def is_reset(self, connection: Connection) -> bool:
        return connect.is_reset(connection)

    def interruption(self, connection: Connection) -> Interruption:
        return connect.interruption(connection)

    def writer(self, target: Target, columns: Sequence[Column], key: Sequence[str], lineage: Lineage) -> Writer:
        return PostgresqlWriter(
            connect=self.open_connection,
            target=target,
            columns=columns,
            key=key,
            lineage=lineage,
        )
