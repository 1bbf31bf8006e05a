"""What the desks of exports and imports have in common: the read side and the write side of a connection."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.forms import JsonField, OwnedForm
from apps.accounts.admin.scoped import ScopedAdmin
from apps.flows.admin import formats

FILTER_HELP = 'Which records pass, as ["greaterthan", ["extract", "total"], 100]. Empty: all.'
OWN = ("organization", "project", "name", "description", "connection")
"""The fields that a desk begins with."""
PLACE = ("catalog", "schema", "table")
OF_TABLES = "connection.kind=,tables"
OF_FILES = "connection.kind=files"


def line(label: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, required=False, widget=UnfoldAdminTextInputWidget())


class ConnectionSelect(UnfoldAdminSelectWidget):  # type: ignore[misc]  # Unfold is not typed
    """Tells of every connection whether it leads to tables or to files, for the page's script."""

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **options)
        if connection := getattr(value, "instance", None):
            option["attrs"]["data-kind"] = "files" if connection.connector.is_file_store else "tables"
        return option


class SideForm(OwnedForm):
    """Of an export or an import. `place`: where the row keeps what is read or written, `source` or `target`."""

    place: ClassVar[str]
    options: ClassVar[Sequence[formats.Option]]
    """What may be said of a file; a desk adds their fields."""

    catalog = line("Catalog", "Only where one server has several, and not the connection's own.")
    schema = line("Schema")
    table = line("Table")
    folder = line("Folder", "Below the connection's own. Empty: that one.")
    file = line("File")
    filter = JsonField(empty=[], rows=4, label="Filter", help_text=FILTER_HELP)
    shown_when = {
        **dict.fromkeys((*PLACE, "key"), OF_TABLES),
        **dict.fromkeys(("folder", "file"), OF_FILES),
    }

    def __init__(self, *args: Any, **options: Any) -> None:
        self.shown_when = {**self.shown_when, **formats.shown_when(self.options)}
        super().__init__(*args, **options)
        connection: Any = self.fields["connection"]
        connection.queryset = connection.queryset.select_related("connector")
        connection.widget = ConnectionSelect(attrs=connection.widget.attrs, choices=connection.choices)
        place = getattr(self.instance, self.place) or {}
        self.initial.update(formats.initial(self.options, place.get("format", {})))
        if self.instance.pk is not None:
            self.initial.update({name: place.get(name, "") for name in PLACE})
            self.initial.update({"folder": place.get("schema", ""), "file": place.get("table", "")})
            self.initial.update({name: getattr(self.instance, name) for name in ("key", "filter")})

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        is_over_files = self.is_over_files(values)
        self.fields_of_problems = {**self.fields_of_problems, self.place: "file" if is_over_files else "table"}
        return values | ({"key": []} if is_over_files else {})

    def is_over_files(self, values: Mapping[str, Any]) -> bool:
        connection = values.get("connection")
        return connection is not None and connection.connector.is_file_store

    def given(self, *names: str) -> dict[str, Any]:
        """What services take of both sides, and the fields named."""
        names = ("name", "description", "connection", "key", "filter", *names)
        return {name: self.cleaned_data[name] for name in names}

    def place_given(self) -> dict[str, Any]:
        """The row's source or target, of the fields that the connection's kind asks for."""
        values = self.cleaned_data
        if not self.is_over_files(values):
            return {name: values[name] for name in PLACE if values[name]}
        stored = (getattr(self.instance, self.place) or {}).get("format", {})
        format_ = formats.given(self.options, values, stored)
        parts = {"schema": values["folder"], "table": values["file"], "format": format_}
        return {name: part for name, part in parts.items() if part}


class SideAdmin(ScopedAdmin):
    form: type[SideForm]
    list_select_related = ("connection__connector", "organization", "project")
    search_fields = ("name", "description", "connection__name")
    panel_template = "console/used_in_flows.html"

    def get_list_filter(self, request: HttpRequest) -> Sequence[Any]:
        owner = (OfOrganization, ("project", admin.RelatedOnlyFieldListFilter))
        return (*self.list_filter, ("connection", admin.RelatedOnlyFieldListFilter), *owner)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        fields = formats.form_fields(self.form.options)
        form = type(self.form.__name__, (self.form,), fields)
        return super().get_form(request, obj, change=change, **{"form": form, **options})

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ("organization", "project") if obj else ()

    def panel(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {"steps": row.steps.select_related("flow").order_by("flow__name")}


def file_fieldset(options: Sequence[formats.Option]) -> tuple[str, dict[str, Any]]:
    return "What the file is", {"fields": tuple(formats.form_fields(options))}
