"""Every driver by name: where it is, and what to install where its libraries are missing. Imported on first use."""

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from engine.contract import Spec
from engine.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Entry:
    """`path`: "module:Class" of a driver whose class takes (settings, secrets, surroundings)."""

    path: str
    install: str = ""


DRIVERS: dict[str, Entry] = {
    "postgresql": Entry("engine.drivers.sql.postgresql.driver:PostgresqlDriver"),
    "mysql": Entry("engine.drivers.sql.mysql.driver:MysqlDriver"),
    "sqlite": Entry("engine.drivers.sql.sqlite.driver:SqliteDriver"),
    "folder": Entry("engine.drivers.files.folder:FolderDriver"),
    "ftp": Entry("engine.drivers.files.ftp:FtpDriver"),
    "http_files": Entry("engine.drivers.files.http:HttpFilesDriver"),
    "s3": Entry("engine.drivers.files.s3:S3Driver"),
    "sftp": Entry("engine.drivers.files.sftp:SftpDriver"),
}


@cache
def driver_class(name: str) -> type[Any]:
    """The driver's class. Raises ConfigError for an unknown name or a missing library, naming what to install."""
    entry = DRIVERS.get(name)
    if entry is None:
        raise ConfigError(
            f"There is no driver named {name!r}. Known: {', '.join(sorted(DRIVERS))}.", code="unknown_driver"
        )
    module, _, attribute = entry.path.partition(":")
    try:
        return cast("type[Any]", getattr(importlib.import_module(module), attribute))
    except ModuleNotFoundError as error:
        hint = f" Install it with: {entry.install}" if entry.install else ""
        raise ConfigError(f"The driver {name!r} needs {error.name}.{hint}", code="driver_not_installed") from error


def spec(name: str) -> Spec:
    return cast("Spec", driver_class(name).spec)
