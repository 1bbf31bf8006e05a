"""The console's first page: is everything running, and what needs somebody?"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncHour
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.admin import reach
from apps.accounts.models import Organization
from apps.connections.models import Connection
from apps.flows.admin.chart import Chart, chart, hours_until
from apps.flows.admin.scheduled import attach
from apps.flows.models import Export, Flow, Import
from apps.jobs.admin import schedules, subjects
from apps.jobs.admin.jobs import STYLES
from apps.jobs.models import LIVE, Job, RecordError, State
from apps.jobs.services.dispatching import is_anybody_dispatching
from apps.sources.admin.home import landed

HOURS = 24
FLOWS = 12
RECENT = 6
LOOKED_AT = 1_000
"""So many of the latest jobs tell which workers there are."""
FRESH = timedelta(days=7)
MOST_ERRORS = 1_000
"""Above it the tile says "1,000+": counting on would cost more than the figure is worth."""
PATIENCE = timedelta(seconds=30)
"""A job that waits longer in the queue tells that no worker takes it."""


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the page shows, of the organisations that the user reaches."""
    now = timezone.now()
    organizations = reach.within(Organization.objects.all(), request, path="id")
    ids = list(organizations.values_list("id", flat=True))
    jobs = subjects.seen(Job.objects.filter(organization_id__in=ids), request)
    runs = jobs.exclude(queue="interactive")  # somebody waits for those, and sees how they end
    is_dispatching = is_anybody_dispatching()
    workers = _workers(now) if reach.is_boundless(request) else None
    return context | {
        "title": "Overview",
        "is_dispatching": is_dispatching,
        "flows": _flows(ids),
        "more_flows": Flow.objects.filter(organization_id__in=ids).count() - FLOWS,
        "chart": _chart(runs, now),
        "tiles": _tiles(jobs, ids),
        "landed": landed(request, ids),
        "offline": _offline(ids).select_related("connector")[:5],
        "is_stuck": is_dispatching and _is_stuck(jobs, now),
        "workers": workers,
        "busy": sum(number > 0 for number in (workers or {}).values()),
        "recent": _recent(runs, now),
        "first_steps": _first_steps(ids),
        "may_edit": reach.may(request, reach.EDITORS),
    }


def _flows(ids: Sequence[int]) -> list[Any]:
    """Those that ran or changed last, each with its latest job, the badge of its state, and its schedule."""
    rows: list[Any] = list(Flow.objects.filter(organization_id__in=ids).order_by("-updated_at", "-id")[:FLOWS])
    attach(rows)
    for flow in rows:
        flow.style = STYLES[flow.latest.state] if flow.latest else ""
        flow.rhythm = schedules.rhythm(flow.schedule) if flow.schedule else ""
        flow.plan = schedules.state(flow.schedule) if flow.schedule else ""
    return rows


def _chart(jobs: QuerySet[Job], now: datetime) -> Chart:
    hours = hours_until(now, HOURS)
    made = jobs.filter(created_at__gte=hours[0]).annotate(hour=TruncHour("created_at"))
    counts = made.values_list("hour", "state").annotate(number=Count("id")).order_by()
    return chart({(hour, state): number for hour, state, number in counts}, hours)


def _tiles(jobs: QuerySet[Job], ids: Sequence[int]) -> dict[str, Any]:
    errors = RecordError.objects.filter(job__organization_id__in=ids, resolved_at=None)[: MOST_ERRORS + 1].count()
    depth = dict(jobs.filter(state=State.QUEUED).values_list("queue").annotate(number=Count("id")).order_by("queue"))
    return {
        "running": jobs.filter(state__in=LIVE).count(),
        "queued": sum(depth.values()),
        "depth": depth,
        "errors": f"{MOST_ERRORS:,}+" if errors > MOST_ERRORS else f"{errors:,}",
        "has_errors": errors > 0,
        "offline": _offline(ids).count(),
        "connections": Connection.objects.filter(organization_id__in=ids).count(),
    }


def _offline(ids: Sequence[int]) -> QuerySet[Connection]:
    """Connections that wait for somebody: not those that somebody has switched off."""
    return Connection.objects.filter(organization_id__in=ids, is_enabled=True, is_offline=True)


def _is_stuck(jobs: QuerySet[Job], now: datetime) -> bool:
    """Whether a job that could run has been left in the queue."""
    siblings = Job.objects.filter(kind=OuterRef("kind"), subject_id=OuterRef("subject_id"), state__in=LIVE)
    waiting = jobs.filter(state=State.QUEUED, created_at__lt=now - PATIENCE)
    return waiting.filter(Q(is_exclusive=False) | ~Exists(siblings)).exists()


def _workers(now: datetime) -> dict[str, int]:
    """The workers that hold a job or began one of the latest within the hour, and how many each holds."""
    latest = Job.objects.filter(pk__in=Job.objects.order_by("-id").values("pk")[:LOOKED_AT])
    seen = latest.filter(started_at__gte=now - timedelta(hours=1)).exclude(worker="").values_list("worker", flat=True)
    held = Job.objects.filter(state__in=LIVE, lease_until__isnull=False).exclude(worker="")
    busy = dict(held.values_list("worker").annotate(number=Count("id")).order_by("worker"))
    return {worker: busy.get(worker, 0) for worker in sorted({*seen, *busy})}


def _recent(jobs: QuerySet[Job], now: datetime) -> list[Any]:
    """The runs that somebody should look at: live, or failed of late."""
    wanted = Q(state__in=LIVE) | Q(state=State.FAILED, created_at__gt=now - FRESH)
    rows: list[Any] = list(jobs.filter(wanted, parent=None).order_by("-id")[:RECENT])
    names = subjects.names(rows)
    for job in rows:
        job.title = names.get((job.kind, job.subject_id)) or subjects.label(job.kind)
        job.style = STYLES[job.state]
    return rows


def _first_steps(ids: Sequence[int]) -> list[tuple[str, str, bool]]:
    """What a new installation still needs: a label, the page to do it on, and whether it is done. [] once it all is."""
    steps: list[tuple[str, str, Any]] = [
        ("Connect two systems", "admin:connections_connection_add", Connection),
        ("Say what to read", "admin:flows_export_add", Export),
        ("Say where to write", "admin:flows_import_add", Import),
        ("Make a flow of both", "admin:flows_flow_add", Flow),
    ]
    done = [(label, page, model.objects.filter(organization_id__in=ids).exists()) for label, page, model in steps]
    return [] if all(is_done for *_, is_done in done) else done
