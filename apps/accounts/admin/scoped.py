"""The desk that every other is made of: it shows staff the rows they reach, and lets them do what their role allows."""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db.models import ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from apps.accounts.admin import reach
from apps.accounts.admin.buttons import Button, answer
from apps.accounts.admin.forms import AnyModelForm
from apps.accounts.admin.showing import column, when
from apps.accounts.models import Organization, Role
from apps.errors import ServiceError

Fact = tuple[str, Any]
"""What a page tells about a row: a label and a value."""


class ScopedAdmin(ModelAdmin):  # type: ignore[misc]  # Unfold is not typed
    """`organization_path`: from a row to its organisation. `changed_by`: the roles that may add, change, remove and
    press. Who may not change a row sees its `facts` instead of a form."""

    organization_path = "organization"
    changed_by: Collection[Role] = reach.EDITORS
    buttons: Sequence[Button] = ()
    panel_template = ""
    empty_text = ""
    change_form_template = "console/change_form.html"
    change_list_template = "console/change_list.html"
    list_filter_submit = False
    list_per_page = 50
    show_facets = ShowFacets.NEVER
    actions: Sequence[str] = ()

    # What is seen
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.reached(request, reach.EVERYBODY)

    def reached(self, request: HttpRequest, roles: Collection[Role]) -> QuerySet[Any]:
        """The rows where the user has one of the roles: what a page lists, or what a form may point at."""
        return reach.within(super().get_queryset(request), request, roles, path=self.organization_path)

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any]", request: HttpRequest, **options: Any) -> Any:
        remote = self.admin_site.get_model_admin(db_field.remote_field.model)
        if isinstance(remote, ScopedAdmin):
            options["queryset"] = remote.reached(request, self.changed_by)
        return super().formfield_for_foreignkey(db_field, request, **options)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Without the wrapper that offers to add and change what is pointed at, in windows of their own."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Who works for one organization need not choose it."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        mine = list(reach.within(Organization.objects.all(), request, self.changed_by, path="id")[:2])
        return {"organization": mine[0].pk, **initial} if len(mine) == 1 else initial

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the page's filters ask: any other column could be guessed letter by letter."""
        names = [_parameter(item) for item in self.get_list_filter(request)]
        is_offered = any(lookup == name or lookup.startswith(f"{name}__") for name in names)
        return is_offered and bool(super().lookup_allowed(lookup, value, request))

    # What is allowed
    def organization_id_of(self, row: Model) -> int | None:
        value: Any = row
        for step in self.organization_path.split("__"):
            value = getattr(value, step)
        return int(value.pk if isinstance(value, Model) else value)

    def may_change(self, request: HttpRequest, row: Model | None = None) -> bool:
        return reach.may(request, self.changed_by, None if row is None else self.organization_id_of(row))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return reach.may(request, reach.EVERYBODY)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return reach.may(request, reach.EVERYBODY, None if obj is None else self.organization_id_of(obj))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change(request, obj)

    # What a page tells
    def facts(self, request: HttpRequest, row: Any) -> Sequence[Fact]:
        return ()

    def panel(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What `panel_template` needs."""
        return {}

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": ()})]
        return super().get_fieldsets(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            options["form"] = AnyModelForm
        form = super().get_form(request, obj, change=change, **options)
        form.request = request
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **options: Any
    ) -> HttpResponse:
        if obj is not None:
            can_change = self.has_change_permission(request, obj)
            context["row"] = obj
            context["facts"] = () if can_change else self.facts(request, obj)
            context["buttons"] = self._placed_buttons(obj) if self.may_change(request, obj) else ()
            context["panel_template"] = self.panel_template
            context["can_save"] = can_change
            context["show_save_and_add_another"] = False
            context |= self.panel(request, obj)
        response: HttpResponse = super().render_change_form(request, context, *args, obj=obj, **options)
        return response

    @column("Made", ordering="created_at")
    def made(self, row: Any) -> SafeString | str:
        return when(row.created_at)

    # What is done
    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """`delete_model` may refuse, as any service may; then nothing has been removed."""
        try:
            response: HttpResponse = super().delete_view(request, object_id, extra_context)
        except ServiceError as refusal:
            messages.error(request, refusal.message)
            return HttpResponseRedirect(self.page_of(unquote(object_id)))
        return response

    def get_urls(self) -> list[URLPattern]:
        """Each button under `<id>/<its name>/`."""
        presses = [
            path(
                f"<path:object_id>/{button.name}/",
                self.admin_site.admin_view(self.press),
                {"button": button},
                name=self.url_name(button.name),
            )
            for button in self.buttons
        ]
        return [*presses, *super().get_urls()]

    def press(self, request: HttpRequest, object_id: str, button: Button) -> HttpResponse:
        row = self.row(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.may_change(request, row):
            raise PermissionDenied
        if button.is_logged:
            self.log_change(request, row, button.label)
        return answer(request, button.act, row, page=self.page_of(row.pk))

    def row(self, request: HttpRequest, object_id: str) -> Any:
        """The row that a page of our own is about. Raises Http404 for what the user does not reach."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row

    def page(self, request: HttpRequest, template: str, row: Any, **context: Any) -> TemplateResponse:
        """A page of our own about a row, in the console's frame."""
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "row": row, "original": row}
        return TemplateResponse(request, template, {**shared, **context})

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """What is not reached is not there, on every page alike."""
        raise Http404

    def url_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"admin:{self.url_name(name)}", args=args)

    def page_of(self, key: Any) -> str:
        return self.url("change", key)

    def _placed_buttons(self, row: Any) -> list[dict[str, Any]]:
        """All of them, as a page that follows its row shows and hides them."""
        return [
            {
                "button": button,
                "url": self.url(button.name, row.pk),
                "is_shown": button.is_shown(row),
                "question": button.question(row),
            }
            for button in self.buttons
        ]


class ReadOnlyAdmin(ScopedAdmin):
    """Of rows that only their buttons change."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _parameter(item: Any) -> str:
    """What a filter of a list is called in the page's address."""
    if isinstance(item, str):
        return item
    return str(item[0] if isinstance(item, tuple) else item.parameter_name)
