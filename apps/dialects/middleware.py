"""The outermost layer of the API's paths: what goes wrong anywhere below leaves in the words of its dialect."""

import logging
import secrets
from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from rest_framework.exceptions import Throttled

from apps.dialects.errors import REQUEST_ID, answer
from apps.dialects.failures import Failure, failure, failure_of
from apps.dialects.paths import dialect_of
from apps.dialects.throttling import standing

log = logging.getLogger(__name__)

CHUNK_BYTES = 64 * 1024
DRAINED_BODIES = 10
"""So many times the permitted size is read of a body that is too large, so that its sender hears the answer."""

Handler = Callable[[HttpRequest], HttpResponseBase]
KEPT_SLASH = ("/admin/", "/static/")


def envelope(get_response: Handler) -> Handler:
    """Every answer gets X-Request-Id; under /api, /v1 and /config every error gets its dialect's envelope, every
    answer of a dialect with a limit gets the figures, one trailing slash does not matter, and nothing is redirected."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        request.META[REQUEST_ID] = secrets.token_hex(8)
        if request.path_info.endswith("/") and not request.path_info.startswith(KEPT_SLASH):
            request.path_info = request.path_info.removesuffix("/") or "/"
        is_api = dialect_of(request.path) is not None
        response = _within(request, get_response) if is_api else get_response(request)
        response["X-Request-Id"] = request.META[REQUEST_ID]
        return response

    return respond


def _within(request: HttpRequest, get_response: Handler) -> HttpResponseBase:
    if refused := _refusal(request):
        response: HttpResponseBase = answer(request, refused)
    else:
        response = get_response(request)
    _read_rest(request)
    return _worded(request, response)


def _refusal(request: HttpRequest) -> Failure | None:
    if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        return failure(400, "The address holds a NUL character, which no text may.")
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if _length(request) > limit:
        return failure(413, f"The body is larger than {limit} bytes.")
    return None


def _read_rest(request: HttpRequest) -> None:
    """Takes what nobody read of the body off the connection, as its sender may not listen before it has sent all."""
    if not _length(request):
        return
    allowed = settings.DATA_UPLOAD_MAX_MEMORY_SIZE * DRAINED_BODIES
    try:
        while allowed > 0 and (chunk := request.read(CHUNK_BYTES)):
            allowed -= len(chunk)
    except UnreadablePostError:
        log.info("The client of request %s went away before its body was read", request.META[REQUEST_ID])


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isdecimal() else 0


def _worded(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The answer in its dialect's words, where some layer below gave a page or a redirect or the caller is over the
    limit, and with what the caller has left of it."""
    found = _instead(request, response)
    if found is not None and isinstance(response, HttpResponse):
        worded = answer(request, found)
        response.content, response.status_code = worded.content, worded.status_code
        del response["Location"]
        response["Content-Length"] = str(len(worded.content))  # a layer below may have told that of its own page
        _add(response, worded.headers)
    if at := standing(request):
        _add(response, at.headers)
    return response


def _add(response: HttpResponseBase, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        response[name] = value


def _instead(request: HttpRequest, response: HttpResponseBase) -> Failure | None:
    """What has to be said in the place of an answer; None for one that can stay."""
    status = response.status_code
    at = standing(request)
    if at is not None and at.is_over:
        return None if status == 429 else failure_of(Throttled(wait=at.seconds_left))
    if 300 <= status < 400 and status != 304:
        return failure(403, "The API answers by https alone.", code="https_required")
    is_json = response.get("Content-Type", "").startswith("application/json")
    return failure(status) if status >= 400 and not is_json else None
