"""The overview says whether everything runs, and what needs somebody."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.connections.models import Connection
from apps.flows.admin.chart import HEIGHT, chart, hours_until
from apps.jobs.models import Job, State
from apps.jobs.services.dispatching import PRESENCE_LOCK
from tests.api.world import World, make_job
from tests.conftest import Cast
from tests.console.conftest import SignIn

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def dispatcher(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [PRESENCE_LOCK])


def overview(client: Client) -> str:
    return client.get("/admin/").content.decode()


def test_warns_that_nobody_dispatches(operator: User, desk: SignIn) -> None:
    assert "Without a dispatcher nothing starts" in overview(desk(operator))


def test_is_calm_while_somebody_dispatches(operator: User, desk: SignIn, dispatcher: None) -> None:
    text = overview(desk(operator))
    assert "Without a dispatcher" not in text
    assert "no worker takes them" not in text


def test_warns_that_no_worker_takes_a_job(operator: User, world: World, desk: SignIn, dispatcher: None) -> None:
    Job.objects.filter(pk=world.queued.pk).update(created_at=timezone.now() - timedelta(minutes=2))
    assert "no worker takes them" in overview(desk(operator))


def test_does_not_warn_of_a_run_that_waits_for_the_one_before(
    operator: User, world: World, desk: SignIn, dispatcher: None
) -> None:
    Job.objects.filter(pk=world.queued.pk).update(created_at=timezone.now() - timedelta(minutes=2))
    Job.objects.filter(pk=world.job.pk).update(state=State.RUNNING)
    assert "no worker takes them" not in overview(desk(operator))


def test_shows_figures(operator: User, world: World, desk: SignIn) -> None:
    Connection.objects.filter(pk=world.connection.pk).update(is_offline=True, offline_reason="No route there.")
    context = desk(operator).get("/admin/").context
    assert context["tiles"] == {
        "running": 0,
        "queued": 2,  # one of a flow and one of a source connection
        "depth": {"sync": 2},
        "errors": "1",
        "has_errors": True,
        "offline": 1,
        "connections": 2,
    }
    assert context["landed"] == {"collections": 3, "records": 4, "sources": 4, "in_error": 2}  # over the connection
    assert context["chart"].totals == {"completed": 2, "failed": 0, "cancelled": 0, "unfinished": 2}
    assert "No route there." in overview(desk(operator))


def test_shows_flows_with_their_last_run_and_what_failed(operator: User, world: World, desk: SignIn) -> None:
    failed = make_job(world.flow, State.FAILED)
    Job.objects.filter(pk=world.queued.pk).delete()
    context = desk(operator).get("/admin/").context
    assert [(flow.name, flow.latest, flow.rhythm) for flow in context["flows"]] == [
        ("Later", None, "5 0 * * * (UTC)"),
        ("Nightly", failed, "5 0 * * * (UTC)"),
    ]
    assert context["recent"] == [failed]


def test_counts_the_workers_for_operators_alone(operator: User, cast: Cast, world: World, desk: SignIn) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    Job.objects.filter(pk=world.job.pk).update(state=State.RUNNING, worker="w1@here", lease_until=soon)
    assert desk(operator).get("/admin/").context["workers"] == {"w1@here": 1}
    assert "w1@here" not in overview(desk(cast.owner))


def test_takes_as_many_queries_with_many_flows_as_with_one(operator: User, world: World, desk: SignIn) -> None:
    client = desk(operator)
    make_job(world.flow, State.FAILED)
    overview(client)
    with CaptureQueriesContext(connection) as few:
        overview(client)
    for _ in range(5):
        make_job(world.flow, State.FAILED)
    with CaptureQueriesContext(connection) as many:
        overview(client)
    assert len(many) == len(few)


def test_leads_a_newcomer_through_the_first_steps(cast: Cast, desk: SignIn) -> None:
    text = overview(desk(cast.editor))
    assert "First steps" in text
    assert text.count("radio_button_unchecked") == 4
    assert "First steps" not in overview(desk(cast.viewer))


def test_hours_end_with_the_present_one() -> None:
    hours = hours_until(NOON + timedelta(minutes=59), 3)
    assert [hour.hour for hour in hours] == [10, 11, 12]


def test_the_tallest_bar_fills_the_chart_and_a_single_failure_is_seen() -> None:
    counts = {(NOON, "completed"): 9_999, (NOON, "failed"): 1, (NOON - timedelta(hours=1), "queued"): 1}
    drawn = chart(counts, hours_until(NOON, 3))
    assert [bar.says for bar in drawn.bars] == [
        "10:00: no runs",
        "11:00: 1 unfinished",
        "12:00: 9,999 completed, 1 failed",
    ]
    completed, failed = drawn.bars[2].parts
    assert completed.height == pytest.approx(HEIGHT, abs=0.1)
    assert failed.height == 2.0
    assert failed.y == 0.0
