"""Oracle Database, over python-oracledb without Oracle's own libraries."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, func, text

from engine.contract import Field, Spec
from engine.drivers.sql import fields
from engine.drivers.sql.alchemy import tls, types
from engine.drivers.sql.alchemy.dictionary import Dictionary
from engine.drivers.sql.alchemy.driver import CONNECT_SECONDS, SCHEMA, STATEMENT_SECONDS, AlchemyDriver
from engine.drivers.sql.alchemy.errors import (
    BAD_QUERY,
    BAD_VALUE,
    CROWDED,
    CUT_OFF,
    FORBIDDEN,
    LOCKED,
    LOST,
    NO_COLUMN,
    NO_DATABASE,
    NO_TABLE,
    NO_TLS,
    READ_ONLY,
    REFUSED,
    UNKNOWN_HOST,
    UNREACHABLE,
    Reports,
)
from engine.drivers.sql.alchemy.query import Lexis
from engine.drivers.sql.alchemy.session import AlchemySession, Line
from engine.drivers.sql.alchemy.values import PortableValues
from engine.schema import Column, Kind, Type
from engine.toolkit.deferred import Deferred

client: Any = Deferred("oracledb")

PORT = fields.port(1521)
SERVICE = Field("database", "Service name", required=True, bound=True)

STATISTICS = """
SELECT t.table_name, t.num_rows, t.blocks * s.block_size
  FROM all_tables t LEFT JOIN user_tablespaces s ON s.tablespace_name = t.tablespace_name WHERE t.owner = :schema
"""
ONE = "c.owner = :schema AND (:table IS NULL OR c.table_name = :table)"  # there, an empty text is NULL
DICTIONARY = Dictionary(
    schemas="SELECT username FROM all_users WHERE oracle_maintained = 'N'",
    tables="""
SELECT table_name, 'table' FROM all_tables
 WHERE owner = :schema AND nested = 'NO' AND secondary = 'N'
   AND table_name NOT IN (SELECT mview_name FROM all_mviews WHERE owner = :schema)
 UNION ALL
SELECT view_name, 'view' FROM all_views WHERE owner = :schema
 UNION ALL
SELECT mview_name, 'materialized view' FROM all_mviews WHERE owner = :schema
 ORDER BY 1
""",
    columns=f"""
SELECT c.table_name, c.column_name,
       CASE WHEN c.data_type = 'NUMBER' AND c.data_precision IS NOT NULL
            THEN 'NUMBER(' || c.data_precision || ', ' || c.data_scale || ')'
            WHEN c.data_type = 'NUMBER' AND c.data_scale = 0 THEN 'NUMBER(38, 0)'
            WHEN c.data_type IN ('VARCHAR2', 'NVARCHAR2', 'CHAR', 'NCHAR')
            THEN c.data_type || '(' || c.char_length || ')'
            WHEN c.data_type = 'RAW' THEN 'RAW(' || c.data_length || ')' ELSE c.data_type END,
       CASE c.nullable WHEN 'Y' THEN 1 ELSE 0 END,
       CASE c.identity_column WHEN 'YES' THEN 'auto_increment' END,
       m.comments, CASE c.virtual_column WHEN 'YES' THEN 1 ELSE 0 END
  FROM all_tab_cols c LEFT JOIN all_col_comments m
    ON m.owner = c.owner AND m.table_name = c.table_name AND m.column_name = c.column_name
 WHERE {ONE} AND c.hidden_column = 'NO' ORDER BY c.table_name, c.column_id
""",
    keys=f"""
SELECT c.table_name, c.constraint_name, p.column_name, CASE c.constraint_type WHEN 'P' THEN 1 ELSE 0 END
  FROM all_constraints c JOIN all_cons_columns p ON p.owner = c.owner AND p.constraint_name = c.constraint_name
 WHERE {ONE} AND c.constraint_type IN ('P', 'U') AND c.status = 'ENABLED' AND c.validated = 'VALIDATED'
 ORDER BY c.table_name, c.constraint_type, c.constraint_name, p.position
