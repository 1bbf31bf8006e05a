"""The catalogue as this version of Crossdock brings it; what an operator switches off in it stays off."""

from apps.connectors.models import Category, Connector

CATALOGUE: dict[str, dict[str, str]] = {
    "postgresql": {
        "label": "PostgreSQL",
        "driver": "postgresql",
        "category": Category.DATABASE,
        "description": "Tables, views and queries of a PostgreSQL database.",
    },
    "mysql": {
        "label": "MySQL",
        "driver": "mysql",
        "category": Category.DATABASE,
        "description": "Tables, views and queries of the databases of a MySQL server.",
    },
    "mariadb": {
        "label": "MariaDB",
        "driver": "mysql",
        "category": Category.DATABASE,
        "description": "Tables, views and queries of the databases of a MariaDB server.",
    },
    "sqlite": {
        "label": "SQLite",
        "driver": "sqlite",
        "category": Category.DATABASE,
        "description": "A database file in the organisation's own folder on this server.",
    },
    "mssql": {
        "label": "SQL Server",
        "driver": "mssql",
        "category": Category.DATABASE,
        "description": "Tables, views and queries of a SQL Server or Azure SQL database; they are read.",
    },
    "oracle": {
        "label": "Oracle",
        "driver": "oracle",
        "category": Category.DATABASE,
        "description": "Tables, views and queries of an Oracle database; they are read.",
    },
    "snowflake": {
        "label": "Snowflake",
        "driver": "snowflake",
        "category": Category.DATABASE,
        "description": "Tables, views and queries of a Snowflake database; they are read.",
    },
    "bigquery": {
        "label": "BigQuery",
        "driver": "bigquery",
        "category": Category.DATABASE,
        "description": "Tables, views and queries of a Google Cloud project's data sets; they are read.",
    },
    "redshift": {
        "label": "Redshift",
        "driver": "redshift",
        "category": Category.DATABASE,
        "description": "Tables, views and queries of an Amazon Redshift database; they are read.",
    },
    "databricks": {
        "label": "Databricks",
        "driver": "databricks",
        "category": Category.DATABASE,
        "description": "Tables, views and queries of a Unity Catalog, over a SQL warehouse; they are read.",
    },
    "trino": {
        "label": "Trino",
        "driver": "trino",
        "category": Category.DATABASE,
        "description": "Tables, views and queries of one of a Trino cluster's catalogs; they are read.",
    },
    "clickhouse": {
        "label": "ClickHouse",
        "driver": "clickhouse",
        "category": Category.DATABASE,
        "description": "Tables, views and queries of a ClickHouse server; they are read.",
    },
    "duckdb": {
        "label": "DuckDB",
        "driver": "duckdb",
        "category": Category.DATABASE,
        "description": "A database file in the organisation's own folder on this server; it is read.",
    },
    "folder": {
        "label": "Local folder",
        "driver": "folder",
        "category": Category.FILE_STORE,
        "description": "CSV, JSON, Parquet and Excel files in the organisation's own folder on this server.",
    },
    "sftp": {
        "label": "SFTP",
        "driver": "sftp",
        "category": Category.FILE_STORE,
        "description": "Files on a server that is reached over SSH.",
    },
    "ftp": {
        "label": "FTP and FTPS",
        "driver": "ftp",
        "category": Category.FILE_STORE,
        "description": "Files on an FTP server, over TLS where the server can.",
    },
    "s3": {
        "label": "Amazon S3 and compatible",
        "driver": "s3",
        "category": Category.FILE_STORE,
        "description": "Files in a bucket of Amazon S3 or of another store that speaks its language.",
    },
    "http_files": {
        "label": "Files over HTTP",
        "driver": "http_files",
        "category": Category.FILE_STORE,
        "description": "Files that a web server hands out; they are read and never written.",
    },
}


def load_catalogue() -> int:
    """Brings the table up to date with the catalogue; how many connectors were new or had changed."""
    present = {connector.name: connector for connector in Connector.objects.all()}
    outdated = [
        Connector(name=name, **description)
        for name, description in CATALOGUE.items()
        if not _says(present.get(name), description)
    ]
    Connector.objects.bulk_create(
        outdated,
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["label", "driver", "category", "description", "updated_at"],
    )
    return len(outdated)


def _says(connector: Connector | None, description: dict[str, str]) -> bool:
    return connector is not None and all(getattr(connector, field) == text for field, text in description.items())
