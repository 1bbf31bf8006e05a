"""ClickHouse, over its HTTP interface."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from engine.contract import Field, Spec
from engine.drivers.sql import fields
from engine.drivers.sql.alchemy import tls, types
from engine.drivers.sql.alchemy.dictionary import Dictionary
from engine.drivers.sql.alchemy.driver import CONNECT_SECONDS, STATEMENT_SECONDS, AlchemyDriver
from engine.drivers.sql.alchemy.errors import (
    BAD_QUERY,
    CUT_OFF,
    FORBIDDEN,
    NO_COLUMN,
    NO_DATABASE,
    NO_TABLE,
    OVERLOADED,
    READ_ONLY,
    REFUSED,
    Reports,
)
from engine.drivers.sql.alchemy.query import BACKSLASHES
from engine.drivers.sql.alchemy.selects import Expression
from engine.drivers.sql.alchemy.session import AlchemySession, Line
from engine.drivers.sql.reading import Fetched, Rows
from engine.drivers.sql.select import Statement
from engine.schema import Kind, Type
from engine.toolkit.deferred import Deferred

client: Any = Deferred("clickhouse_connect.dbapi")
guarded: Any = Deferred("engine.toolkit.guarded_pools")
choices: Any = Deferred("clickhouse_connect.common")

PORT = fields.port(8443)
DATABASE = Field("database", "Database", default="default", bound=True, help="Where tables are looked for.")

ONE = "c.database = :schema AND (:table = '' OR c.table = :table)"
DICTIONARY = Dictionary(
    tables="""
SELECT name, multiIf(engine = 'View', 'view', engine = 'MaterializedView', 'materialized view', 'table')
  FROM system.tables WHERE database = :schema AND NOT is_temporary ORDER BY name
""",
    columns=f"""
SELECT c.table, c.name, c.type, startsWith(c.type, 'Nullable') OR startsWith(c.type, 'LowCardinality(Nullable'),
       nullIf(c.default_expression, ''), nullIf(c.comment, ''), c.default_kind IN ('MATERIALIZED', 'ALIAS')
  FROM system.columns AS c WHERE {ONE} ORDER BY c.table, c.position
""",
    keys=f"""
SELECT c.table, '', c.name, true FROM system.columns AS c
 WHERE {ONE} AND c.is_in_primary_key ORDER BY c.table, c.position
""",
    comments="""
SELECT name, comment FROM system.tables WHERE database = :schema AND (:table = '' OR name = :table)
""",
)


class ClickhouseSession(AlchemySession):
    def passing(self, statement: Statement, values: dict[str, Any]) -> Rows:
        assert isinstance(statement, Expression)
        select, parameters = statement.filled(values)
        compiled = select.compile(dialect=self.line.connection.dialect)
        opened: Any = self.line.connection.connection.driver_connection
        with self.line.reports.translated():
            stream = opened.client.query_row_block_stream(str(compiled), compiled.construct_params(parameters))
            return Blocks(self.line, stream)


class Blocks:
    """Rows as blocks of them arrive: the client's cursors read everything that a statement answers into memory."""

    after = None

    def __init__(self, line: Line, stream: Any) -> None:
        self._line = line
        self._stream = stream
        self._rows: Iterator[Any] = (row for block in stream.__enter__() for row in block)
        line.is_sending = True

    def take(self, count: int) -> Fetched:
        with self._line.reports.translated():
            fetched = [tuple(row) for row in islice(self._rows, count)]
        self._line.is_sending = len(fetched) == count
        return fetched

    def close(self) -> None:
        self._stream.__exit__(None, None, None)


class ClickhouseDriver(AlchemyDriver):
    spec = Spec(
        "clickhouse",
        "ClickHouse",
        "database",
        (fields.HOST, PORT, DATABASE, fields.USER, fields.PASSWORD, tls.TLS, fields.AUTHORITY),
    )
    dialect = "clickhousedb"
    natives = types.KNOWN | {
        "BOOL": types.BOOLEAN,
        **dict.fromkeys(("INT8", "UINT8", "INT16"), types.SMALL),
        **dict.fromkeys(("UINT16", "INT32"), types.INTEGER),
        **dict.fromkeys(("UINT32", "INT64"), types.BIG),
        "UINT64": types.whole(20),
        **dict.fromkeys(("INT128", "UINT128"), types.whole(39)),
        **dict.fromkeys(("INT256", "UINT256"), types.whole(78)),
        "FLOAT32": types.SINGLE,
        "FLOAT64": types.DOUBLE,
        "DATE32": types.DATE,
        "DATETIME": Type(Kind.TIMESTAMPTZ, precision=0),
        "DATETIME64": Type(Kind.TIMESTAMPTZ, precision=3),
        "TUPLE": types.JSON,
        "NESTED": types.JSON,
        "OBJECT": types.JSON,
    }
    reports = Reports(
        (
            (r"AUTHENTICATION_FAILED|REQUIRED_PASSWORD|WRONG_PASSWORD|UNKNOWN_USER|\b516\b", REFUSED),
            (r"ACCESS_DENIED|NOT_ENOUGH_PRIVILEGES", FORBIDDEN),
            (r"READONLY", READ_ONLY),
            (r"UNKNOWN_DATABASE", NO_DATABASE),
            (r"UNKNOWN_TABLE", NO_TABLE),
            (r"UNKNOWN_IDENTIFIER", NO_COLUMN),
            (r"TIMEOUT_EXCEEDED|QUERY_WAS_CANCELLED", CUT_OFF),
            (r"MEMORY_LIMIT_EXCEEDED|TOO_MANY_SIMULTANEOUS", OVERLOADED),
            (r"SYNTAX_ERROR|TYPE_MISMATCH|ILLEGAL_TYPE|\bCode: \d+", BAD_QUERY),
        ),
        raised=("clickhouse_connect.driver.exceptions.Error", "urllib3.exceptions.HTTPError"),
    )
    lexis = BACKSLASHES
    dictionary = DICTIONARY
    statistics = "SELECT name, total_rows, total_bytes FROM system.tables WHERE database = :schema"
    hidden_schemas = frozenset({"information_schema", "system"})
    names_types = True

    @property
    def schema(self) -> str:
        return fields.text(self.settings, DATABASE)

    def session(self, connection: Line) -> ClickhouseSession:
        return ClickhouseSession(connection)

    def dialing(self) -> Callable[[], Any]:
        host, port = fields.text(self.settings, fields.HOST), fields.number(self.settings, PORT)
        context = tls.context(self.settings)
        address = self.surroundings.egress.addresses(host, port)[0]
        arguments = {
            "host": address,
            "port": port,
            "interface": "https" if context else "http",
            "database": self.schema,
            "username": fields.text(self.settings, fields.USER),
            "password": fields.text(self.secrets, fields.PASSWORD),
            "connect_timeout": CONNECT_SECONDS,
            "send_receive_timeout": STATEMENT_SECONDS,
            "client_name": self.surroundings.name,
            # What the client does not know is a setting of the server's.
            "max_execution_time": STATEMENT_SECONDS,
            "session_timezone": "UTC",
            "query_retries": 0,
            "autogenerate_session_id": False,
        }

        def dial() -> Any:
            # A user who may only read may not even choose how long a statement takes.
            choices.set_setting("invalid_setting_action", "drop")
            return client.connect(**arguments, server_host_name=host, pool_mgr=guarded.pool(host, context))

        return dial
