"""What the drivers of further databases share: everything but how to connect and what their systems are like."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeEngine

from engine.contract import Field, Request
from engine.drivers.sql import fields, plan
from engine.drivers.sql.alchemy import answer, describe, query, types
from engine.drivers.sql.alchemy.catalogue import AlchemyCatalogue
from engine.drivers.sql.alchemy.conditions import WholeNumbers
from engine.drivers.sql.alchemy.dictionary import Dictionary, DictionaryInspection
from engine.drivers.sql.alchemy.errors import Reports
from engine.drivers.sql.alchemy.inspection import Inspection
from engine.drivers.sql.alchemy.selects import AlchemySelects
from engine.drivers.sql.alchemy.session import AlchemySession, Line
from engine.drivers.sql.alchemy.survey import AlchemySurvey
from engine.drivers.sql.alchemy.values import PortableValues
from engine.drivers.sql.description import Description
from engine.drivers.sql.driver import SqlDriver
from engine.drivers.sql.interruption import Interruption
from engine.drivers.sql.reading import SqlReading
from engine.looking import Answer, Limits
from engine.schema import Column, Query, Table

CONNECT_SECONDS = 5
# A statement that says nothing for so long is ended.
STATEMENT_SECONDS = 600

SCHEMA = Field("schema", "Schema", help="Where tables are looked for that are named without one.")


class AlchemyDriver(SqlDriver[Line]):
    """A source over a dialect of SQLAlchemy. Nothing of a client library is imported before a connection is opened."""

    conditions = WholeNumbers()
    values: PortableValues = PortableValues()
    dialect: ClassVar[str]
    """SQLAlchemy's name of the dialect and its client."""
    natives: ClassVar[types.Natives] = types.KNOWN
    reports: ClassVar[Reports] = Reports()
    lexis: ClassVar[query.Lexis] = query.STANDARD
    setup: ClassVar[tuple[str, ...]] = ()
    """Statements that a new connection begins with."""
    dictionary: ClassVar[Dictionary | None] = None
    statistics: ClassVar[str] = ""
    """A statement with the parameter :schema that gives name, rows and bytes of tables."""
    hidden_schemas: ClassVar[frozenset[str]] = frozenset({"information_schema"})
    keeps_keys: ClassVar[bool] = False
    """Whether the database sees to it that no two rows have one key; where not, only a caller can vouch for that."""
    names_types: ClassVar[bool] = False
    """Whether the client tells what the types of a query's columns are called."""
    has_all_digits: ClassVar[bool] = False
    """Whether moments are read as texts, with every digit that they have."""

    @abstractmethod
    def dialing(self) -> Callable[[], Any]:
        """What opens a connection of the client's. Raises ConfigError for settings, and for hosts not to be reached."""

    @property
    def catalog(self) -> str:
        """What the one catalog is called that the settings lead to; "" where there are none."""
        return ""

    @property
    def schema(self) -> str:
        """Where tables are that are named without one; "": where the database says."""
        is_asked = any(field.name == SCHEMA.name for field in self.spec.fields)
        return fields.text(self.settings, SCHEMA) if is_asked else ""

    @property
    def url(self) -> URL:
        """What the dialect, though not its client, has to know of the settings."""
        return URL.create(self.dialect)

    def show(self, _column: Column, plain: ColumnElement[Any]) -> ColumnElement[Any]:
        return plain

    def compare(self, _column: Column) -> TypeEngine[Any] | None:
        return None

    def connect(self, application_name: str, *, read_only: bool) -> Line:  # noqa: ARG002  (all that is here reads)
        dial = self.dialing()
        with self.reports.connecting():
            engine = create_engine(self.url, creator=dial, poolclass=NullPool, hide_parameters=True)
            line = Line(engine.connect(), self.reports)
        try:
            for statement in self.setup:
                line.execute(text(statement), {})
        except BaseException:
            line.close()
            raise
        return line

    def catalogue(self, connection: Line) -> AlchemyCatalogue:
        return AlchemyCatalogue(self, connection)

    def reading(self, connection: Line, request: Request) -> SqlReading:
        planned = plan.make(self._described(connection, request.source), request)
        selects = AlchemySelects(planned, connection.connection.dialect, self.show, self.compare, self.conditions)
        return SqlReading(self.session(connection), planned, selects, self.values, request)

    def query(self, text: str, limits: Limits) -> Answer:
        return self._apart(lambda line: answer.of(line, text, limits, self.lexis), seconds=limits.seconds)

    def session(self, connection: Line) -> AlchemySession:
        return AlchemySession(connection)

    def is_reset(self, connection: Line) -> bool:
        return connection.is_reset()

    def interruption(self, connection: Line) -> Interruption:
        return Interruption(connection.end_statement, hang_up=connection.end_statement)

    def surveyor(self, connection: Line) -> AlchemySurvey:
        return AlchemySurvey(self, connection)

    def inspection(self, line: Line) -> Inspection:
        if self.dictionary is None:
            return Inspection(line, self.natives)
        return DictionaryInspection(line, self.natives, self.dictionary)

    def _described(self, line: Line, source: Table | Query) -> Description:
        if isinstance(source, Table):
            return AlchemyCatalogue(self, line).described(source)
        self.lexis.check(source.text)
        return describe.query(
            line, source, names_types=self.names_types, natives=self.natives, has_all_digits=self.has_all_digits
        )
