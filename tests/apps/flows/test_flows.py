from datetime import timedelta
from typing import Any

import pytest

from apps.connections import services as connections
from apps.errors import Conflict, Invalid
from apps.flows import services as flows
from apps.flows.models import Export, Flow, FlowStep, Import
from apps.jobs import services as jobs
from apps.jobs.models import Job, Schedule
from tests.apps.flows.house import AT, House

HOURLY = {"cron": "0 * * * *", "timezone": "Europe/Berlin"}


def steps(flow: Flow) -> list[tuple[str, int, str]]:
    return [(step.role, step.index, str(step.export or step.destination)) for step in flow.steps.all()]


def test_a_flow_is_stored_with_its_steps_in_order(house: House) -> None:
    flow = house.flow(None, house.import_(name="First"), house.import_(name="Second"))
    assert steps(flow) == [("generator", 0, "Orders"), ("processor", 0, "First"), ("processor", 1, "Second")]
    assert not Schedule.objects.exists()


def test_its_schedule_says_what_it_needs(house: House) -> None:
    flow = house.flow(schedule=HOURLY, is_enabled=True)
    schedule = Schedule.objects.get()
    assert (schedule.kind, schedule.subject_id, schedule.subject_uid) == ("flow", flow.id, flow.uid)
    assert (schedule.cron, schedule.timezone, schedule.is_enabled) == ("0 * * * *", "Europe/Berlin", True)
    assert sorted(schedule.needs) == sorted([house.shop.uid, house.warehouse.uid])
    assert (schedule.labels, schedule.next_at) == ({"flow": flow.uid}, AT + timedelta(hours=1))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"generators": [{"destination": "import"}]}, "generators"),
        ({"processors": [{"export": "export"}]}, "processors"),
        ({"generators": [{}]}, "generators"),
        ({"schedule": {"interval": 5}}, "schedule"),
    ],
)
def test_what_could_not_work_is_refused_as_a_whole(house: House, values: dict[str, Any], field: str) -> None:
    resources = {"export": house.export(), "import": house.import_()}
    for key in ("generators", "processors"):
        if key in values:
            values = values | {key: [{role: resources[name] for role, name in step.items()} for step in values[key]]}
    with pytest.raises(Invalid) as caught:
        house.flow(**values)
    assert caught.value.field == field
    assert not Flow.objects.exists()
    assert not FlowStep.objects.exists()


def test_a_strangers_export_is_none(house: House, stranger: House) -> None:
    with pytest.raises(Invalid) as caught:
        house.flow(stranger.export())
    assert (caught.value.field, caught.value.code) == ("generators", "invalid_ref")


def test_steps_that_stay_keep_their_identity(house: House) -> None:
    first, second, third = (house.import_(name=name) for name in ("First", "Second", "Third"))
    flow = house.flow(None, first, second)
    uids = {str(step.destination): step.uid for step in flow.steps.filter(role="processor")}
    flow.steps.update(position={"generator": {"page": 7}}, generation=2)
    processors = [{"destination": third}, {"destination": second, "proceed_on_failure": True}, {"destination": first}]
    flows.change_flow(flow=flow, values={"processors": processors}, at=AT)
    found = {str(step.destination): step for step in flow.steps.filter(role="processor")}
    assert [found[name].index for name in ("Third", "Second", "First")] == [0, 1, 2]
    assert {name: found[name].uid for name in uids} == uids
    assert (found["First"].position, found["First"].generation) == ({"generator": {"page": 7}}, 2)
    assert (found["Third"].position, found["Third"].generation) == (None, 0)
    assert found["Second"].proceed_on_failure is True


def test_one_import_may_be_two_steps(house: House) -> None:
    import_ = house.import_()
    flow = house.flow(None, import_, import_)
    before = sorted(flow.steps.values_list("uid", flat=True))
    flows.change_flow(flow=flow, values={"processors": [{"destination": import_}] * 2}, at=AT)
    assert sorted(flow.steps.values_list("uid", flat=True)) == before


def test_steps_that_are_left_out_go(house: House) -> None:
    first, second = house.import_(name="First"), house.import_(name="Second")
    flow = house.flow(None, first, second)
    flows.change_flow(flow=flow, values={"processors": [{"destination": second}]}, at=AT)
    assert steps(flow) == [("generator", 0, "Orders"), ("processor", 0, "Second")]


def test_a_change_leaves_the_rest_as_it_is(house: House) -> None:
    flow = house.flow(schedule=HOURLY, is_enabled=True)
    before = (steps(flow), Schedule.objects.values().get())
    flows.change_flow(flow=flow, values={"name": "New"}, at=AT)
    flow.refresh_from_db()
    after = Schedule.objects.values().get()
    assert flow.name == "New"
    assert (steps(flow), {**after, "updated_at": before[1]["updated_at"]}) == before


