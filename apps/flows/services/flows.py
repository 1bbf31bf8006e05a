"""Chains of exports and imports, and when they run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError

from apps.connections.models import Connection
from apps.errors import Conflict, Invalid, NotFound
from apps.flows.models import Flow, FlowStep
from apps.flows.queries import automations_of, is_running, schedule_of, steps_of, waiting_jobs
from apps.flows.services import copies
from apps.flows.services.exports import clone_export
from apps.flows.services.imports import clone_import
from apps.flows.services.scheduling import KIND, follow_connections, store_schedule
from apps.flows.services.steps import store_steps
from apps.jobs import services as jobs

FIELDS = ("name", "description", "is_enabled", "owner_id", "project_id", "document", "details")


def create_flow(*, organization_id: int, project_id: int | None, values: Mapping[str, Any], at: datetime) -> Flow:
    """`values`: name, description, is_enabled, owner_id, document, details; `generators` and `processors`, lists of
    `steps.Step`, or in their place `copies`, a list of `copies.Copy`; `schedule`: {"cron", "timezone"}, {"interval"}
    or None. Raises Invalid."""
    flow = Flow(organization_id=organization_id, project_id=project_id)
    return _store(flow, {"generators": [], "processors": [], "schedule": None, **values}, at)


def change_flow(*, flow: Flow, values: Mapping[str, Any], at: datetime) -> Flow:
    """Changes what is given, `project_id` too; steps that stay keep their identity, and so what their destinations
    remember."""
    return _store(flow, values, at)


def remove_flow(*, flow: Flow, with_parts: bool = False) -> None:
    """Raises Conflict while it runs, or while an automation runs it; a run that waits is cancelled. `with_parts`: and
    its exports and imports that no other flow uses."""
    with transaction.atomic():
        flow = _locked(flow)
        for job in waiting_jobs(flow):
            jobs.cancel(job=job)
        if is_running(flow):
            raise Conflict("The flow is running: cancel its job first.", code="in_use")
        jobs.remove_schedule(kind=KIND, subject_id=flow.id)
        former = list(flow.steps.all()) if with_parts else []
        try:
            flow.delete()
        except ProtectedError as error:
            user = automations_of(flow)[0]
            text = f"The automation {user.name!r} runs this flow: take it out of there first."
            raise Conflict(text, code="in_use") from error
        copies.remove_unused(former)


def add_copy(*, flow: Flow, copy: copies.Copy, at: datetime) -> FlowStep:
    """The processor of the new copy, which is made behind the others. Raises Invalid."""
    with transaction.atomic():
        flow = _locked(flow)
        _store(flow, {"copies": [*copies.present(flow), copy]}, at)
        return flow.steps.filter(role=FlowStep.Role.PROCESSOR).latest("index")


def remove_copy(*, step: FlowStep, at: datetime) -> None:
    """Takes a processor out of its flow, with the generators of its track if it was the only one there, and with the
    exports and imports that no flow uses any more."""
    with transaction.atomic():
        flow = _locked(step.flow)
        _store(flow, {"copies": [copy for copy in copies.present(flow) if copy["step"] != step]}, at)


def clone_flow(
    *, flow: Flow, at: datetime, name: str = "", connections: Mapping[str, Connection] | None = None
) -> Flow:
    """A disabled copy with copies of its exports and imports, over other `connections` (by the old one's uid)."""
    values: dict[str, Any] = {field: getattr(flow, field) for field in FIELDS}
    values |= {"name": name or f"Clone of {flow.name}", "is_enabled": False, "generators": [], "processors": []}
    with transaction.atomic():
        for step in steps_of(flow):
            copy = {name: getattr(step, name) for name in ("track", "proceed_on_failure", "document")}
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


def _locked(flow: Flow) -> Flow:
    """Raises NotFound when it has been removed meanwhile."""
    locked = Flow.objects.select_for_update().filter(id=flow.id).first()
    if locked is None:
        raise NotFound("The flow is gone.")
    return locked


def _store(flow: Flow, values: Mapping[str, Any], at: datetime) -> Flow:
    for name in FIELDS:
        if name in values:
            setattr(flow, name, values[name])
    if not flow.name:
        raise Invalid("A name is needed.", code="missing_required_field", field="name")
    with transaction.atomic():
        if flow.pk is not None:
            _locked(flow)
        flow.save()
        former = list(flow.steps.all()) if "copies" in values else []
        steps = {**values, **copies.steps(flow, values["copies"])} if "copies" in values else values
        for role in FlowStep.Role:
            if f"{role}s" in steps:
                store_steps(flow=flow, role=role, wanted=steps[f"{role}s"])
        copies.remove_unused(former)
        if "project_id" in values:
            copies.follow_project(flow)
        store_schedule(subject=flow, schedule=_schedule(flow, values), at=at)
        follow_connections([flow])
    return flow


def _schedule(flow: Flow, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The wanted one, else the one that there is."""
    if "schedule" in values:
        wanted: Mapping[str, Any] | None = values["schedule"]
        return wanted
    row = schedule_of(flow)
    return None if row is None else {"cron": row.cron, "interval": row.interval, "timezone": row.timezone}
