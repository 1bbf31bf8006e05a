"""Databricks SQL, over a warehouse's HTTP path."""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import URL

from engine.contract import Field, Spec
from engine.drivers.sql import fields
from engine.drivers.sql.alchemy import types
from engine.drivers.sql.alchemy.dictionary import Dictionary
from engine.drivers.sql.alchemy.driver import SCHEMA, STATEMENT_SECONDS, AlchemyDriver
from engine.drivers.sql.alchemy.errors import (
    BAD_QUERY,
    FORBIDDEN,
    NO_COLUMN,
    NO_DATABASE,
    NO_SCHEMA,
    NO_TABLE,
    REFUSED,
    Reports,
)
from engine.drivers.sql.alchemy.query import BACKSLASHES
from engine.errors import ConfigError
from engine.toolkit.deferred import Deferred

client: Any = Deferred("databricks.sql")

HTTP_PATH = Field(
    "http_path", "HTTP path", required=True, bound=True, help="Of the SQL warehouse: /sql/1.0/warehouses/…"
)
CATALOG = Field("database", "Catalog", required=True, bound=True)
TOKEN = Field("token", "Access token", type="password", secret=True, required=True)

HTTPS = 443
# The client looks a host up again by itself: only names that its vendor gives are taken.
DOMAINS = (".databricks.com", ".azuredatabricks.net", ".databricks.azure.cn", ".databricks.us")
PATH = re.compile(r"/?[A-Za-z0-9._/-]{1,300}", re.ASCII)

ONE = "c.table_schema = :schema AND (:table = '' OR c.table_name = :table)"
DICTIONARY = Dictionary(
    tables="""
SELECT table_name, CASE table_type WHEN 'VIEW' THEN 'view' WHEN 'MATERIALIZED_VIEW' THEN 'materialized view'
                                   WHEN 'FOREIGN' THEN 'foreign table' ELSE 'table' END
  FROM information_schema.tables WHERE table_schema = :schema ORDER BY table_name
""",
    columns=f"""
SELECT c.table_name, c.column_name, c.full_data_type, c.is_nullable = 'YES', c.column_default, c.comment, false
  FROM information_schema.columns AS c WHERE {ONE} ORDER BY c.table_name, c.ordinal_position
""",
    keys=f"""
SELECT c.table_name, c.constraint_name, k.column_name, true
  FROM information_schema.table_constraints AS c
  JOIN information_schema.key_column_usage AS k
    ON k.constraint_schema = c.constraint_schema AND k.constraint_name = c.constraint_name
 WHERE c.constraint_type = 'PRIMARY KEY' AND {ONE} ORDER BY c.table_name, k.ordinal_position
""",
    comments=f"SELECT c.table_name, c.comment FROM information_schema.tables AS c WHERE {ONE}",
)


class DatabricksDriver(AlchemyDriver):
    spec = Spec("databricks", "Databricks", "database", (fields.HOST, HTTP_PATH, CATALOG, SCHEMA, TOKEN))
    dialect = "databricks"
    natives = types.KNOWN | {
        "STRING": types.TEXT,
        "LONG": types.BIG,
        "BYTE": types.SMALL,
        "SHORT": types.SMALL,
        "FLOAT": types.SINGLE,
        "TIMESTAMP": types.TIMESTAMPTZ,
        "TIMESTAMP_NTZ": types.TIMESTAMP,
        "VARIANT": types.JSON,
    }
    reports = Reports(
        (
            (r"invalid access token|\b401\b|Unauthorized", REFUSED),
            (r"INSUFFICIENT_PERMISSIONS|PERMISSION_DENIED|\b403\b", FORBIDDEN),
            (r"TABLE_OR_VIEW_NOT_FOUND", NO_TABLE),
            (r"UNRESOLVED_COLUMN", NO_COLUMN),
            (r"NO_SUCH_CATALOG", NO_DATABASE),
            (r"SCHEMA_NOT_FOUND", NO_SCHEMA),
            (r"PARSE_SYNTAX_ERROR|ParseException|AnalysisException|\[[A-Z_]+\]", BAD_QUERY),
        ),
        raised=("databricks.sql.exc.Error",),
    )
    lexis = BACKSLASHES
    dictionary = DICTIONARY
    names_types = True

    @property
    def catalog(self) -> str:
        return fields.text(self.settings, CATALOG)

    @property
    def url(self) -> URL:
        return URL.create(self.dialect, host=self._host, query={"catalog": self.catalog, "schema": self.schema})

    def dialing(self) -> Callable[[], Any]:
        host, path = self._host, fields.text(self.settings, HTTP_PATH)
        if not PATH.fullmatch(path):
            raise fields.invalid(HTTP_PATH)
        self.surroundings.egress.addresses(host, HTTPS)
        arguments = {
            "server_hostname": host,
            "http_path": path,
            "access_token": fields.text(self.secrets, TOKEN),
            "catalog": self.catalog,
            "schema": self.schema or None,
            "session_configuration": {"STATEMENT_TIMEOUT": str(STATEMENT_SECONDS), "TIMEZONE": "UTC"},
            "user_agent_entry": self.surroundings.name,
            "enable_telemetry": False,
        }
        return lambda: client.connect(**arguments)

    @property
    def _host(self) -> str:
        host = fields.text(self.settings, fields.HOST).rstrip(".").lower()
        if not host.endswith(DOMAINS):
            raise ConfigError(f"The host must end in one of {', '.join(DOMAINS)}.", code="invalid_host")
        return host
