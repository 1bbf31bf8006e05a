"""API keys: made once, shown once, revoked at any time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.accounts import services as accounts
from apps.accounts.admin import reach
from apps.accounts.admin.buttons import Button, Done
from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.forms import LinesField, OwnedForm
from apps.accounts.admin.scoped import Fact, ScopedAdmin
from apps.accounts.admin.showing import column, when
from apps.accounts.models import ApiKey, Scope, User

LIVES = {"30": "30 days", "90": "90 days", "365": "one year", "": "no end"}
SCOPES = {Scope.READ: "Read", Scope.WRITE: "Make and change", Scope.RUN: "Run"}
COLLECTION = "collection:"


class ApiKeyForm(OwnedForm):
    """`value` is the key itself once it has been made; nothing keeps it."""

    scopes = forms.MultipleChoiceField(
        choices=SCOPES.items(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        label="May",
        help_text="With nothing chosen it may do everything that an editor may.",
    )
    collections = LinesField(
        label="Only these collections", help_text="Their ids (col_…), one a line: nothing else is open to the key then."
    )
    is_personal = forms.BooleanField(
        label="Only collections that name its owner",
        help_text="Those of which the key's owner is a member; nothing else is open to it then.",
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )
    life = forms.ChoiceField(
        choices=LIVES.items(), required=False, initial="90", label="Valid for", widget=UnfoldAdminSelectWidget()
    )
    value = ""

    class Meta:
        model = ApiKey
        fields = ("organization", "project", "name")
        help_texts = {
            "name": "Who or what uses it, so that it can be told from others.",
            "project": "With a project, the key sees only what belongs to it.",
        }

    fields_of_problems = {"scopes": "collections"}

    def said_scopes(self) -> list[str]:
        """As the service takes them."""
        values = self.cleaned_data
        confining = [f"{COLLECTION}{reference}" for reference in values["collections"]]
        return [*values["scopes"], *confining, *(["user"] if values["is_personal"] else [])]

    def store(self) -> Model:
        values = self.cleaned_data
        now = timezone.now()
        key, self.value = accounts.create_api_key(
            organization=values["organization"],
            project=values["project"],
            name=values["name"],
            owner=self.request.user if isinstance(self.request.user, User) else None,
            scopes=self.said_scopes(),
            expires_at=now + timedelta(days=int(values["life"])) if values["life"] else None,
            at=now,
        )
        return key


def revoke(request: HttpRequest, key: ApiKey) -> Done:
    accounts.revoke_api_key(key=key, at=timezone.now())
    return Done(f"{key.name} is revoked: calls with it are refused from now on.")


def standing(key: ApiKey, *, at: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= at else "valid"


@admin.register(ApiKey)
class ApiKeyAdmin(ScopedAdmin):
    form = ApiKeyForm
    changed_by = reach.ADMINS
    fields = ("organization", "project", "name", "scopes", "collections", "is_personal", "life")
    list_display = ("name", "begins_with", "organization", "owner", "state", "may", "expires", "last_used")
    list_filter = (OfOrganization,)
    list_select_related = ("organization", "owner", "project")
    search_fields = ("name", "prefix")
    ordering = ("-id",)
    empty_text = "Clients of the API sign in with a key. Make one for each, so that each can be revoked alone."
    buttons = (
        Button(
            "revoke",
            "Revoke",
            "key_off",
            revoke,
            confirm="Every call with this key is refused from then on. This cannot be undone.",
            style="danger",
            is_shown=lambda key: key.revoked_at is None,
        ),
    )

    def may_change(self, request: HttpRequest, row: Model | None = None) -> bool:
        """Everybody may revoke their own."""
        return super().may_change(request, row) or (isinstance(row, ApiKey) and row.owner_id == request.user.pk)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        context["show_save_and_continue"] = False
        return super().render_change_form(request, context, *args, **options)

    def response_add(self, request: HttpRequest, obj: Any, *args: Any, **options: Any) -> HttpResponse:
        """The one page that shows the key: an answer to this request, stored nowhere and never cached."""
        return self.page(request, "console/key_made.html", obj, title="API key made", value=obj.shown_once)

    def save_form(self, request: HttpRequest, form: ApiKeyForm, change: bool) -> Any:
        key = super().save_form(request, form, change)
        key.shown_once = form.value
        return key

    def facts(self, request: HttpRequest, row: ApiKey) -> Sequence[Fact]:
        return [
            ("State", standing(row, at=timezone.now())),
            ("Begins with", f"{row.prefix}…"),
            ("Organisation", row.organization),
            ("Project", row.project or "All of them"),
            ("Belongs to", row.owner),
            ("May", self.may(row)),
            ("Reaches", self.where(row)),
            ("Made", row.created_at),
            ("Expires", row.expires_at or "Never"),
            ("Last used", row.last_used_at or "Not yet"),
        ]

    @column("Begins with")
    def begins_with(self, row: ApiKey) -> str:
        return f"{row.prefix}…"

    @column("State", label={"valid": "success", "expired": "warning", "revoked": "danger"})
    def state(self, row: ApiKey) -> str:
        return standing(row, at=timezone.now())

    @column("Expires", ordering="expires_at")
    def expires(self, row: ApiKey) -> SafeString | str:
        return when(row.expires_at) if row.expires_at else "never"

    @column("Last used", ordering="last_used_at")
    def last_used(self, row: ApiKey) -> SafeString | str:
        return when(row.last_used_at)

    @column("May")
    def may(self, row: ApiKey) -> str:
        acts = [SCOPES[Scope(scope)].lower() for scope in row.scopes if scope in Scope.values]
        return ", ".join(acts) or "everything an editor may"

    def where(self, row: ApiKey) -> str:
        """What of the organisation is open to it, in words."""
        collections = [scope.removeprefix(COLLECTION) for scope in row.scopes if scope.startswith(COLLECTION)]
        whose = ["collections that name its owner"] if any(scope.startswith("user:") for scope in row.scopes) else []
        return "Only " + ", ".join([*collections, *whose]) if collections or whose else "All that its owner reaches"
