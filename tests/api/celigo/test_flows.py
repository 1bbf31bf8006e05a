from typing import Any

import pytest

from apps.flows.models import Flow, FlowStep
from apps.jobs.models import Schedule
from tests.api.celigo.conftest import Celigo, problems
from tests.api.endpoint import filled
from tests.api.endpoints import FLOW
from tests.api.world import World


def body(world: World, **change: Any) -> dict[str, Any]:
    return {name: value for name, value in (filled(FLOW, world.uids) | change).items() if value is not None}


def schedule_of(uid: str) -> tuple[str, int | None, str, bool] | None:
    values = Schedule.objects.filter(kind="flow", subject_uid=uid)
    return values.values_list("cron", "interval", "timezone", "is_enabled").first()


@pytest.mark.parametrize(
    ("change", "schedule"),
    [
        ({}, None),
        ({"schedule": "? 5 0 ? * *", "timezone": "Europe/Berlin"}, ("5 0 * * *", None, "Europe/Berlin", True)),
        ({"schedule": "? 0,15,30,45 * ? * *", "timezone": "UTC"}, ("0,15,30,45 * * * *", None, "UTC", True)),
        ({"schedule": "? */5 8-18 ? * 1", "timezone": "UTC"}, ("*/5 8-18 * * 1", None, "UTC", True)),
        ({"schedule": "? 0 2 1 * *", "timezone": "UTC", "disabled": True}, ("0 2 1 * *", None, "UTC", False)),
        ({"interval": 60}, ("", 60, "UTC", True)),
        ({"timezone": "Europe/Berlin"}, None),
        ({"description": "Every night", "settings": {"a": 1}, "skipRetries": True}, None),
        ({"pageGenerators": [], "pageProcessors": []}, None),
    ],
    ids=str,
)
def test_reads_back_what_was_sent(change: dict[str, Any], schedule: Any, celigo: Celigo, world: World) -> None:
    sent = body(world, **change)
    made = celigo.post("/v1/flows", sent)
    given = {name: made.pop(name) for name in ("_id", "createdAt", "lastModified")}
    if made["pageProcessors"]:
        assert made["pageProcessors"][0].pop("proceedOnFailure") is False
    assert made == sent
    assert schedule_of(given["_id"]) == schedule


def test_a_new_flow_is_disabled_until_it_says_otherwise(celigo: Celigo, world: World) -> None:
    assert celigo.post("/v1/flows", body(world, disabled=None))["disabled"] is True


def test_takes_the_older_form_with_one_export_and_one_import(celigo: Celigo, world: World) -> None:
    older = {"name": "Older", "_exportId": world.export.uid, "_importId": world.import_.uid}
    made = celigo.post("/v1/flows", older)
    assert made["pageGenerators"] == [{"_exportId": world.export.uid}]
    assert [step["_importId"] for step in made["pageProcessors"]] == [world.import_.uid]


def test_keeps_the_order_of_steps_and_what_they_say(celigo: Celigo, world: World) -> None:
    spare = world.uids["spare_import"]
    processors = [
        {"type": "import", "_importId": spare, "proceedOnFailure": True},
        {"type": "import", "_importId": world.import_.uid, "proceedOnFailure": False},
    ]
    generators = [{"_exportId": world.export.uid, "skipRetries": True}, {"_exportId": world.uids["spare_export"]}]
    made = celigo.post("/v1/flows", body(world, pageGenerators=generators, pageProcessors=processors))
    assert made["pageGenerators"] == generators
    assert made["pageProcessors"] == processors


