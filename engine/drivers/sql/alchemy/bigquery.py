"""Google BigQuery, by a service account."""

import re
from collections.abc import Callable
from typing import Any

import orjson
from sqlalchemy.engine import URL

from engine.contract import Field, Spec
from engine.drivers.sql import fields
from engine.drivers.sql.alchemy import types
from engine.drivers.sql.alchemy.dictionary import Dictionary
from engine.drivers.sql.alchemy.driver import SCHEMA, STATEMENT_SECONDS, AlchemyDriver
from engine.drivers.sql.alchemy.errors import BAD_QUERY, FORBIDDEN, NO_COLUMN, NO_DATABASE, NO_TABLE, REFUSED, Reports
from engine.drivers.sql.alchemy.query import BACKSLASHES
from engine.errors import ConfigError
from engine.schema import Kind, Type
from engine.toolkit.deferred import Deferred

client: Any = Deferred("google.cloud.bigquery")
interface: Any = Deferred("google.cloud.bigquery.dbapi")
accounts: Any = Deferred("google.oauth2.service_account")

PROJECT = Field("database", "Project", required=True, bound=True, help="The project's id, as in its address.")
LOCATION = Field("location", "Location", help="Where the data sets are, such as EU; empty: BigQuery finds out.")
ACCOUNT = Field(
    "service_account", "Service account key", type="password", secret=True, required=True, help="The key file's JSON."
)

# Where the client goes, whatever the key file says.
TOKENS = "https://oauth2.googleapis.com/token"
HOSTS = ("bigquery.googleapis.com", "oauth2.googleapis.com")
HTTPS = 443
SCOPES = ("https://www.googleapis.com/auth/bigquery.readonly", "https://www.googleapis.com/auth/bigquery")
NEEDED = ("client_email", "private_key")
NAMED = re.compile(r"[A-Za-z0-9:.-]{4,100}", re.ASCII)

ONE = "(:table = '' OR c.table_name = :table)"
DICTIONARY = Dictionary(
    tables="""
SELECT table_name, CASE table_type WHEN 'BASE TABLE' THEN 'table' WHEN 'EXTERNAL' THEN 'foreign table'
                                   ELSE LOWER(table_type) END
  FROM {schema}.INFORMATION_SCHEMA.TABLES ORDER BY table_name
""",
    columns=f"""
SELECT c.table_name, c.column_name, c.data_type, c.is_nullable = 'YES',
       NULLIF(c.column_default, 'NULL'), p.description, c.is_generated = 'ALWAYS'
  FROM {{schema}}.INFORMATION_SCHEMA.COLUMNS AS c
  LEFT JOIN {{schema}}.INFORMATION_SCHEMA.COLUMN_FIELD_PATHS AS p
    ON p.table_name = c.table_name AND p.field_path = c.column_name
 WHERE {ONE} ORDER BY c.table_name, c.ordinal_position
""",
    keys=f"""
SELECT c.table_name, c.constraint_name, c.column_name, TRUE
  FROM {{schema}}.INFORMATION_SCHEMA.KEY_COLUMN_USAGE AS c
 WHERE {ONE} AND ENDS_WITH(c.constraint_name, '.pk$') ORDER BY c.table_name, c.ordinal_position
""",
)


class BigqueryDriver(AlchemyDriver):
    spec = Spec("bigquery", "BigQuery", "database", (PROJECT, SCHEMA, LOCATION, ACCOUNT))
    dialect = "bigquery"
    natives = types.KNOWN | {
        **dict.fromkeys(("INT64", "INTEGER"), types.BIG),
        **dict.fromkeys(("FLOAT64", "FLOAT"), types.DOUBLE),
        "NUMERIC": Type(Kind.DECIMAL, precision=38, scale=9),
        "BIGNUMERIC": Type(Kind.DECIMAL, precision=77, scale=38),
        "TIMESTAMP": types.TIMESTAMPTZ,
        "RECORD": types.JSON,
    }
    reports = Reports(
        (
            (r"^(RefreshError|DefaultCredentialsError|Unauthorized)|invalid_grant", REFUSED),
            (r"^Forbidden|\b403\b", FORBIDDEN),
            (r"(table|dataset) .*not found|not found: (table|dataset)", NO_TABLE),
            (r"project .*not found|not found: project|^NotFound", NO_DATABASE),
            (r"unrecognized name", NO_COLUMN),
            (r"^BadRequest|\b400\b", BAD_QUERY),
        ),
        raised=(
            "google.api_core.exceptions.GoogleAPIError",
            "google.auth.exceptions.GoogleAuthError",
            "google.cloud.bigquery.dbapi.exceptions.Error",
        ),
    )
    lexis = BACKSLASHES
    dictionary = DICTIONARY
    statistics = "SELECT table_id, row_count, size_bytes FROM {schema}.__TABLES__"
    names_types = True

    @property
    def catalog(self) -> str:
        project = fields.text(self.settings, PROJECT)
        if not NAMED.fullmatch(project):
            raise fields.invalid(PROJECT)
        return project

    @property
    def url(self) -> URL:
        return URL.create(self.dialect, host=self.catalog, query={"user_supplied_client": "True"})

    def dialing(self) -> Callable[[], Any]:
        project, key = self.catalog, self._key()
        location = fields.text(self.settings, LOCATION) or None
        for host in HOSTS:
            self.surroundings.egress.addresses(host, HTTPS)

        def dial() -> Any:
            try:
                credentials = accounts.Credentials.from_service_account_info(key, scopes=SCOPES)
            except ValueError:
                raise fields.invalid(ACCOUNT) from None
            limits = client.QueryJobConfig(job_timeout_ms=STATEMENT_SECONDS * 1_000)
            opened = client.Client(project, credentials, location=location, default_query_job_config=limits)
            return interface.connect(client=opened)

        return dial

    def _key(self) -> dict[str, str]:
        """What of the key file is needed: it also names addresses to get tokens from, which are not its to say."""
        try:
            key = orjson.loads(fields.text(self.secrets, ACCOUNT))
            kept = {name: str(key[name]) for name in NEEDED}
        except (orjson.JSONDecodeError, KeyError, TypeError):
            message = "The service account key is not the JSON of a key file."
            raise ConfigError(message, code="invalid_setting") from None
        return {"type": "service_account", "token_uri": TOKENS, **kept}
