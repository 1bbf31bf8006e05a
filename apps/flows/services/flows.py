"""Chains of exports and imports, and when they run."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.connections.models import Connection
from apps.errors import Conflict, Invalid
from apps.flows.models import Flow, FlowStep
from apps.flows.queries import is_running, schedule_of, steps_of, waiting_jobs
from apps.flows.services.exports import clone_export
from apps.flows.services.imports import clone_import
from apps.flows.services.scheduling import KIND, store_schedule
from apps.jobs import services as jobs

FIELDS = ("name", "description", "is_enabled", "document")
Step = Mapping[str, Any]
"""`{"export": Export}` or `{"destination": Import}`, with `proceed_on_failure` and `document` where wanted."""


def create_flow(*, organization_id: int, project_id: int | None, values: Mapping[str, Any], at: datetime) -> Flow:
    """`values`: name, description, is_enabled, document; `generators` and `processors`, lists of Step; `schedule`:
    {"cron", "timezone"}, {"interval"} or None. Raises Invalid."""
    flow = Flow(organization_id=organization_id, project_id=project_id)
    return _store(flow, {"generators": [], "processors": [], "schedule": None, **values}, at)


def change_flow(*, flow: Flow, values: Mapping[str, Any], at: datetime) -> Flow:
    """Changes what is given; steps that stay keep their identity, and so what their destinations remember."""
    return _store(flow, values, at)


def remove_flow(*, flow: Flow) -> None:
    """Raises Conflict while it runs; a run that waits is cancelled."""
    with transaction.atomic():
        Flow.objects.select_for_update().get(id=flow.id)
        for job in waiting_jobs(flow):
            jobs.cancel(job=job)
        if is_running(flow):
            raise Conflict("The flow is running: cancel its job first.", code="in_use")
        jobs.remove_schedule(kind=KIND, subject_id=flow.id)
        flow.delete()


def clone_flow(
    *, flow: Flow, at: datetime, name: str = "", connections: Mapping[str, Connection] | None = None
) -> Flow:
    """A disabled copy with copies of its exports and imports, over other `connections` (by the old one's uid)."""
    values: dict[str, Any] = {"name": name or f"Clone of {flow.name}", "description": flow.description}
    values |= {"document": flow.document, "is_enabled": False, "generators": [], "processors": []}
    with transaction.atomic():
        for step in steps_of(flow):
            copy: dict[str, Any] = {"proceed_on_failure": step.proceed_on_failure, "document": step.document}
            if step.export is not None:
                copy["export"] = clone_export(export=step.export, connections=connections)
            if step.destination is not None:
                copy["destination"] = clone_import(import_=step.destination, connections=connections)
            values[f"{step.role}s"].append(copy)
        return create_flow(organization_id=flow.organization_id, project_id=flow.project_id, values=values, at=at)


def restart_flow(*, flow: Flow) -> None:
    """Forgets how far the flow's steps got: the next run reads everything anew. Raises Conflict while it runs."""
    if is_running(flow):
        raise Conflict("The flow is running: cancel its job first.", code="in_use")
    flow.steps.update(generation=F("generation") + 1, position=None)


def _store(flow: Flow, values: Mapping[str, Any], at: datetime) -> Flow:
    for name in FIELDS:
        if name in values:
            setattr(flow, name, values[name])
    if not flow.name:
        raise Invalid("A name is needed.", code="missing_required_field", field="name")
    with transaction.atomic():
        flow.save()
        for role in FlowStep.Role:
            if f"{role}s" in values:
                _store_steps(flow, role, values[f"{role}s"])
        store_schedule(flow=flow, schedule=_schedule(flow, values), at=at)
    return flow


def _store_steps(flow: Flow, role: FlowStep.Role, wanted: Sequence[Step]) -> None:
    """Makes the flow's steps of one role the wanted ones, in their order."""
    existing = list(flow.steps.filter(role=role))
    kept = []
    for index, step in enumerate(wanted):
        export, destination = step.get("export"), step.get("destination")
        row = next((row for row in existing if (row.export, row.destination) == (export, destination)), None)
        if row is not None:
            existing.remove(row)
        else:
            row = FlowStep(flow=flow, role=role, export=export, destination=destination)
        _check(flow, role, row)
        row.index = index
        row.proceed_on_failure = bool(step.get("proceed_on_failure", False))
        row.document = step.get("document", {})
        kept.append(row)
    flow.steps.filter(id__in=[row.id for row in existing]).delete()
    for row in kept:
        row.save()


def _check(flow: Flow, role: FlowStep.Role, step: FlowStep) -> None:
    resource = step.export if role == FlowStep.Role.GENERATOR else step.destination
    if resource is None:
        what = "an export" if role == FlowStep.Role.GENERATOR else "an import"
        raise Invalid(f"A page {role} needs {what}.", code="missing_required_field", field=f"{role}s")
    if resource.organization_id != flow.organization_id:
        raise Invalid("There is no such export or import.", code="invalid_ref", field=f"{role}s")


def _schedule(flow: Flow, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The wanted one, else the one that there is."""
    if "schedule" in values:
        wanted: Mapping[str, Any] | None = values["schedule"]
        return wanted
    row = schedule_of(flow)
    return None if row is None else {"cron": row.cron, "interval": row.interval, "timezone": row.timezone}
