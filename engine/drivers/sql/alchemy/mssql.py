"""SQL Server and Azure SQL, over python-tds."""

from collections.abc import Callable
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, func, literal_column
from sqlalchemy.types import TypeEngine

from engine.contract import Field, Spec
from engine.drivers.sql import fields
from engine.drivers.sql.alchemy import types
from engine.drivers.sql.alchemy.dictionary import Dictionary
from engine.drivers.sql.alchemy.driver import CONNECT_SECONDS, SCHEMA, STATEMENT_SECONDS, AlchemyDriver
from engine.drivers.sql.alchemy.errors import (
    CROWDED,
    FORBIDDEN,
    LOCKED,
    NO_COLUMN,
    NO_DATABASE,
    NO_TABLE,
    REFUSED,
    Reports,
)
from engine.drivers.sql.alchemy.query import BRACKETED, LINE_COMMENT, QUOTED, TEXT, Lexis
from engine.drivers.sql.alchemy.selects import Texts
from engine.drivers.sql.alchemy.session import AlchemySession, Line
from engine.drivers.sql.alchemy.tls import TLS_MODE, authorities
from engine.drivers.sql.alchemy.values import TextualMoments
from engine.schema import Column, Kind, Type
from engine.toolkit.deferred import Deferred

client: Any = Deferred("pytds")

PORT = fields.port(1433)
DATABASE = Field("database", "Database", required=True, bound=True)

# As types are declared, lengths in characters and -1 for no limit.
NATIVE = """
    t.name + CASE WHEN t.name IN ('nvarchar', 'nchar') AND c.max_length > 0
                  THEN '(' + CAST(c.max_length / 2 AS varchar(10)) + ')'
                  WHEN t.name IN ('varchar', 'char', 'varbinary', 'binary') AND c.max_length > 0
                  THEN '(' + CAST(c.max_length AS varchar(10)) + ')'
                  WHEN t.name IN ('decimal', 'numeric')
                  THEN '(' + CAST(c.precision AS varchar(10)) + ', ' + CAST(c.scale AS varchar(10)) + ')'
                  WHEN t.name IN ('datetime2', 'datetimeoffset', 'time')
                  THEN '(' + CAST(c.scale AS varchar(10)) + ')' ELSE '' END"""
SCHEMA_ID = "o.schema_id = SCHEMA_ID(:schema) AND o.is_ms_shipped = 0"
ONE = "(:table = '' OR o.name = :table)"
COMMENT = (
    "FROM sys.extended_properties AS p WHERE p.class = 1 AND p.name = 'MS_Description' AND p.major_id = o.object_id"
)
DICTIONARY = Dictionary(
    tables=f"""
SELECT o.name, CASE o.type WHEN 'V' THEN 'view' ELSE 'table' END
  FROM sys.objects AS o WHERE o.type IN ('U', 'V') AND {SCHEMA_ID} ORDER BY o.name
""",
    columns=f"""
SELECT o.name, c.name, {NATIVE}, c.is_nullable,
       CASE WHEN c.is_identity = 1 THEN 'auto_increment' ELSE d.definition END,
       (SELECT CAST(p.value AS nvarchar(4000)) {COMMENT} AND p.minor_id = c.column_id), c.is_computed
  FROM sys.objects AS o JOIN sys.columns AS c ON c.object_id = o.object_id
  JOIN sys.types AS t ON t.user_type_id = CASE WHEN c.system_type_id > 239 THEN c.user_type_id ELSE c.system_type_id END
  LEFT JOIN sys.default_constraints AS d ON d.object_id = c.default_object_id
 WHERE o.type IN ('U', 'V') AND {SCHEMA_ID} AND {ONE} ORDER BY o.name, c.column_id
""",
    keys=f"""
SELECT o.name, i.name, c.name, i.is_primary_key
  FROM sys.objects AS o JOIN sys.indexes AS i ON i.object_id = o.object_id AND i.is_unique = 1 AND i.has_filter = 0
  JOIN sys.index_columns AS x ON x.object_id = i.object_id AND x.index_id = i.index_id AND x.key_ordinal > 0
  JOIN sys.columns AS c ON c.object_id = x.object_id AND c.column_id = x.column_id
 WHERE o.type = 'U' AND i.is_disabled = 0 AND {SCHEMA_ID} AND {ONE} ORDER BY o.name, i.index_id, x.key_ordinal
""",
    comments=f"""
SELECT o.name, (SELECT CAST(p.value AS nvarchar(4000)) {COMMENT} AND p.minor_id = 0)
  FROM sys.objects AS o WHERE o.type IN ('U', 'V') AND {SCHEMA_ID} AND {ONE}
""",
)
STATISTICS = f"""
SELECT o.name, sum(CASE WHEN p.index_id IN (0, 1) THEN p.row_count ELSE 0 END), sum(p.used_page_count) * 8192
  FROM sys.objects AS o JOIN sys.dm_db_partition_stats AS p ON p.object_id = o.object_id
 WHERE o.type = 'U' AND {SCHEMA_ID} GROUP BY o.name
"""
ROLES = frozenset(
    {"db_owner", "db_accessadmin", "db_securityadmin", "db_ddladmin", "db_backupoperator", "db_datareader"}
    | {"db_datawriter", "db_denydatareader", "db_denydatawriter", "information_schema", "sys", "guest"}
)

