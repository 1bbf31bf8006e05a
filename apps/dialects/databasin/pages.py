"""The part of a list that a request names, in rows and in keys; lists are complete unless it names one."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.dialects.lists import Values
from apps.dialects.parameters import whole_number

PAGE = [
    OpenApiParameter("limit", int, description="At most so many; left out: all."),
    OpenApiParameter("offset", int, description="Without the first so many."),
]
FIELDS = OpenApiParameter("fields", str, description="These keys alone, with commas between them.")


def stretch(request: Request) -> slice:
    """Raises Invalid."""
    offset, limit = whole_number(request, "offset", default=0), whole_number(request, "limit", default=-1)
    return slice(offset, None if limit < 0 else offset + limit)


def only(request: Request, rows: list[Values]) -> list[Values]:
    """The keys that `fields` names; all of them where it names none."""
    names = [name.strip() for name in request.query_params.get("fields", "").split(",") if name.strip()]
    return [{name: row[name] for name in names if name in row} for row in rows] if names else rows
