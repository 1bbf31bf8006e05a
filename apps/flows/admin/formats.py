"""Form fields for what a file is made of. Options that nobody sets are the driver's to choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.accounts.admin.forms import LinesField

PREFIX = "format_"
SEPARATED = ("", "csv", "tsv")
WITH_HEADER = (*SEPARATED, "xlsx")
TYPES = {
    "": "By its name's ending",
    "csv": "CSV",
    "tsv": "Tab-separated",
    "jsonl": "JSON lines",
    "json": "JSON, a list of objects",
    "parquet": "Parquet",
    "xlsx": "Excel",
}
COMPRESSIONS = {
    "": "By its name's ending",
    "none": "None",
    "gzip": "gzip",
    "bzip2": "bzip2",
    "xz": "xz",
    "zstd": "Zstandard",
    "zip": "zip",
}


@dataclass(frozen=True, slots=True)
class Option:
    """`types`: the types of files for which it means something, () for all."""

    name: str
    field: forms.Field
    types: Sequence[str] = ()
    default: Any = ""


def _choice(label: str, choices: Mapping[str, str], help_text: str = "") -> forms.Field:
    widget = UnfoldAdminSelectWidget()
    return forms.ChoiceField(
        label=label, choices=list(choices.items()), required=False, widget=widget, help_text=help_text
    )


def _text(label: str, help_text: str, *, length: int = 100) -> forms.Field:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        strip=False,
        max_length=length,
        widget=UnfoldAdminTextInputWidget(attrs={"class": "cd-short"}),
    )


def _flag(label: str, help_text: str) -> forms.Field:
    return forms.BooleanField(label=label, help_text=help_text, required=False, widget=UnfoldBooleanSwitchWidget())


TYPE = Option("type", _choice("File type", TYPES))
SHARED = (
    Option("delimiter", _text("Delimiter", "Between two columns. Empty: a comma.", length=10), ("", "csv")),
    Option(
        "header", _flag("Names in the first row", "The first row tells the columns' names."), WITH_HEADER, default=True
    ),
    Option("null", _text("Text for NULL", r"Such as \N. Empty: an empty field without quotes."), SEPARATED),
    Option("encoding", _text("Encoding", "Empty: UTF-8."), SEPARATED),
    Option("sheet", _text("Sheet", "Empty: the first."), ("", "xlsx")),
)
READ = (
    TYPE,
    Option("compression", _choice("Compression", COMPRESSIONS)),
    *SHARED,
    Option(
        "columns",
        LinesField(label="Names of columns", help_text="One a line, in the place of those in the file."),
        WITH_HEADER,
        [],
    ),
    Option(
        "skip_rows",
        forms.IntegerField(
            label="Rows to skip",
            help_text="At the file's beginning, before the names.",
            required=False,
            min_value=0,
            max_value=1_000_000,
            widget=UnfoldAdminIntegerFieldWidget(),
        ),
        WITH_HEADER,
        None,
    ),
    Option(
        "types",
        _choice("Types", {"": "Every value is text", "infer": "Found in the first rows"}),
        SEPARATED,
    ),
    Option(
        "provenance",
        _flag("Tell the file", "Adds the columns _file and _modified; a delta always does."),
        default=False,
    ),
)
WRITTEN = (
    TYPE,
    Option("compression", _choice("Compression", {name: COMPRESSIONS[name] for name in COMPRESSIONS if name != "zip"})),
    *SHARED,
    Option(
        "spreadsheet",
        _flag("For a spreadsheet", "Texts that a spreadsheet would take for formulas are made harmless."),
        SEPARATED,
        default=False,
    ),
)


def form_fields(options: Sequence[Option]) -> dict[str, forms.Field]:
    """By form name, in their order."""
    return {PREFIX + option.name: option.field for option in options}


def shown_when(options: Sequence[Option]) -> dict[str, str]:
    """The conditions under which each is shown, by form name."""
    of_files = "connection.kind=files"
    types = {option.name: f"&{PREFIX}type={','.join(option.types)}" if option.types else "" for option in options}
    return {PREFIX + name: of_files + condition for name, condition in types.items()}


def initial(options: Sequence[Option], format_: Mapping[str, Any]) -> dict[str, Any]:
    return {PREFIX + option.name: format_.get(option.name, option.default) for option in options}


def given(options: Sequence[Option], cleaned: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """The format out of a form's values: what differs from the defaults, and what is stored and has no field."""
    names = {option.name for option in options}
    kept = {name: value for name, value in stored.items() if name not in names}
    values = {option.name: cleaned[PREFIX + option.name] for option in options}
    return kept | {option.name: values[option.name] for option in options if values[option.name] != option.default}
