"""The four ways in which clients write a connector, and what is told where one cannot be told from another."""

from typing import Any

import pytest

from apps.connections.api.databasin.documents import Document
from apps.connections.api.databasin.reading import Reading
from apps.connections.models import Connection
from apps.connections.services import sealing
from apps.connectors.models import Connector
from engine import registry
from engine.registry import Entry
from tests.api.conftest import snapshot
from tests.api.databasin.conftest import Databasin
from tests.conftest import Cast

SECRET = "CANARY-7720-password"
FLAT = {
    "connectorName": "Warehouse",
    "connectorHost": "db.example",
    "connectorPort": "5432",
    "connectorDatabaseName": "shop",
    "connectorUsername": "reader",
    "connectorPassword": SECRET,
}
SEED = FLAT | {"connectorType": "RDBMS", "connectorAuthType": 2, "_comment": "A template"}
PLUGIN = FLAT | {"connectorType": 1, "connectorSubType": "Postgres", "connectorAuthType": "basic"}
GUIDE = {key: value for key, value in FLAT.items() if key != "connectorDatabaseName"} | {
    "connectorType": "database",
    "connectorSubType": "postgres",
    "connectorDatabase": "shop",
    "isPrivate": 0,
}
WIZARD = {
    "connectorName": "Postgres warehouse",
    "connectorType": "database",
    "internalID": "",
    "configuration": {
        "host": "db.example",
        "port": 5432,
        "database": "shop",
        "username": "reader",
        "password": SECRET,
    },
    "status": "active",
}
POSTGRES = {"host": "db.example", "port": 5432, "database": "shop", "user": "reader", "sslmode": "prefer"}
RDBMS = {"connectorName": "Base", "connectorType": "RDBMS", "connectorUsername": "u", "connectorDatabaseName": "d"}
FILES = {"connectorName": "Store", "connectorType": "File & API", "connectorUsername": "u", "connectorPassword": SECRET}


def create(databasin: Databasin, body: dict[str, Any]) -> Connection:
    made = databasin.post("/api/connector", body)
    assert SECRET not in str(made)
    return Connection.objects.select_related("connector").get(id=made["connectorID"])


def secrets_of(connection: Connection) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in sealing.unseal_secrets(connection).items()}


@pytest.mark.parametrize("body", [SEED, PLUGIN, GUIDE, WIZARD], ids=["seed", "plugin", "guide", "wizard"])
def test_understands(body: dict[str, Any], databasin: Databasin) -> None:
    row = create(databasin, body)
    assert (row.connector.name, row.settings, secrets_of(row)) == ("postgresql", POSTGRES, {"password": SECRET})
    assert (row.is_offline, row.name) == (False, body["connectorName"])
    shown = databasin.get(f"/api/connector/{row.id}")
    assert (shown["connectorType"], shown["connectorSubType"]) == ("RDBMS", "Postgres")
    assert "_comment" not in shown


MEANT: list[tuple[dict[str, Any], str]] = [
    (RDBMS | {"connectorPort": 5432}, "postgresql"),
    (RDBMS | {"connectorPort": "3306"}, "mysql"),
    (RDBMS | {"connectorPort": "3306", "connectorName": "The MariaDB of sales"}, "mariadb"),
    (RDBMS | {"connectorHost": "mysql.example.com"}, "mysql"),
    (RDBMS | {"connectorName": "Prod Postgres 15"}, "postgresql"),
    (RDBMS | {"connectorPort": "3306", "connectorName": "Postgres copied into MySQL"}, "mysql"),
    (RDBMS | {"connectorType": "mariadb"}, "mariadb"),
    (RDBMS | {"connectorType": "1", "connectorSubType": "MYSQL"}, "mysql"),
    (RDBMS | {"connectorType": None, "connectorSubType": "PostgreSQL"}, "postgresql"),
    (RDBMS | {"connectorType": "Big Data & NoSQL", "connectorSubType": "Postgres"}, "postgresql"),
    (FILES | {"connectorHost": "files.example", "connectorPort": "22"}, "sftp"),
    (FILES | {"connectorHost": "ftp.example"}, "ftp"),
    (FILES | {"connectorHost": "https://files.example/in", "connectorType": 3}, "http_files"),
    (FILES | {"connectorStorageAccountName": "bucket", "connectorAuthType": 7}, "s3"),
]


def test_tells_which_one_is_meant(databasin: Databasin) -> None:
    for body, connector in MEANT:
        row = create(databasin, {"connectorHost": "db.example", **body})
        assert (row.connector.name, body) == (connector, body)


