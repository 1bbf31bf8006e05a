"""The read side."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.accounts.admin.forms import LinesField
from apps.accounts.admin.scoped import Fact
from apps.accounts.admin.showing import column, count
from apps.flows import services as flows
from apps.flows.admin import formats
from apps.flows.admin.sides import OF_TABLES, OWN, SideAdmin, SideForm, file_fieldset, line
from apps.flows.admin.wording import format_text, source_text
from apps.flows.models import Export


class ExportForm(SideForm):
    place = "source"
    options = formats.READ

    table = line("Table", "As the connection's schema browser shows it.")
    file = line("File", "A name, or a pattern: orders-*.csv, or **/*.csv for every folder below.")
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
    fields_of_problems = {"cursor": "cursor_column", "format": "format_type"}
    shown_when = {
        **SideForm.shown_when,
        "query": OF_TABLES,
        "limit": "type=test",
        "cursor_column": f"type=delta&{OF_TABLES}",
        "overlap": "type=delta",
    }

    class Meta:
        model = Export
        fields = (*OWN, "type", "page_size")
        help_texts = {
            "type": "All: everything, each time. Delta: what changed since the last run. Test: the first records.",
            "page_size": "So many records are read, written and committed at a time.",
        }
        widgets = {"description": UnfoldAdminTextInputWidget()}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        export = self.instance
        if export.pk is not None:
            self.initial.update({"query": export.source.get("query", ""), "columns": export.columns})
            self.initial.update({"limit": export.limit, "overlap": export.cursor.get("overlap")})
            self.initial["cursor_column"] = export.cursor.get("column", "")

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.is_over_files(values):
            return values | {"query": "", "cursor_column": ""}
        if values.get("table") and values.get("query"):
            self.add_error("query", "An export reads a table or a query, not both.")
        return values

    def store(self) -> Model:
        values = self.given("type", "limit", "columns", "page_size")
        values |= {"source": self._source(), "cursor": self._cursor()}
        if self.instance.pk is not None:
            return flows.change_export(export=self.instance, values=values)
        return flows.create_export(values=values, **self.owner())

    def _source(self) -> dict[str, Any]:
        query = self.cleaned_data["query"]
        return {"query": query} if query else self.place_given()

    def _cursor(self) -> dict[str, Any]:
        column, overlap = self.cleaned_data["cursor_column"], self.cleaned_data["overlap"]
        if self.cleaned_data["type"] != Export.Type.DELTA and not column:
            return {}
        parts = {"column": column or None, "overlap": overlap}
        return {name: part for name, part in parts.items() if part is not None}


@admin.register(Export)
class ExportAdmin(SideAdmin):
    form = ExportForm
    list_display = ("name", "connection", "reads", "type_label", "organization", "project")
    list_filter = ("type",)
    fieldsets = (
        (None, {"fields": OWN}),
        (
            "What it reads",
            {"fields": ("catalog", "schema", "table", "query", "folder", "file", "columns", "filter")},
        ),
        file_fieldset(formats.READ),
        ("How", {"fields": ("type", "cursor_column", "overlap", "key", "page_size", "limit")}),
    )
    empty_text = "An export says what is read from a connection: a table, a query or files. A flow begins with one."

    def delete_model(self, request: HttpRequest, obj: Export) -> None:
        flows.remove_export(export=obj)

    def facts(self, request: HttpRequest, row: Export) -> Sequence[Fact]:
        return [
            ("Connection", row.connection),
            ("Reads", source_text(row)),
            ("As", format_text(row.source)),
            ("Columns", row.columns or "All"),
            ("Type", row.get_type_display()),
            ("Changed at", row.cursor.get("column", "")),
            ("Key", row.key),
            ("Filter", row.filter),
            ("Records a page", count(row.page_size)),
        ]

    @column("Reads")
    def reads(self, row: Export) -> str:
        return source_text(row)

    @column("Type", ordering="type", label={"all": "default", "delta": "info", "test": "warning"})
    def type_label(self, row: Export) -> tuple[str, str]:
        return row.type, row.get_type_display()
