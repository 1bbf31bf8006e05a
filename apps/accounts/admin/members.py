"""Who belongs to an organisation, and as what."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminEmailInputWidget

from apps.accounts import services as accounts
from apps.accounts.admin import reach
from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.forms import ServiceForm
from apps.accounts.admin.scoped import Fact, ScopedAdmin
from apps.accounts.admin.showing import column
from apps.accounts.models import Membership, Role, User
from apps.errors import Conflict, NotFound, Refused

OWNERS = frozenset({Role.OWNER})
ROLES = "Viewers look; editors also make, change and run; admins also name members and keys; owners also name owners."


class MembershipForm(ServiceForm):
    email = forms.EmailField(
        label="E-mail",
        widget=UnfoldAdminEmailInputWidget(),
        help_text="Of somebody who can sign in already; operators make accounts under Users.",
    )

    class Meta:
        model = Membership
        fields = ("organization", "role")
        help_texts = {"role": ROLES}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk is not None:  # a member stays the same person
            del self.fields["email"]

    def store(self) -> Model:
        role = Role(self.cleaned_data["role"])
        organization = self.cleaned_data.get("organization") or self.instance.organization
        if role == Role.OWNER and not reach.may(self.request, OWNERS, organization.id):
            raise Refused("Owners are named by owners.", field="role")
        if self.instance.pk is not None:
            return accounts.change_role(membership=self.instance, role=role)
        email = self.cleaned_data["email"]
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is None:
            raise NotFound(f"Nobody signs in as {email} yet.", field="email")
        if organization.memberships.filter(user=user).exists():
            raise Conflict(f"{user} is a member already.", field="email")
        return accounts.add_member(organization=organization, user=user, role=role)


@admin.register(Membership)
class MembershipAdmin(ScopedAdmin):
    """Owners are named, changed and removed by owners."""

    form = MembershipForm
    changed_by = reach.ADMINS
    list_display = ("user", "name", "organization", "role_label", "made")
    list_filter = ("role", OfOrganization)
    list_select_related = ("user", "organization")
    search_fields = ("user__email", "user__name")
    empty_text = "Members see what their organisation owns. Name the first one."

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ("user", "organization", "role") if obj else ("organization", "email", "role")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ("user", "organization") if obj else ()

    def may_change(self, request: HttpRequest, row: Model | None = None) -> bool:
        if isinstance(row, Membership) and row.role == Role.OWNER:
            return reach.may(request, OWNERS, row.organization_id)
        return super().may_change(request, row)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        accounts.remove_member(membership=obj)

    def facts(self, request: HttpRequest, row: Membership) -> Sequence[Fact]:
        return [("Person", row.user), ("Organisation", row.organization), ("Role", row.get_role_display())]

    @column("Name", ordering="user__name")
    def name(self, row: Membership) -> str:
        return row.user.name

    @column("Role", ordering="role", label={"owner": "primary", "admin": "info", "editor": "success"})
    def role_label(self, row: Membership) -> tuple[str, str]:
        return row.role, row.get_role_display()
