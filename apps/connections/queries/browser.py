"""What is kept of a connection's system, as a person looks through it: a level at a time, or by the name of a table."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from apps.connections.models import Metadata, MetadataTable

Row = dict[str, Any]

STRETCH = 200
"""So many rows are shown at once, however many there are."""
TABLE = ("catalog", "schema", "name", "kind", "rows", "bytes", "comment")


@dataclass(frozen=True, slots=True)
class Stretch:
    """`rows` behind those that were skipped, out of `total`."""

    rows: list[Row]
    total: int


def catalogs(metadata: Metadata, *, wanted: str = "", skip: int = 0) -> Stretch:
    found = [row for row in metadata.catalogs if wanted.lower() in row["name"].lower()]
    return Stretch(found[skip : skip + STRETCH], len(found))


def schemas(metadata: Metadata, *, catalog: str, wanted: str = "", skip: int = 0) -> Stretch:
    """With how many `tables` each holds."""
    found = metadata.schemas.filter(catalog=catalog, name__icontains=wanted)
    stretch = _stretch(found.order_by("id").values("name", "comment"), skip)
    names = [row["name"] for row in stretch.rows]
    tables = MetadataTable.objects.filter(metadata=metadata, catalog=catalog, schema__in=names)
    counts = dict(tables.order_by().values_list("schema").annotate(count=Count("id")))
    return Stretch([row | {"tables": counts.get(row["name"], 0)} for row in stretch.rows], stretch.total)


def tables(
    metadata: Metadata, *, catalog: str | None = None, schema: str | None = None, wanted: str = "", skip: int = 0
) -> Stretch:
    """Of one schema, or of all: there `wanted` is looked for in "schema.table" and "folder/file" as well."""
    found = MetadataTable.objects.filter(metadata=metadata)
    found = found if catalog is None else found.filter(catalog=catalog)
    found = found if schema is None else found.filter(schema=schema)
    if wanted:
        found = found.filter(name__icontains=wanted) if schema is not None else _anywhere(found, wanted)
    return _stretch(found.order_by("catalog", "schema", "name", "id").values(*TABLE), skip)


def columns(metadata: Metadata, *, catalog: str, schema: str, table: str) -> list[Row] | None:
    """None where nobody has looked at them, or the table is not known."""
    found = MetadataTable.objects.filter(metadata=metadata, catalog=catalog, schema=schema, name=table)
    kept: list[Row] | None = found.values_list("columns", flat=True).first()
    return kept


def _anywhere(tables: QuerySet[MetadataTable], wanted: str) -> QuerySet[MetadataTable]:
    table, file = (Concat("schema", Value(mark), "name", output_field=TextField()) for mark in "./")
    named = tables.annotate(table=table, file=file)
    return named.filter(Q(table__icontains=wanted) | Q(file__icontains=wanted))


def _stretch(rows: "QuerySet[Any, Any]", skip: int) -> Stretch:
    shown = list(rows[skip : skip + STRETCH])
    is_last = len(shown) < STRETCH and (shown or not skip)
    return Stretch(shown, skip + len(shown) if is_last else rows.count())
