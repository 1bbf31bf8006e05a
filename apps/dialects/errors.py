"""From an exception to an answer in the dialect of its path. The one place that knows every dialect's envelope."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework.response import Response

from apps.dialects import databite, dbsync, platform
from apps.dialects.celigo.envelope import envelope as celigo
from apps.dialects.databasin.envelope import envelope as databasin
from apps.dialects.failures import Failure, failure, failure_of
from apps.dialects.paths import Dialect, dialect_of
from apps.dialects.sources.envelope import envelope as sources

log = logging.getLogger(__name__)

ENVELOPES: dict[Dialect, Callable[[Failure, str], tuple[int, dict[str, Any]]]] = {
    Dialect.PLATFORM: platform.envelope,
    Dialect.CELIGO: celigo,
    Dialect.DATABASIN: databasin,
    Dialect.DATABITE: databite.envelope,
    Dialect.DBSYNC: dbsync.envelope,
    Dialect.SOURCES: sources,
}
REQUEST_ID = "crossdock.request_id"
"""Where the middleware leaves the request's id in `request.META`."""


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: every exception of a view ends here."""
    request = context["request"]
    found = failure_of(error)
    if found.status >= 500:
        log.error("%s %s failed, request %s", request.method, request.path, request_id(request), exc_info=error)
    status, body = _worded(request, found)
    return Response(body, status, headers=dict(found.headers))


def answer(request: HttpRequest, found: Failure) -> HttpResponse:
    """The same outside a view."""
    status, body = _worded(request, found)
    return HttpResponse(orjson.dumps(body), "application/json", status, headers=dict(found.headers))


def request_id(request: Any) -> str:
    return str(request.META.get(REQUEST_ID, ""))


def _worded(request: Any, found: Failure) -> tuple[int, dict[str, Any]]:
    identifier = request_id(request)
    if found.status == 500:
        found = failure(500, f"An internal error occurred. Request id: {identifier}")
    dialect = dialect_of(request.path) or Dialect.PLATFORM
    return ENVELOPES[dialect](found, identifier)
