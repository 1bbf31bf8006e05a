"""The hand-over to a command line: its user signs in in a browser and agrees, a key of theirs is made, and the program
that waits for it on their own machine gets it. Databasin's client opens `/login?cli_callback=<where it waits>`."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.accounts import services as accounts
from apps.accounts.admin.keys import LIVES
from apps.accounts.admin.sign_in import SignInForm
from apps.accounts.models import ApiKey, Organization, User
from apps.accounts.queries import organizations_of
from apps.errors import ServiceError

WAITING = re.compile(r"(http://(?:localhost|127\.0\.0\.1):([1-9][0-9]{0,4}))/callback")
"""Where a program may wait: on the machine of the browser itself, in the two ways that clients write it."""
LARGEST_PORT = 65_535


class ConsentForm(forms.Form):
    """What the key will be; the organisation is asked for only where the person has several."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(), empty_label=None, label="Organisation", widget=UnfoldAdminSelectWidget()
    )
    name = forms.CharField(max_length=200, label="Name of the key", widget=UnfoldAdminTextInputWidget())
    life = forms.ChoiceField(
        choices=LIVES.items(), required=False, initial="90", label="Valid for", widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, user: User, given: QueryDict | None) -> None:
        today = timezone.localdate()
        super().__init__(given, initial={"name": f"Command line on {today.day} {today:%B %Y}"})
        self.user = user
        field: Any = self.fields["organization"]
        field.queryset = organizations_of(user)
        mine = list(field.queryset[:2])
        self.is_possible = bool(mine)
        self.only = mine[0] if len(mine) == 1 else None
        field.initial, field.disabled = self.only, self.only is not None

    def key(self) -> tuple[ApiKey, str]:
        """Makes it; the key and its value. Raises ServiceError."""
        values, now = self.cleaned_data, timezone.now()
        return accounts.create_personal_key(
            organization=values["organization"],
            owner=self.user,
            name=values["name"],
            expires_at=now + timedelta(days=int(values["life"])) if values["life"] else None,
            at=now,
        )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest) -> HttpResponse:
    callback = request.GET.get("cli_callback")
    if callback is None:
        return HttpResponseRedirect(reverse("admin:login"))
    found = WAITING.fullmatch(callback)
    if found is None or int(found[2]) > LARGEST_PORT:
        return _page(request, "console/hand_over_refused.html", status=400, title="Not a command line")
    if "leave" in request.POST:
        logout(request)
        return HttpResponseRedirect(request.get_full_path())
    if not isinstance(request.user, User):
        return _sign_in(request)
    response = _consent(request, request.user, callback)
    # browsers hold the redirect that answers a form to this as well
    response["Content-Security-Policy"] = f"{settings.CONSOLE_POLICY} {found[1]}"
    return response


def _sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request, request.POST if "username" in request.POST else None)
    if not form.is_valid():
        return _page(request, "console/hand_over_sign_in.html", form=form, title="Sign in for a command line")
    login(request, form.get_user())
    return HttpResponseRedirect(request.get_full_path())


def _consent(request: HttpRequest, user: User, callback: str) -> HttpResponse:
    form = ConsentForm(user, request.POST if "name" in request.POST else None)
    if form.is_valid():
        try:
            key, value = form.key()
        except ServiceError as refusal:
            form.add_error(None, refusal.message)
        else:
            admin.site.get_model_admin(ApiKey).log_addition(request, key, "Made for a command line.")
            # not on the page as well: a form of a page with this policy comes without the origin that CSRF is judged by
            return HttpResponseRedirect(f"{callback}?token={value}", headers={"Referrer-Policy": "no-referrer"})
    return _page(request, "console/hand_over.html", form=form, callback=callback, title="Let a command line in?")


def _page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page of the console for somebody who may not be let into the console."""
    shared = admin.site.each_context(request)
    return TemplateResponse(request, template, {**shared, **context}, status=status)
