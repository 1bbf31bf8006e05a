"""Whatever somebody types, a system answers or a job logs is shown as text, on every page."""

from typing import Any

import pytest
from django.contrib.postgres.search import SearchVector
from django.db.models import CharField, EmailField, JSONField, Model, TextField, Value
from django.utils import timezone

from apps.accounts.models import User
from apps.connections.models import Connection, Metadata, MetadataSchema, MetadataTable
from apps.flows.models import Export, Flow, Import
from apps.jobs.models import Job, JobEvent, JobStep, RecordError, Schedule, State
from apps.jobs.services import events
from apps.sources import services as sources
from apps.sources.models import Record, SourceConnection, Stream, StreamRun
from tests.api.world import World
from tests.console.conftest import Rows, SignIn
from tests.console.pages import PAGES, Page

PAYLOADS = (
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(2)</script>",
    "'-alert(3)-'",
    "{{7*7}}{% debug %}",
    "javascript:alert(4)",
    "<svg onload=alert(5)>",
)
MARKS = ("<img src=x", "<script>alert(2)", "<svg onload", 'href="javascript:', "49{%", "onerror=alert(1)>'")
KEPT = {"uid", "kind", "state", "role", "origin", "queue", "type", "mode", "cron", "timezone", "driver", "level"}
KEPT |= {"subject_uid", "password", "digest", "sealed", "sealed_params", "document", "resource_uid", "step_uid"}
KEPT |= {"resolved_by", "email", "scopes", "config", "params", "labels", "needs", "prefix", "idempotency_key"}
KEPT |= {"language"}


def planted(row: Model, payload: str) -> None:
    """The payload in every text of the row that people or systems write."""
    row.refresh_from_db()
    for field in row._meta.concrete_fields:
        if field.name in KEPT or isinstance(field, EmailField) or not isinstance(field, CharField | TextField):
            continue
        limit = field.max_length or 500
        setattr(row, field.name, f"{payload} {row.pk}"[:limit])
    row.save()


def plant(rows: Rows, world: World, payload: str) -> None:
    for model, row in rows.items():
        if model != "connectors.connector":
            planted(row, payload)
    for row in (world.step, world.queued, *Connection.objects.all(), *JobStep.objects.all()):
        planted(row, payload)
    Connection.objects.update(is_offline=True, settings={"host": payload, "database": payload, "user": payload})
    Export.objects.update(
        source={"schema": payload, "table": payload}, columns=[payload], filter=["equals", payload, 1]
    )
    Import.objects.update(target={"table": payload}, key=[payload], mapping=[{"generate": payload, "extract": payload}])
    plant_metadata(world.connection, payload)
    plant_landed(world, payload)
    Schedule.objects.update(paused_reason=payload)
    RecordError.objects.update(record={payload: payload}, code=payload[:64], trace_key=payload)
    events.append(world.job.id, JobEvent.Level.ERROR, payload, {"reason": payload})
    Job.objects.filter(pk=world.job.pk).update(state=State.FAILED, error_code="x", error_message=payload)


def plant_landed(world: World, payload: str) -> None:
    """In names of tables and columns, in records, and in what a sync says."""
    columns = [{"name": payload, "kind": "text", "role": "url"}, {"name": f"2 {payload}", "kind": "text", "role": ""}]
    Stream.objects.update(label=payload, name=payload, columns=columns)
    told = {payload: f"shipping {payload}", f"2 {payload}": payload}
    Record.objects.update(title=payload, data=told, words=SearchVector(Value(f"shipping {payload}")))
    StreamRun.objects.update(error_code="x", error_message=payload)
    SourceConnection.objects.filter(pk=world.landed.source.pk).update(
        config={"tables": [payload], "columns": {payload: {"include": [payload]}}, "cursorField": payload},
        follow={"reason": payload, "name": payload},
    )
    Job.objects.filter(pk=world.landed.sync.pk).update(state=State.FAILED, error_code="x", error_message=payload)
    sources.remove(source_connection=world.landed.spare_source, delete_data=False, at=timezone.now())
    SourceConnection.everything.filter(pk=world.landed.spare_source.pk).update(name=payload)


