"""PATCH: an object that is merged, or Celigo's own list of operations, on fields that may be patched."""

from collections.abc import Collection
from typing import Any

from apps.errors import Invalid

OPERATIONS = {"add", "replace", "remove"}


def patched(shown: dict[str, Any], patch: Any, *, allowed: Collection[str]) -> dict[str, Any]:
    """`shown` with the patch applied. Raises Invalid for other fields than `allowed`, naming each."""
    if isinstance(patch, list):
        patch = _merge_of(patch)
    if not isinstance(patch, dict):
        raise Invalid("A patch is an object, or a list of operations.", code="invalid_body")
    problems = [
        Invalid(f"{name} cannot be patched; these can: {', '.join(sorted(allowed))}.", field=name)
        for name in patch
        if name not in allowed
    ]
    if problems:
        raise Invalid(problems[0].message, field=problems[0].field, problems=problems)
    merged: dict[str, Any] = _merged(shown, patch)
    return merged


def _merged(document: Any, patch: Any) -> Any:
    """RFC 7396: null removes, objects go deeper, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _merged(result.get(name), value)
    return result


def _merge_of(operations: list[Any]) -> dict[str, Any]:
    """`[{"op": "replace", "path": "/name", "value": …}]` as a merge patch."""
    merge: dict[str, Any] = {}
    for operation in operations:
        if not isinstance(operation, dict) or operation.get("op") not in OPERATIONS:
            raise Invalid(f"An operation's op is one of {', '.join(sorted(OPERATIONS))}.", code="invalid_body")
        path = operation.get("path")
        if not isinstance(path, str) or not path.startswith("/") or not path.strip("/"):
            raise Invalid("An operation needs a path such as /name.", code="invalid_body", field="path")
        *parents, last = path.strip("/").split("/")
        target = merge
        for parent in parents:
            target = target.setdefault(parent, {})
        target[last] = None if operation["op"] == "remove" else operation.get("value")
    return merge
