"""The write side."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.forms import JsonField, LinesField, OwnedForm
from apps.accounts.admin.scoped import Fact, ScopedAdmin
from apps.accounts.admin.showing import column
from apps.flows import services as flows
from apps.flows.admin.exports import FILTER_HELP, PLACE, line
from apps.flows.admin.wording import table_text
from apps.flows.models import Import

MAPPING_HELP = "Which field of the record goes where. Without any rule every field passes under its own name."


class MappingField(JsonField):
    """Rules as JSON, which the page's script shows as a table."""

    def __init__(self) -> None:
        super().__init__(empty=[], rows=8, label="Mapping", help_text=MAPPING_HELP)
        self.widget.attrs["data-mapping"] = ""


class ImportForm(OwnedForm):
    catalog = line("Catalog", "Only where one server has several, and not the connection's own.")
    schema = line("Schema")
    table = line("Table", "Made with fitting types when it does not exist.")
    key = LinesField(
        rows=2, label="Key", help_text="For upserts: the columns by which a record is found again, one a line."
    )
    mapping = MappingField()
    filter = JsonField(empty=[], rows=4, label="Filter", help_text=FILTER_HELP)
    fields_of_problems = {"target": "table"}
    shown_when = {"key": "mode=upsert", "allow_empty": "mode=replace"}

    class Meta:
        model = Import
        fields = ("organization", "project", "name", "description", "connection", "mode", "allow_empty")
        help_texts = {
            "mode": "Append adds. Upsert adds or changes, by the key. Replace swaps the whole table at the end.",
            "allow_empty": "A replacing run that read nothing is refused unless this is on.",
        }
        widgets = {"description": UnfoldAdminTextInputWidget()}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        import_ = self.instance
        if import_.pk is not None:
            self.initial.update({name: import_.target.get(name, "") for name in PLACE})
            self.initial.update({name: getattr(import_, name) for name in ("key", "mapping", "filter")})

    def store(self) -> Model:
        values = {
            name: self.cleaned_data[name] for name in ("name", "description", "connection", "mode", "allow_empty")
        }
        values |= {name: self.cleaned_data[name] for name in ("key", "mapping", "filter")}
        values["target"] = {name: self.cleaned_data[name] for name in PLACE if self.cleaned_data[name]}
        if self.instance.pk is not None:
            return flows.change_import(import_=self.instance, values=values)
        return flows.create_import(values=values, **self.owner())


@admin.register(Import)
class ImportAdmin(ScopedAdmin):
    form = ImportForm
    list_display = ("name", "connection", "writes", "mode_label", "organization", "project")
    list_filter = (
        "mode",
        ("connection", admin.RelatedOnlyFieldListFilter),
        OfOrganization,
        ("project", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("connection", "organization", "project")
    search_fields = ("name", "description", "connection__name")
    fieldsets = (
        (None, {"fields": ("organization", "project", "name", "description", "connection")}),
        ("Where it writes", {"fields": ("catalog", "schema", "table", "mode", "key", "allow_empty")}),
        ("What it writes", {"fields": ("mapping", "filter")}),
    )
    panel_template = "console/used_in_flows.html"
    empty_text = (
        "An import says where records are written: a table, how, and which field goes where. A flow ends with one."
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ("organization", "project") if obj else ()

    def delete_model(self, request: HttpRequest, obj: Import) -> None:
        flows.remove_import(import_=obj)

    def panel(self, request: HttpRequest, row: Import) -> dict[str, Any]:
        return {"steps": row.steps.select_related("flow").order_by("flow__name")}

    def facts(self, request: HttpRequest, row: Import) -> Sequence[Fact]:
        return [
            ("Connection", row.connection),
            ("Writes to", table_text(row.target)),
            ("Mode", row.get_mode_display()),
            ("Key", row.key),
            ("Mapping", [f"{rule.get('extract', '')} → {rule.get('generate', '')}" for rule in row.mapping]),
            ("Filter", row.filter),
        ]

    @column("Writes to")
    def writes(self, row: Import) -> str:
        return table_text(row.target)

    @column("Mode", ordering="mode", label={"append": "default", "upsert": "info", "replace": "warning"})
    def mode_label(self, row: Import) -> tuple[str, str]:
        return row.mode, row.get_mode_display()
