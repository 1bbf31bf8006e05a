"""People who sign in. Operators make and change them; others see those they share an organisation with."""

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as PasswordAdmin
from django.contrib.auth.models import Group
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.forms import AdminPasswordChangeForm
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from apps.accounts import services as accounts
from apps.accounts.admin import reach
from apps.accounts.admin.buttons import Button, Done
from apps.accounts.admin.forms import ServiceForm
from apps.accounts.admin.scoped import Fact, ScopedAdmin
from apps.accounts.admin.showing import column, when
from apps.accounts.models import Membership, Role, User

OPERATOR = "Operator"
OPERATOR_HELP = "Sees every organisation and may do everything in the console."


class UserAddForm(ServiceForm):
    password = forms.CharField(
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. The person changes it after signing in.",
    )
    is_operator = forms.BooleanField(
        label=OPERATOR, required=False, help_text=OPERATOR_HELP, widget=UnfoldBooleanSwitchWidget()
    )

    class Meta:
        model = User
        fields = ("email", "name", "is_staff")

    def store(self) -> Model:
        return accounts.create_user(**self.cleaned_data)


class UserChangeForm(ServiceForm):
    is_operator = forms.BooleanField(
        label=OPERATOR, required=False, help_text=OPERATOR_HELP, widget=UnfoldBooleanSwitchWidget()
    )

    class Meta:
        model = User
        fields = ("email", "name", "is_active", "is_staff")
        labels = {"is_active": "Let in"}
        help_texts = {"is_active": "Switched off, neither the person nor their keys are let in."}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["is_operator"] = self.instance.is_superuser

    def store(self) -> Model:
        return accounts.change_user(user=User.objects.get(pk=self.instance.pk), **self.cleaned_data)


def end_sessions(request: HttpRequest, user: User) -> Done:
    accounts.end_sessions(user=user)
    return Done(f"Every token of {user} is worthless now.")


@admin.register(User)
class UserAdmin(ScopedAdmin, PasswordAdmin):  # type: ignore[misc,type-arg]  # its base is not generic when it runs
    form = UserChangeForm
    add_form = UserAddForm
    change_password_form = AdminPasswordChangeForm
    changed_by = ()
    add_form_template = "admin/change_form.html"
    add_fieldsets = ((None, {"fields": ("email", "name", "password", "is_staff", "is_operator")}),)
    fieldsets = ((None, {"fields": ("email", "name", "is_active", "is_staff", "is_operator")}),)
    list_display = ("email", "name", "active", "console", "operator", "signed_in")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ()
    panel_template = "console/user.html"
    buttons = (
        Button(
            "end-sessions",
            "End API sessions",
            "logout",
            end_sessions,
            confirm="Every token of the API that this person holds is worthless from then on.",
        ),
    )

    def reached(self, request: HttpRequest, roles: Collection[Role]) -> QuerySet[User]:
        people = User.objects.order_by("email")
        if reach.is_boundless(request):
            return people
        shared = Membership.objects.filter(user=OuterRef("pk"), organization__in=reach.organizations(request, roles))
        return people.filter(Exists(shared))

    def organization_id_of(self, row: Model) -> int | None:
        """A person may belong to several: `reached` says who is seen, and operators alone may do something."""
        return None

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def facts(self, request: HttpRequest, row: User) -> Sequence[Fact]:
        return [("Name", row.name), ("E-mail", row.email), ("Last signed in", row.last_login or "Not yet")]

    def panel(self, request: HttpRequest, row: User) -> dict[str, Any]:
        memberships = reach.within(row.memberships.select_related("organization"), request)
        return {
            "memberships": memberships.order_by("organization__name"),
            "password_url": reverse("admin:auth_user_password_change", args=[row.pk])
            if self.may_change(request, row)
            else "",
        }

    @column("Let in", boolean=True, ordering="is_active")
    def active(self, row: User) -> bool:
        return row.is_active

    @column("Console", boolean=True, ordering="is_staff")
    def console(self, row: User) -> bool:
        return row.is_staff

    @column("Operator", boolean=True, ordering="is_superuser")
    def operator(self, row: User) -> bool:
        return row.is_superuser

    @column("Signed in", ordering="last_login")
    def signed_in(self, row: User) -> SafeString | str:
        return when(row.last_login)


admin.site.unregister(Group)  # roles are memberships here