UNTOLD: list[tuple[dict[str, Any], list[str]]] = [
    ({"connectorType": "RDBMS"}, ["connectorSubType is one of", "Postgres", "MySQL", "SQLite"]),
    ({"connectorType": "RDBMS", "connectorName": "MySQL or Postgres"}, ["Postgres, MySQL."]),
    ({"connectorType": "RDBMS", "connectorName": "Postgres", "connectorPort": "3306"}, ["Postgres", "MySQL"]),
    ({"connectorType": "RDBMS", "connectorSubType": "dBase"}, ["connectorSubType is one of", "Postgres"]),
    ({"connectorType": "File & API", "connectorSubType": "Postgres"}, ["connectorSubType is one of", "SFTP"]),
    ({"connectorType": "Marketing"}, ["connectorType is one of RDBMS (1), ", "File & API (3)."]),
    ({"connectorType": "app"}, ["connectorType is one of RDBMS (1), "]),
    ({"connectorType": "mainframe"}, ["connectorType is one of RDBMS (1), "]),
    ({"connectorType": 12}, ["connectorType is one of RDBMS (1), "]),
    ({"connectorType": ["RDBMS"]}, ["connectorSubType is one of"]),
    ({}, ["Missing required field: connectorType"]),
]


def test_says_what_would_do(databasin: Databasin) -> None:
    before = snapshot()
    for change, said in UNTOLD:
        body = {"connectorName": "Base", "connectorHost": "db.example"} | change
        answer = databasin.post("/api/connector", body, 400)
        assert (answer["error"], answer["status"]) == ("Bad Request", 400)
        assert all(part in answer["message"] for part in said), (change, answer["message"])
    assert snapshot() == before


RULES: list[tuple[dict[str, Any], str]] = [
    ({"connectorName": ""}, "Missing required field: connectorName"),
    ({"connectorName": "ab"}, "connectorName must be one line of 3 to 255 characters."),
    ({"connectorName": "x" * 256}, "connectorName must be one line of 3 to 255 characters."),
    ({"connectorHost": ""}, "Missing required field: connectorHost"),
    ({"connectorHost": "x" * 2001}, "connectorHost must have at most 2,000 characters."),
    (
        {"connectorHost": f"https://u:{SECRET}@db.example"},
        "connectorHost must hold no user and no password: they are for connectorUsername and connectorPassword.",
    ),
    ({"connectorHost": 7}, "connectorHost: Host must be one line of at most 2,000 characters."),
    ({"connectorUsername": "x" * 256}, "connectorUsername must have at most 255 characters."),
    ({"connectorPort": "0"}, "connectorPort must be a whole number from 1 to 65535."),
    ({"connectorPort": 65_536}, "connectorPort must be a whole number from 1 to 65535."),
    ({"connectorPort": "http"}, "connectorPort must be a whole number from 1 to 65535."),
    ({"connectorMaxConnections": 0}, "connectorMaxConnections must be a whole number from 1 to 100."),
    ({"connectorMaxConnections": 101}, "connectorMaxConnections must be a whole number from 1 to 100."),
    ({"connectorAuthType": 9}, "connectorAuthType is one of 2 (Basic), 12 (Password) here."),
    ({"configuration": ["host"]}, "configuration must be an object."),
    (
        {"configuration": {"sslmode": "sometimes"}},
        "configuration.sslmode: TLS must be one of disable, prefer, require, verify-ca, verify-full.",
    ),
    ({"institutionID": "Acme"}, "institutionID must be a whole number."),
    ({"ownerID": {}}, "ownerID must be a whole number."),
    ({"isPrivate": {"a": 1}}, "isPrivate must be a number, true, false or one line of text."),
    ({"securityToken": SECRET}, "Postgres has no use for securityToken, and a secret is not kept for nothing."),
    (
        {"connectorAdditionalDetails": f"sslpassword={SECRET}"},
        "connectorAdditionalDetails must hold no secret that Postgres has no use for: 'sslpassword'.",
    ),
    (
        {"connectorAdditionalDetails": "sslmode=sometimes"},
        "connectorAdditionalDetails: TLS must be one of disable, prefer, require, verify-ca, verify-full.",
    ),
]


def test_rules(databasin: Databasin) -> None:
    before = snapshot()
    for change, message in RULES:
        answer = databasin.post("/api/connector", PLUGIN | change, 400)
        assert (answer["message"], SECRET in str(answer)) == (message, False)
    assert snapshot() == before


def test_several_problems_are_told_at_once(databasin: Databasin) -> None:
    body = {"connectorName": "Base", "connectorType": "postgres"}
    message = databasin.post("/api/connector", body, 400)["message"]
    assert message.split("; ") == [
        f"Missing required field: connector{part}" for part in ("Host", "DatabaseName", "Username")
    ]


