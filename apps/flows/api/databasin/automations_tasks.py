"""The tasks of an automation as clients say them. Pipelines are what can be done."""

from collections.abc import Mapping
from typing import Any

from apps.accounts.queries import visible
from apps.dialects.caller import Caller
from apps.dialects.databasin import numbers
from apps.dialects.lists import Values
from apps.errors import Invalid, NotFound
from apps.flows.api.databasin.values import flag, line, objects
from apps.flows.models import Flow

TYPE = "pipeline"
LISTS = ("automationTask", "automationTasks")
"""The templates' list of objects, and what the client's types call it; there it may also hold the types alone."""
PIPELINE = ("jobID", "pipelineID", "pipelineId")
NOTHING = (None, "", -1)


def tasks(said: Mapping[str, Any], caller: Caller) -> list[Values] | None:
    """As the service takes them, in their order; None where nothing is said of them. Raises Invalid for what cannot be
    done, NotFound for a pipeline that the caller does not see."""
    lists = {key: objects(said[key], key) for key in LISTS if key in said}
    for key, items in lists.items():
        _check_types(items, key)
    wanted = next(filter(None, ([item for item in items if isinstance(item, dict)] for items in lists.values())), None)
    if wanted is None and _pipeline(said) is not None:
        wanted = [{"pipelineId": _pipeline(said)}]
    if wanted is None:
        return [] if [] in lists.values() else None
    numbered = [(_number(item, place), item) for place, item in enumerate(sorted(wanted, key=_order), 1)]
    flows = _flows([number for number, _ in numbered], caller)
    return [_task(flows[number], item) for number, item in numbered]


def _check_types(items: list[Any], key: str) -> None:
    for place, item in enumerate(items, 1):
        type_ = item if isinstance(item, str) else item.get("taskType") or TYPE
        if str(type_).lower() != TYPE:
            text = f"Task {place} is of type {type_!r}: only tasks of type {TYPE!r} can be done here."
            raise Invalid(text, code="unsupported_task", field=key)


def _order(item: Values) -> int:
    number = item.get("automationOrderNumber")
    return 0 if number in NOTHING else numbers.number(number, "automationOrderNumber")


def _pipeline(said: Mapping[str, Any]) -> Any:
    return next((said[key] for key in PIPELINE if said.get(key) not in NOTHING), None)


def _number(item: Values, place: int) -> int:
    value = _pipeline(item)
    if value is None:
        text = f"Task {place}: missing required field: jobID, the number of its pipeline."
        raise Invalid(text, code="missing_required_field", field="jobID")
    return numbers.number(value, "jobID")


def _flows(numbers: list[int], caller: Caller) -> dict[int, Flow]:
    found = visible(Flow.objects.all(), caller).in_bulk(numbers)
    missing = next((number for number in numbers if number not in found), None)
    if missing is not None:
        raise NotFound(f"Pipeline with ID {missing} not found")
    return found


def _task(flow: Flow, item: Values) -> Values:
    name, is_active = item.get("taskName"), item.get("isActive")
    return {
        "flow": flow,
        "name": "" if name is None else line(name, "taskName"),
        "is_enabled": True if is_active is None else flag(is_active, "isActive"),
    }
