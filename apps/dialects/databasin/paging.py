"""Lists are bare and whole, unless a request names a part of them."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.dialects.parameters import whole_number

PAGE = [
    OpenApiParameter("limit", int, description="At most so many; left out: all."),
    OpenApiParameter("offset", int, description="Without the first so many."),
]


def part(request: Request) -> slice:
    """What `limit` and `offset` name of a list. Raises Invalid."""
    offset, limit = whole_number(request, "offset", default=0), whole_number(request, "limit", default=-1)
    return slice(offset, None if limit < 0 else offset + limit)
