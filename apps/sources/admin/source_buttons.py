"""What is pressed on the pages of a source connection."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.admin.buttons import Button, Done
from apps.connections import services as connections
from apps.errors import Conflict, Invalid
from apps.jobs import services as jobs
from apps.jobs.admin.following import following
from apps.sources import services as sources
from apps.sources.admin import figures
from apps.sources.admin.reading_form import ReadingForm
from apps.sources.admin.wording import counted
from apps.sources.models import SourceConnection
from apps.sources.queries.activity import active_sync


def sync(request: HttpRequest, row: SourceConnection, mode: str = "") -> Done:
    job = sources.start_sync(source_connection=row, mode=mode, at=timezone.now())
    return Done("The sync is queued.", page=reverse("admin:jobs_job_change", args=[job.pk]))


def sync_fully(request: HttpRequest, row: SourceConnection) -> Done:
    return sync(request, row, "full")


def stop(request: HttpRequest, row: SourceConnection) -> Done:
    job = active_sync(row.pk)
    if job is None:
        raise Conflict("No sync is under way.")
    jobs.cancel(job=job)
    return Done("The sync was asked to stop: it ends at its next safe place.")


def test(request: HttpRequest, row: SourceConnection) -> Done:
    if row.connection is None:
        raise Invalid("Records are pushed here: there is nothing to test.")
    return following(connections.start_test(connection=row.connection, at=timezone.now()), "Testing …")


def clear(request: HttpRequest, row: SourceConnection) -> Done:
    cleared = sources.clear(source_connection=row, at=timezone.now())
    return Done(f"{counted(cleared, 'record')} went. The next sync reads from the beginning.")


def configure(request: HttpRequest, row: SourceConnection) -> Done:
    config = ReadingForm.config_of(row, request.POST)
    job = sources.start_config_change(source_connection=row, config=config, at=timezone.now())
    return following(job, "Looking whether the system has that …")


def discover(request: HttpRequest, row: SourceConnection) -> Done:
    return following(sources.start_discovery(source_connection=row, at=timezone.now()), "Looking what there is …")


def question_of_clearing(row: Any) -> str:
    records = counted(figures.records_of(row), "record")
    again = "Its owner has to push them again." if row.connection_id is None else "The next sync reads them again."
    return f"{records} of {row} go, for every search at once. {again}"


def is_read(row: SourceConnection) -> bool:
    return row.connection_id is not None


def is_idle(row: SourceConnection) -> bool:
    return active_sync(row.pk) is None


BUTTONS = (
    Button("sync", "Sync now", "sync", sync, style="primary", is_shown=lambda row: is_read(row) and is_idle(row)),
    Button(
        "sync_fully",
        "Sync everything anew",
        "restart_alt",
        sync_fully,
        is_shown=lambda row: is_read(row) and is_idle(row),
    ),
    Button("stop", "Stop the sync", "stop_circle", stop, style="danger", is_shown=lambda row: not is_idle(row)),
    Button("test", "Test", "network_check", test, is_shown=is_read),
    Button("clear", "Clear", "delete_sweep", clear, confirm=question_of_clearing, style="danger"),
    # pressed by the page that says what is read
    Button("configure", "Read this", "checklist", configure, is_shown=lambda _row: False),
    Button("discover", "Look what there is", "search", discover, is_shown=lambda _row: False, is_logged=False),
)