def test_a_library_that_is_missing_is_named(databasin: Databasin, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Entry("engine.drivers.sql.postgresql.driver:PostgresqlDriver", needs=("not_here",), extra="oracle")
    monkeypatch.setitem(registry.DRIVERS, "not_here", entry)
    Connector.objects.update_or_create(
        name="oracle", defaults={"label": "Oracle", "driver": "not_here", "category": "database"}
    )
    answer = databasin.post("/api/connector", PLUGIN | {"connectorSubType": "Oracle"}, 400)
    assert answer["message"].startswith("connectorSubType: Oracle: ")
    assert "install oracle" in answer["message"]


# What has no key of its own


DETAILS: list[tuple[str | None, dict[str, Any], str]] = [
    ("ssl=true", {"sslmode": "require"}, "sslmode=require"),
    ("ssl=false", {"sslmode": "disable"}, "sslmode=disable"),
    ("sslMode=verify-full&x=1", {"sslmode": "verify-full"}, "sslmode=verify-full&x=1"),
    ("connectTimeout=30000&tenant-guid", {}, "sslmode=prefer&connectTimeout=30000&tenant-guid"),
    ("zone=%2B02:00&other=+1&a=b%26c", {}, "sslmode=prefer&zone=%2B02:00&other=+1&a=b%26c"),
    ("database=other+1 2&port=1", {}, "sslmode=prefer"),  # what has a key of its own is said by that
    ("", {}, "sslmode=prefer"),
    (None, {}, "sslmode=prefer"),
]


def test_additional_details(databasin: Databasin) -> None:
    for text, stored, shown in DETAILS:
        row = create(databasin, PLUGIN | {"connectorAdditionalDetails": text})
        assert row.settings == POSTGRES | stored
        assert databasin.get(f"/api/connector/{row.id}")["connectorAdditionalDetails"] == shown


def test_additional_details_change_as_a_whole(databasin: Databasin) -> None:
    row = create(databasin, PLUGIN | {"connectorAdditionalDetails": "ssl=true&x=1"})
    databasin.put(f"/api/connector/{row.id}", {"connectorMaxConnections": "12"})
    path = f"/api/connector/{row.id}"
    assert databasin.get(path)["connectorAdditionalDetails"] == "sslmode=require&x=1"
    assert databasin.put(path, {"connectorAdditionalDetails": "y=2"})["connectorAdditionalDetails"] == (
        "sslmode=prefer&y=2"
    )
    assert databasin.get(path)["connectorMaxConnections"] == 12


def test_a_bucket(databasin: Databasin) -> None:
    template = {
        "connectorName": "S3 Data Lake",
        "connectorType": "File & API",
        "connectorStorageAccountName": "lake",
        "fileFolderName": "/path/to/data/",
        "connectorUsername": "AKIA",
        "connectorPassword": SECRET,
        "connectorAuthType": 7,
        "connectorAdditionalDetails": "region=eu-central-1",
    }
    row = create(databasin, template)
    assert row.settings == {
        "bucket": "lake",
        "path": "/path/to/data/",
        "access_key": "AKIA",
        "region": "eu-central-1",
        "addressing": "path",
    }
    assert secrets_of(row) == {"secret_key": SECRET}
    shown = databasin.get(f"/api/connector/{row.id}")
    del template["connectorPassword"]
    assert (template | {"connectorAdditionalDetails": "region=eu-central-1&addressing=path"}).items() <= shown.items()


FURTHER: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "snowflake",
        {
            "connectorType": "RDBMS",
            "connectorHost": "acme.snowflakecomputing.com",
            "connectorDatabaseName": "SALES",
            "warehouse": "SMALL",
            "connectorUsername": "READER",
            "connectorPassword": SECRET,
            "connectorAdditionalDetails": "schema=PUBLIC&role=ANALYST",
        },
        {
            "account": "acme.snowflakecomputing.com",
            "database": "SALES",
            "warehouse": "SMALL",
            "user": "READER",
            "password": SECRET,
            "schema": "PUBLIC",
            "role": "ANALYST",
        },
    ),
    (
        "databricks",
        {
            "connectorType": "Big Data & NoSQL",
            "connectorHost": "adb-1.2.azuredatabricks.net",
            "httpPath": "/sql/1.0/warehouses/a",
            "connectorCatalogName": "main",
            "connectorPassword": SECRET,
            "connectorAuthType": 6,
        },
        {
            "host": "adb-1.2.azuredatabricks.net",
            "http_path": "/sql/1.0/warehouses/a",
            "database": "main",
            "token": SECRET,
        },
    ),
    (
        "bigquery",
        {"connectorSubType": "BigQuery", "connectorDatabaseName": "acme-1", "connectorPassword": SECRET},
        {"database": "acme-1", "service_account": SECRET},
    ),
    (
        "redshift",
        {"connectorType": 1, "connectorHost": "c.1.eu.redshift.amazonaws.com", "connectorPort": "5439"},
        {"host": "c.1.eu.redshift.amazonaws.com", "port": "5439"},
    ),
]


