"""When something is due. A slot is taken in the transaction that inserts its job, so two dispatchers are harmless."""

from datetime import datetime, timedelta
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from django.conf import settings
from django.db import connection, transaction

from apps.errors import Invalid
from apps.jobs.models import Job, Schedule
from apps.jobs.runners import runner

MINIMUM_SECONDS = 60
MAXIMUM_SECONDS = 366 * 86_400
STARTS_PER_SECOND = 20
"""So few that are due together begin to the second."""
QUEUED_EVENTS = """
INSERT INTO jobs_jobevent (job_id, number, at, level, message, data)
SELECT id, 1, clock_timestamp(), 'state', 'queued', '{"origin": "schedule"}' FROM jobs_job WHERE uid = ANY(%s)
"""


def set_schedule(
    *,
    kind: str,
    subject_id: int,
    subject_uid: str,
    organization_id: int,
    at: datetime,
    project_id: int | None = None,
    cron: str = "",
    interval: int | None = None,
    timezone: str = "UTC",
    is_enabled: bool = True,
    needs: list[str] | None = None,
    paused_reason: str = "",
    labels: dict[str, Any] | None = None,
) -> Schedule:
    """The subject's one schedule, made or changed. `paused_reason`: why it is to wait for one of its `needs`.

    Raises Invalid for a cron that is unreadable or too frequent.
    """
    _check(cron=cron, interval=interval, timezone=timezone)
    values = {
        "subject_uid": subject_uid,
        "organization_id": organization_id,
        "project_id": project_id,
        "cron": cron,
        "interval": interval,
        "timezone": timezone,
        "is_enabled": is_enabled,
        "needs": needs or [],
        "paused_reason": paused_reason[:200],
        "labels": labels or {},
    }
    schedule, _ = Schedule.objects.update_or_create(kind=kind, subject_id=subject_id, defaults=values)
    schedule.next_at = next_slot(schedule, after=at)
    schedule.save(update_fields=["next_at"])
    return schedule


def remove_schedule(*, kind: str, subject_id: int) -> None:
    Schedule.objects.filter(kind=kind, subject_id=subject_id).delete()


def change_needs(*, kind: str, subject_id: int, needs: list[str], paused_reason: str) -> None:
    """What the subject's schedule needs from now on, and why it is to wait for that ("": it is not)."""
    schedule = Schedule.objects.filter(kind=kind, subject_id=subject_id)
    schedule.update(needs=needs, paused_reason=paused_reason[:200])


def pause_schedules(*, needs: str, reason: str) -> int:
    """Pauses what needs a connection; how many schedules."""
    return Schedule.objects.filter(needs__contains=[needs], paused_reason="").update(paused_reason=reason[:200])


def resume_schedules(*, needs: str, at: datetime) -> int:
    """Takes up again what was paused for a connection, at its next slot from `at` on."""
    paused = Schedule.objects.filter(needs__contains=[needs]).exclude(paused_reason="")
    for schedule in paused:
        schedule.paused_reason = ""
        schedule.next_at = next_slot(schedule, after=at)
        schedule.save(update_fields=["paused_reason", "next_at"])
    return len(paused)


def next_slot(schedule: Schedule, *, after: datetime) -> datetime | None:
    """The first moment after `after` at which the schedule is due; None when it never is."""
    if schedule.interval:
        period = timedelta(seconds=schedule.interval)
        begin = schedule.next_at or after
        if begin > after + period:  # it was less frequent before
            begin = after
        missed = max(0, (after - begin) // period + 1)
        return begin + period * missed
    return next(CronSim(schedule.cron, after.astimezone(ZoneInfo(schedule.timezone))), None)


def take_due_slots(*, at: datetime, limit: int = 500) -> int:
    """Starts a job for every due schedule: one, however many slots were missed. How many slots were taken.

    A crowd is spread over JOB_SPREAD_SECONDS at most, less than any two slots are apart; the slots stay where they are.
    """
    with transaction.atomic():
        due = list(
            Schedule.objects.select_for_update(skip_locked=True)
            .filter(is_enabled=True, paused_reason="", next_at__lte=at)
            .order_by("next_at")[:limit]
        )
        jobs = [_job(schedule, not_before=_place(schedule, among=len(due), at=at)) for schedule in due]
        # a subject whose next run waits already keeps that one
        Job.objects.bulk_create(jobs, ignore_conflicts=True)
        with connection.cursor() as cursor:
            cursor.execute(QUEUED_EVENTS, [[job.uid for job in jobs]])
        Job.objects.filter(uid__in=[job.uid for job in jobs]).update(event_count=1)
        for schedule in due:
            schedule.next_at = next_slot(schedule, after=at)
            schedule.updated_at = at
        Schedule.objects.bulk_update(due, ["next_at", "updated_at"])
    return len(due)


def database_now() -> datetime:
    """The database's clock: the only one that schedules and leases go by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def _place(schedule: Schedule, *, among: int, at: datetime) -> datetime | None:
    """When it may begin if many are due together: always at the same place of the seconds that they are spread over."""
    window = min(settings.JOB_SPREAD_SECONDS, among / STARTS_PER_SECOND)
    if among <= STARTS_PER_SECOND:
        return None
    return at + timedelta(seconds=window * crc32(schedule.uid.encode()) / 2**32)


def _job(schedule: Schedule, *, not_before: datetime | None) -> Job:
    runs = runner(schedule.kind)
    return Job(
        kind=schedule.kind,
        subject_id=schedule.subject_id,
        subject_uid=schedule.subject_uid,
        organization_id=schedule.organization_id,
        project_id=schedule.project_id,
        labels=schedule.labels,
        origin=Job.Origin.SCHEDULE,
        queue=runs.queue,
        is_exclusive=runs.is_exclusive,
        is_single=runs.is_single,
        schedule=schedule,
        slot_at=schedule.next_at,
        not_before=not_before,
    )


def _check(*, cron: str, interval: int | None, timezone: str) -> None:
    if bool(cron) == (interval is not None):
        raise Invalid("A schedule has either a cron expression or an interval.", field="schedule")
    if interval is not None and not MINIMUM_SECONDS <= interval <= MAXIMUM_SECONDS:
        raise Invalid("An interval is one minute at least, and a year at most.", field="schedule")
    if timezone not in available_timezones():
        raise Invalid(f"There is no time zone named {timezone!r}.", field="timezone")
    if cron:
        try:
            next(CronSim(cron, datetime(2024, 1, 1, tzinfo=ZoneInfo(timezone))), None)
        except CronSimError as error:
            raise Invalid(f"{cron!r} is not a cron expression: {error}", field="schedule") from error
        if len(cron.split()) != 5:
            raise Invalid("A cron expression has five fields: one minute is the shortest period.", field="schedule")
