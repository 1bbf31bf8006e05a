import pytest

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.jobs.models import Schedule
from tests.apps.connections.conftest import AT, VALUES


@pytest.fixture
def schedule(create):
    """Of something that needs the one connection there is."""
    connection = create(**VALUES | {"outcome": "ok"})
    return Schedule.objects.create(
        organization_id=connection.organization_id,
        kind="flow",
        interval=60,
        subject_id=1,
        subject_uid="f",
        needs=[connection.uid],
    )


def standing(schedule: Schedule) -> tuple[bool, bool, str, str]:
    connection = Connection.objects.get()
    schedule.refresh_from_db()
    return connection.is_enabled, connection.is_offline, connection.offline_reason, schedule.paused_reason


ON = (True, False, "", "")
OFF = (False, True, "The connection is switched off.", "The connection is switched off.")


def test_off_and_on_again(schedule):
    connections.switch_off(connection=Connection.objects.get())
    assert standing(schedule) == OFF
    connections.switch_on(connection=Connection.objects.get(), at=AT)
    assert standing(schedule) == ON


def test_a_passed_test_does_not_switch_it_on(schedule, finish):
    connections.switch_off(connection=Connection.objects.get())
    assert finish(connections.start_test(connection=Connection.objects.get(), at=AT)).state == "completed"
    assert standing(schedule) == OFF


def test_what_was_wrong_before_still_waits_for_a_test(schedule):
    connections.mark_offline(connection=Connection.objects.get(), reason="refused", at=AT)
    connections.switch_off(connection=Connection.objects.get())
    connections.switch_on(connection=Connection.objects.get(), at=AT)
    assert standing(schedule) == (True, True, "refused", "refused")


def test_a_test_passed_meanwhile_counts(schedule, finish):
    connections.mark_offline(connection=Connection.objects.get(), reason="refused", at=AT)
    connections.switch_off(connection=Connection.objects.get())
    finish(connections.start_test(connection=Connection.objects.get(), at=AT))
    connections.switch_on(connection=Connection.objects.get(), at=AT)
    assert standing(schedule) == ON
