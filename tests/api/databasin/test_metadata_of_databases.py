"""Metadata request by request, as the seed and the vendor's client ask for it, of real databases."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pymysql
import pytest
from pytest_django import Settings

from tests.api.databasin.conftest import Databasin
from tests.apps.connections import servers

pytestmark = pytest.mark.django_db(transaction=True)

POSTGRESQL = """
COMMENT ON TABLE orders IS 'What was sold';
CREATE SCHEMA reporting;
COMMENT ON SCHEMA reporting IS 'Reporting schema';
CREATE TABLE reporting.customers (customer_id int PRIMARY KEY, email varchar(255) NOT NULL, updated_at timestamptz(3));
INSERT INTO reporting.customers VALUES (1, 'ada@example.com'), (2, 'bob@example.com');
ANALYZE reporting.customers;
CREATE VIEW reporting.emails AS SELECT email FROM reporting.customers;
CREATE TABLE reporting.orders (note text);
"""
MARIADB = (
    "ALTER TABLE {database}.orders COMMENT 'What was sold'",
    "CREATE TABLE {database}.customers (customer_id int PRIMARY KEY, email varchar(255) NOT NULL, updated_at datetime)",
    "INSERT INTO {database}.customers VALUES (1, 'ada@example.com', NULL), (2, 'bob@example.com', NULL)",
    "ANALYZE TABLE {database}.customers",
    "CREATE VIEW {database}.emails AS SELECT email FROM {database}.customers",
)
TABLES = [("customers", "TABLE"), ("emails", "VIEW"), ("orders", "TABLE")]


@pytest.fixture
def patient(settings: Settings, worker: None, loopback_allowed: None) -> None:
    settings.JOB_WAIT_SECONDS = 30.0


@pytest.fixture
def postgres_database(loopback_allowed: None) -> Iterator[dict[str, Any]]:
    with servers.postgresql() as values:
        with psycopg.connect(servers.POSTGRES, dbname=values["database"], autocommit=True) as own:
            own.execute(POSTGRESQL)
            own.execute(f"GRANT USAGE ON SCHEMA reporting TO {values['user']}")
        yield values


@pytest.fixture
def mariadb_database(loopback_allowed: None) -> Iterator[dict[str, Any]]:
    """Seen by a user who sees no other."""
    with servers.mariadb() as values:
        login = {name: values[name] for name in ("host", "port", "user", "password")}
        with pymysql.connect(**login, autocommit=True) as own, own.cursor() as cursor:
            for statement in MARIADB:
                cursor.execute(statement.format(**values))
        yield values


def created(databasin: Databasin, subtype: str, values: dict[str, Any]) -> int:
    body = {
        "connectorName": "Analytics",
        "connectorType": "RDBMS",
        "connectorSubType": subtype,
        "connectorHost": values["host"],
        "connectorPort": str(values["port"]),
        "connectorDatabaseName": values["database"],
        "connectorUsername": values["user"],
        "connectorPassword": values["password"],
        "connectorAuthType": 2,
    }
    number: int = databasin.post("/api/connector", body)["connectorID"]
    return number


def test_postgresql(databasin: Databasin, postgres_database: dict[str, Any], patient: None) -> None:
    number, database = created(databasin, "Postgres", postgres_database), postgres_database["database"]
    path = f"/api/connector/{number}"

    # the first read finds nothing kept, asks the database, and has the rest looked through beside it
    assert [row["schemaName"] for row in databasin.get(f"{path}/schemas")] == ["public", "reporting"]
    refreshed = {
        "message": "Metadata refresh initiated",
        "status": "success",
        "catalogCount": 1,
        "schemaCount": 2,
        "tableCount": 4,
    }
    assert databasin.post(f"{path}/refresh", {}) == refreshed
    assert databasin.post(f"{path}/refresh") == refreshed
    assert databasin.client.post(f"{path}/refresh", content_type="").json() == refreshed

    check_levels(databasin, number, database)
    check_names(databasin, number, database)
    check_unknown_names(databasin, number)


def check_levels(databasin: Databasin, number: int, database: str) -> None:
    """By the seed's requests."""
    path = f"/api/connector/{number}"
    place = {"catalog": database, "schema": "reporting"}
    assert databasin.get(f"{path}/catalogs") == [{"catalogName": database, "description": ""}]
    assert databasin.get(f"{path}/schemas", catalog=database) == [
        {"schemaName": "public", "catalogName": database, "description": "standard public schema"},
        {"schemaName": "reporting", "catalogName": database, "description": "Reporting schema"},
    ]
    tables = databasin.get(f"{path}/tables", **place)
    assert [(row["tableName"], row["tableType"]) for row in tables] == TABLES
    assert (tables[0]["rowCount"], tables[1]["rowCount"]) == (2, None)
    assert tables[0]["sizeInBytes"] > 0
    assert len(databasin.get(f"{path}/tables")) == 4
    columns = databasin.get(f"{path}/columns", table="customers", **place)
    assert columns == databasin.get(f"{path}/columns", table="customers", live="true", **place)
    assert [list(column.values())[:4] for column in columns] == [
        ["customer_id", "INTEGER", False, True],
        ["email", "VARCHAR(255)", False, False],
        ["updated_at", "TIMESTAMP(3) WITH TIME ZONE", True, False],
    ]
    total = databasin.get(f"{path}/columns", table="orders", schema="public")[1]
    assert (total["dataType"], total["comment"], total["ordinalPosition"]) == ("NUMERIC(8,2)", "with tax", 2)
    assert "public" in databasin.get(f"{path}/columns", 400, table="orders")["message"]