MOMENTS = {Kind.TIMESTAMP: "datetime2(7)", Kind.TIMESTAMPTZ: "datetimeoffset(7)"}
UTC: ColumnElement[str] = literal_column("'+00:00'")
WRITTEN: ColumnElement[str] = literal_column("varchar(34)")
ISO_8601: ColumnElement[str] = literal_column("126")


class MssqlSession(AlchemySession):
    # Rows come as they are taken anyhow; the dialect would open a cursor at the server and fetch each row by itself.
    options: ClassVar[dict[str, Any]] = {}


class MssqlDriver(AlchemyDriver):
    spec = Spec(
        "mssql",
        "SQL Server",
        "database",
        (fields.HOST, PORT, DATABASE, SCHEMA, fields.USER, fields.PASSWORD, TLS_MODE, fields.AUTHORITY),
    )
    dialect = "mssql+pytds"
    values = TextualMoments()
    natives = types.KNOWN | {
        "BIT": types.BOOLEAN,
        "MONEY": Type(Kind.DECIMAL, precision=19, scale=4),
        "SMALLMONEY": Type(Kind.DECIMAL, precision=10, scale=4),
        "DATETIME": Type(Kind.TIMESTAMP, precision=3),
        "SMALLDATETIME": Type(Kind.TIMESTAMP, precision=0),
        "DATETIME2": Type(Kind.TIMESTAMP, precision=7),
        "DATETIMEOFFSET": Type(Kind.TIMESTAMPTZ, precision=7),
        "TIME": Type(Kind.TIME, precision=7),
        "UNIQUEIDENTIFIER": Type(Kind.UUID),
        "TIMESTAMP": types.BINARY,
        "ROWVERSION": types.BINARY,
        "IMAGE": types.BINARY,
    }
    reports = Reports(
        (
            (r"login failed|\b18456\b", REFUSED),
            (r"cannot open database|\b4060\b", NO_DATABASE),
            (r"invalid object name", NO_TABLE),
            (r"invalid column name", NO_COLUMN),
            (r"permission was denied", FORBIDDEN),
            (r"lock request time out|deadlock", LOCKED),
            (r"resource id : 1|maximum number of connections", CROWDED),
        ),
        raised=("pytds.tds_base.Error", "OpenSSL.SSL.Error"),
    )
    # Its batches need no semicolon between statements: what keeps them apart is the brackets around the query.
    lexis = Lexis((LINE_COMMENT, TEXT, QUOTED, BRACKETED), comments_nest=True)
    dictionary = DICTIONARY
    statistics = STATISTICS
    hidden_schemas = ROLES
    keeps_keys = True
    has_all_digits = True

    @property
    def catalog(self) -> str:
        return fields.text(self.settings, DATABASE)

    def show(self, column: Column, plain: ColumnElement[Any]) -> ColumnElement[Any]:
        """Moments as texts: the client cuts their last digit off, and servers disagree on what DATETIME compares to."""
        if column.type.kind not in MOMENTS:
            return plain
        moment = func.switchoffset(plain, UTC) if column.type.kind is Kind.TIMESTAMPTZ else plain
        return func.convert(WRITTEN, moment, ISO_8601)

    def compare(self, column: Column) -> TypeEngine[Any] | None:
        kind = column.type.kind
        return Texts(column.native or MOMENTS[kind]) if kind in MOMENTS else None

    def session(self, connection: Line) -> MssqlSession:
        return MssqlSession(connection)

    def dialing(self) -> Callable[[], Any]:
        host, port = fields.text(self.settings, fields.HOST), fields.number(self.settings, PORT)
        mode = fields.text(self.settings, TLS_MODE)
        arguments = {
            "dsn": host,
            "port": port,
            "database": fields.text(self.settings, DATABASE),
            "user": fields.text(self.settings, fields.USER),
            "password": fields.text(self.secrets, fields.PASSWORD),
            "timeout": STATEMENT_SECONDS,
            "login_timeout": CONNECT_SECONDS,
            "appname": self.surroundings.name,
            "validate_host": mode == "verify-full",
            "disable_connect_retry": True,
            "readonly": True,
        }
        self.surroundings.egress.addresses(host, port)

        def dial() -> Any:
            line = self.surroundings.egress.connect(host, port, CONNECT_SECONDS)
            with authorities(self.settings, is_wanted=mode != "disable") as file:
                return client.connect(**arguments, cafile=file, sock=line)

        return dial
