"""Copies of tables: each an export, an import and a track of a flow of their own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from apps.errors import Invalid
from apps.flows.models import Export, Flow, FlowStep, Import
from apps.flows.queries import steps_of
from apps.flows.services.exports import change_export, create_export
from apps.flows.services.imports import change_import, create_import


class Copy(TypedDict):
    """`export` and `destination`: values by their models' field names, None to leave those of `step` as they are;
    `step`: the processor of the copy that is to be this one, None for a new one; `document`: kept with the step."""

    step: FlowStep | None
    export: Mapping[str, Any] | None
    destination: Mapping[str, Any] | None
    document: dict[str, Any]


def steps(flow: Flow, copies: Sequence[Copy]) -> dict[str, list[dict[str, Any]]]:
    """What `change_flow` takes to make a flow's steps these copies; makes and changes their exports and imports.

    Raises Invalid, also for a change to a copy that shares its export or import with others.
    """
    present = list(steps_of(flow))
    found: dict[str, list[dict[str, Any]]] = {"generators": [], "processors": []}
    free = max((step.track for step in present), default=-1) + 1
    for copy in copies:
        step = copy["step"]
        if step is None:
            export, destination = _made(flow, copy)
            found["generators"].append({"export": export, "track": free})
            found["processors"].append({"destination": destination, "track": free, "document": copy["document"]})
            free += 1
        else:
            _keep(step, copy, present, found)
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


def _made(flow: Flow, copy: Copy) -> tuple[Export, Import]:
    assert copy["export"] is not None
    assert copy["destination"] is not None
    organization_id, project_id = flow.organization_id, flow.project_id
    export = create_export(organization_id=organization_id, project_id=project_id, values=copy["export"])
    import_ = create_import(organization_id=organization_id, project_id=project_id, values=copy["destination"])
    return export, import_


def _keep(step: FlowStep, copy: Copy, present: Sequence[FlowStep], found: dict[str, list[dict[str, Any]]]) -> None:
    """Puts a copy that stays among the found steps, with the generators of its track unless they are there already."""
    track = [other for other in present if other.track == step.track]
    generators = [other for other in track if other.role == FlowStep.Role.GENERATOR]
    if copy["export"] is not None and copy["destination"] is not None:
        _change(step, generators, copy)
    if not any(other["track"] == step.track for other in found["generators"]):
        found["generators"] += [
            {"export": other.export, "track": step.track, "document": other.document} for other in generators
        ]
    found["processors"].append(
        {
            "destination": step.destination,
            "track": step.track,
            "proceed_on_failure": step.proceed_on_failure,
            "document": copy["document"],
        }
    )


def _change(step: FlowStep, generators: Sequence[FlowStep], copy: Copy) -> None:
    assert copy["export"] is not None
    assert copy["destination"] is not None
    if len(generators) != 1 or not all(map(_is_alone, (step, generators[0]))):
        text = "This copy shares what it reads or writes with others: change its export or its import."
        raise Invalid(text, code="shared", field="copies")
    export, destination = generators[0].export, step.destination
    assert export is not None
    assert destination is not None
    change_export(export=export, values=copy["export"])
    change_import(import_=destination, values=copy["destination"])


def _is_alone(step: FlowStep) -> bool:
    """Whether no other step uses the same export or import, nor what it gives or takes."""
    part = step.export or step.destination
    assert part is not None
    of_track = FlowStep.objects.filter(flow=step.flow_id, track=step.track, role=step.role)
    return of_track.count() == 1 and FlowStep.objects.filter(**{_name(part): part}).count() == 1


def _name(part: Export | Import) -> str:
    """The field of a step that refers to it."""
    return "export" if isinstance(part, Export) else "destination"