def plant_metadata(connection: Connection, payload: str) -> None:
    """In everything that a system tells of itself."""
    catalogs = [{"name": payload, "comment": payload}]
    metadata = Metadata.objects.create(connection=connection, is_current=True, catalogs=catalogs, table_count=1)
    MetadataSchema.objects.create(metadata=metadata, catalog=payload, name=payload, comment=payload)
    column = {"name": payload, "type": "text", "native": payload, "default": payload, "comment": payload}
    place = {"catalog": payload, "schema": payload, "name": payload}
    MetadataTable.objects.create(
        metadata=metadata, **place, kind=payload[:32], comment=payload, columns=[column | {"key": True}]
    )


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("person", ["operator", "viewer"])
def test_is_shown_as_text(
    payload: str, person: str, operator: User, cast: Any, rows: Rows, world: World, desk: SignIn
) -> None:
    client = desk(operator if person == "operator" else cast.viewer)
    plant(rows, world, payload)
    pages = [page for page in PAGES if person == "operator" or page.name not in {"add", "delete"}]
    shown = {str(page): client.get(page.url(rows[page.model])) for page in pages}
    shown["home"] = client.get("/admin/")
    shown["search"] = client.get("/admin/flows/flow/", {"q": payload})
    place = {"catalog": payload, "schema": payload, "table": payload}
    shown["columns"] = client.get(Page("connections.connection", "schema").url(world.connection), place)
    shown["kept"] = client.get(Page("connections.connection", "kept").url(world.connection), {"q": payload[:9]})
    shown["records"] = client.get(Page("sources.collection", "search").url(world.landed.collection), asked(payload))
    if person == "operator":
        shown["reads"] = client.get(Page("sources.sourceconnection", "reads").url(world.landed.source))
    shown["errors"] = client.get("/admin/jobs/recorderror/", {"code": payload})
    assert {name: answer.status_code for name, answer in shown.items()} == dict.fromkeys(shown, 200)
    for name, answer in shown.items():
        if answer["Content-Type"].startswith("text/html"):
            text = answer.content.decode()
            assert not [mark for mark in MARKS if mark in text], name
        else:
            assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/json", "nosniff")


def asked(payload: str) -> dict[str, str]:
    """A search that finds the record, and names a filter that there is not."""
    return {"q": "shipping", "field": payload, "operator": "contains", "value": "shipping"}


def test_a_record_is_really_found(operator: User, rows: Rows, world: World, desk: SignIn) -> None:
    plant(rows, world, PAYLOADS[0])
    page = Page("sources.collection", "search").url(world.landed.collection)
    response = desk(operator).get(page, asked(PAYLOADS[0]))
    assert len(response.context["results"]) == 1
    text = response.content.decode()
    assert "<mark>shipping</mark> &quot;&gt;&lt;img src=x onerror=alert(1)&gt;" in text
    assert "<dt>&quot;&gt;&lt;img src=x onerror=alert(1)&gt;</dt>" in text


def test_the_payloads_are_really_there(operator: User, rows: Rows, world: World, desk: SignIn) -> None:
    plant(rows, world, PAYLOADS[0])
    client = desk(operator)
    escaped = "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"
    expected = [Page(model, "change") for model in ("flows.flow", "flows.export", "flows.import", "jobs.recorderror")]
    expected += [Page("connections.connection", name) for name in ("change", "schema")]
    expected += [Page("jobs.schedule", "changelist")]
    expected += [Page(model, "change") for model in ("sources.collection", "sources.sourceconnection")]
    for page in expected:
        assert escaped in client.get(page.url(rows[page.model])).content.decode(), page
    job = client.get(Page("jobs.job", "change").url(world.job)).content.decode()
    assert "\\u003Cimg src=x onerror=alert(1)\\u003E" in job
    assert Flow.objects.filter(name__contains="onerror").exists()
    assert any(isinstance(field, JSONField) for field in Export._meta.concrete_fields)


def test_a_refused_form_shows_what_was_typed_as_text(operator: User, rows: Rows, desk: SignIn) -> None:
    values = dict.fromkeys(("name", "table", "cron", "columns", "filter", "query"), PAYLOADS[0])
    for page in ("/admin/flows/export/add/", "/admin/flows/import/add/", "/admin/flows/flow/add/"):
        text = desk(operator).post(page, values).content.decode()
        assert "&lt;img src=x" in text
        assert "<img src=x" not in text
