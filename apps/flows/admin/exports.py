"""The read side."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.forms import JsonField, LinesField, OwnedForm
from apps.accounts.admin.scoped import Fact, ScopedAdmin
from apps.accounts.admin.showing import column, count
from apps.flows import services as flows
from apps.flows.admin.wording import source_text
from apps.flows.models import Export

FILTER_HELP = 'Which records pass, as ["greaterthan", ["extract", "total"], 100]. Empty: all.'
PLACE = ("catalog", "schema", "table")


def line(label: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, required=False, widget=UnfoldAdminTextInputWidget())


class ExportForm(OwnedForm):
    catalog = line("Catalog", "Only where one server has several, and not the connection's own.")
    schema = line("Schema")
    table = line("Table", "As the connection's schema browser shows it.")
    query = forms.CharField(
        label="Or a query",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "class": "cd-code", "spellcheck": "false"}),
        help_text="A SELECT in the system's own language, in the place of a table.",
    )
    columns = LinesField(label="Columns", help_text="One a line. Empty: all of them.")
    key = LinesField(
        rows=2, label="Key", help_text="Columns that order a query, one a line, so that it can be resumed."
    )
    cursor_column = line("Changed at", "For deltas: the column that says when a record changed, or a rising number.")
    overlap = forms.IntegerField(
        required=False,
        min_value=0,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="How far each delta reaches back behind the last, in seconds (or in the number's own unit).",
    )
    limit = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=100,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="The most records a test reads, up to 100.",
    )
    filter = JsonField(empty=[], rows=4, label="Filter", help_text=FILTER_HELP)
    fields_of_problems = {"source": "table", "cursor": "cursor_column"}
    shown_when = {"limit": "type=test", "cursor_column": "type=delta", "overlap": "type=delta"}

    class Meta:
        model = Export
        fields = ("organization", "project", "name", "description", "connection", "type", "page_size")
        help_texts = {
            "type": "All: everything, each time. Delta: what changed since the last run. Test: the first records.",
            "page_size": "So many records are read, written and committed at a time.",
        }
        widgets = {"description": UnfoldAdminTextInputWidget()}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        export = self.instance
        if export.pk is not None:
            self.initial.update(
                {name: export.source.get(name, "") for name in (*PLACE, "query")} | {"limit": export.limit}
            )
            self.initial.update({"columns": export.columns, "key": export.key, "filter": export.filter})
            self.initial.update(
                {"cursor_column": export.cursor.get("column", ""), "overlap": export.cursor.get("overlap")}
            )

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("table") and values.get("query"):
            self.add_error("query", "An export reads a table or a query, not both.")
        return values

    def store(self) -> Model:
        values = {name: self.cleaned_data[name] for name in ("name", "description", "connection", "type", "limit")}
        values |= {name: self.cleaned_data[name] for name in ("columns", "key", "filter", "page_size")}
        values |= {"source": self._source(), "cursor": self._cursor()}
        if self.instance.pk is not None:
            return flows.change_export(export=self.instance, values=values)
        return flows.create_export(values=values, **self.owner())

    def _source(self) -> dict[str, str]:
        if self.cleaned_data["query"]:
            return {"query": self.cleaned_data["query"]}
        return {name: self.cleaned_data[name] for name in PLACE if self.cleaned_data[name]}

    def _cursor(self) -> dict[str, Any]:
        if not self.cleaned_data["cursor_column"]:
            return {}
        overlap = self.cleaned_data["overlap"]
        return {"column": self.cleaned_data["cursor_column"]} | ({} if overlap is None else {"overlap": overlap})


@admin.register(Export)
class ExportAdmin(ScopedAdmin):
    form = ExportForm
    list_display = ("name", "connection", "reads", "type_label", "organization", "project")
    list_filter = (
        "type",
        ("connection", admin.RelatedOnlyFieldListFilter),
        OfOrganization,
        ("project", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("connection", "organization", "project")
    search_fields = ("name", "description", "connection__name")
    fieldsets = (
        (None, {"fields": ("organization", "project", "name", "description", "connection")}),
        ("What it reads", {"fields": ("catalog", "schema", "table", "query", "columns", "filter")}),
        ("How", {"fields": ("type", "cursor_column", "overlap", "key", "page_size", "limit")}),
    )
    panel_template = "console/used_in_flows.html"
    empty_text = "An export says what is read from a connection: a table, or a query. A flow begins with one."

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ("organization", "project") if obj else ()

    def delete_model(self, request: HttpRequest, obj: Export) -> None:
        flows.remove_export(export=obj)

    def panel(self, request: HttpRequest, row: Export) -> dict[str, Any]:
        return {"steps": row.steps.select_related("flow").order_by("flow__name")}

    def facts(self, request: HttpRequest, row: Export) -> Sequence[Fact]:
        return [
            ("Connection", row.connection),
            ("Reads", source_text(row.source)),
            ("Columns", row.columns or "All"),
            ("Type", row.get_type_display()),
            ("Changed at", row.cursor.get("column", "")),
            ("Key", row.key),
            ("Filter", row.filter),
            ("Records a page", count(row.page_size)),
        ]

    @column("Reads")
    def reads(self, row: Export) -> str:
        return source_text(row.source)

    @column("Type", ordering="type", label={"all": "default", "delta": "info", "test": "warning"})
    def type_label(self, row: Export) -> tuple[str, str]:
        return row.type, row.get_type_display()
