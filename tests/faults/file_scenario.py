"""Flows between files and tables, made over the API as its clients make them."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from django.test import Client
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Organization, Role
from apps.connectors import services as connectors
from apps.flows.models import Flow
from tests.conftest import PASSWORD
from tests.engine.drivers.servers import Store
from tests.faults.conftest import SERVER
from tests.faults.scenario import CAST, at

Document = dict[str, Any]


class Office:
    """An organisation at the API; `folder` is its own below a file root."""

    def __init__(self, root: Path) -> None:
        connectors.load_catalogue()
        self.organization = Organization.objects.create(name="Files", allowed_networks=["127.0.0.0/8"])
        self.folder = root / self.organization.uid
        self.folder.mkdir(parents=True)
        user = accounts.create_user(email="edith@files.example", password=PASSWORD)
        accounts.add_member(organization=self.organization, user=user, role=Role.EDITOR)
        _, key = accounts.create_api_key(
            organization=self.organization, owner=user, name="test", scopes=(), at=timezone.now()
        )
        self.client = Client(headers={"Authorization": f"Bearer {key}"})

    def make(self, what: str, **document: Any) -> str:
        answer = self.client.post(f"/v1/{what}", {"name": what, **document}, content_type="application/json")
        assert answer.status_code == 201, answer.content
        return str(answer.json()["_id"])

    def flow(self, export: Document, import_: Document) -> Flow:
        generators = [{"_exportId": self.make("exports", **export)}]
        processors = [{"type": "import", "_importId": self.make("imports", **import_)}]
        uid = self.make("flows", disabled=False, pageGenerators=generators, pageProcessors=processors)
        return Flow.objects.get(uid=uid)

    def database(self, name: str) -> Document:
        """The part of an export or an import over a database of the external PostgreSQL, which says where."""
        server = psycopg.conninfo.conninfo_to_dict(SERVER)
        login = {"host": server["host"], "port": int(server.get("port", 5432)), "user": server["user"]}
        rdbms = {"type": "postgresql", **login, "database": name, "password": server.get("password", "unused")}
        return {"_connectionId": self.make("connections", type="rdbms", rdbms=rdbms)}

    def reads_table(self, database: str) -> Document:
        return {**self.database(database), "adaptorType": "RDBMSExport", "rdbms": {"table": "events"}}

    def writes_table(self, database: str, *, mode: str = "append", mappings: Sequence[Document] = CAST) -> Document:
        rdbms = {"table": "events", "mode": mode}
        return {**self.database(database), "adaptorType": "RDBMSImport", "rdbms": rdbms, "mappings": mappings}

    def reads_file(self, store: Document, name: str, **file: Any) -> Document:
        file = {"fileName": name, "skipDelete": True, **file}
        return {**self._over(store, "Export"), "file": file}

    def writes_file(self, store: Document, name: str, **file: Any) -> Document:
        return {**self._over(store, "Import"), "file": {"fileName": name, **file}}

    def _over(self, store: Document, side: str) -> Document:
        adaptor = {"filesystem": "FileSystem", "ftp": "FTP"}[store["type"]]
        uid = self.make("connections", **store)
        return {"_connectionId": uid, "adaptorType": f"{adaptor}{side}", store["type"]: {}}


FOLDER: Document = {"type": "filesystem", "filesystem": {}}


def over_sftp(store: Store) -> Document:
    """A connection to a server of the tests."""
    told, login = store.settings, {"username": store.settings["user"], "password": store.secrets["password"]}
    place = {"hostURI": told["host"], "port": told["port"], "hostKey": told["host_key"]}
    return {"type": "ftp", "ftp": {"type": "sftp", **place, **login}}


def to_csv(database: str, file: Path) -> None:
    with at(database) as connection, file.open("wb") as sink:
        copy = "COPY events TO STDOUT (FORMAT csv, HEADER)"
        with connection.cursor() as cursor, cursor.copy(copy) as chunks:
            for chunk in chunks:
                sink.write(chunk)


def from_csv(database: str, content: io.BufferedIOBase) -> None:
    """A new table `events` of what a file of ours holds."""
    with at(database) as connection:
        connection.execute("CREATE TABLE events (id bigint, name text, amount numeric(12,2), at timestamptz)")
        with connection.cursor() as cursor, cursor.copy("COPY events FROM STDIN (FORMAT csv, HEADER)") as sink:
            while chunk := content.read(1 << 20):
                sink.write(chunk)
