"""Amazon Redshift, over its vendor's client."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, text

from engine.contract import Field, Spec
from engine.drivers.sql import fields
from engine.drivers.sql.alchemy import types
from engine.drivers.sql.alchemy.driver import SCHEMA, STATEMENT_SECONDS, AlchemyDriver
from engine.drivers.sql.alchemy.errors import (
    BAD_QUERY,
    CUT_OFF,
    FORBIDDEN,
    NO_COLUMN,
    NO_DATABASE,
    NO_TABLE,
    NO_TLS,
    REFUSED,
    Reports,
)
from engine.drivers.sql.alchemy.selects import Expression
from engine.drivers.sql.alchemy.session import AlchemySession, Line
from engine.drivers.sql.alchemy.tls import TLS_MODE
from engine.drivers.sql.reading import Fetched, Rows
from engine.drivers.sql.select import Statement
from engine.toolkit.deferred import Deferred

client: Any = Deferred("redshift_connector")

PORT = fields.port(5439)
DATABASE = Field("database", "Database", required=True, bound=True)
CURSOR = "crossdock_pass"

STATISTICS = 'SELECT "table", tbl_rows, size * 1048576 FROM svv_table_info WHERE "schema" = :schema'


class RedshiftSession(AlchemySession):
    def passing(self, statement: Statement, values: dict[str, Any]) -> Rows:
        assert isinstance(statement, Expression)
        return CursorRows(self.line, *statement.filled(values))


class CursorRows:
    """Rows behind a cursor of the server's: the client reads everything that a statement answers into memory."""

    after = None

    def __init__(self, line: Line, select: Select[Any], values: dict[str, Any]) -> None:
        self._line = line
        compiled = select.compile(dialect=line.connection.dialect)
        known = compiled.construct_params(values)
        names = compiled.positiontup
        parameters = known if names is None else tuple(known[name] for name in names)
        line.execute_as_is(f"DECLARE {CURSOR} NO SCROLL CURSOR FOR {compiled}", parameters)

    def take(self, count: int) -> Fetched:
        return self._line.rows(text(f"FETCH FORWARD {count:d} FROM {CURSOR}"))

    def close(self) -> None:
        """It ends with its transaction."""


class RedshiftDriver(AlchemyDriver):
    spec = Spec(
        "redshift",
        "Amazon Redshift",
        "database",
        (fields.HOST, PORT, DATABASE, SCHEMA, fields.USER, fields.PASSWORD, TLS_MODE),
    )
    dialect = "redshift+redshift_connector"
    natives = types.KNOWN | {"SUPER": types.JSON, "VARBYTE": types.BINARY, "TIMETZ": types.TEXT}
    reports = Reports(
        (
            (r"28000|28P01|authentication failed|user .* does not exist", REFUSED),
            (r"3D000|database .* does not exist", NO_DATABASE),
            (r"42501|permission denied", FORBIDDEN),
            (r"42P01", NO_TABLE),
            (r"42703", NO_COLUMN),
            (r"57014", CUT_OFF),
            (r"certificate|ssl", NO_TLS),
            (r"\b42\d\d\d\b|XX000.*spectrum", BAD_QUERY),
        ),
        raised=("redshift_connector.error.Error",),
    )
    setup = (f"SET statement_timeout TO {STATEMENT_SECONDS * 1_000}", "SET timezone TO 'UTC'")
    statistics = STATISTICS
    hidden_schemas = frozenset({"information_schema", "pg_catalog", "pg_internal", "pg_auto_copy", "catalog_history"})

    @property
    def catalog(self) -> str:
        return fields.text(self.settings, DATABASE)

    def session(self, connection: Line) -> RedshiftSession:
        return RedshiftSession(connection)

    def dialing(self) -> Callable[[], Any]:
        host, port = fields.text(self.settings, fields.HOST), fields.number(self.settings, PORT)
        mode = fields.text(self.settings, TLS_MODE)
        addresses = self.surroundings.egress.addresses(host, port)
        arguments = {
            # It looks the name up again by itself where it checks the certificate against it.
            "host": host if mode == "verify-full" else addresses[0],
            "port": port,
            "database": self.catalog,
            "user": fields.text(self.settings, fields.USER),
            "password": fields.text(self.secrets, fields.PASSWORD),
            "ssl": mode != "disable",
            "timeout": STATEMENT_SECONDS,
            "application_name": self.surroundings.name,
        }
        if mode != "disable":
            arguments["sslmode"] = mode
        return lambda: client.connect(**arguments)
