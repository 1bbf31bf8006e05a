"""Trino and its kin."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, literal_column
from sqlalchemy.engine import URL
from sqlalchemy.types import TypeEngine

from engine.contract import Field, Spec
from engine.drivers.sql import fields
from engine.drivers.sql.alchemy import tls, types
from engine.drivers.sql.alchemy.dictionary import Dictionary
from engine.drivers.sql.alchemy.driver import CONNECT_SECONDS, SCHEMA, STATEMENT_SECONDS, AlchemyDriver
from engine.drivers.sql.alchemy.errors import (
    BAD_QUERY,
    CUT_OFF,
    FORBIDDEN,
    NO_COLUMN,
    NO_DATABASE,
    NO_SCHEMA,
    NO_TABLE,
    REFUSED,
    Reports,
)
from engine.drivers.sql.alchemy.selects import Texts
from engine.drivers.sql.alchemy.values import TextualMoments
from engine.errors import ConfigError
from engine.schema import Column, Kind, Type
from engine.toolkit.deferred import Deferred

client: Any = Deferred("trino.dbapi")
authentication: Any = Deferred("trino.auth")
guarded: Any = Deferred("engine.toolkit.guarded_requests")

PORT = fields.port(443)
CATALOG = Field("database", "Catalog", required=True, bound=True)

ONE = "c.table_schema = :schema AND (:table = '' OR c.table_name = :table)"
DICTIONARY = Dictionary(
    tables="""
SELECT table_name, CASE table_type WHEN 'VIEW' THEN 'view' ELSE 'table' END
  FROM information_schema.tables WHERE table_schema = :schema ORDER BY table_name
""",
    columns=f"""
SELECT c.table_name, c.column_name, c.data_type, c.is_nullable = 'YES', c.column_default, NULL, false
  FROM information_schema.columns AS c WHERE {ONE} ORDER BY c.table_name, c.ordinal_position
""",
)
MOMENTS = (Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
UTC: ColumnElement[str] = literal_column("'UTC'")


class TrinoDriver(AlchemyDriver):
    spec = Spec(
        "trino",
        "Trino",
        "database",
        (fields.HOST, PORT, CATALOG, SCHEMA, fields.USER, fields.PASSWORD, tls.TLS, fields.AUTHORITY),
    )
    dialect = "trino"
    values = TextualMoments()
    natives = types.KNOWN | {
        "TIMESTAMP": Type(Kind.TIMESTAMP, precision=3),
        "TIMESTAMP WITH TIME ZONE": Type(Kind.TIMESTAMPTZ, precision=3),
        "TIME": Type(Kind.TIME, precision=3),
        "TIME WITH TIME ZONE": types.TEXT,
    }
    reports = Reports(
        (
            (r"^(TrinoAuthError|Http401)|\b401\b|authentication failed", REFUSED),
            (r"PERMISSION_DENIED|access denied|\b403\b", FORBIDDEN),
            (r"CATALOG_NOT_FOUND|catalog .*does not exist|MISSING_CATALOG", NO_DATABASE),
            (r"SCHEMA_NOT_FOUND", NO_SCHEMA),
            (r"TABLE_NOT_FOUND", NO_TABLE),
            (r"COLUMN_NOT_FOUND", NO_COLUMN),
            (r"EXCEEDED_TIME_LIMIT|USER_CANCELED|ABANDONED_QUERY", CUT_OFF),
            (r"SYNTAX_ERROR|TYPE_MISMATCH|USER_ERROR", BAD_QUERY),
        ),
        raised=("trino.exceptions.Error",),
    )
    dictionary = DICTIONARY
    names_types = True
    has_all_digits = True

    @property
    def catalog(self) -> str:
        return fields.text(self.settings, CATALOG)

    @property
    def url(self) -> URL:
        return URL.create(self.dialect, host="settings", database="system")

    def show(self, column: Column, plain: ColumnElement[Any]) -> ColumnElement[Any]:
        if column.type.kind not in MOMENTS:
            return plain
        moment = func.at_timezone(plain, UTC) if column.type.kind is Kind.TIMESTAMPTZ else plain
        return cast(moment, String)

    def compare(self, column: Column) -> TypeEngine[Any] | None:
        return Texts(column.native) if column.type.kind in MOMENTS else None

    def dialing(self) -> Callable[[], Any]:
        host, port = fields.text(self.settings, fields.HOST), fields.number(self.settings, PORT)
        user, password = fields.text(self.settings, fields.USER), fields.text(self.secrets, fields.PASSWORD)
        context = tls.context(self.settings)
        if password and context is None:
            raise ConfigError("A password is sent over TLS alone.", code="invalid_setting")
        address = self.surroundings.egress.addresses(host, port)[0]
        arguments = {
            "host": host,
            "port": port,
            "user": user,
            "catalog": self.catalog,
            "schema": self.schema or None,
            "source": self.surroundings.name,
            "http_scheme": "https" if context else "http",
            "session_properties": {"query_max_run_time": f"{STATEMENT_SECONDS}s"},
            "request_timeout": (CONNECT_SECONDS, STATEMENT_SECONDS),
            "max_attempts": 1,
            "timezone": "UTC",
        }

        def dial() -> Any:
            known = {"auth": authentication.BasicAuthentication(user, password)} if password else {}
            return client.connect(**arguments, **known, http_session=guarded.session(host, port, address, context))

        return dial
