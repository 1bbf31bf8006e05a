"""Celigo's two mappings. We keep and run version 2.0; version 1.0 is put into its words."""

from collections.abc import Iterator, Mapping
from typing import Any

from apps.errors import Invalid

Rule = dict[str, Any]

UNSUPPORTED = (
    "lookupName",
    "extractDateFormat",
    "extractDateTimezone",
    "generateDateFormat",
    "generateDateTimezone",
    "internalId",
    "immutable",
)
CONDITIONS = {"extract_not_empty"}


def rules_of(*, mappings: Any, mapping: Any) -> list[Rule]:
    """The rules of `mappings` (2.0) or else of `mapping` (1.0). Raises Invalid naming all that is not supported."""
    fields, place = _given(mappings, mapping)
    problems = [problem for index, field in enumerate(fields) for problem in _problems(field, f"{place}.{index}")]
    if problems:
        raise Invalid(problems[0].message, field=problems[0].field, problems=problems)
    return fields if place == "mappings" else [_translated(field) for field in fields]


def _given(mappings: Any, mapping: Any) -> tuple[list[Any], str]:
    if mappings:
        if mapping:
            raise Invalid("Give mappings or mapping, not both.", field="mapping")
        if not isinstance(mappings, list):
            raise Invalid("Mappings are a list of rules.", field="mappings")
        return mappings, "mappings"
    fields = mapping.get("fields", []) if isinstance(mapping, dict) else mapping or []
    if not isinstance(fields, list):
        raise Invalid("A mapping holds a list of fields.", field="mapping.fields")
    if isinstance(mapping, dict) and mapping.get("lists"):
        raise Invalid("A table's row has no lists: map fields.", field="mapping.lists")
    return fields, "mapping.fields"


def _problems(field: Any, place: str) -> Iterator[Invalid]:
    if not isinstance(field, dict):
        yield Invalid("A mapping's field is an object.", field=place)
        return
    if not isinstance(field.get("generate"), str) or not field["generate"]:
        yield Invalid("Every mapped field needs a generate.", code="missing_required_field", field=f"{place}.generate")
    for name in UNSUPPORTED:
        if field.get(name):
            yield Invalid(f"{name} is not supported yet.", field=f"{place}.{name}")
    when = _condition(field)
    if when and when not in CONDITIONS:
        yield Invalid(f"The condition {when!r} is not supported yet.", field=f"{place}.conditional.when")
    if place.startswith("mapping.") and str(field.get("hardCodedValue", "")).startswith("$"):
        yield Invalid("A fixed value that begins with $ is not supported.", field=f"{place}.hardCodedValue")


def _condition(field: Mapping[str, Any]) -> Any:
    conditional = field.get("conditional")
    when = conditional.get("when") if isinstance(conditional, dict) else conditional
    return when or ("extract_not_empty" if field.get("discardIfEmpty") else None)


def _translated(field: Rule) -> Rule:
    """One field of version 1.0 as a rule of 2.0: a bare path becomes one from the record's root."""
    is_fixed = field.get("hardCodedValue") is not None
    rule = {
        "generate": field["generate"],
        "extract": str(field["hardCodedValue"]) if is_fixed else f"$.{field.get('extract', '')}",
        "status": "Active",
    }
    if field.get("dataType"):
        rule["dataType"] = field["dataType"]
    when = _condition(field)
    return rule | ({"conditional": {"when": when}} if when else {})