def test_disabling_it_disables_its_schedule(house: House) -> None:
    flow = house.flow(schedule=HOURLY, is_enabled=True)
    flows.change_flow(flow=flow, values={"is_enabled": False}, at=AT)
    assert Schedule.objects.get().is_enabled is False
    flows.change_flow(flow=flow, values={"schedule": None}, at=AT)
    assert not Schedule.objects.exists()


def test_its_schedule_follows_its_connections(house: House) -> None:
    flow = house.flow(schedule=HOURLY, is_enabled=True)
    spare = house.connect("spare")
    export, import_ = Export.objects.get(), Import.objects.get()
    flows.change_export(export=export, values={"connection": spare})
    assert sorted(Schedule.objects.get().needs) == sorted([spare.uid, house.warehouse.uid])
    flows.change_import(import_=import_, values={"connection": spare})
    assert Schedule.objects.get().needs == [spare.uid]
    assert Schedule.objects.get().subject_id == flow.id


def test_it_pauses_and_resumes_with_the_connection_that_it_uses(house: House) -> None:
    house.flow(schedule=HOURLY, is_enabled=True)
    connections.mark_offline(connection=house.shop, reason="The password was refused.", at=AT)
    assert Schedule.objects.get().paused_reason == "The password was refused."
    spare = house.connect("spare")
    flows.change_export(export=Export.objects.get(), values={"connection": spare})
    assert Schedule.objects.get().paused_reason == ""
    house.shop.refresh_from_db()
    flows.change_export(export=Export.objects.get(), values={"connection": house.shop})
    assert Schedule.objects.get().paused_reason == "The password was refused."
    house.shop.refresh_from_db()
    connections.mark_online(connection=house.shop, at=AT)
    assert Schedule.objects.get().paused_reason == ""


def test_a_flow_over_an_offline_connection_is_scheduled_and_waits(house: House) -> None:
    connections.mark_offline(connection=house.shop, reason="Refused.", at=AT)
    house.shop.refresh_from_db()
    house.flow(schedule=HOURLY, is_enabled=True)
    assert Schedule.objects.get().paused_reason == "Refused."


def test_a_removed_flow_leaves_nothing_behind(house: House) -> None:
    flow = house.flow(schedule=HOURLY)
    waiting = flows.run_flow(flow=flow, at=AT)
    flows.remove_flow(flow=flow)
    assert not Flow.objects.exists()
    assert not Schedule.objects.exists()
    assert not FlowStep.objects.exists()
    assert Job.objects.get(id=waiting.id).state == "cancelled"
    assert (Export.objects.count(), Import.objects.count()) == (1, 1)


def test_a_running_flow_is_not_removed(house: House) -> None:
    flow = house.flow(schedule=HOURLY)
    job = jobs.claim(job_id=flows.run_flow(flow=flow, at=AT).id, worker="w")
    waiting = flows.run_flow(flow=flow, at=AT)
    with pytest.raises(Conflict) as caught:
        flows.remove_flow(flow=flow)
    assert caught.value.code == "in_use"
    assert Flow.objects.filter(id=flow.id).exists()
    assert [Job.objects.get(id=one.id).state for one in (job, waiting)] == ["running", "queued"]


def test_a_clone_is_a_disabled_copy_with_copies_of_its_own(house: House) -> None:
    flow = house.flow(description="All of them", is_enabled=True, schedule=HOURLY)
    spare = house.connect("spare")
    clone = flows.clone_flow(flow=flow, at=AT, connections={house.warehouse.uid: spare})
    assert (clone.name, clone.description, clone.is_enabled) == ("Clone of Orders to copies", "All of them", False)
    assert steps(clone) == [("generator", 0, "Clone of Orders"), ("processor", 0, "Clone of Copies")]
    assert clone.steps.get(role="processor").destination.connection == spare
    assert not set(clone.steps.values_list("uid", flat=True)) & set(flow.steps.values_list("uid", flat=True))
    assert Schedule.objects.get().subject_id == flow.id


def test_restarting_forgets_how_far_it_got(house: House) -> None:
    flow = house.flow()
    flow.steps.update(position={"generator": {"page": 7}}, generation=2)
    flows.restart_flow(flow=flow)
    assert set(flow.steps.values_list("generation", "position")) == {(3, None)}


def test_a_running_flow_is_not_restarted(house: House) -> None:
    flow = house.flow()
    jobs.claim(job_id=flows.run_flow(flow=flow, at=AT).id, worker="w")
    with pytest.raises(Conflict):
        flows.restart_flow(flow=flow)
    assert set(flow.steps.values_list("generation", flat=True)) == {0}
