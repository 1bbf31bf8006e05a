"""The console: the admin site under its own rules for the browser."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from apps.dialects.limits import LimiterAway, sign_in

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",  # Alpine, which Unfold is made of, compiles its attributes
        "style-src 'self' 'unsafe-inline'",  # Unfold writes the theme's colours into the page
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class SignInForm(AuthenticationForm):  # type: ignore[misc]  # Unfold is not typed
    """Attempts are counted together with the API's, before the password is looked at."""

    def clean(self) -> dict[str, Any]:
        try:
            wait = sign_in(self.request, self.cleaned_data.get("username", ""))
        except LimiterAway as error:
            text = "Attempts to sign in cannot be counted now, so nobody is let in: Redis does not answer."
            raise ValidationError(text, code="limiter_away") from error
        if wait:
            raise ValidationError(f"Too many attempts. Try again in {wait} seconds.", code="throttled")
        values: dict[str, Any] = super().clean()
        return values


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold is not typed
    login_form = SignInForm

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")  # what is removed is asked for by name

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        return _guarded(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = _guarded(super().login)(request, extra_context)
        return response

    def search(self, *_: Any, **__: Any) -> HttpResponse:
        """Unfold's own search remembers what a user may see for five minutes, longer than a membership may last."""
        raise Http404


def _guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    """The same view; no script that is not a file of ours runs in its pages, and no NUL reaches the database, which
    knows none."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest("The address holds a NUL character.", content_type="text/plain")
        response: HttpResponse = view(request, *args, **kwargs)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    return guarded
