"""What the OpenAPI document says of failures: each status with the very body that the dialect's envelope makes."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework.serializers import Serializer

from apps.dialects.failures import Failure, failure

Envelope = Callable[[Failure, str], tuple[int, dict[str, Any]]]
Responses = dict[int, OpenApiResponse]


def error_responses(body: type[Serializer[Any]], envelope: Envelope, *statuses: int) -> Responses:
    """The responses for `statuses`; `body` describes what `envelope` makes."""
    return {status: _response(body, envelope, status) for status in statuses}


def _response(body: type[Serializer[Any]], envelope: Envelope, status: int) -> OpenApiResponse:
    found = failure(status)
    _, example = envelope(found, "f3a81c09d2b4e576")
    examples = [OpenApiExample(found.reason, example, response_only=True, status_codes=[str(status)])]
    return OpenApiResponse(body, found.reason, examples)
