"""Lists are bare and whole, unless a request names a part of them."""

from typing import Any, TypeVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.dialects.parameters import whole_number

Items = TypeVar("Items", "list[Any]", "QuerySet[Any]")

PAGE = [
    OpenApiParameter("limit", int, description="At most so many; left out: all."),
    OpenApiParameter("offset", int, description="Without the first so many."),
]


def page(request: Request, items: Items) -> Items:
    """The part of them that `limit` and `offset` name. Raises Invalid."""
    offset, limit = whole_number(request, "offset", default=0), whole_number(request, "limit", default=-1)
    if limit < 0:
        return items[offset:] if offset else items
    return items[offset : offset + limit]