""",
    comments=f"SELECT c.table_name, c.comments FROM all_tab_comments c WHERE {ONE}",
)


class OracleValues(PortableValues):
    """The client gives moments with a zone without it: they are asked for, and compared with, in UTC."""

    def parameter(self, column: Column, value: Any) -> Any:
        found = super().parameter(column, value)
        return found.replace(tzinfo=None) if column.type.kind is Kind.TIMESTAMPTZ else found


class OracleDriver(AlchemyDriver):
    spec = Spec(
        "oracle",
        "Oracle",
        "database",
        (fields.HOST, PORT, SERVICE, SCHEMA, fields.USER, fields.PASSWORD, tls.TLS, fields.AUTHORITY),
    )
    dialect = "oracle+oracledb"
    # NUMBER has up to 38 digits whatever its name; DATE has a time.
    natives = types.KNOWN | {
        "INTEGER": types.whole(38),
        "INT": types.whole(38),
        "SMALLINT": types.whole(38),
        "FLOAT": types.DECIMAL,
        "REAL": types.DECIMAL,
        "DOUBLE PRECISION": types.DECIMAL,
        "BINARY_FLOAT": types.SINGLE,
        "BINARY_DOUBLE": types.DOUBLE,
        "DATE": Type(Kind.TIMESTAMP, precision=0),
        "TIMESTAMP WITH LOCAL TIME ZONE": types.TIMESTAMPTZ,
        "RAW": types.BINARY,
        "LONG RAW": types.BINARY,
    }
    reports = Reports(
        (
            (r"ORA-(01017|28000|28001|01045|01005)|DPY-(4001|4012)", REFUSED),
            (r"ORA-(12514|12505|12520)|DPY-600[1-3]", NO_DATABASE),
            (r"DPY-(6000|4011)|ORA-(03113|03114|03135|01012|00028|02396)", LOST),
            (r"DPY-4027|getaddrinfo", UNKNOWN_HOST),
            (r"DPY-4024|ORA-(01013|00040|02393)", CUT_OFF),
            (r"certificate|DPY-6006|ORA-2886[0-9]", NO_TLS),
            (r"DPY-6005|ORA-1254[1-7]|ORA-12170", UNREACHABLE),
            (r"ORA-(00942|04043)", NO_TABLE),
            (r"ORA-00904", NO_COLUMN),
            (r"ORA-(01031|01039|01720|41900)", FORBIDDEN),
            (r"ORA-(01456|16000)", READ_ONLY),
            (r"ORA-(00018|00020|02391|12516|12518|12519)", CROWDED),
            (r"ORA-(00054|30006|00060)", LOCKED),
            (r"ORA-(009\d\d|017\d\d|00\d\d\d\b)", BAD_QUERY),
            (r"ORA-(01\d\d\d)", BAD_VALUE),
        )
    )
    lexis = Lexis(refused=r"\bn?q'")
    statistics = STATISTICS
    dictionary = DICTIONARY
    values = OracleValues()
    keeps_keys = True
    setup = ("ALTER SESSION SET TIME_ZONE = '+00:00'",)

    def show(self, column: Column, plain: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.sys_extract_utc(plain) if column.type.kind is Kind.TIMESTAMPTZ else plain

    def session(self, connection: Line) -> AlchemySession:
        """One snapshot of the database for all of a reading."""
        connection.connection.rollback()
        connection.execute(text("SET TRANSACTION READ ONLY"), {})
        return super().session(connection)

    def dialing(self) -> Callable[[], Any]:
        host, port = fields.text(self.settings, fields.HOST), fields.number(self.settings, PORT)
        addresses = self.surroundings.egress.addresses(host, port)
        arguments: dict[str, Any] = {"protocol": "tcp", "host": addresses[0]}
        if context := tls.context(self.settings):
            # The client looks the name up again by itself, since it checks the certificate against it.
            arguments = {"protocol": "tcps", "host": host, "ssl_context": context, "ssl_server_dn_match": True}
        arguments |= {
            "port": port,
            "service_name": fields.text(self.settings, SERVICE),
            "user": fields.text(self.settings, fields.USER),
            "password": fields.text(self.secrets, fields.PASSWORD),
            "tcp_connect_timeout": CONNECT_SECONDS,
            "retry_count": 0,
            "program": self.surroundings.name,
        }

        def dial() -> Any:
            connection = client.connect(**arguments)
            connection.call_timeout = STATEMENT_SECONDS * 1_000
            return connection

        return dial
