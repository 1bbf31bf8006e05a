"""What Databasin calls our connectors, and where its flat documents hold their settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.connectors.api.databasin import auth_types as auth
from apps.connectors.api.databasin.categories import BIG_DATA, FILE_API, RDBMS, Category

KEYS: Mapping[str, str] = {
    "host": "connectorHost",
    "account": "connectorHost",
    "url": "connectorHost",
    "port": "connectorPort",
    "database": "connectorDatabaseName",
    "schema": "connectorSchema",
    "user": "connectorUsername",
    "access_key": "connectorUsername",
    "password": "connectorPassword",
    "secret_key": "connectorPassword",
    "session_token": "securityToken",
    "private_key": "sftpKeyFileLocation",
    "http_path": "httpPath",
    "warehouse": "warehouse",
    "bucket": "connectorStorageAccountName",
    "path": "fileFolderName",
}
"""The flat key of a driver's setting; all others are part of `connectorAdditionalDetails`."""

DATABASE_AND_SCHEMA = (6, 7, 2, 3, 4, 5)
DATABASE_ALONE = (1, 2, 3, 4, 5)
SCHEMA_ALONE = (7, 2, 3, 4, 5)
FILES = (2, 4, 5)
WITH_PASSWORD = (auth.BASIC, auth.PASSWORD)


@dataclass(frozen=True, slots=True)
class SubType:
    """`name`: what `connectorSubType` says; `aliases`: what else is understood for it, in small letters and digits.

    `keys`: flat keys that differ from KEYS. `passwords`: the setting that `connectorPassword` fills, by way to
    authenticate, where that is not for `keys` to say. `ports`, `domains`, `marks`: what tells it from the others where
    no sub-type is named: the port, the end of the host, and keys that only it needs.
    """

    name: str
    category: Category
    connector: str
    technology: str
    aliases: tuple[str, ...] = ()
    screens: tuple[int, ...] = DATABASE_AND_SCHEMA
    auth_types: tuple[int, ...] = WITH_PASSWORD
    keys: Mapping[str, str] = field(default_factory=dict)
    passwords: Mapping[int, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    def key(self, setting: str) -> str:
        """Where a flat document holds the setting, "" for among the additional details."""
        return self.keys.get(setting, KEYS.get(setting, ""))


SUBTYPES: tuple[SubType, ...] = (
    SubType("Postgres", RDBMS, "postgresql", "postgres", ("pgsql",), ports=("5432",)),
    SubType("MySQL", RDBMS, "mysql", "mysql", screens=DATABASE_ALONE, ports=("3306",)),
    SubType("MariaDB", RDBMS, "mariadb", "mariadb", screens=DATABASE_ALONE, ports=("3306",)),
    SubType(
        "MSSQL",  # its client takes what is called so, or "sqlserver" in one word, for a database that speaks SQL
        RDBMS,
        "mssql",
        "mssql",
        ("sqlserver", "microsoftsqlserver", "azuresql"),
        ports=("1433",),
        domains=(".database.windows.net",),
    ),
    SubType("Oracle", RDBMS, "oracle", "oracle", screens=SCHEMA_ALONE, ports=("1521",)),
    SubType(
        "SQLite",
        RDBMS,
        "sqlite",
        "sqlite",
        ("sqlite3",),
        screens=SCHEMA_ALONE,
        auth_types=(auth.NONE, *WITH_PASSWORD),
        keys={"path": "connectorDatabaseName"},
    ),
    SubType(
        "DuckDB",
        RDBMS,
        "duckdb",
        "duckdb",
        screens=SCHEMA_ALONE,
        auth_types=(auth.NONE, *WITH_PASSWORD),
        keys={"path": "connectorDatabaseName"},
    ),
    SubType(
        "Snowflake",
        RDBMS,
        "snowflake",
        "snowflake",
        keys={"private_key": ""},
        domains=(".snowflakecomputing.com",),
        marks=("warehouse",),
    ),
    SubType(
        "Databricks",
        BIG_DATA,
        "databricks",
        "databricks",
        auth_types=(auth.TOKEN, auth.ACCESS_TOKEN, auth.BEARER, *WITH_PASSWORD),
        keys={"database": "connectorCatalogName", "token": "connectorPassword"},
        domains=(".azuredatabricks.net", ".databricks.com"),
        marks=("httpPath",),
    ),
    SubType(
        "BigQuery",
        BIG_DATA,
        "bigquery",
        "bigquery",
        ("googlebigquery",),
        auth_types=(auth.API_KEY, *WITH_PASSWORD),
        keys={"service_account": "connectorPassword"},
    ),
    SubType(
        "Redshift",
        BIG_DATA,
        "redshift",
        "redshift",
        ("amazonredshift",),
        ports=("5439",),
        domains=(".redshift.amazonaws.com", ".redshift-serverless.amazonaws.com"),
    ),
    SubType("Trino", BIG_DATA, "trino", "trino", ("presto",)),
    SubType("ClickHouse", BIG_DATA, "clickhouse", "clickhouse", screens=SCHEMA_ALONE, ports=("8123", "8443")),
    SubType(
        "Amazon S3",
        FILE_API,
        "s3",
        "s3",
        ("awss3",),
        screens=FILES,
        auth_types=(auth.S3_KEYS, auth.NONE),
        marks=("connectorStorageAccountName",),
    ),
    SubType("SFTP", FILE_API, "sftp", "sftp", screens=FILES, auth_types=(auth.PASSWORD, auth.BASIC), ports=("22",)),
    SubType(
        "FTP",
        FILE_API,
        "ftp",
        "ftp",
        ("ftps",),
        screens=FILES,
        auth_types=(auth.PASSWORD, auth.BASIC, auth.NONE),
        ports=("21", "990"),
    ),
    SubType(
        "HTTP",
        FILE_API,
        "http_files",
        "http",
        ("https", "rest", "restapi", "genericapi"),
        screens=FILES,
        auth_types=(auth.NONE, auth.BASIC, auth.API_KEY, *auth.TOKENS),
        passwords={auth.API_KEY: "header_value", **dict.fromkeys(auth.TOKENS, "token")},
    ),
    SubType(
        "Local Folder",
        FILE_API,
        "folder",
        "local",
        ("local", "localfilesystem", "filesystem"),
        screens=FILES,
        auth_types=(auth.NONE,),
    ),
)
_BY_CONNECTOR = {subtype.connector: subtype for subtype in SUBTYPES}


def subtype_of(connector: str) -> SubType:
    """By the name of a connector of ours; one that we have no words for goes by its own."""
    return _BY_CONNECTOR.get(connector) or SubType(connector, RDBMS, connector, connector)
