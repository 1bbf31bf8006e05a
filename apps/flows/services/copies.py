"""Copies of tables: each an export, an import and a track of a flow of their own."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import count
from typing import Any, TypedDict

from django.db.models import Count

from apps.errors import Conflict, Invalid
from apps.flows.models import Export, Flow, FlowStep, Import
from apps.flows.queries import steps_of
from apps.flows.services.exports import change_export, new_export
from apps.flows.services.imports import change_import, new_import


class Copy(TypedDict):
    """`export` and `destination`: values by their models' field names, None to leave those of `step` as they are;
    `step`: the processor of the copy that is to be this one, None for a new one; `document`: kept with the step."""

    step: FlowStep | None
    export: Mapping[str, Any] | None
    destination: Mapping[str, Any] | None
    document: dict[str, Any]


class Steps(TypedDict):
    """As `change_flow` takes them."""

    generators: list[dict[str, Any]]
    processors: list[dict[str, Any]]


def steps(flow: Flow, copies: Sequence[Copy]) -> Steps:
    """What `change_flow` takes to make a flow's steps these copies; makes and changes their exports and imports.

    Raises Invalid, also for a change to a copy that shares its export or import with others, and Conflict for a copy
    that has been removed meanwhile.
    """
    former = list(steps_of(flow))
    if {copy["step"].id for copy in copies if copy["step"] is not None} - {step.id for step in former}:
        raise Conflict("The flow has been changed meanwhile.")
    generators: dict[int, list[FlowStep]] = {}
    for step in former:
        if step.role == FlowStep.Role.GENERATOR:
            generators.setdefault(step.track, []).append(step)
    shared = _shared(former)
    free = count(max((step.track for step in former), default=-1) + 1)
    found = Steps(generators=[], processors=[])
    for copy in copies:
        if copy["step"] is None:
            _add(flow, copy, next(free), found)
            continue
        if copy["export"] is not None and copy["destination"] is not None:
            _change(copy["step"], generators.get(copy["step"].track, []), shared, copy["export"], copy["destination"])
        _keep(copy, copy["step"], generators, found)
    Export.objects.bulk_create([one["export"] for one in found["generators"] if one["export"].pk is None])
    Import.objects.bulk_create([one["destination"] for one in found["processors"] if one["destination"].pk is None])
    return found


def present(flow: Flow) -> list[Copy]:
    """The flow's copies, to be left as they are."""
    processors = flow.steps.filter(role=FlowStep.Role.PROCESSOR).select_related("destination").order_by("index")
    return [Copy(step=step, export=None, destination=None, document=step.document) for step in processors]


def remove_unused(steps: Iterable[FlowStep]) -> None:
    """Removes the exports and imports of former steps that no flow uses any more."""
    steps = list(steps)
    Export.objects.filter(id__in={step.export_id for step in steps}, steps=None).delete()
    Import.objects.filter(id__in={step.destination_id for step in steps}, steps=None).delete()


def follow_project(flow: Flow) -> None:
    """Takes the exports and imports that no other flow uses into the flow's project."""
    others = FlowStep.objects.exclude(flow=flow)
    exports = Export.objects.filter(steps__flow=flow).exclude(steps__in=others)
    imports = Import.objects.filter(steps__flow=flow).exclude(steps__in=others)
    Export.objects.filter(id__in=exports.values("id")).update(project_id=flow.project_id)
    Import.objects.filter(id__in=imports.values("id")).update(project_id=flow.project_id)


def _add(flow: Flow, copy: Copy, track: int, found: Steps) -> None:
    assert copy["export"] is not None
    assert copy["destination"] is not None
    organization_id, project_id = flow.organization_id, flow.project_id
    export = new_export(organization_id=organization_id, project_id=project_id, values=copy["export"])
    destination = new_import(organization_id=organization_id, project_id=project_id, values=copy["destination"])
    found["generators"].append({"export": export, "track": track})
    found["processors"].append({"destination": destination, "track": track, "document": copy["document"]})


def _keep(copy: Copy, step: FlowStep, generators: dict[int, list[FlowStep]], found: Steps) -> None:
    """Puts a copy that stays among the found steps, and with the first one of a track the generators of the track."""
    for other in generators.pop(step.track, ()):
        found["generators"].append({"export": other.export, "track": step.track, "document": other.document})
    found["processors"].append(
        {
            "destination": step.destination,
            "track": step.track,
            "proceed_on_failure": step.proceed_on_failure,
            "document": copy["document"],
        }
    )


def _change(
    step: FlowStep,
    generators: Sequence[FlowStep],
    shared: Container[int],
    export: Mapping[str, Any],
    destination: Mapping[str, Any],
) -> None:
    if len(generators) != 1 or step.id in shared or generators[0].id in shared:
        text = "This copy shares what it reads or writes with others: change its export or its import."
        raise Invalid(text, code="shared", field="copies")
    present, other = generators[0].export, step.destination
    assert present is not None
    assert other is not None
    if _differs(present, export):
        change_export(export=present, values=export)
    if _differs(other, destination):
        change_import(import_=other, values=destination)


def _differs(row: Export | Import, values: Mapping[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in values.items())


def _shared(steps: Sequence[FlowStep]) -> set[int]:
    """Of a flow's steps those that are not alone on their side of a track, or whose export or import is used twice."""
    crowd = Counter((step.track, step.role) for step in steps)
    exports = _used_twice("export_id", {step.export_id for step in steps})
    imports = _used_twice("destination_id", {step.destination_id for step in steps})
    return {
        step.id
        for step in steps
        if crowd[step.track, step.role] > 1 or step.export_id in exports or step.destination_id in imports
    }


def _used_twice(field: str, numbers: set[int | None]) -> set[int]:
    rows = FlowStep.objects.filter(**{f"{field}__in": numbers - {None}})
    counted = rows.order_by().values(field).annotate(uses=Count("id")).filter(uses__gt=1)
    return set(counted.values_list(field, flat=True))
