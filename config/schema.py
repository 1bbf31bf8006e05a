"""The OpenAPI documents: of the whole API, and of each dialect's file in config/urls."""

from functools import cache

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import normalize_result_object

DIALECTS = ("celigo", "databasin", "databite", "platform")


@require_safe
def schema(_request: HttpRequest, dialect: str = "") -> HttpResponse:
    if dialect and dialect not in DIALECTS:
        raise Http404
    return HttpResponse(_document(dialect), "application/json")


@cache
def _document(dialect: str) -> bytes:
    """The code alone decides what it says, so a process makes it once."""
    generator = SchemaGenerator(urlconf=f"config.urls.{dialect}" if dialect else None)  # type: ignore[no-untyped-call]
    document = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return orjson.dumps(normalize_result_object(document))  # type: ignore[no-untyped-call]
