"""Lists in part: `limit` and `offset`, and how many rows there are in all."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from apps.dialects.lists import Listing, Values
from apps.dialects.parameters import whole_number

LIMIT, MOST = 100, 1000
PAGE = [
    OpenApiParameter("limit", int, description=f"At most so many, up to {MOST:,}; {LIMIT} if it is left out."),
    OpenApiParameter("offset", int, description="Without the first so many."),
]


class Page(serializers.Serializer[Any]):
    """What every list says besides its rows."""

    success = serializers.BooleanField()
    total = serializers.IntegerField(help_text="How many there are, whatever `limit` and `offset` say.")
    limit = serializers.IntegerField()
    offset = serializers.IntegerField()


def page(request: Request, name: str, rows: QuerySet[Any], listing: Listing) -> Values:
    """The answer that lists `rows`, the newest first, under `name`. Raises Invalid."""
    limit = whole_number(request, "limit", default=LIMIT, least=1, most=MOST)
    offset = whole_number(request, "offset", default=0)
    shown = listing.rows(rows.order_by("-id")[offset : offset + limit])
    return {"success": True, name: shown, "total": rows.count(), "limit": limit, "offset": offset}