def check_names(databasin: Databasin, number: int, database: str) -> None:
    """By those of the vendor's client."""
    path = f"/api/connector/{number}"
    place = {"catalog": database, "schema": "reporting"}
    head = {"connectorID": number, "connectorName": "Analytics", "connectorType": "RDBMS"}
    head |= {"connectorDatabase": database, "connectorTechnology": "postgres"}
    v2 = "/api/v2/connector"
    catalogs = databasin.get(f"{v2}/catalogs/{number}")
    assert catalogs == head | {"objects": [database], "catalogs": [database]}
    schemas = databasin.get(f"{v2}/schemas/{number}", catalog=database)
    assert schemas["objects"] == schemas["schemas"] == ["public", "reporting"]
    assert schemas["schemaCatalogIdentifier"] == database
    names = databasin.get(f"{v2}/tables/{number}", **place)
    assert [(table["name"], table["type"]) for table in names["objects"]] == TABLES
    assert names["tables"] == names["objects"]

    chosen = {"connectorID": number, "objects": ["customers"], "chosenDatabaseSchema": "reporting", "catalog": database}
    found = databasin.post("/api/connector/columns", chosen)["columns"]
    assert [found[0][name] for name in ("name", "type", "nullable")] == ["customer_id", "INTEGER", False]
    one = {"connectorID": number, "tableName": "customers", "schemaCatalog": f"{database}.reporting"}
    assert databasin.post("/api/connector/columns", one) == found
    advice = databasin.post("/api/connector/ingestiontype", chosen | {"objects": ["customers", "orders"]})["objects"]
    assert [
        (row["sourceTableName"], row["ingestionType"], row["mergeColumns"], row["watermarkColumnName"])
        for row in advice
    ] == [("customers", "delta", ["customer_id"], "updated_at"), ("orders", "snapshot", [], None)]
    assert databasin.get(f"{path}/schema-context") == {
        "catalogs": [
            {
                "name": database,
                "schemas": [
                    {"name": "public", "tables": ["orders"]},
                    {"name": "reporting", "tables": ["customers", "emails", "orders"]},
                ],
            }
        ]
    }


def check_unknown_names(databasin: Databasin, number: int) -> None:
    """Kept and live alike."""
    path = f"/api/connector/{number}"
    for live in ("false", "true"):
        for wrong in (
            {"table": "nothing"},
            {"table": "orders", "schema": "nowhere"},
            {"table": "orders", "catalog": "x"},
        ):
            message = databasin.get(f"{path}/columns", 404, live=live, **wrong)["message"]
            assert message.startswith("There is no "), message


def test_mariadb(databasin: Databasin, mariadb_database: dict[str, Any], patient: None) -> None:
    number, database = created(databasin, "MariaDB", mariadb_database), mariadb_database["database"]
    path = f"/api/connector/{number}"
    refreshed = databasin.post(f"{path}/refresh", {})
    assert (refreshed["catalogCount"], refreshed["schemaCount"], refreshed["tableCount"]) == (1, 1, 3)

    assert databasin.get(f"{path}/catalogs") == [{"catalogName": database, "description": ""}]
    assert databasin.get(f"{path}/schemas", catalog=database)[0]["schemaName"] == database
    tables = databasin.get(f"{path}/tables", catalog=database)
    assert [(row["tableName"], row["tableType"]) for row in tables] == TABLES
    assert (tables[0]["rowCount"], tables[0]["sizeInBytes"] > 0, tables[2]["description"]) == (2, True, "What was sold")
    assert databasin.get(f"{path}/tables") == databasin.get(f"{path}/tables", schema=database, live="true")
    columns = databasin.get(f"{path}/columns", table="customers")
    assert columns == databasin.get(f"{path}/columns", table="customers", live="true")
    assert [list(column.values())[:4] for column in columns] == [
        ["customer_id", "INT", False, True],
        ["email", "VARCHAR(255)", False, False],
        ["updated_at", "DATETIME", True, False],
    ]

    assert databasin.get(f"/api/connector/catalogs/{number}")["objects"] == [database]
    names = databasin.get(f"/api/v2/connector/tables/{number}", catalog=database, schema=database)
    assert [table["name"] for table in names["objects"]] == ["customers", "emails", "orders"]


def test_what_refuses_us_is_told_and_what_is_kept_stays(
    databasin: Databasin, mariadb_database: dict[str, Any], patient: None
) -> None:
    number = created(databasin, "MariaDB", mariadb_database)
    path = f"/api/connector/{number}"
    databasin.post(f"{path}/refresh", {})
    login = {name: mariadb_database[name] for name in ("host", "port", "user", "password")}
    with pymysql.connect(**login, autocommit=True) as own, own.cursor() as cursor:
        cursor.execute("SET PASSWORD = PASSWORD('CANARY-another')")
    refusal = databasin.post(f"{path}/refresh", {}, 409)
    assert set(refusal) == {"error", "message", "status"}
    assert "CANARY" not in str(refusal)
    assert databasin.get(path)["active"] is False
    assert len(databasin.get(f"{path}/tables")) == 3
    assert databasin.get(f"{path}/tables", 409, live="true")["message"].startswith("The connection is offline: ")
