"""What a system tells of itself, in the words of the rows that are kept of it."""

from collections.abc import Collection, Sequence
from typing import Any

from engine.looking import Named, Surveyed
from engine.schema import Column

Row = dict[str, Any]


def catalog_row(catalog: Named) -> Row:
    return {"name": catalog.name, "comment": _text(catalog.comment)}


def schema_row(schema: Named) -> Row:
    return {"catalog": schema.catalog, "name": schema.name, "comment": _text(schema.comment)}


def table_row(found: Surveyed) -> Row:
    return {
        "catalog": found.table.catalog,
        "schema": found.table.schema,
        "name": found.table.name,
        "kind": found.kind,
        "rows": found.rows,
        "bytes": found.bytes,
        "comment": _text(found.comment),
    }


def surveyed_row(found: Surveyed) -> Row:
    """With its columns."""
    return table_row(found) | {"columns": column_rows(found.columns, found.primary_key)}


def file_row(found: Surveyed) -> Row:
    """Of a system that was walked through: only stores of files are, and nobody has looked into theirs."""
    return table_row(found) | {"kind": "file", "columns": None}


def column_rows(columns: Collection[Column], key: Sequence[str]) -> list[Row]:
    """`key`: the columns that make up the table's key, in its order."""
    return [_column(column, is_key=column.name in key) for column in columns]


def _column(column: Column, *, is_key: bool) -> Row:
    limits = {"size": column.type.size, "precision": column.type.precision, "scale": column.type.scale}
    return {
        "name": column.name,
        "type": column.type.kind,
        **{name: limit for name, limit in limits.items() if limit is not None},
        "native": column.native,
        "nullable": column.nullable,
        "key": is_key,
        "generated": column.generated,
        "default": None if column.default is None else _text(column.default),
        "comment": None if column.comment is None else _text(column.comment),
    }


def _text(text: str) -> str:
    """NUL, as MySQL tells it of a binary column's default, is a character that our own database holds in no text."""
    return text.replace("\0", "\\0")
