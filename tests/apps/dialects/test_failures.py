from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django_ratelimit.exceptions import Ratelimited
from rest_framework import exceptions as drf

from apps.dialects.errors import ENVELOPES
from apps.dialects.failures import Failure, Problem, failure_of
from apps.dialects.paths import Dialect
from apps.errors import Conflict, Invalid, NotFound, Refused, ServiceError
from engine.errors import ConfigError, CredentialsError, DriverBug, EngineError, RecordError, TransientError


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound("x"), 404, "not_found"),
        (Invalid("x"), 422, "invalid_field"),
        (Invalid("x", code="invalid_ref"), 422, "invalid_ref"),
        (Refused("x"), 403, "forbidden"),
        (Conflict("x"), 409, "conflict"),
        (Conflict("x", code="in_use"), 409, "in_use"),
        (ServiceError("x"), 400, "invalid"),
        (ConfigError("x", code="unknown_driver"), 422, "unknown_driver"),
        (CredentialsError("x"), 422, "auth_failed"),
        (TransientError("x"), 503, "unavailable"),
        (RecordError("x"), 422, "invalid_record"),
        (DriverBug("x"), 500, "internal"),
        (EngineError("x"), 500, "internal"),
        (drf.NotAuthenticated(), 401, "unauthorized"),
        (drf.PermissionDenied(), 403, "forbidden"),
        (drf.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (drf.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (drf.ParseError(), 400, "invalid_request"),
        (drf.Throttled(wait=7), 429, "rate_limited"),
        (Ratelimited(), 429, "rate_limited"),
        (PermissionDenied(), 403, "forbidden"),
        (Http404(), 404, "not_found"),
        (RequestDataTooBig(), 413, "too_large"),
        (SuspiciousOperation(), 400, "invalid_request"),
        (OperationalError(), 503, "unavailable"),
        (InterfaceError(), 503, "unavailable"),
        (IntegrityError(), 500, "internal"),
        (ZeroDivisionError(), 500, "internal"),
    ],
    ids=repr,
)
def test_sorts_exceptions(error: Exception, status: int, code: str) -> None:
    failure = failure_of(error)
    assert (failure.status, failure.first.code) == (status, code)


@pytest.mark.parametrize("error", [DriverBug("CANARY"), ZeroDivisionError("CANARY"), OperationalError("CANARY")])
def test_says_nothing_of_what_is_our_fault(error: Exception) -> None:
    assert "CANARY" not in failure_of(error).first.message


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        (TransientError("x", retry_after=12.4), {"Retry-After": "12"}),
        (TransientError("x"), {"Retry-After": "5"}),
        (drf.Throttled(wait=7), {"Retry-After": "7"}),
        (OperationalError(), {"Retry-After": "5"}),
        (NotFound("x"), {}),
    ],
    ids=repr,
)
def test_tells_when_to_come_back(error: Exception, headers: dict[str, str]) -> None:
    assert failure_of(error).headers == headers


def test_names_every_failing_field() -> None:
    problems = [Invalid("Wrong.", field="a"), Invalid("Missing.", code="missing_required_field", field="b")]
    assert failure_of(Invalid("Wrong.", field="a", problems=problems)).problems == (
        Problem("invalid_field", "Wrong.", "a"),
        Problem("missing_required_field", "Missing.", "b"),
    )


def test_flattens_what_a_serializer_complains_about() -> None:
    detail: dict[str, Any] = {
        "name": [drf.ErrorDetail("Missing.", "required")],
        "rdbms": {"port": [drf.ErrorDetail("Too large.", "max_value")]},
        "steps": [{}, {"uid": [drf.ErrorDetail("Null.", "null")]}],
        "list": {"1": [drf.ErrorDetail("Wrong.", "invalid")]},
        "non_field_errors": [drf.ErrorDetail("All wrong.", "invalid")],
    }
    assert failure_of(drf.ValidationError(detail)).problems == (
        Problem("missing_required_field", "Missing.", "name"),
        Problem("invalid_field", "Too large.", "rdbms.port"),
        Problem("missing_required_field", "Null.", "steps.1.uid"),
        Problem("invalid_field", "Wrong.", "list.1"),
        Problem("invalid_field", "All wrong.", ""),
    )


FIELDS = Failure(
    422, (Problem("invalid_field", "Wrong.", "a.b"), Problem("missing_required_field", "Missing.", "c")), job="f" * 24
)
BODIES: dict[Dialect, tuple[int, dict[str, Any]]] = {
    Dialect.PLATFORM: (
        400,
        {
            "error": "Bad Request",
            "message": "Wrong.",
            "status": 400,
            "fields": {"a.b": "Wrong.", "c": "Missing."},
            "jobId": "f" * 24,
        },
    ),
    Dialect.CELIGO: (
        422,
        {
            "errors": [
                {"code": "invalid_field", "message": "Wrong.", "field": "a.b"},
                {"code": "missing_required_field", "message": "Missing.", "field": "c"},
            ]
        },
    ),
    Dialect.DATABASIN: (400, {"error": "Bad Request", "message": "Wrong.; Missing.", "status": 400}),
    Dialect.DATABITE: (400, {"error": "Wrong.", "fields": {"a.b": "Wrong.", "c": "Missing."}}),
    Dialect.DBSYNC: (
        400,
        {
            "error": {
                "code": 400,
                "message": "Wrong.",
                "details": [{"field": "a.b", "message": "Wrong."}, {"field": "c", "message": "Missing."}],
            }
        },
    ),
    Dialect.SOURCES: (
        400,
        {
            "success": False,
            "error": "invalid_request",
            "message": "Wrong.",
            "details": [
                {"field": "a.b", "code": "invalid_field", "message": "Wrong."},
                {"field": "c", "code": "missing_required_field", "message": "Missing."},
            ],
            "requestId": "id",
        },
    ),
}


@pytest.mark.parametrize("dialect", Dialect)
def test_every_dialect_words_it_in_its_own_way(dialect: Dialect) -> None:
    assert ENVELOPES[dialect](FIELDS, "id") == BODIES[dialect]


def test_celigo_answers_400_for_a_query_it_does_not_understand() -> None:
    for code in ("invalid_query", "invalid_query_params"):
        status, _ = ENVELOPES[Dialect.CELIGO](failure_of(Invalid("x", code=code)), "id")
        assert status == 400
