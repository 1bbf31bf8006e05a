"""A flow's form: its steps in their order, and when it runs."""

from typing import Any

import pytest
from django.test import Client

from apps.flows.models import Flow, FlowStep
from apps.jobs.models import JobStep, Schedule
from tests.api.world import World, make_export, make_import
from tests.conftest import Cast
from tests.console.conftest import SignIn, errors


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.editor)


def flow_values(cast: Cast, world: World, **changes: Any) -> dict[str, Any]:
    values = {"organization": cast.acme.pk, "name": "Copy", "is_enabled": "on", "rhythm": "by hand", "timezone": "UTC"}
    return {**values, "generators": [world.export.pk], "processors": [world.import_.pk], **changes}


def test_makes_a_flow_of_steps_in_their_order(cast: Cast, client: Client, world: World) -> None:
    second = make_import(world.connection, "Second")
    values = flow_values(cast, world, processors=[second.pk, world.import_.pk, ""])
    assert client.post("/admin/flows/flow/add/", values).status_code == 302
    steps = Flow.objects.get(name="Copy").steps.filter(role="processor").order_by("index")
    assert [step.destination for step in steps] == [second, world.import_]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"rhythm": "every", "interval_0": "2", "interval_1": "3600"}, ("", 7200, "UTC")),
        ({"rhythm": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin"}, ("30 2 * * *", None, "Europe/Berlin")),
    ],
)
def test_schedules_a_flow(
    given: dict[str, str], stored: tuple[Any, ...], cast: Cast, client: Client, world: World
) -> None:
    client.post("/admin/flows/flow/add/", flow_values(cast, world, **given))
    schedule = Schedule.objects.get(subject_id=Flow.objects.get(name="Copy").id)
    assert (schedule.cron, schedule.interval, schedule.timezone) == stored
    assert schedule.next_at is not None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"rhythm": "every", "interval_0": "30", "interval_1": "1"}, "rhythm"),
        ({"rhythm": "every"}, "interval"),
        ({"rhythm": "cron", "cron": "every day"}, "rhythm"),
        ({"rhythm": "cron"}, "cron"),
        ({"rhythm": "cron", "cron": "* * * * *", "timezone": "Mars/Olympus"}, "timezone"),
    ],
)
def test_a_schedule_that_is_none_is_shown_at_its_field(
    given: dict[str, str], field: str, cast: Cast, client: Client, world: World
) -> None:
    response = client.post("/admin/flows/flow/add/", flow_values(cast, world, **given))
    assert set(errors(response)) == {field}
    assert not Flow.objects.filter(name="Copy").exists()


def test_a_flow_that_is_changed_keeps_its_steps(cast: Cast, client: Client, world: World) -> None:
    FlowStep.objects.filter(flow=world.flow).update(generation=3, proceed_on_failure=True, document={"kept": 1})
    extra = make_export(world.connection, "Extra")
    values = flow_values(cast, world, name="Renamed", generators=[extra.pk, world.export.pk])
    client.post(f"/admin/flows/flow/{world.flow.pk}/change/", values)
    kept = FlowStep.objects.get(flow=world.flow, export=world.export)
    assert (kept.index, kept.generation, kept.proceed_on_failure, kept.document) == (1, 3, True, {"kept": 1})
    assert FlowStep.objects.get(flow=world.flow, export=extra).generation == 0


def test_a_schedule_is_taken_away(cast: Cast, client: Client, world: World) -> None:
    client.post(f"/admin/flows/flow/{world.flow.pk}/change/", flow_values(cast, world))
    assert not Schedule.objects.filter(subject_id=world.flow.pk).exists()


def test_a_form_shows_what_is_stored(client: Client, world: World) -> None:
    form = client.get(f"/admin/flows/flow/{world.flow.pk}/change/").context["adminform"].form
    assert (form["rhythm"].value(), form["cron"].value()) == ("cron", "5 0 * * *")
    assert form["generators"].value() == [world.export.pk]


def test_the_picture_tells_the_lane_of_the_last_run(client: Client, world: World) -> None:
    page = f"/admin/flows/flow/{world.flow.pk}/change/"
    assert b" lane</text>" not in client.get(page).content
    JobStep.objects.filter(pk=world.step.pk).update(lane="arrow")
    assert "Shop · arrow lane" in client.get(page).content.decode()
