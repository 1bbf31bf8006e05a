"""What OpenAPI says of the reads of metadata."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

from apps.connections.api.databasin.metadata_answers import GOES_ON
from apps.connections.api.databasin.metadata_shapes import MetadataWaiting
from apps.dialects.databasin.envelope import errors

Door = TypeVar("Door", bound=Callable[..., Any])

TAGS = ["Databasin: metadata"]
FAILURES = errors(400, 401, 403, 404, 409, 429)
CATALOG = OpenApiParameter(
    "catalog", str, description="Left out, and the schema too: the connector's own database, else every catalog."
)
SCHEMA = OpenApiParameter("schema", str, description="Left out: every schema.")
LIVE = OpenApiParameter("live", bool, description="Ask the system itself, whatever is kept of it.")
JOB = "5e03061cda20740022300f09"


def got(example: Any, name: str = "Answer", status: int = 200) -> OpenApiExample:
    return OpenApiExample(name, example, response_only=True, status_codes=[str(status)])


SLOW = got({"status": "success", "message": GOES_ON, "jobId": JOB}, "It takes long", 202)


def described(
    name: str, summary: str, shape: Any, examples: list[OpenApiExample], *parameters: OpenApiParameter, sent: Any = None
) -> Callable[[Door], Door]:
    """A decorator; `shape` is what is answered, `sent` what a body holds."""
    return extend_schema(
        operation_id=f"databasin_{name}",
        summary=summary,
        parameters=[*parameters, LIVE],
        request=sent,
        responses={200: shape, 202: MetadataWaiting, **FAILURES},
        examples=[*examples, SLOW],
        tags=TAGS,
    )
