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


def documented(*, tag: str, noun: str, shape: type[Serializer[Any]], request: Values, response: Values) -> Any:
    """A decorator that tells OpenAPI of a Resource's doors; `request` and `response` are examples."""
    sent = OpenApiExample("Request", request, request_only=True)
    got = OpenApiExample("Answer", response, response_only=True, status_codes=["200", "201"])
    listed = OpenApiExample("Answer", response, response_only=True, status_codes=["200"])
    plural = f"{noun}s"

    def door(name: str, summary: str, **words: Any) -> Any:
        return extend_schema(operation_id=f"celigo_{name}", summary=summary, tags=[tag], **words)

    return extend_schema_view(
        list=door(
            f"list_{plural}",
            f"List {plural}",
            parameters=PARAMETERS,
            responses={200: shape(many=True), **errors(400, 401, 403)},
            examples=[listed],
        ),
        create=door(
            f"create_{noun}",
            f"Create a {noun}",
            request=shape,
            responses={201: shape, **errors(400, 401, 403, 422)},
            examples=[sent, got],
        ),
        retrieve=door(f"get_{noun}", f"Get a {noun}", responses={200: shape, **errors(401, 403, 404)}, examples=[got]),
        update=door(
            f"replace_{noun}",
            f"Replace a {noun}: what is left out is erased",
            request=shape,
            responses={200: shape, **errors(400, 401, 403, 404, 422)},
            examples=[sent, got],
        ),
        partial_update=door(
            f"patch_{noun}",
            f"Change some fields of a {noun}",
            request={"application/json": PATCH},
            responses={200: shape, **errors(400, 401, 403, 404, 422)},
            examples=[
                OpenApiExample("Merged", {"name": "Another name"}, request_only=True),
                OpenApiExample(
                    "Operations", [{"op": "replace", "path": "/name", "value": "Another name"}], request_only=True
                ),
                got,
            ],
        ),
        destroy=door(f"delete_{noun}", f"Delete a {noun}", responses={204: None, **errors(401, 403, 404, 409)}),
        clone=door(
            f"clone_{noun}",
            f"Copy a {noun}",
            request=CloneShape,
            responses={201: shape, **errors(400, 401, 403, 404, 422)},
            examples=[OpenApiExample("Request", {"name": "A copy"}, request_only=True), got],
        ),
    )
