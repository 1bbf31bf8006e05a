"""Lists as Celigo pages them: `limit` and `skip`, the next page in `Link`, `include` or `exclude` for fewer fields."""

import re
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.lists import Listing, Values
from apps.dialects.parameters import whole_number
from apps.errors import Invalid

MOST = 1000
NAMES = re.compile(r"[A-Za-z0-9_.]+(,[A-Za-z0-9_.]+)*")
ALWAYS = ("_id", "name")
"""What a list shows of a row whatever `include` names."""

PARAMETERS = [
    OpenApiParameter("limit", int, description=f"At most so many, up to {MOST}, which is the default."),
    OpenApiParameter("skip", int, description="Leave out so many from the beginning."),
    OpenApiParameter("include", str, description="Only these fields, and `_id` and `name`: `a,b.c`."),
    OpenApiParameter("exclude", str, description="Not these fields: `a,b.c`."),
]


def paged(request: Request, rows: QuerySet[Any], listing: Listing) -> Response:
    """The newest first. The link to the next page goes by key, so that it stays right while rows come and go."""
    limit = whole_number(request, "limit", default=MOST, least=1, most=MOST)
    skip = whole_number(request, "skip", default=0)
    project = projection(request)
    rows = rows.order_by("-id")
    if before := request.query_params.get("before"):
        rows = rows.filter(id__lt=_key(before))
    found = listing.keyed(rows[skip : skip + limit + 1])
    response = Response([project(row) for _, row in found[:limit]])
    if len(found) > limit:
        response["Link"] = f'<{_next(request, limit, found[limit - 1][0])}>; rel="next"'
    return response


def projection(request: Request) -> Any:
    """What makes of a row the fields that were asked for. Raises Invalid when the parameters contradict."""
    included, excluded = (_names(request, name) for name in ("include", "exclude"))
    if included and excluded:
        raise Invalid("Give include or exclude, not both.", code="invalid_query_params", field="include")
    if included:
        return lambda row: _only(row, [*ALWAYS, *included])
    return lambda row: _without(row, excluded)


def _next(request: Request, limit: int, key: int) -> str:
    query = request.query_params.copy()
    query.pop("skip", None)
    query["limit"], query["before"] = str(limit), f"{key:x}"
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _key(text: str) -> int:
    if not re.fullmatch("[0-9a-f]{1,15}", text):
        raise Invalid("before comes from a Link header, as it is.", code="invalid_query_params", field="before")
    return int(text, 16)


def _names(request: Request, parameter: str) -> list[str]:
    text = request.query_params.get(parameter, "")
    if text and not NAMES.fullmatch(text):
        message = f"{parameter} is a list of field names with commas between them."
        raise Invalid(message, code="invalid_query_params", field=parameter)
    return text.split(",") if text else []


def _only(row: Values, paths: list[str]) -> Values:
    kept: Values = {}
    for path in paths:
        source: Any = row
        target = kept
        *parents, last = path.split(".")
        for parent in parents:
            source = source.get(parent) if isinstance(source, dict) else None
            if isinstance(source, dict):
                target = target.setdefault(parent, {})
        if isinstance(source, dict) and last in source:
            target[last] = source[last]
    return kept


def _without(row: Values, paths: list[str]) -> Values:
    for path in paths:
        place: Any = row
        *parents, last = path.split(".")
        for parent in parents:
            place = place.get(parent) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place.pop(last, None)
    return row
