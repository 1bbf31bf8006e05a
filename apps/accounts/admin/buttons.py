"""Buttons of the console: each is a POST that calls one service and says what it did."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse

from apps.errors import ServiceError
from engine.errors import EngineError

REFUSED = 409


@dataclass(frozen=True, slots=True)
class Done:
    """What a button did; `page`: where to go then ("" for where it was pressed); `watch`: the job to follow, if any."""

    message: str
    page: str = ""
    watch: str = ""


Act = Callable[[HttpRequest, Any], Done]


@dataclass(frozen=True, slots=True)
class Button:
    """`confirm` is asked before it is done, of the row where it is a function. `is_shown` says whether it makes sense
    for a row now; `is_logged`, whether the row's history tells of it."""

    name: str
    label: str
    icon: str
    act: Act
    confirm: str | Callable[[Any], str] = ""
    style: str = "plain"
    is_shown: Callable[[Any], bool] = lambda _row: True
    is_logged: bool = True

    def question(self, row: Any) -> str:
        """What is asked before; "" for nothing."""
        return self.confirm if isinstance(self.confirm, str) else self.confirm(row)


def answer(request: HttpRequest, act: Act, row: Any, *, page: str) -> HttpResponse:
    """Does it. Scripts get JSON, forms a page that shows what was said."""
    try:
        done = act(request, row)
    except (ServiceError, EngineError) as refusal:
        if _wants_json(request):
            return JsonResponse({"message": refusal.message}, status=REFUSED)
        messages.error(request, refusal.message)
        return HttpResponseRedirect(page)
    if _wants_json(request):
        return JsonResponse({"message": done.message, "watch": done.watch, "page": done.page})
    messages.success(request, done.message)
    return HttpResponseRedirect(done.page or page)


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
