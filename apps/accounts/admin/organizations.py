"""Who owns rows: organisations and their projects."""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest

from apps.accounts import services as accounts
from apps.accounts.admin import reach
from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.forms import LinesField, ServiceForm
from apps.accounts.admin.scoped import Fact, ScopedAdmin
from apps.accounts.admin.showing import column
from apps.accounts.models import Organization, Project, Role


class OrganizationForm(ServiceForm):
    allowed_networks = LinesField(
        label="Private networks",
        help_text="Networks that its connections may reach although they are private, one a line, as 10.0.0.0/8. "
        "Without any, they reach public addresses only.",
    )

    class Meta:
        model = Organization
        fields = ("name", "allowed_networks")

    def store(self) -> Model:
        organization = self.instance
        if organization.pk is None:
            organization = accounts.create_organization(name=self.cleaned_data["name"])
        return accounts.change_organization(organization=organization, **self.cleaned_data)


@admin.register(Organization)
class OrganizationAdmin(ScopedAdmin):
    form = OrganizationForm
    organization_path = "id"
    changed_by = ()  # operators alone: its networks are what keeps an organisation out of ours
    fields = ("name", "allowed_networks")
    list_display = ("name", "project_count", "member_count", "key_count", "made")
    search_fields = ("name",)
    panel_template = "console/organization.html"
    empty_text = "An organisation owns connections and flows, and has members who work on them. Make the first one."

    def reached(self, request: HttpRequest, roles: Collection[Role]) -> QuerySet[Organization]:
        counts = {name: Count(name, distinct=True) for name in ("projects", "memberships", "api_keys")}
        rows: QuerySet[Organization] = super().reached(request, roles)
        return rows.annotate(**{f"{name}_counted": count for name, count in counts.items()})

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def facts(self, request: HttpRequest, row: Organization) -> Sequence[Fact]:
        return [("Private networks", row.allowed_networks or "None: its connections reach public addresses only.")]

    def panel(self, request: HttpRequest, row: Organization) -> dict[str, Any]:
        return {
            "projects": row.projects.order_by("name"),
            "memberships": row.memberships.select_related("user").order_by("user__email"),
            "keys": row.api_keys.filter(revoked_at=None).select_related("owner").order_by("name"),
            "may_administer": reach.may(request, reach.ADMINS, row.pk),
        }

    @column("Projects", ordering="projects_counted")
    def project_count(self, row: Any) -> int:
        return int(row.projects_counted)

    @column("Members", ordering="memberships_counted")
    def member_count(self, row: Any) -> int:
        return int(row.memberships_counted)

    @column("API keys", ordering="api_keys_counted")
    def key_count(self, row: Any) -> int:
        return int(row.api_keys_counted)


class ProjectForm(ServiceForm):
    class Meta:
        model = Project
        fields = ("organization", "name", "internal_id")
        help_texts = {"internal_id": "What clients know it by, as proj-001. It cannot be changed later."}

    def store(self) -> Model:
        if self.instance.pk is None:
            return accounts.create_project(**self.cleaned_data)
        return accounts.change_project(project=self.instance, name=self.cleaned_data["name"])


@admin.register(Project)
class ProjectAdmin(ScopedAdmin):
    form = ProjectForm
    changed_by = reach.ADMINS
    fields = ("organization", "name", "internal_id")
    list_display = ("name", "internal_id", "organization", "made")
    list_filter = (OfOrganization,)
    list_select_related = ("organization",)
    search_fields = ("name", "internal_id")
    empty_text = "A project groups what belongs together in an organisation, and an API key can be limited to one."

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ("organization", "internal_id") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def facts(self, request: HttpRequest, row: Project) -> Sequence[Fact]:
        return [("Organisation", row.organization), ("Known to clients as", row.internal_id)]
