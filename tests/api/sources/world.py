"""What has landed in an organisation: an open collection, one with members, and syncs that ended or wait."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.accounts.models import Organization, Role
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.jobs.models import Job, State
from apps.sources import services as sources
from apps.sources.models import Collection, CollectionMember, SourceConnection, Stream, StreamRun

SECRET = "CANARY-9f27-password"


@dataclass(frozen=True)
class Landed:
    collection: Collection
    spare_collection: Collection
    source: SourceConnection
    spare_source: SourceConnection
    busy_source: SourceConnection
    push_source: SourceConnection
    sync: Job
    busy_sync: Job
    member: CollectionMember

    @property
    def uids(self) -> dict[str, str]:
        """By the placeholder of a path or a body."""
        return {
            "collection": f"col_{self.collection.uid}",
            "spare_collection": f"col_{self.spare_collection.uid}",
            "closed_collection": f"col_{self.member.collection.uid}",
            "source": f"sc_{self.source.uid}",
            "spare_source": f"sc_{self.spare_source.uid}",
            "busy_source": f"sc_{self.busy_source.uid}",
            "push_source": f"sc_{self.push_source.uid}",
            "sync": f"sync_{self.sync.uid}",
            "busy_sync": f"sync_{self.busy_sync.uid}",
            "member": f"mem_{self.member.uid}",
            "member_email": self.member.user.email,
        }


def make_landed(organization: Organization, connection: Connection) -> Landed:
    """All of it is read over a connection that is there already."""
    collection, closed = make_collection(organization, "Product docs"), make_collection(organization, "Payroll")
    source, spare, busy = (
        sources.use_connection(collection=collection, connection=connection, name=name, at=timezone.now())
        for name in ("Docs", "Spare docs", "Busy docs")
    )
    push = sources.create_push(collection=collection, name="Pushed")
    record = {"id": "a-1", "title": "Shipping", "content": "Within two days."}
    sources.push(source_connection=push, stream="articles", records=[record], deleted=[], at=timezone.now())
    sync = make_sync(source, State.COMPLETED)
    make_run(sync, make_stream(source), inserted=3)
    users = [each.user for each in organization.memberships.select_related("user").order_by("id")]
    for editor in users[1:-1]:
        CollectionMember.objects.create(collection=closed, user=editor, role=Role.EDITOR)
    return Landed(
        collection=collection,
        spare_collection=make_collection(organization, "Spare"),
        source=source,
        spare_source=spare,
        busy_source=busy,
        push_source=push,
        sync=sync,
        busy_sync=make_sync(busy, State.QUEUED),
        member=CollectionMember.objects.create(collection=closed, user=users[-1]),
    )


def make_collection(organization: Organization, name: str) -> Collection:
    return sources.create_collection(organization_id=organization.id, project_id=None, name=name)


def make_source(collection: Collection, name: str) -> SourceConnection:
    return sources.create(
        collection=collection,
        connector=connectors.connector("postgresql"),
        name=name,
        credentials={"host": "db.example", "database": "docs", "user": "reader", "password": SECRET},
    )


def make_stream(source: SourceConnection, name: str = "articles", records: int = 3) -> Stream:
    return Stream.objects.create(
        source_connection=source,
        collection=source.collection,
        schema="public",
        name=name,
        label=f"public.{name}",
        record_count=records,
        synced_at=timezone.now(),
    )


def make_sync(source: SourceConnection, state: State, **more: Any) -> Job:
    """One that nobody runs."""
    moments = {} if state == State.QUEUED else {"started_at": timezone.now(), "ended_at": timezone.now()}
    return Job.objects.create(
        kind="source_sync",
        subject_id=source.id,
        subject_uid=source.uid,
        organization_id=source.organization_id,
        labels={"source_connection": source.uid, "collection": source.collection.uid},
        params={"mode": "incremental"},
        queue="sync",
        is_single=True,
        state=state,
        **moments,
        **more,
    )


def make_run(sync: Job, stream: Stream, **counts: Any) -> StreamRun:
    return StreamRun.objects.create(job=sync, stream=stream, **counts)
