"""The steps of a flow: which there are, in which order and on which track."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.errors import Invalid
from apps.flows.models import Export, Flow, FlowStep, Import

PLACE = ("track", "index", "proceed_on_failure", "document")
Step = Mapping[str, Any]
"""`{"export": Export}` or `{"destination": Import}`, with `track`, `proceed_on_failure` and `document` where wanted."""


def store_steps(*, flow: Flow, role: FlowStep.Role, wanted: Sequence[Step]) -> None:
    """Makes the flow's steps of one role the wanted ones, in their order; those that stay keep their identity and,
    unless told otherwise, their track. Raises Invalid."""
    existing = list(flow.steps.filter(role=role).order_by("index"))
    kept = _kept(existing, wanted)
    gone = {row.id: row for row in existing} | {row.id: None for row in kept if row is not None}
    tracks = _tracks(wanted, kept, {row.index: row.track for row in gone.values() if row is not None})
    made, changed = [], []
    for index, (step, row, track) in enumerate(zip(wanted, kept, tracks, strict=True)):
        if row is None:
            made.append(_placed(_new(flow, role, step), step, index, track))
        elif _values(row) != _values(_placed(row, step, index, track)):
            changed.append(row)
    flow.steps.filter(id__in=[number for number, row in gone.items() if row is not None]).delete()
    FlowStep.objects.bulk_update(changed, PLACE)
    FlowStep.objects.bulk_create(made)


def _kept(existing: Iterable[FlowStep], wanted: Sequence[Step]) -> list[FlowStep | None]:
    """For each step, the row that is the same already; None for a new one."""
    rows: dict[tuple[int | None, int | None], list[FlowStep]] = {}
    for row in existing:
        rows.setdefault((row.export_id, row.destination_id), []).append(row)
    keys = [(_id(step.get("export")), _id(step.get("destination"))) for step in wanted]
    return [found.pop(0) if (found := rows.get(key)) else None for key in keys]


def _tracks(wanted: Sequence[Step], kept: Sequence[FlowStep | None], freed: Mapping[int, int]) -> list[int]:
    """A step that came in another's place joins its track, and else that of its neighbour. `freed`: the tracks of steps
    that went, by their places."""
    track = next((row.track for row in kept if row is not None), 0)
    tracks = []
    for index, (step, row) in enumerate(zip(wanted, kept, strict=True)):
        track = step.get("track", row.track if row else freed.get(index, track))
        tracks.append(track)
    return tracks


def _placed(row: FlowStep, step: Step, index: int, track: int) -> FlowStep:
    row.track, row.index = track, index
    row.proceed_on_failure = bool(step.get("proceed_on_failure", False))
    row.document = step.get("document", row.document)
    return row


def _values(row: FlowStep) -> list[Any]:
    return [getattr(row, name) for name in PLACE]


def _new(flow: Flow, role: FlowStep.Role, step: Step) -> FlowStep:
    resource = step.get("export" if role == FlowStep.Role.GENERATOR else "destination")
    if resource is None:
        what = "an export" if role == FlowStep.Role.GENERATOR else "an import"
        raise Invalid(f"A page {role} needs {what}.", code="missing_required_field", field=f"{role}s")
    if resource.organization_id != flow.organization_id:
        raise Invalid("There is no such export or import.", code="invalid_ref", field=f"{role}s")
    return FlowStep(flow=flow, role=role, export=step.get("export"), destination=step.get("destination"))


def _id(resource: Export | Import | None) -> int | None:
    return None if resource is None else resource.id
