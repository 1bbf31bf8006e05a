"""Drivers over SQLAlchemy for systems that are here, so that what all of them share is tried on real servers: they
inspect as dialects without a dictionary of their own do."""

from collections.abc import Callable
from typing import Any

import psycopg
import pymysql

from engine.contract import Field, Spec
from engine.drivers.sql import fields
from engine.drivers.sql.alchemy import types
from engine.drivers.sql.alchemy.driver import AlchemyDriver
from engine.drivers.sql.alchemy.errors import FORBIDDEN, NO_COLUMN, NO_DATABASE, NO_TABLE, READ_ONLY, REFUSED, Reports
from engine.drivers.sql.alchemy.query import BACKSLASHES

HOST = (fields.HOST, fields.port(0), Field("database", "Database"), fields.USER, fields.PASSWORD)


class Network(AlchemyDriver):
    keeps_keys = True

    def arguments(self) -> dict[str, Any]:
        host, port = fields.text(self.settings, fields.HOST), fields.number(self.settings, HOST[1])
        return {
            "host": self.surroundings.egress.addresses(host, port)[0],
            "port": port,
            "user": fields.text(self.settings, fields.USER),
            "password": fields.text(self.secrets, fields.PASSWORD),
            "connect_timeout": 5,
        }


class Postgresql(Network):
    spec = Spec("postgresql_by_alchemy", "PostgreSQL", "database", HOST)
    dialect = "postgresql+psycopg"
    natives = types.KNOWN | {"BIT": types.TEXT}
    hidden_schemas = frozenset({"information_schema", "pg_catalog"})
    setup = (
        "SET default_transaction_read_only = on",
        "SET default_transaction_isolation = 'repeatable read'",
        "COMMIT",
    )
    reports = Reports(
        (
            (r"UndefinedTable", NO_TABLE),
            (r"UndefinedColumn", NO_COLUMN),
            (r"database .* does not exist", NO_DATABASE),
            (r"role .* does not exist", REFUSED),
            (r"ReadOnlySqlTransaction", READ_ONLY),
        )
    )

    def dialing(self) -> Callable[[], Any]:
        arguments = {**self.arguments(), "dbname": fields.text(self.settings, HOST[2]), "sslmode": "disable"}
        return lambda: psycopg.connect(**arguments)


class Mariadb(Network):
    spec = Spec("mariadb_by_alchemy", "MariaDB", "database", HOST)
    dialect = "mysql+pymysql"
    natives = types.KNOWN | {"TIMESTAMP": types.TIMESTAMPTZ, "TINYINT": types.SMALL}
    lexis = BACKSLASHES
    hidden_schemas = frozenset({"information_schema", "performance_schema", "mysql", "sys"})
    setup = ("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", "SET time_zone = '+00:00'")
    reports = Reports(
        (
            (r"\b1045\b", REFUSED),
            (r"\b1049\b", NO_DATABASE),
            (r"\b1044\b", FORBIDDEN),
            (r"\b1146\b", NO_TABLE),
            (r"\b1054\b", NO_COLUMN),
            (r"\b1792\b", READ_ONLY),
        )
    )

    def dialing(self) -> Callable[[], Any]:
        arguments = {**self.arguments(), "database": fields.text(self.settings, HOST[2]), "charset": "utf8mb4"}
        return lambda: pymysql.connect(**arguments)
