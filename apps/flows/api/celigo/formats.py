"""The `file` block of exports and imports: what a file is made of, in Celigo's words and in those of our drivers."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.dialects.celigo.shapes import Part
from apps.dialects.lists import Values
from apps.flows.api.celigo.names import NameField, name_list

TYPES = ("csv", "json", "xlsx", "tsv", "jsonl", "parquet")
COMPRESSIONS = ("gzip", "zip", "bzip2", "xz", "zstd", "none")
WORDS = {
    "type": "type",
    "compression": "compressionFormat",
    "encoding": "encoding",
    "provenance": "provenance",
}
PART_WORDS: Mapping[str, Mapping[str, str]] = {
    "csv": {
        "delimiter": "columnDelimiter",
        "newline": "rowDelimiter",
        "header": "hasHeaderRow",
        "skip_rows": "rowsToSkip",
        "quote": "quote",
        "escape": "escape",
        "null": "null",
        "columns": "columnNames",
        "types": "types",
        "spreadsheet": "spreadsheet",
    },
    "xlsx": {"header": "hasHeaderRow", "skip_rows": "rowsToSkip", "columns": "columnNames", "sheet": "sheet"},
    "json": {"fields": "unknownFields"},
}
"""By the part of the block, the drivers' words and Celigo's; where Celigo has none, ours."""

PARTS = {"csv": "csv", "tsv": "csv", "xlsx": "xlsx", "json": "json", "jsonl": "json"}
"""By the type of a file, the part of the block that says more of it. Without a type it is taken for CSV."""


def choice(names: tuple[str, ...], what: str) -> serializers.ChoiceField:
    wrong = f"Only these {what} are supported yet: {', '.join(names)}."
    return serializers.ChoiceField(names, required=False, error_messages={"invalid_choice": wrong})


def symbol(help_text: str) -> serializers.CharField:
    return serializers.CharField(required=False, trim_whitespace=False, max_length=10, help_text=help_text)


def flag(help_text: str = "") -> serializers.BooleanField:
    return serializers.BooleanField(required=False, help_text=help_text)


class UnsetPart(Part):
    # Celigo shows options that nobody set as null.
    def to_internal_value(self, data: Any) -> Any:
        given = {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data
        return super().to_internal_value(given)


class CsvShape(UnsetPart):
    columnDelimiter = symbol("A comma if it is left out.")
    rowDelimiter = choice(("\n", "\r\n"), "row delimiters")
    hasHeaderRow = flag("True if it is left out.")
    quote = symbol('Our extension; `"` if it is left out.')
    escape = symbol("Our extension; a quote is doubled if it is left out.")
    null = serializers.CharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=100,
        help_text="Our extension: the text that means NULL; an empty field without quotes if it is left out.",
    )


class ReadCsvShape(CsvShape):
    later = ("keyColumns", "rowsPerRecord", "trimSpaces")

    rowsToSkip = serializers.IntegerField(required=False, min_value=0, max_value=1_000_000)
    columnNames = name_list("Our extension: the columns' names, in the place of those in the file.")
    types = choice(("text", "infer"), "ways of finding types")


class WrittenCsvShape(CsvShape):
    later = (
        "customHeaderRows",
        "replaceNewlineWithSpace",
        "replaceTabWithSpace",
        "truncateLastRowDelimiter",
        "wrapWithQuotes",
    )

    includeHeader = flag("Another word for hasHeaderRow.")
    spreadsheet = flag("Our extension: texts that a spreadsheet would take for formulas are made harmless.")


class JsonShape(UnsetPart):
    later = ("resourcePath",)

    unknownFields = choice(("refuse", "ignore"), "ways with unknown fields")


class XlsxShape(UnsetPart):
    later = ("keyColumns", "rowsPerRecord")

    hasHeaderRow = flag()
    sheet = NameField(required=False, help_text="Our extension; the first if it is left out.")


class ReadXlsxShape(XlsxShape):
    columnNames = name_list("As of CSV.")
    rowsToSkip = serializers.IntegerField(required=False, min_value=0, max_value=1_000_000)


class WrittenXlsxShape(XlsxShape):
    includeHeader = flag("Another word for hasHeaderRow.")


class FileShape(UnsetPart):
    kept = ("batchSize",)

    type = choice(TYPES, "types of files")
    compressionFormat = choice(COMPRESSIONS, "compressions")
    encoding = serializers.CharField(required=False, max_length=40)
    fileName = serializers.CharField(required=False, trim_whitespace=False, max_length=1_000)


class ReadFileShape(FileShape):
    later = ("sortByFields", "groupByFields", "backupPath", "filter", "xml", "fileDefinition")

    fileName = serializers.CharField(
        required=False,
        trim_whitespace=False,
        max_length=1_000,
        help_text="Our extension: a name, or a pattern with `*`, `?` and `**`, in the place of its beginning and end.",
    )
    output = choice(("records",), "outputs")
    skipDelete = serializers.BooleanField(help_text="Must be true: files are left where they are.")
    columns = name_list("Our extension: the columns to read; else all.")
    provenance = flag("Our extension: adds the columns `_file` and `_modified`; a delta always does.")
    csv = ReadCsvShape(required=False)
    json = JsonShape(required=False)
    xlsx = ReadXlsxShape(required=False)

    def validate_skipDelete(self, value: bool) -> bool:  # noqa: N802 (DRF looks for the field's name)
        if not value:
            raise serializers.ValidationError("Files are left where they are: say so with true.")
        return value


class WrittenFileShape(FileShape):
    later = ("skipAggregation", "backupPath", "lookups", "xml", "fileDefinition")

    csv = WrittenCsvShape(required=False)
    json = JsonShape(required=False)
    xlsx = WrittenXlsxShape(required=False)


def format_of(file: Values) -> Values:
    """The format, in our drivers' words, that a valid block says."""
    said = {ours: file[theirs] for ours, theirs in WORDS.items() if file.get(theirs) is not None}
    part = PARTS.get(file.get("type", "csv"), "")
    details = file.get(part) or {}
    if "includeHeader" in details:
        details = {"hasHeaderRow": details["includeHeader"], **details}
    words = PART_WORDS.get(part, {})
    return said | {ours: details[theirs] for ours, theirs in words.items() if details.get(theirs) is not None}


def block_of(format_: Values) -> Values:
    """The block that says the format."""
    part = PARTS.get(format_.get("type", "csv"), "")
    words = PART_WORDS.get(part, {})
    details = {theirs: format_[ours] for ours, theirs in words.items() if ours in format_}
    block = {theirs: format_[ours] for ours, theirs in WORDS.items() if ours in format_}
    return block | ({part: details} if details else {})


def field_of(option: str) -> str:
    """The place of one of our drivers' options in the block, as `csv.columnDelimiter`."""
    places = {ours: f"{part}.{theirs}" for part, words in PART_WORDS.items() for ours, theirs in words.items()}
    csv = {ours: f"csv.{theirs}" for ours, theirs in PART_WORDS["csv"].items()}
    return (places | csv | WORDS).get(option, option)
