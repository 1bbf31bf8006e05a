"""The write side."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.accounts.admin.forms import JsonField, LinesField
from apps.accounts.admin.scoped import Fact
from apps.accounts.admin.showing import column
from apps.flows import services as flows
from apps.flows.admin import formats
from apps.flows.admin.sides import OF_TABLES, OWN, SideAdmin, SideForm, file_fieldset, line
from apps.flows.admin.wording import format_text, target_text
from apps.flows.models import Import

MAPPING_HELP = "Which field of the record goes where. Without any rule every field passes under its own name."


class MappingField(JsonField):
    """Rules as JSON, which the page's script shows as a table."""

    def __init__(self) -> None:
        super().__init__(empty=[], rows=8, label="Mapping", help_text=MAPPING_HELP)
        self.widget.attrs["data-mapping"] = ""


class ImportForm(SideForm):
    place = "target"
    options = formats.WRITTEN

    table = line("Table", "Made with fitting types when it does not exist.")
    file = line("File", "As orders.csv. {date}, {time} and {job} become those of the run.")
    key = LinesField(
        rows=2, label="Key", help_text="For upserts: the columns by which a record is found again, one a line."
    )
    mapping = MappingField()
    fields_of_problems = {"format": "format_type"}
    shown_when = {**SideForm.shown_when, "key": f"mode=upsert&{OF_TABLES}", "allow_empty": "mode=replace"}

    class Meta:
        model = Import
        fields = (*OWN, "mode", "allow_empty")
        help_texts = {
            "mode": "Append adds; where files are, another one each run. Upsert adds or changes, by the key. "
            "Replace swaps the whole table or file at the end.",
            "allow_empty": "A replacing run that read nothing is refused unless this is on.",
        }
        widgets = {"description": UnfoldAdminTextInputWidget()}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk is not None:
            self.initial["mapping"] = self.instance.mapping

    def store(self) -> Model:
        values = self.given("mode", "allow_empty", "mapping") | {"target": self.place_given()}
        if self.instance.pk is not None:
            return flows.change_import(import_=self.instance, values=values)
        return flows.create_import(values=values, **self.owner())


@admin.register(Import)
class ImportAdmin(SideAdmin):
    form = ImportForm
    list_display = ("name", "connection", "writes", "mode_label", "organization", "project")
    list_filter = ("mode",)
    fieldsets = (
        (None, {"fields": OWN}),
        (
            "Where it writes",
            {"fields": ("catalog", "schema", "table", "folder", "file", "mode", "key", "allow_empty")},
        ),
        file_fieldset(formats.WRITTEN),
        ("What it writes", {"fields": ("mapping", "filter")}),
    )
    empty_text = (
        "An import says where records are written: a table or a file, how, and which field goes where. "
        "A flow ends with one."
    )

    def delete_model(self, request: HttpRequest, obj: Import) -> None:
        flows.remove_import(import_=obj)

    def facts(self, request: HttpRequest, row: Import) -> Sequence[Fact]:
        return [
            ("Connection", row.connection),
            ("Writes to", target_text(row)),
            ("As", format_text(row.target)),
            ("Mode", row.get_mode_display()),
            ("Key", row.key),
            ("Mapping", [f"{rule.get('extract', '')} → {rule.get('generate', '')}" for rule in row.mapping]),
            ("Filter", row.filter),
        ]

    @column("Writes to")
    def writes(self, row: Import) -> str:
        return target_text(row)

    @column("Mode", ordering="mode", label={"append": "default", "upsert": "info", "replace": "warning"})
    def mode_label(self, row: Import) -> tuple[str, str]:
        return row.mode, row.get_mode_display()