def test_further_databases(cast: Cast) -> None:
    for name, body, values in FURTHER:
        document = Document({"connectorName": "Further", **body})
        connector = document.connector()
        assert (connector.name, Reading(document, connector, {}, {}).values()) == (name, values)


def test_a_key_for_sftp_is_the_key_itself(databasin: Databasin) -> None:
    body = FILES | {"connectorHost": "h", "connectorSubType": "SFTP", "connectorPassword": ""}
    refusal = databasin.post("/api/connector", body | {"sftpKeyFileLocation": "/root/.ssh/id_rsa"}, 400)
    assert "must be the private key itself" in refusal["message"]
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----"
    row = create(databasin, body | {"sftpKeyFileLocation": key})
    assert secrets_of(row) == {"private_key": key}
    assert "sftpKeyFileLocation" not in databasin.get(f"/api/connector/{row.id}")


SIGN_INS: list[tuple[dict[str, Any], dict[str, str], dict[str, str]]] = [
    ({"connectorAuthType": 22, "connectorPassword": ""}, {}, {}),
    ({"connectorAuthType": 2, "connectorUsername": "u"}, {"user": "u"}, {"password": SECRET}),
    ({"connectorAuthType": 20}, {}, {"token": SECRET}),
    ({"connectorAuthType": "bearer"}, {}, {"token": SECRET}),
    ({"connectorAuthType": 8}, {"header": "X-API-Key"}, {"header_value": SECRET}),
    (
        {"connectorAuthType": 8, "connectorAdditionalDetails": "headerName=X-Shop"},
        {"header": "X-Shop"},
        {"header_value": SECRET},
    ),
]


def test_how_to_sign_in_over_http(databasin: Databasin) -> None:
    body = {"connectorName": "API", "connectorType": 3, "connectorHost": "https://api.example/v1"}
    for said, stored, secrets in SIGN_INS:
        row = create(databasin, body | {"connectorPassword": SECRET} | said)
        assert (row.settings, secrets_of(row)) == ({"url": "https://api.example/v1"} | stored, secrets)
        again = {"connectorPassword": f"{SECRET}-2"} if secrets else {"active": True}
        databasin.put(f"/api/connector/{row.id}", again)
        assert secrets_of(Connection.objects.get(id=row.id)) == dict.fromkeys(secrets, f"{SECRET}-2")


def test_a_file_of_a_database(databasin: Databasin) -> None:
    body = {"connectorName": "Till", "connectorType": "RDBMS", "connectorSubType": "SQLite"}
    row = create(databasin, body | {"connectorDatabaseName": "till.db", "connectorHost": "localhost"})
    assert row.settings == {"path": "till.db"}
    shown = databasin.get(f"/api/connector/{row.id}")
    assert (shown["connectorDatabaseName"], shown["connectorHost"]) == ("till.db", "localhost")
    refusal = databasin.post("/api/connector", body | {"connectorDatabaseName": "x", "connectorPassword": "p"}, 400)
    assert refusal["message"] == "SQLite has no use for connectorPassword, and a secret is not kept for nothing."


# Changes


def test_the_wizard_changes_what_it_shows(databasin: Databasin) -> None:
    row = create(databasin, PLUGIN)
    path = f"/api/connector/{row.id}"
    shown = databasin.get(path)["configuration"]
    databasin.put(path, {"configuration": shown | {"username": "writer", "password": f"{SECRET}-2"}})
    row.refresh_from_db()
    assert (row.settings["user"], secrets_of(row)) == ("writer", {"password": f"{SECRET}-2"})


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"connectorType": 1}, 200),
        ({"connectorType": "database", "connectorSubType": "postgres"}, 200),
        ({"connectorSubType": "MySQL"}, 400),
        ({"connectorType": "File & API"}, 400),
    ],
)
def test_a_type_does_not_change(said: dict[str, Any], status: int, databasin: Databasin) -> None:
    row = create(databasin, PLUGIN)
    answer = databasin.put(f"/api/connector/{row.id}", said, status)
    if status == 400:
        assert answer["message"].startswith("This is a connector of RDBMS, Postgres: that cannot change")
    assert Connection.objects.get(id=row.id).connector == row.connector
