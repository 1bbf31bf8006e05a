"""Snowflake."""

import re
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization
from sqlalchemy import ColumnElement, func, literal_column
from sqlalchemy.engine import URL
from sqlalchemy.types import TypeEngine

from engine.contract import Field, Spec
from engine.drivers.sql import fields
from engine.drivers.sql.alchemy import types
from engine.drivers.sql.alchemy.driver import CONNECT_SECONDS, SCHEMA, STATEMENT_SECONDS, AlchemyDriver
from engine.drivers.sql.alchemy.errors import (
    BAD_QUERY,
    CUT_OFF,
    FORBIDDEN,
    NO_COLUMN,
    NO_DATABASE,
    NO_TABLE,
    REFUSED,
    UNREACHABLE,
    Reports,
)
from engine.drivers.sql.alchemy.query import BACKSLASHES
from engine.drivers.sql.alchemy.selects import Texts
from engine.drivers.sql.alchemy.values import TextualMoments
from engine.errors import ConfigError
from engine.schema import Column, Kind, Type
from engine.toolkit.deferred import Deferred

client: Any = Deferred("snowflake.connector")

ACCOUNT = Field("account", "Account", required=True, bound=True, help="As in its address: myorg-account123.")
DATABASE = Field("database", "Database", required=True, bound=True)
WAREHOUSE = Field("warehouse", "Warehouse", help="What runs the statements; empty: the user's own.")
ROLE = Field("role", "Role", help="Empty: the user's own.")
PRIVATE_KEY = Field(
    "private_key", "Private key", type="password", secret=True, help="PEM text, instead of a password; not encrypted."
)

DOMAIN = "snowflakecomputing.com"
NAMED = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}", re.ASCII)
HTTPS = 443

STATISTICS = """
SELECT table_name, row_count, bytes
  FROM information_schema.tables WHERE table_schema = :schema AND row_count IS NOT NULL
"""
MOMENTS = {Kind.TIMESTAMP: "TIMESTAMP_NTZ(9)", Kind.TIMESTAMPTZ: "TIMESTAMP_TZ(9)"}
FORMAT: ColumnElement[str] = literal_column("'YYYY-MM-DD HH24:MI:SS.FF9'")
UTC: ColumnElement[str] = literal_column("'UTC'")


class SnowflakeDriver(AlchemyDriver):
    spec = Spec(
        "snowflake",
        "Snowflake",
        "database",
        (ACCOUNT, DATABASE, SCHEMA, WAREHOUSE, ROLE, fields.USER, fields.PASSWORD, PRIVATE_KEY),
    )
    dialect = "snowflake"
    values = TextualMoments()
    natives = types.KNOWN | {
        **dict.fromkeys(("INTEGER", "INT", "BIGINT", "SMALLINT", "TINYINT", "BYTEINT"), types.whole(38)),
        **dict.fromkeys(("REAL", "FLOAT4"), types.DOUBLE),
        "TIMESTAMP": Type(Kind.TIMESTAMP, precision=9),
        "DATETIME": Type(Kind.TIMESTAMP, precision=9),
        "TIMESTAMP_NTZ": Type(Kind.TIMESTAMP, precision=9),
        "TIMESTAMP_LTZ": Type(Kind.TIMESTAMPTZ, precision=9),
        "TIMESTAMP_TZ": Type(Kind.TIMESTAMPTZ, precision=9),
        "TIME": Type(Kind.TIME, precision=9),
        "VARIANT": types.JSON,
        "OBJECT": types.JSON,
    }
    reports = Reports(
        (
            (r"\b(250001|390100|390144|390201|390422|394\d\d\d)\b|incorrect username|JWT token", REFUSED),
            (r"\b(250003|290404|HttpError.*404)\b|404 Not Found", UNREACHABLE),
            (r"\b(000604|000630|604|630)\b \(|statement.*(timeout|cancel)", CUT_OFF),
            (r"(database|schema).*does not exist or not authorized|no current database|\b090105\b", NO_DATABASE),
            (r"object .*does not exist or not authorized", NO_TABLE),
            (r"invalid identifier", NO_COLUMN),
            (r"insufficient privileges", FORBIDDEN),
            (r"SQL compilation error", BAD_QUERY),
        ),
        raised=("snowflake.connector.errors.Error",),
    )
    lexis = BACKSLASHES
    statistics = STATISTICS
    has_all_digits = True

    @property
    def catalog(self) -> str:
        return fields.text(self.settings, DATABASE)

    @property
    def url(self) -> URL:
        # Names in it are taken as they are written, and not for upper-case ones.
        return URL.create(self.dialect, host=self._account, query={"case_sensitive_identifiers": "false"})

    def show(self, column: Column, plain: ColumnElement[Any]) -> ColumnElement[Any]:
        if column.type.kind not in MOMENTS:
            return plain
        moment = func.convert_timezone(UTC, plain) if column.type.kind is Kind.TIMESTAMPTZ else plain
        return func.to_varchar(moment, FORMAT)

    def compare(self, column: Column) -> TypeEngine[Any] | None:
        native = MOMENTS.get(column.type.kind)
        return Texts(native) if native else None

    def dialing(self) -> Callable[[], Any]:
        host = f"{self._account}.{DOMAIN}"
        self.surroundings.egress.addresses(host, HTTPS)
        arguments = {
            "account": self._account,
            "host": host,
            "user": fields.text(self.settings, fields.USER),
            "database": _quoted(self.catalog),
            "schema": _quoted(self.schema),
            "warehouse": fields.text(self.settings, WAREHOUSE),
            "role": fields.text(self.settings, ROLE),
            "login_timeout": CONNECT_SECONDS * 4,
            "application": "crossdock",
            "autocommit": True,
            "client_session_keep_alive": False,
            "session_parameters": {
                "STATEMENT_TIMEOUT_IN_SECONDS": STATEMENT_SECONDS,
                "MULTI_STATEMENT_COUNT": 1,
                "QUERY_TAG": self.surroundings.name,
                "TIMEZONE": "UTC",
            },
            **self._credentials(),
        }
        given = {name: value for name, value in arguments.items() if value != ""}
        return lambda: client.connect(**given)

    @property
    def _account(self) -> str:
        account = fields.text(self.settings, ACCOUNT).removesuffix(f".{DOMAIN}")
        if not NAMED.fullmatch(account) or ".." in account:
            raise fields.invalid(ACCOUNT)
        return account

    def _credentials(self) -> dict[str, Any]:
        pem = fields.text(self.secrets, PRIVATE_KEY)
        if not pem:
            return {"password": fields.text(self.secrets, fields.PASSWORD)}
        try:
            key = serialization.load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError):
            raise ConfigError("The private key is not one in PEM without a password.", code="invalid_setting") from None
        kind, form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
        return {"private_key": key.private_bytes(kind, form, serialization.NoEncryption())}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if name else ""
