"""The part of a list that a request names; lists are complete unless it names one."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.dialects.parameters import whole_number

PAGE = [
    OpenApiParameter("limit", int, description="At most so many; left out: all."),
    OpenApiParameter("offset", int, description="Without the first so many."),
]


def stretch(request: Request) -> slice:
    """Raises Invalid."""
    offset, limit = whole_number(request, "offset", default=0), whole_number(request, "limit", default=-1)
    return slice(offset, None if limit < 0 else offset + limit)