def test_steps_that_stay_keep_their_identity(celigo: Celigo, world: World) -> None:
    path = f"/v1/flows/{world.flow.uid}"
    before = dict(FlowStep.objects.filter(flow=world.flow).values_list("role", "uid"))
    shown = celigo.get(path)
    shown["pageProcessors"].insert(0, {"_importId": world.uids["spare_import"]})
    celigo.put(path, shown)
    assert FlowStep.objects.get(flow=world.flow, role="processor", index=1).uid == before["processor"]
    assert FlowStep.objects.get(flow=world.flow, role="generator").uid == before["generator"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": ""}, [("missing_required_field", "name")]),
        ({"schedule": "? 5 0"}, [("invalid_field", "schedule")]),
        ({"schedule": "30 5 0 ? * *"}, [("invalid_field", "schedule")]),
        ({"schedule": "? 99 0 ? * *"}, [("invalid_field", "schedule")]),
        ({"schedule": "? 5 0 ? * *", "timezone": "Mars/Olympus"}, [("invalid_field", "timezone")]),
        ({"timezone": "../../etc/passwd"}, [("invalid_field", "timezone")]),
        ({"schedule": "? 5 0 ? * *", "interval": 60}, [("invalid_field", "interval")]),
        ({"interval": 59}, [("invalid_field", "interval")]),
        ({"interval": 10**12}, [("invalid_field", "interval")]),
        ({"pageGenerators": [{"_exportId": "0" * 24}]}, [("invalid_ref", "pageGenerators.0._exportId")]),
        ({"pageGenerators": [{}]}, [("missing_required_field", "pageGenerators.0._exportId")]),
        ({"pageProcessors": [{"_importId": "0" * 24}]}, [("invalid_ref", "pageProcessors.0._importId")]),
        (
            {"pageProcessors": [{"type": "export", "_exportId": "0" * 24}]},
            [("invalid_field", "pageProcessors.0._exportId")],
        ),
        ({"pageGenerators": [{"_exportId": "0" * 24}] * 101}, [("invalid_field", "pageGenerators")]),
        ({"pageProcessors": "x"}, [("invalid_field", "pageProcessors")]),
        ({"routers": [{"branches": []}]}, [("invalid_field", "routers")]),
        ({"_runNextFlowIds": ["0" * 24]}, [("invalid_field", "_runNextFlowIds")]),
    ],
    ids=str,
)
def test_refuses(change: dict[str, Any], expected: list[tuple[str, str]], celigo: Celigo, world: World) -> None:
    before = (Flow.objects.count(), FlowStep.objects.count(), Schedule.objects.count())
    assert problems(celigo.post("/v1/flows", body(world, **change), 422)) == expected
    assert (Flow.objects.count(), FlowStep.objects.count(), Schedule.objects.count()) == before


@pytest.mark.parametrize("later", ["responseMapping", "hooks"])
def test_refuses_what_processors_cannot_do_yet(later: str, celigo: Celigo, world: World) -> None:
    step = {"_importId": world.import_.uid, later: {"fields": [{"extract": "id", "generate": "x"}]}}
    answer = celigo.post("/v1/flows", body(world, pageProcessors=[step]), 422)
    assert problems(answer) == [("invalid_field", f"pageProcessors.0.{later}")]


def test_put_erases_the_schedule_and_the_steps_that_are_left_out(celigo: Celigo, world: World) -> None:
    shown = celigo.put(f"/v1/flows/{world.flow.uid}", {"name": "Bare"})
    assert (shown["pageGenerators"], shown["pageProcessors"], shown["disabled"]) == ([], [], True)
    assert "schedule" not in shown
    assert schedule_of(world.flow.uid) is None


def test_patch_switches_a_flow_and_its_schedule_off(celigo: Celigo, world: World) -> None:
    path = f"/v1/flows/{world.flow.uid}"
    shown = celigo.patch(path, [{"op": "replace", "path": "/disabled", "value": True}])
    assert shown["disabled"] is True
    assert shown["schedule"] == "? 5 0 ? * *"
    assert schedule_of(world.flow.uid) == ("5 0 * * *", None, "UTC", False)


def test_shows_when_it_last_ran(celigo: Celigo, world: World) -> None:
    shown = celigo.get(f"/v1/flows/{world.flow.uid}")
    assert shown["lastExecutedAt"] == celigo.get(f"/v1/jobs/{world.job.uid}")["startedAt"]


def test_delete_leaves_its_export_and_import(celigo: Celigo, world: World) -> None:
    celigo.delete(f"/v1/flows/{world.flow.uid}")
    assert schedule_of(world.flow.uid) is None
    celigo.get(f"/v1/exports/{world.export.uid}")


def test_clone_is_disabled_and_has_steps_of_its_own(celigo: Celigo, world: World) -> None:
    spare = world.uids["spare_connection"]
    copy = celigo.post(f"/v1/flows/{world.flow.uid}/clone", {"connectionMap": {world.connection.uid: spare}})
    assert copy["disabled"] is True
    export = celigo.get(f"/v1/exports/{copy['pageGenerators'][0]['_exportId']}")
    assert (export["_id"] != world.export.uid, export["_connectionId"]) == (True, spare)
