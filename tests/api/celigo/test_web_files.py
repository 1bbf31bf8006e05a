"""Files that a web server hands out: read, and never written."""

from apps.connections.models import Connection
from tests.api.celigo.conftest import Celigo, problems

WEB = {"name": "Web", "type": "filesystem", "filesystem": {"type": "http", "url": "https://files.example/data/"}}


def test_connects_to_a_web_server(celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", WEB)
    assert Connection.objects.get(uid=made["_id"]).connector.name == "http_files"
    assert made["filesystem"] | WEB["filesystem"] == made["filesystem"]
    assert celigo.put(f"/v1/connections/{made['_id']}", made) | {"lastModified": ""} == made | {"lastModified": ""}


def test_reads_and_does_not_write(celigo: Celigo) -> None:
    shared = {"name": "Files", "_connectionId": celigo.post("/v1/connections", WEB)["_id"], "filesystem": {}}
    file = {"fileName": "o.csv", "skipDelete": True}
    celigo.post("/v1/exports", {**shared, "adaptorType": "FileSystemExport", "file": file})
    sent = {**shared, "adaptorType": "FileSystemImport", "file": {"fileName": "o.csv"}}
    assert problems(celigo.post("/v1/imports", sent, 422)) == [("cannot_write", "_connectionId")]
