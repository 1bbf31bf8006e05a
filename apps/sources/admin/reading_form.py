"""What a source connection reads, as a form: its config, in the words of `services.config`."""

from collections.abc import Mapping
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminIntegerFieldWidget

from apps.accounts.admin.forms import JsonField, LinesField
from apps.errors import Invalid
from apps.sources.admin.by_table import ByTableField
from apps.sources.models import SourceConnection

ELSEWHERE = ("schedule", "continuous")
"""Parts of the config that the source connection's own page sets."""


PARTS = {
    "schemas": "schemas",
    "tables": "tables",
    "cursor": "cursorField",
    "overlap": "overlapSeconds",
    "row_limit": "rowLimit",
    "title": "titleColumn",
    "text": "textColumns",
    "format": "format",
}
"""By field, the part of the config that it is."""
OF_COLUMNS = {"only": "include", "without": "exclude"}
"""By field, the part of what the config says of a table's columns."""


class ReadingForm(forms.Form):
    schemas = LinesField(label="Schemas", rows=2, help_text="One a line. Empty: all of them.")
    tables = LinesField(
        label="Tables", rows=5, help_text="One a line, as public.orders. Empty: all of those schemas, also new ones."
    )
    only = ByTableField(
        is_list=True,
        for_all=False,
        label="Only these columns",
        placeholder="public.orders: id, number, note",
        help_text="A line for each table. Tables without a line land with all of their columns.",
    )
    without = ByTableField(
        is_list=True,
        for_all=False,
        label="Without these columns",
        placeholder="public.customers: password, salary",
        help_text="A line for each table.",
    )
    cursor = ByTableField(
        is_list=False,
        for_all=True,
        label="Changed at",
        placeholder="updated_at",
        help_text="The column that says when a row changed, or a rising number: one for all tables, or a line for each "
        "(public.orders: updated_at). Tables without one are read whole.",
    )
    overlap = forms.FloatField(
        required=False,
        min_value=0,
        label="Overlap",
        widget=UnfoldAdminDecimalFieldWidget(attrs={"class": "cd-short"}),
        help_text="So many seconds (or units of the rising number) before the last change are looked at again.",
    )
    row_limit = forms.IntegerField(
        required=False,
        min_value=1,
        label="Most rows",
        widget=UnfoldAdminIntegerFieldWidget(attrs={"class": "cd-short"}),
        help_text="Of each table. Empty: all of them.",
    )
    title = ByTableField(
        is_list=False,
        for_all=True,
        label="Title",
        placeholder="public.orders: number",
        help_text="The column that names a record in results: one for all tables, or a line for each.",
    )
    text = ByTableField(
        is_list=True,
        for_all=True,
        label="Searched columns",
        placeholder="public.orders: number, note",
        help_text="For all tables, or a line for each. Empty: every column of words.",
    )
    format = JsonField(
        empty=None, rows=3, label="Format", help_text='How files are to be understood, as JSON: {"type": "csv"}.'
    )

    def __init__(self, source_connection: SourceConnection, data: Any = None) -> None:
        config = source_connection.config
        initial = {field: config[part] for field, part in PARTS.items() if part in config}
        columns = config.get("columns", {})
        for field, part in OF_COLUMNS.items():
            initial[field] = {table: told[part] for table, told in columns.items() if told.get(part)}
        super().__init__(data, initial=initial)
        connection = source_connection.connection
        if connection is not None and connection.connector.is_file_store:
            self.fields["schemas"].label, self.fields["tables"].label = "Folders", "Files"
            self.fields["tables"].help_text = "One a line, as orders/2024.csv, or a pattern, as orders/*.csv."
        else:
            del self.fields["format"]

    @classmethod
    def config_of(cls, source_connection: SourceConnection, data: Any) -> dict[str, Any]:
        """The config that was filled in, with the parts that others set. Raises Invalid naming every bad field."""
        form = cls(source_connection, data)
        if not form.is_valid():
            problems = [f"{form.fields[name].label}: {' '.join(map(str, told))}" for name, told in form.errors.items()]
            raise Invalid(" ".join(problems))
        values = form.cleaned_data
        kept = {name: source_connection.config[name] for name in ELSEWHERE if name in source_connection.config}
        given = {part: values[field] for field, part in PARTS.items() if values.get(field) is not None}
        columns = _columns({part: values[field] for field, part in OF_COLUMNS.items()})
        return kept | given | ({"columns": columns} if columns else {})


def _columns(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By table, of what is given by part."""
    found: dict[str, dict[str, Any]] = {}
    for part, by_table in given.items():
        for table, names in (by_table or {}).items():
            found.setdefault(table, {})[part] = names
    return found


def told(source_connection: SourceConnection) -> list[tuple[str, list[str]]]:
    """What is read, in words: a label, and lines."""
    form = ReadingForm(source_connection)
    found = []
    for name, field in form.fields.items():
        value = field.prepare_value(form.initial.get(name))
        if value not in (None, ""):
            found.append((str(field.label), str(value).splitlines()))
    return found
