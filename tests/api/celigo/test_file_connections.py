"""Connections to file stores: Celigo's words for their settings, and ours for what it has no word for."""

from typing import Any

import pytest

from apps.connections.models import Connection
from apps.connections.services import sealing
from tests.api.celigo.conftest import Celigo, problems
from tests.api.endpoints import CONNECTION
from tests.api.world import CANARY

FILESYSTEM = {"type": "filesystem", "filesystem": {"path": "in"}}
SFTP = {
    "type": "ftp",
    "ftp": {
        "type": "sftp",
        "hostURI": "files.example",
        "port": 2222,
        "username": "reader",
        "password": CANARY,
        "authKey": "a private key",
        "hostKey": "SHA256:Uo4xX5yd6uPJqNKbkDUd3f3BT2mQ1eT5mV8oV0wQm3A",
        "path": "/data",
    },
}
FTP = {"type": "ftp", "ftp": {"type": "ftp", "hostURI": "files.example", "username": "reader", "password": CANARY}}
FTPS = {"type": "ftp", "ftp": {**FTP["ftp"], "type": "ftps"}}
S3 = {
    "type": "s3",
    "s3": {"accessKeyId": "AKIA", "secretAccessKey": CANARY, "bucket": "lake", "region": "eu-central-1"},
}
SECRETS = {"password", "authKey", "secretAccessKey"}


def shown(document: dict[str, Any]) -> dict[str, Any]:
    """The block as it is answered."""
    block = document[document["type"]]
    return {name: "******" if name in SECRETS else value for name, value in block.items()}


@pytest.mark.parametrize(
    ("sent", "connector", "stored"),
    [
        (FILESYSTEM, "folder", {"path": "in"}),
        ({"type": "filesystem", "filesystem": {}}, "folder", {}),
        (SFTP, "sftp", {"host": "files.example", "port": 2222, "user": "reader", "path": "/data"}),
        (FTP, "ftp", {"host": "files.example", "tls": "off"}),
        (FTPS, "ftp", {"tls": "explicit"}),
        ({"type": "ftp", "ftp": {**FTPS["ftp"], "useImplicitFtps": True}}, "ftp", {"tls": "implicit"}),
        (S3, "s3", {"bucket": "lake", "region": "eu-central-1"}),
    ],
    ids=str,
)
def test_reads_back_what_was_sent(sent: dict[str, Any], connector: str, stored: dict[str, Any], celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", {"name": "Store", **sent})
    row = Connection.objects.get(uid=made["_id"])
    assert row.connector.name == connector
    assert {name: row.settings.get(name) for name in stored} == stored
    assert made["type"] == sent["type"]
    assert made[sent["type"]] | shown(sent) == made[sent["type"]]
    assert celigo.put(f"/v1/connections/{made['_id']}", made) | {"lastModified": ""} == made | {"lastModified": ""}
    assert CANARY not in f"{made} {row.settings} {row.document}"


def test_seals_what_is_secret(celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", {"name": "Store", **SFTP})
    secrets = sealing.unseal_secrets(Connection.objects.get(uid=made["_id"]))
    assert {name: secret.reveal() for name, secret in secrets.items()} == {
        "password": CANARY,
        "private_key": "a private key",
    }
    changed = celigo.patch(f"/v1/connections/{made['_id']}", {"ftp": {"hostURI": "evil.example"}})
    assert not SECRETS & set(changed["ftp"])
    assert changed["offline"] is True


def test_ftp_comes_and_goes_with_tls(celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", {"name": "Store", **FTP})
    path = f"/v1/connections/{made['_id']}"
    assert celigo.patch(path, {"ftp": {"type": "ftps"}})["ftp"]["type"] == "ftps"
    assert celigo.patch(path, {"ftp": {"type": "ftp"}})["ftp"]["type"] == "ftp"
    assert problems(celigo.patch(path, {"ftp": {"type": "sftp"}}, 422)) == [("invalid_field", "ftp.type")]


def test_a_bucket_to_ping_is_the_bucket(celigo: Celigo) -> None:
    block = {**S3["s3"], "pingBucket": "lake"}
    del block["bucket"]
    made = celigo.post("/v1/connections", {"name": "Store", "type": "s3", "s3": block})
    assert (made["s3"]["bucket"], made["s3"]["pingBucket"]) == ("lake", "lake")


def test_keeps_what_means_nothing_here(celigo: Celigo) -> None:
    kept = {"concurrencyLevel": 3, "usePassiveMode": True, "entryParser": "UNIX"}
    made = celigo.post("/v1/connections", {"name": "Store", "type": "ftp", "ftp": {**FTP["ftp"], **kept}})
    assert {name: made["ftp"][name] for name in kept} == kept


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({**SFTP, "ftp": {**SFTP["ftp"], "type": "scp"}}, [("invalid_field", "ftp.type")]),
        ({**SFTP, "ftp": {"hostURI": "x"}}, [("missing_required_field", "ftp.type")]),
        ({**SFTP, "ftp": {"type": "sftp", "username": "x"}}, [("missing_required_field", "ftp.hostURI")]),
        ({**SFTP, "ftp": {**SFTP["ftp"], "port": "many"}}, [("invalid_field", "ftp.port")]),
        ({**SFTP, "ftp": {**SFTP["ftp"], "usePgp": True}}, [("unknown_field", "ftp.usePgp")]),
        ({**FTP, "ftp": {**FTP["ftp"], "usePassiveMode": False}}, [("invalid_field", "ftp.usePassiveMode")]),
        ({**SFTP, "ftp": None}, [("missing_required_field", "ftp")]),
        ({"type": "s3"}, [("missing_required_field", "s3")]),
        ({"type": "s3", "s3": {"region": "eu-central-1"}}, [("missing_required_field", "s3.bucket")]),
        ({**S3, "s3": {**S3["s3"], "pingBucket": "pond"}}, [("invalid_field", "s3.pingBucket")]),
        ({**S3, "rdbms": CONNECTION["rdbms"]}, [("invalid_field", "rdbms")]),
        ({"type": "filesystem", "filesystem": {"type": "gopher"}}, [("invalid_field", "filesystem.type")]),
        ({"type": "as2", "as2": {}}, [("invalid_field", "type")]),
    ],
    ids=str,
)
def test_refuses(sent: dict[str, Any], expected: list[tuple[str, str]], celigo: Celigo) -> None:
    before = Connection.objects.count()
    body = {name: value for name, value in {"name": "Store", **sent}.items() if value is not None}
    assert problems(celigo.post("/v1/connections", body, 422)) == expected
    assert Connection.objects.count() == before
