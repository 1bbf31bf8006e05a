"""The console: the admin site under its own rules for the browser."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from apps.dialects.limits import sign_in_refusal


class SignInForm(AuthenticationForm):  # type: ignore[misc]  # Unfold is not typed
    """Attempts are counted together with all others, before the password is looked at."""

    def clean(self) -> dict[str, Any]:
        if refusal := sign_in_refusal(self.request, self.cleaned_data.get("username", "")):
            raise ValidationError(refusal)
        values: dict[str, Any] = super().clean()
        return values


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold is not typed
    login_form = SignInForm

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")  # what is removed is asked for by name

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        return guarded(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = guarded(super().login)(request, extra_context)
        return response

    def search(self, *_: Any, **__: Any) -> HttpResponse:
        """Unfold's own search remembers what a user may see for five minutes, longer than a membership may last."""
        raise Http404


def guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    """The same view; no script that is not a file of ours runs in its pages, and no NUL reaches the database, which
    knows none."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest("The address holds a NUL character.", content_type="text/plain")
        response: HttpResponse = view(request, *args, **kwargs)
        response.headers.setdefault("Content-Security-Policy", settings.CONSOLE_POLICY)
        return response

    return guarded
