"""What went wrong with a request, before a dialect puts it into its words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.core import exceptions as django
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django_ratelimit.exceptions import Ratelimited
from rest_framework import exceptions as drf

from apps.errors import Conflict, Invalid, NotFound, Refused, ServiceError
from engine.errors import ConfigError, CredentialsError, EngineError, RecordError, TransientError

RETRY_SECONDS = 5
"""What a client is told to wait while our own database or broker is away, or a job is in the way."""

CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_field",
    429: "rate_limited",
    500: "internal",
    503: "unavailable",
}
MESSAGES = {
    400: "The request is not understood.",
    401: "A valid API key or token is needed.",
    403: "You may not do this.",
    404: "There is nothing here.",
    413: "The body is too large.",
    429: "Too many requests.",
    500: "An internal error occurred.",
    503: "The service is not available at the moment.",
}
PASSING = frozenset({"sync_in_progress"})
"""Codes of conflicts that end by themselves, so that the same request may be tried again."""

STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (Ratelimited, 429),  # a PermissionDenied by birth, so it must be asked for first
    (NotFound, 404),
    (Invalid, 422),
    (Refused, 403),
    (Conflict, 409),
    (ServiceError, 400),
    (TransientError, 503),
    (ConfigError, 422),
    (CredentialsError, 422),
    (RecordError, 422),
    (drf.ValidationError, 422),
    (Http404, 404),
    (django.RequestDataTooBig, 413),
    (django.SuspiciousOperation, 400),
    (django.PermissionDenied, 403),
    (OperationalError, 503),
    (InterfaceError, 503),
)
"""From class to status, the first that fits; DRF's other exceptions bring theirs, the rest is ours: 500."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`field`: the input that is to blame, as a dotted path; "" for none."""

    code: str
    message: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """`job`: the uid of the job that is in the way, if one is. `code`: of the error as a whole, where it holds several
    problems."""

    status: int
    problems: tuple[Problem, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    job: str = ""
    code: str = ""

    @property
    def first(self) -> Problem:
        return self.problems[0]

    def without_422(self) -> "Failure":
        """For the dialects that know no other status for wrong input than 400."""
        return replace(self, status=400) if self.status == 422 else self

    @property
    def reason(self) -> str:
        """The standard phrase of the status, "Not Found"."""
        return HttpResponse(status=self.status).reason_phrase


def failure(status: int, message: str = "", *, code: str = "", headers: Mapping[str, str] | None = None) -> Failure:
    """A failure without an exception, in the status' usual words."""
    text = message or MESSAGES.get(status, "The request failed.")
    waits = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    return Failure(status, (Problem(code or CODES.get(status, "error"), text),), waits | dict(headers or {}))


def failure_of(error: Exception) -> Failure:
    """The failure that an exception means. What is nobody's fault but ours is a 500 that says no more."""
    if isinstance(error, ServiceError | EngineError):
        return _of_ours(error)
    if isinstance(error, drf.ValidationError):
        return Failure(422, tuple(_problems(error.detail)))
    if isinstance(error, drf.APIException):
        return _of_drf(error)
    return failure(_status(error))


def _status(error: Exception) -> int:
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def _of_ours(error: ServiceError | EngineError) -> Failure:
    status = _status(error)
    if status == 500:
        return failure(500)
    problems: tuple[Problem, ...] = (Problem(error.code, error.message, getattr(error, "field", "")),)
    if isinstance(error, Invalid):
        problems = tuple(Problem(part.code, part.message, part.field) for part in error.problems)
    headers = {}
    if isinstance(error, TransientError):
        headers = {"Retry-After": str(round(error.retry_after or RETRY_SECONDS))}
    job = getattr(error, "job", "")
    if error.code in PASSING:
        headers = {"Retry-After": str(RETRY_SECONDS)}
    return Failure(status, problems, headers, job=job, code=error.code)


def _of_drf(error: drf.APIException) -> Failure:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(round(wait))
    return failure(error.status_code, str(error.detail), headers=headers)


def _problems(detail: Any, field: str = "") -> Iterator[Problem]:
    """DRF's nested details, flat: one problem per failing field."""
    if isinstance(detail, dict):
        for name, part in detail.items():
            yield from _problems(part, field if name == "non_field_errors" else f"{field}.{name}".strip("."))
    elif isinstance(detail, list):
        for index, part in enumerate(detail):
            is_item = isinstance(part, dict | list)
            if part:
                yield from _problems(part, f"{field}.{index}".strip(".") if is_item else field)
    else:
        missing = getattr(detail, "code", "") in {"required", "null", "blank"}
        yield Problem("missing_required_field" if missing else "invalid_field", str(detail), field)
