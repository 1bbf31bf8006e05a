"""Flows that are run one after the other, and when."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.errors import Conflict, Invalid, NotFound
from apps.flows.models import Automation, AutomationTask
from apps.flows.queries import is_running, jobs_of, kind_of, schedule_of, tasks_of
from apps.flows.services.scheduling import store_schedule
from apps.flows.services.starting import check_connections
from apps.jobs import services as jobs
from apps.jobs.models import ENDED, Job

FIELDS = ("name", "is_enabled", "owner_id", "project_id", "document")
Task = Mapping[str, Any]
"""`{"flow": Flow}`, with `name`, `is_enabled` and `document` where wanted."""


def create_automation(
    *, organization_id: int, project_id: int | None, values: Mapping[str, Any], at: datetime
) -> Automation:
    """`values`: name, is_enabled, owner_id, document; `tasks`, a list of Task; `schedule`: {"cron", "timezone"},
    {"interval"} or None. Raises Invalid."""
    automation = Automation(organization_id=organization_id, project_id=project_id)
    return _store(automation, {"tasks": [], "schedule": None, **values}, at)


def change_automation(*, automation: Automation, values: Mapping[str, Any], at: datetime) -> Automation:
    """Changes what is given, `project_id` too; tasks that stay keep their identity. A run that has begun goes on as it
    began."""
    return _store(automation, values, at)


def remove_automation(*, automation: Automation) -> None:
    """Stops what runs of it. Raises NotFound when somebody else was quicker."""
    with transaction.atomic():
        if not Automation.objects.select_for_update().filter(id=automation.id).exists():
            raise NotFound("The automation is gone.")
        stop_automation(automation=automation)
        jobs.remove_schedule(kind=kind_of(automation), subject_id=automation.id)
        automation.delete()


def run_automation(*, automation: Automation, at: datetime) -> Job:
    """The queued job, or the one that waits already. Raises Conflict while it runs or one of its connections is
    offline, Invalid when it has no task."""
    if is_running(automation):
        raise Conflict("The automation is running.", code="already_running")
    if not automation.tasks.filter(is_enabled=True).exists():
        raise Invalid("An automation needs a task to do.", code="incomplete_automation", field="tasks")
    check_connections(automation)
    kind = kind_of(automation)
    return jobs.start(
        kind=kind,
        subject_id=automation.id,
        subject_uid=automation.uid,
        organization_id=automation.organization_id,
        project_id=automation.project_id,
        labels={kind: automation.uid},
        at=at,
    )


def stop_automation(*, automation: Automation) -> list[Job]:
    """What ran or waited of it, and is asked to stop; [] where nothing did."""
    stopped = []
    for job in jobs_of(automation).exclude(state__in=ENDED).order_by("-id"):
        with suppress(Conflict):  # it has ended by itself meanwhile
            stopped.append(jobs.cancel(job=job))
    return stopped


def _store(automation: Automation, values: Mapping[str, Any], at: datetime) -> Automation:
    for name in FIELDS:
        if name in values:
            setattr(automation, name, values[name])
    if not automation.name:
        raise Invalid("A name is needed.", code="missing_required_field", field="name")
    try:
        with transaction.atomic():
            automation.save()
            if "tasks" in values:
                _store_tasks(automation, values["tasks"])
            store_schedule(subject=automation, schedule=_schedule(automation, values), at=at)
    except IntegrityError as error:
        raise Conflict("It could not be stored: something it refers to has gone or changed.") from error
    return automation


def _store_tasks(automation: Automation, wanted: Sequence[Task]) -> None:
    existing = list(tasks_of(automation))
    kept = [_task(automation, existing, index, task) for index, task in enumerate(wanted)]
    automation.tasks.filter(id__in=[row.id for row in existing]).delete()
    for row in kept:
        row.save()


def _task(automation: Automation, existing: list[AutomationTask], index: int, task: Task) -> AutomationTask:
    """The row of a task, taken out of the `existing` ones where one is of the same flow."""
    if task["flow"].organization_id != automation.organization_id:
        raise Invalid("There is no such flow.", code="invalid_ref", field="tasks")
    row = _first(row for row in existing if row.flow_id == task["flow"].id)
    if row is not None:
        existing.remove(row)
    else:
        row = AutomationTask(automation=automation, flow=task["flow"])
    row.index, row.name = index, task.get("name", "")
    row.is_enabled, row.document = task.get("is_enabled", True), task.get("document", {})
    return row


def _first(rows: Iterable[AutomationTask]) -> AutomationTask | None:
    return next(iter(rows), None)


def _schedule(automation: Automation, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The wanted one, else the one that there is."""
    if "schedule" in values:
        wanted: Mapping[str, Any] | None = values["schedule"]
        return wanted
    row = schedule_of(automation)
    return None if row is None else {"cron": row.cron, "interval": row.interval, "timezone": row.timezone}
