"""A shop, a database file, and a collection that its tables land in, as users make them."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apps.accounts.models import Organization
from apps.connectors.models import Connector
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.sources import services as sources
from apps.sources.models import Collection, Record, SourceConnection, Stream, StreamRun

AT = datetime(2024, 2, 29, 12, tzinfo=UTC)
COUNTS = ("inserted", "updated", "deleted", "kept", "failed")


class Shop:
    def __init__(self, organization: Organization, root: Path) -> None:
        self.organization = organization
        self.folder = root / organization.uid
        self.folder.mkdir(parents=True)
        self.collection = self.make_collection("Shop")
        self.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, number TEXT, note TEXT, changed INTEGER)")

    def make_collection(self, name: str, **values: Any) -> Collection:
        return sources.create_collection(organization_id=self.organization.id, project_id=None, name=name, **values)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        with closing(sqlite3.connect(self.folder / "shop.db", isolation_level=None)) as database:
            database.execute(statement, values)

    def add(self, *numbers: int, note: str = "ring twice", changed: int | None = None) -> None:
        for number in numbers:
            row = (number, f"INV-{number}", note, number if changed is None else changed)
            self.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", row)

    def connect(self, connector: str = "sqlite", *, config: Any = None, **credentials: Any) -> SourceConnection:
        return sources.create(
            collection=self.collection,
            connector=Connector.objects.get(name=connector),
            name="Shop",
            credentials=credentials or {"path": "shop.db"},
            config=config,
        )


def start(source: SourceConnection, **values: Any) -> Job:
    return sources.start_sync(source_connection=source, at=AT, **values)


def run(job: Job, worker: str = "worker") -> Job:
    """One attempt, and how the job is afterwards."""
    claimed = jobs.claim(job_id=job.id, worker=worker)
    assert claimed is not None
    jobs.run(claimed)
    return Job.objects.get(id=job.id)


def sync(source: SourceConnection, **values: Any) -> Job:
    return run(start(source, **values))


def synced(source: SourceConnection, **values: Any) -> dict[str, int]:
    """What a sync that completed did to all streams together."""
    job = sync(source, **values)
    assert job.state == "completed", (job.error_code, job.error_message)
    return done(job)


def done(job: Job) -> dict[str, int]:
    runs = StreamRun.objects.filter(job=job)
    return {name: sum(getattr(run, name) for run in runs) for name in COUNTS}


def live(collection: Collection) -> list[Record]:
    """What a reader of the collection sees, by key."""
    found = Record.objects.filter(stream__collection=collection, stream__removed_at=None).select_related("stream")
    return sorted((each for each in found if each.generation == each.stream.generation), key=lambda each: each.key)


def values(collection: Collection, name: str) -> list[Any]:
    return [record.data.get(name) for record in live(collection)]


def counted(collection: Collection) -> int:
    """What the streams say of how many there are."""
    return sum(stream.record_count for stream in Stream.objects.filter(collection=collection, removed_at=None))
