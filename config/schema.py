"""The OpenAPI documents: of the whole API, and of each dialect's file in config/urls."""

from functools import cache
from typing import Any

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import normalize_result_object

from apps.dialects.paths import Dialect, dialect_of

DIALECTS = ("celigo", "databasin", "databite", "platform", "sources")
Endpoints = list[tuple[str, str, str, Any]]


@require_safe
def schema(_request: HttpRequest, dialect: str = "") -> HttpResponse:
    if dialect and dialect not in DIALECTS:
        raise Http404
    return HttpResponse(_document(dialect), "application/json")


def once(endpoints: Endpoints) -> Endpoints:
    """Those that are described: the Sources dialect answers under two prefixes alike, and /api/v1 stands for both."""
    return [each for each in endpoints if dialect_of(each[0]) != Dialect.SOURCES or each[0].startswith("/api/")]


@cache
def _document(dialect: str) -> bytes:
    """The code alone decides what it says, so a process makes it once."""
    generator = SchemaGenerator(urlconf=f"config.urls.{dialect}" if dialect else None)  # type: ignore[no-untyped-call]
    document = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return orjson.dumps(normalize_result_object(document))  # type: ignore[no-untyped-call]
