"""What OpenAPI says of the doors that a resource has."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.serializers import Serializer

from apps.dialects.celigo.envelope import errors
from apps.dialects.celigo.paging import PARAMETERS
from apps.dialects.celigo.shapes import CloneShape
from apps.dialects.lists import Values

PATCH = {
    "oneOf": [
        {"type": "object", "description": "Merged with what there is; null takes a field away."},
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"op": {"enum": ["add", "replace", "remove"]}, "path": {"type": "string"}, "value": {}},
                "required": ["op", "path"],
            },
        },
    ]
}


MERGED = OpenApiExample("Merged", {"name": "Another name"}, request_only=True)
OPERATIONS = OpenApiExample(
    "Operations", [{"op": "replace", "path": "/name", "value": "Another name"}], request_only=True
)
COPIED = OpenApiExample("Request", {"name": "A copy"}, request_only=True)

Doors = dict[str, dict[str, Any]]
"""By the names of a Resource's methods, what `extend_schema` takes."""


def documented(*, tag: str, noun: str, shape: type[Serializer[Any]], request: Values, response: Values) -> Any:
    """A decorator that tells OpenAPI of a Resource's doors; `request` and `response` are examples."""
    sent = OpenApiExample("Request", request, request_only=True)
    got = OpenApiExample("Answer", response, response_only=True, status_codes=["200", "201"])
    doors = _reading(noun, shape, got) | _writing(noun, shape, sent, got) | _copying(noun, shape, got) | _removing(noun)
    return extend_schema_view(**{name: extend_schema(tags=[tag], **said) for name, said in doors.items()})


def _reading(noun: str, shape: type[Serializer[Any]], got: OpenApiExample) -> Doors:
    return {
        "list": {
            "operation_id": f"celigo_list_{noun}s",
            "summary": f"List {noun}s",
            "parameters": PARAMETERS,
            "responses": {200: shape(many=True), **errors(400, 401, 403)},
            "examples": [got],
        },
        "retrieve": {
            "operation_id": f"celigo_get_{noun}",
            "summary": f"Get a {noun}",
            "responses": {200: shape, **errors(401, 403, 404)},
            "examples": [got],
        },
    }


def _writing(noun: str, shape: type[Serializer[Any]], sent: OpenApiExample, got: OpenApiExample) -> Doors:
    changed = {200: shape, **errors(400, 401, 403, 404, 422)}
    return {
        "create": {
            "operation_id": f"celigo_create_{noun}",
            "summary": f"Create a {noun}",
            "request": shape,
            "responses": {201: shape, **errors(400, 401, 403, 422)},
            "examples": [sent, got],
        },
        "update": {
            "operation_id": f"celigo_replace_{noun}",
            "summary": f"Replace a {noun}: what is left out is erased",
            "request": shape,
            "responses": changed,
            "examples": [sent, got],
        },
        "partial_update": {
            "operation_id": f"celigo_patch_{noun}",
            "summary": f"Change some fields of a {noun}",
            "request": {"application/json": PATCH},
            "responses": changed,
            "examples": [MERGED, OPERATIONS, got],
        },
    }


def _copying(noun: str, shape: type[Serializer[Any]], got: OpenApiExample) -> Doors:
    return {
        "clone": {
            "operation_id": f"celigo_clone_{noun}",
            "summary": f"Copy a {noun}",
            "request": CloneShape,
            "responses": {201: shape, **errors(400, 401, 403, 404, 422)},
            "examples": [COPIED, got],
        }
    }


def _removing(noun: str) -> Doors:
    return {
        "destroy": {
            "operation_id": f"celigo_delete_{noun}",
            "summary": f"Delete a {noun}",
            "responses": {204: None, **errors(401, 403, 404, 409)},
        }
    }
