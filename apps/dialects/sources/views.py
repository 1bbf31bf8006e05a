"""What every endpoint of the Sources dialect is made from, and how it answers."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample
from rest_framework.response import Response

from apps.dialects.lists import Values
from apps.dialects.views import Endpoint


class SourcesEndpoint(Endpoint):
    # a docstring here would be every endpoint's description in OpenAPI
    minds_collections: ClassVar[bool] = True


def done(http_status: int = 200, /, **values: Any) -> Response:
    return Response({"success": True, **values}, http_status)


def sends(body: Any) -> OpenApiExample:
    return OpenApiExample("Request", body, request_only=True)


def answers(body: Values, status: int = 200, name: str = "Answer") -> OpenApiExample:
    return OpenApiExample(name, body, response_only=True, status_codes=[str(status)])
