"""Automations as they are stored, started and removed."""

from typing import Any

import pytest

from apps.connections import services as connections
from apps.errors import Conflict, Invalid, NotFound
from apps.flows import services as flows
from apps.flows.models import Automation, AutomationTask, Flow
from apps.jobs import services as jobs
from apps.jobs.models import Job, Schedule, State
from tests.apps.flows.house import AT, House

NIGHTLY = {"cron": "0 2 * * *", "timezone": "Europe/Berlin"}


def automate(house: House, *wanted: Flow, **values: Any) -> Automation:
    tasks = [{"flow": flow} for flow in wanted]
    return flows.create_automation(**house.owner, values={"name": "Nightly", "tasks": tasks, **values}, at=AT)


def test_stores_its_tasks_in_order_and_what_its_schedule_needs(house: House) -> None:
    first, second = house.flow(name="First"), house.flow(name="Second")
    automation = automate(house, second, first, schedule=NIGHTLY)
    assert [(task.index, task.flow, task.is_enabled) for task in automation.tasks.all()] == [
        (0, second, True),
        (1, first, True),
    ]
    schedule = Schedule.objects.get()
    assert (schedule.kind, schedule.subject_id, schedule.cron) == ("automation", automation.id, "0 2 * * *")
    assert (schedule.timezone, schedule.is_enabled) == ("Europe/Berlin", True)
    assert schedule.labels == {"automation": automation.uid}
    assert sorted(schedule.needs) == sorted([house.shop.uid, house.warehouse.uid])


def test_a_change_keeps_what_it_does_not_name_and_the_tasks_that_stay(house: House) -> None:
    first, second = house.flow(name="First"), house.flow(name="Second")
    automation = automate(house, first, second, schedule=NIGHTLY)
    kept = automation.tasks.get(flow=second)
    flows.change_automation(automation=automation, values={"is_enabled": False}, at=AT)
    assert not Schedule.objects.get().is_enabled
    tasks = [{"flow": second, "name": "Last"}, {"flow": second}]
    flows.change_automation(automation=automation, values={"tasks": tasks}, at=AT)
    rows = list(automation.tasks.all())
    assert [(row.flow, row.name) for row in rows] == [(second, "Last"), (second, "")]
    assert rows[0] == kept
    assert Schedule.objects.get().cron == "0 2 * * *"


@pytest.mark.parametrize(
    ("values", "field"),
    [({"name": ""}, "name"), ({"schedule": {"cron": "daily", "timezone": "UTC"}}, "schedule")],
)
def test_what_could_not_work_is_refused_as_a_whole(house: House, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        automate(house, house.flow(), **values)
    assert caught.value.field == field
    assert not Automation.objects.exists()
    assert not AutomationTask.objects.exists()


def test_a_strangers_flow_is_no_task(house: House, stranger: House) -> None:
    with pytest.raises(Invalid, match="no such flow"):
        automate(house, stranger.flow())
    assert not Automation.objects.exists()


def test_its_schedule_follows_the_connections_of_its_flows(house: House) -> None:
    flow = house.flow()
    automate(house, flow, schedule=NIGHTLY)
    other = house.connect("other")
    flows.change_export(export=flow.steps.get(role="generator").export, values={"connection": other})
    assert sorted(Schedule.objects.get().needs) == sorted([other.uid, house.warehouse.uid])
    flows.change_flow(flow=flow, values={"generators": [{"export": house.export()}]}, at=AT)
    assert sorted(Schedule.objects.get().needs) == sorted([house.shop.uid, house.warehouse.uid])


def test_its_schedule_waits_for_a_connection_that_went_offline(house: House) -> None:
    automate(house, house.flow(), schedule=NIGHTLY)
    connections.mark_offline(connection=house.shop, reason="The password has expired.", at=AT)
    assert Schedule.objects.get().paused_reason == "The password has expired."


def test_a_second_run_waits_for_none_of_its_kind(house: House) -> None:
    automation = automate(house, house.flow())
    job = flows.run_automation(automation=automation, at=AT)
    assert (job.state, job.kind, job.queue, job.labels) == (
        State.QUEUED,
        "automation",
        "sync",
        {"automation": automation.uid},
    )
    assert flows.run_automation(automation=automation, at=AT) == job
    assert jobs.claim(job_id=job.id, worker="w1")
    with pytest.raises(Conflict, match="is running"):
        flows.run_automation(automation=automation, at=AT)
    assert Job.objects.count() == 1


def test_refuses_to_run_without_a_task_or_a_connection(house: House) -> None:
    flow = house.flow()
    empty = automate(house, tasks=[{"flow": flow, "is_enabled": False}])
    with pytest.raises(Invalid) as caught:
        flows.run_automation(automation=empty, at=AT)
    assert caught.value.code == "incomplete_automation"
    connections.mark_offline(connection=house.shop, reason="Expired.", at=AT)
    with pytest.raises(Conflict, match="'shop' is offline"):
        flows.run_automation(automation=automate(house, flow), at=AT)
    assert not Job.objects.exists()


def test_removing_it_stops_it_and_leaves_its_flows(house: House) -> None:
    flow = house.flow()
    automation = automate(house, flow, schedule=NIGHTLY)
    job = flows.run_automation(automation=automation, at=AT)
    flows.remove_automation(automation=automation)
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert not Schedule.objects.exists()
    assert not AutomationTask.objects.exists()
    assert Flow.objects.get() == flow


def test_a_flow_that_it_runs_cannot_be_removed(house: House) -> None:
    flow = house.flow(schedule=NIGHTLY)
    automate(house, flow)
    with pytest.raises(Conflict, match="Nightly"):
        flows.remove_flow(flow=flow)
    assert Flow.objects.get() == flow
    assert Schedule.objects.get().subject_id == flow.id


def test_stopping_what_does_not_run_stops_nothing(house: House) -> None:
    assert flows.stop_automation(automation=automate(house, house.flow())) == []


def test_what_somebody_else_removed_cannot_be_removed_again(house: House) -> None:
    automation = automate(house, house.flow())
    flows.remove_automation(automation=Automation.objects.get())
    with pytest.raises(NotFound):
        flows.remove_automation(automation=automation)
