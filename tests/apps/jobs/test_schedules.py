from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.errors import Invalid
from apps.jobs import services as jobs
from apps.jobs.models import Job, Schedule, State
from apps.jobs.services.schedules import MAXIMUM_SECONDS, next_slot, take_due_slots
from tests.apps.jobs.conftest import Begin
from tests.apps.jobs.threads import at_once

AT = datetime(2024, 2, 29, 12, 0, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
Make = Callable[..., Schedule]


@pytest.fixture
def make(organization: Organization) -> Make:
    """`make(cron=… | interval=…, …)`: the schedule of subject 1."""

    def make(subject: int = 1, **values: Any) -> Schedule:
        values = {"at": AT, "organization_id": organization.id, "subject_uid": f"{subject:024x}", **values}
        return jobs.set_schedule(kind="sync", subject_id=subject, **values)

    return make


def slots(schedule: Schedule, after: datetime, count: int) -> Iterator[datetime]:
    for _ in range(count):
        after = schedule.next_at = next_slot(schedule, after=after)
        yield after


@pytest.mark.parametrize(
    ("values", "next_at"),
    [
        ({"interval": 60}, AT + MINUTE),
        ({"cron": "* * * * *"}, datetime(2024, 2, 29, 12, 1, tzinfo=UTC)),
        ({"cron": "0 2 * * *"}, datetime(2024, 3, 1, 2, tzinfo=UTC)),
        ({"cron": "0 2 * * *", "timezone": "America/New_York"}, datetime(2024, 3, 1, 7, tzinfo=UTC)),
        ({"cron": "30 12 * * 1-5", "timezone": "Asia/Kolkata"}, datetime(2024, 3, 1, 7, tzinfo=UTC)),
        ({"cron": "0 0 29 2 *"}, datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_the_first_slot_comes_after_the_moment_it_was_set(make: Make, values: dict, next_at: datetime) -> None:
    assert make(**values).next_at == next_at


@pytest.mark.parametrize(
    ("zone", "cron", "day", "moments"),
    [
        # clocks go forward over 02:30: it runs once, at the hour that takes its place
        ("Europe/Berlin", "30 2 * * *", (2024, 3, 30), ["30T02:30+01:00", "31T03:00+02:00", "01T02:30+02:00"]),
        ("America/New_York", "30 2 * * *", (2024, 3, 9), ["09T02:30-05:00", "10T03:00-04:00", "11T02:30-04:00"]),
        # clocks go back over 02:30: it runs once, the first time it is that late
        ("Europe/Berlin", "30 2 * * *", (2024, 10, 26), ["26T02:30+02:00", "27T02:30+02:00", "28T02:30+01:00"]),
        ("America/New_York", "30 1 * * *", (2024, 11, 2), ["02T01:30-04:00", "03T01:30-04:00", "04T01:30-05:00"]),
        # what runs every hour goes on every hour
        ("Europe/Berlin", "0 * * * *", (2024, 3, 31, 1), ["31T01:00+01:00", "31T03:00+02:00", "31T04:00+02:00"]),
        ("Europe/Berlin", "0 * * * *", (2024, 10, 27, 2), ["27T02:00+02:00", "27T02:00+01:00", "27T03:00+01:00"]),
    ],
)
def test_a_day_on_which_clocks_change(
    make: Make, zone: str, cron: str, day: tuple[int, ...], moments: list[str]
) -> None:
    schedule = make(cron=cron, timezone=zone)
    before = datetime(*day, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(seconds=1)  # type: ignore[arg-type]
    found = [slot.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")[8:] for slot in slots(schedule, before, 3)]
    assert found == moments


def test_an_interval_goes_on_through_a_change_of_clocks(make: Make) -> None:
    begin = datetime(2024, 3, 31, 0, 30, tzinfo=UTC)
    schedule = make(interval=3600, timezone="Europe/Berlin", at=begin)
    schedule.next_at = begin
    assert list(slots(schedule, begin, 3)) == [begin + HOUR, begin + 2 * HOUR, begin + 3 * HOUR]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "schedule"),
        ({"cron": "* * * * *", "interval": 60}, "schedule"),
        ({"interval": 59}, "schedule"),
        ({"interval": MAXIMUM_SECONDS + 1}, "schedule"),
        ({"cron": "* * * *"}, "schedule"),
        ({"cron": "* * * * * *"}, "schedule"),
        ({"cron": "61 * * * *"}, "schedule"),
        ({"cron": "nonsense"}, "schedule"),
        ({"cron": "0 0 30 2 *"}, "schedule"),
        ({"cron": "* * * * *", "timezone": "Europe/Atlantis"}, "timezone"),
    ],
)
def test_refuses_what_could_not_be_kept(make: Make, values: dict, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        make(**values)
    assert caught.value.field == field
    assert not Schedule.objects.exists()


def test_a_subject_has_one_schedule(make: Make) -> None:
    first = make(cron="0 2 * * *")
    assert make(interval=60) == first
    first.refresh_from_db()
    assert (first.cron, first.interval, first.next_at) == ("", 60, AT + MINUTE)


def test_setting_it_again_does_not_put_an_interval_off(make: Make) -> None:
    make(interval=3600)
    assert make(interval=3600, at=AT + 10 * MINUTE).next_at == AT + HOUR


def test_a_shorter_interval_begins_at_once(make: Make) -> None:
    make(interval=86_400)
    assert make(interval=60, at=AT + MINUTE).next_at == AT + 2 * MINUTE


def test_a_removed_schedule_is_never_due(make: Make) -> None:
    make(interval=60)
    jobs.remove_schedule(kind="sync", subject_id=1)
    assert take_due_slots(at=AT + HOUR) == 0


def test_a_due_slot_becomes_a_job(make: Make) -> None:
    schedule = make(interval=60, labels={"flow": "f"})
    assert take_due_slots(at=AT + MINUTE - timedelta(seconds=1)) == 0
    assert take_due_slots(at=AT + MINUTE) == 1
    job = Job.objects.get()
    assert (job.origin, job.schedule, job.slot_at, job.labels) == ("schedule", schedule, AT + MINUTE, {"flow": "f"})
    assert (job.kind, job.subject_id, job.subject_uid, job.queue, job.state) == (
        *("sync", 1, schedule.subject_uid, "sync", State.QUEUED),
    )
    assert [(event.message, event.data) for event in job.events.all()] == [("queued", {"origin": "schedule"})]
    assert take_due_slots(at=AT + MINUTE) == 0


def test_missed_slots_run_once_and_not_again_and_again(make: Make) -> None:
    make(interval=60)
    assert take_due_slots(at=AT + 5 * HOUR) == 1
    assert Job.objects.count() == 1
    assert Schedule.objects.get().next_at == AT + 5 * HOUR + MINUTE
    assert take_due_slots(at=AT + 5 * HOUR) == 0


def test_a_slot_joins_a_run_that_waits_already(make: Make, begin: Begin) -> None:
    make(interval=60)
    waiting = begin()
    assert take_due_slots(at=AT + MINUTE) == 1
    assert Job.objects.get() == waiting
    assert Schedule.objects.get().next_at == AT + 2 * MINUTE


def test_a_slot_queues_behind_a_run_that_goes_on(make: Make, begin: Begin) -> None:
    make(interval=60)
    jobs.claim(job_id=begin().id, worker="w")
    take_due_slots(at=AT + MINUTE)
    assert sorted(Job.objects.values_list("state", "origin")) == [("queued", "schedule"), ("running", "manual")]


@pytest.mark.parametrize("values", [{"is_enabled": False}, {"paused_reason": "The connection is offline."}])
def test_what_is_disabled_or_paused_is_not_due(make: Make, values: dict) -> None:
    make(interval=60, **values)
    assert take_due_slots(at=AT + HOUR) == 0


def test_more_are_due_than_one_round_takes(make: Make) -> None:
    for subject in range(5):
        make(subject, interval=60)
    assert [take_due_slots(at=AT + MINUTE, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert Job.objects.count() == 5


def test_few_that_are_due_together_begin_to_the_second(make: Make) -> None:
    for subject in range(20):
        make(subject, interval=60)
    take_due_slots(at=AT + MINUTE)
    assert set(Job.objects.values_list("not_before", flat=True)) == {None}


@pytest.mark.parametrize(("count", "seconds"), [(40, 2), (300, 10)])
def test_a_crowd_that_is_due_together_is_spread(make: Make, count: int, seconds: int) -> None:
    for subject in range(count):
        make(subject, interval=60)
    take_due_slots(at=AT + MINUTE)
    begins = [job.not_before for job in Job.objects.order_by("not_before")]
    assert begins[0] >= AT + MINUTE
    assert begins[-1] < AT + MINUTE + timedelta(seconds=seconds)
    assert begins[-1] - begins[0] > timedelta(seconds=seconds * 0.7)
    assert set(Job.objects.values_list("slot_at", flat=True)) == {AT + MINUTE}
    assert set(Schedule.objects.values_list("next_at", flat=True)) == {AT + 2 * MINUTE}


def test_a_schedule_has_the_same_place_in_every_crowd(make: Make) -> None:
    for subject in range(30):
        make(subject, interval=60)
    places = []
    for minute in (1, 2):
        moment = AT + minute * MINUTE
        take_due_slots(at=moment)
        waiting = Job.objects.filter(state=State.QUEUED).order_by("subject_id")
        places.append([job.not_before - moment for job in waiting])
        for job in waiting:
            jobs.cancel(job=job)
    assert places[0] == places[1]


def test_a_crowd_need_not_be_spread(make: Make, settings: Settings) -> None:
    settings.JOB_SPREAD_SECONDS = 0
    for subject in range(30):
        make(subject, interval=60)
    take_due_slots(at=AT + MINUTE)
    assert set(Job.objects.values_list("not_before", flat=True)) == {AT + MINUTE}


@pytest.mark.django_db(transaction=True)
def test_three_dispatchers_make_one_job_per_slot(make: Make) -> None:
    for subject in range(40):
        make(subject, interval=60)
    for minute in range(1, 4):
        moment = AT + minute * MINUTE
        taken = at_once(3, lambda _, moment=moment: sum(iter(lambda: take_due_slots(at=moment, limit=7), 0)))
        assert sum(taken) == 40
        assert Job.objects.filter(slot_at=moment).count() == 40
        for job in Job.objects.filter(state=State.QUEUED):
            jobs.cancel(job=job)


def test_a_lost_connection_pauses_what_needs_it(make: Make) -> None:
    for subject, needs in enumerate((["a"], ["a", "b"], ["b"], []), 1):
        make(subject, interval=60, needs=needs)
    assert jobs.pause_schedules(needs="a", reason="The password was refused.") == 2
    assert jobs.pause_schedules(needs="a", reason="Again.") == 0
    assert take_due_slots(at=AT + MINUTE) == 2
    assert set(Job.objects.values_list("subject_id", flat=True)) == {3, 4}


def test_what_was_paused_goes_on_at_its_next_slot_without_catching_up(make: Make) -> None:
    make(1, interval=60, needs=["a"])
    make(2, cron="0 2 * * *", needs=["a"])
    jobs.pause_schedules(needs="a", reason="Offline.")
    assert jobs.resume_schedules(needs="a", at=AT + 48 * HOUR) == 2
    assert jobs.resume_schedules(needs="a", at=AT + 48 * HOUR) == 0
    assert list(Schedule.objects.order_by("id").values_list("next_at", "paused_reason")) == [
        (AT + 48 * HOUR + MINUTE, ""),
        (datetime(2024, 3, 3, 2, tzinfo=UTC), ""),
    ]
    assert take_due_slots(at=AT + 48 * HOUR) == 0


def test_needs_may_change(make: Make) -> None:
    make(interval=60, needs=["a"])
    jobs.pause_schedules(needs="a", reason="Offline.")
    jobs.change_needs(kind="sync", subject_id=1, needs=["b"], paused_reason="")
    assert jobs.pause_schedules(needs="a", reason="Offline.") == 0
    assert take_due_slots(at=AT + MINUTE) == 1
