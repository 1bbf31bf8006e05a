"""Every driver by name: where it is, and what to install where its libraries are missing. Imported on first use."""

import importlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from engine.contract import Spec
from engine.errors import ConfigError

FURTHER = "engine.drivers.sql.alchemy"


@dataclass(frozen=True, slots=True)
class Entry:
    """`path`: "module:Class" of a driver whose class takes (settings, secrets, surroundings). `needs`: the modules that
    a connection takes besides, all of them brought by the extra named `extra`."""

    path: str
    needs: tuple[str, ...] = ()
    extra: str = ""


DRIVERS: dict[str, Entry] = {
    "postgresql": Entry("engine.drivers.sql.postgresql.driver:PostgresqlDriver"),
    "mysql": Entry("engine.drivers.sql.mysql.driver:MysqlDriver"),
    "sqlite": Entry("engine.drivers.sql.sqlite.driver:SqliteDriver"),
    "mssql": Entry(f"{FURTHER}.mssql:MssqlDriver", ("sqlalchemy_pytds", "OpenSSL"), "mssql"),
    "oracle": Entry(f"{FURTHER}.oracle:OracleDriver", ("oracledb",), "oracle"),
    "snowflake": Entry(f"{FURTHER}.snowflake:SnowflakeDriver", ("snowflake.sqlalchemy",), "snowflake"),
    "bigquery": Entry(f"{FURTHER}.bigquery:BigqueryDriver", ("sqlalchemy_bigquery",), "bigquery"),
    "redshift": Entry(f"{FURTHER}.redshift:RedshiftDriver", ("sqlalchemy_redshift", "redshift_connector"), "redshift"),
    "databricks": Entry(f"{FURTHER}.databricks:DatabricksDriver", ("databricks.sqlalchemy",), "databricks"),
    "trino": Entry(f"{FURTHER}.trino:TrinoDriver", ("trino.sqlalchemy",), "trino"),
    "clickhouse": Entry(f"{FURTHER}.clickhouse:ClickhouseDriver", ("clickhouse_connect",), "clickhouse"),
    "duckdb": Entry(f"{FURTHER}.duckdb:DuckdbDriver", ("duckdb_sqlalchemy",), "duckdb"),
    "folder": Entry("engine.drivers.files.folder:FolderDriver"),
    "ftp": Entry("engine.drivers.files.ftp:FtpDriver"),
    "http_files": Entry("engine.drivers.files.http:HttpFilesDriver"),
    "s3": Entry("engine.drivers.files.s3:S3Driver"),
    "sftp": Entry("engine.drivers.files.sftp:SftpDriver"),
}


@cache
def driver_class(name: str) -> type[Any]:
    """The driver's class, also of one whose libraries are missing: it says what it asks for and what it can do.

    Raises ConfigError for an unknown name.
    """
    entry = DRIVERS.get(name)
    if entry is None:
        raise ConfigError(_unknown(name), code="unknown_driver")
    module, _, attribute = entry.path.partition(":")
    return cast("type[Any]", getattr(importlib.import_module(module), attribute))


def usable_class(name: str) -> type[Any]:
    """The driver's class, to open connections with. Raises ConfigError `driver_not_installed`, saying what to install,
    besides what `driver_class` raises."""
    found = driver_class(name)
    if hint := missing(name):
        raise ConfigError(hint, code="driver_not_installed")
    return found


def missing(name: str) -> str:
    """Why the driver cannot open a connection here, as a sentence that says what to install; "" where it can."""
    entry = DRIVERS.get(name)
    if entry is None:
        return _unknown(name)
    if all(map(_is_installed, entry.needs)):
        return ""
    return f"This is not installed here. Install it with: ./manage.py install {entry.extra}"


def spec(name: str) -> Spec:
    return cast("Spec", driver_class(name).spec)


def _unknown(name: str) -> str:
    return f"There is no driver named {name!r}. Known: {', '.join(sorted(DRIVERS))}."


@cache
def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that it would be in
        return False
