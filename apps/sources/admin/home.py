"""What the console's first page tells of collections."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest

from apps.accounts.admin import reach
from apps.sources.admin import admission
from apps.sources.models import Collection, SourceConnection, Stream
from apps.sources.queries.standing import in_error

MOST_LOOKED_AT = 2_000
"""So many source connections are looked at, the newest first, for those in error: somebody waits for the page."""


def landed(request: HttpRequest, organizations: Sequence[int]) -> dict[str, Any]:
    """Of the collections that the user reaches; {} where there is none."""
    rows = Collection.objects.filter(organization__in=organizations)
    collections = list(
        admission.admitted(rows, request, reach.EVERYBODY, collection="").order_by().values_list("id", flat=True)
    )
    if not collections:
        return {}
    live = Stream.objects.filter(collection__in=collections, removed_at=None)
    sources = list(SourceConnection.objects.filter(collection__in=collections).values_list("id", flat=True))
    return {
        "collections": len(collections),
        "records": live.aggregate(records=Sum("record_count"))["records"] or 0,
        "sources": len(sources),
        "in_error": in_error(sources[:MOST_LOOKED_AT]),
    }
