"""What is kept of the systems behind connections, one row a thing, as plain values.

Every read goes by what is current at that moment, so that a refresh in between cannot part its answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from apps.connections.models import Connection, Metadata, MetadataSchema, MetadataTable
from apps.errors import Invalid, NotFound

Row = dict[str, Any]
Kept = TypeVar("Kept", bound=Model)

CATALOG_SETTINGS = ("catalog", "database", "project")
SCHEMA = ("catalog", "name", "comment")
TABLE = ("catalog", "schema", "name", "kind", "rows", "bytes", "comment")


class Level(StrEnum):
    """What is asked for. `COLUMNS`: tables with their columns."""

    CATALOGS = "catalogs"
    SCHEMAS = "schemas"
    TABLES = "tables"
    COLUMNS = "columns"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: "" for everywhere, but that `own`, the catalog that the connection itself names, comes before the
    others where neither a catalog nor a schema is said."""

    catalog: str = ""
    schema: str = ""
    tables: Sequence[str] = ()
    own: str = ""


def current(connection: Connection) -> Metadata | None:
    return Metadata.objects.filter(connection_id=connection.id, is_current=True).first()


def counts(connection: Connection) -> dict[str, int]:
    """How many catalogs, schemas and tables are kept; zeros before the first refresh."""
    metadata = current(connection) or Metadata()
    return {"catalogs": metadata.catalog_count, "schemas": metadata.schema_count, "tables": metadata.table_count}


def own_catalog(connection: Connection) -> str:
    """The catalog that the connection's settings name, "" where they name none."""
    named = (connection.settings.get(setting) for setting in CATALOG_SETTINGS)
    return str(next(filter(None, named), ""))


def rows(metadata: Metadata, level: Level, place: Place) -> list[Row]:
    """What is kept of that level. Raises NotFound for a name that is not known, Invalid for one that is not enough."""
    catalogs = [row["name"] for row in metadata.catalogs]
    if level == Level.CATALOGS:
        return list(metadata.catalogs)
    if place.catalog and place.catalog not in catalogs:
        raise unknown("catalog", place.catalog)
    catalog = narrowed(place, catalogs)
    if level == Level.SCHEMAS:
        return _schemas(metadata, catalog)
    found = _tables(metadata, level, place, catalog)
    if place.schema and not found:
        _check_schema(metadata, catalog, place.schema)
    if level == Level.TABLES:
        return found
    return one_each({name: [row for row in found if row["name"] == name] for name in place.tables})


def narrowed(place: Place, catalogs: Sequence[str]) -> str:
    """The catalog to look at, "" for all."""
    own = place.own if place.own in catalogs and not place.schema else ""
    return place.catalog or own


def one_each(found: Mapping[str, Sequence[Row]]) -> list[Row]:
    """The one table that was found by each name. Raises NotFound, and Invalid for a name that several bear."""
    for name, bearers in found.items():
        if not bearers:
            raise unknown("table", name)
        if len(bearers) > 1:
            places = ", ".join(".".join(filter(None, (row["catalog"], row["schema"]))) for row in bearers)
            text = f"There is more than one table {name!r}: name one of the schemas {places}."
            raise Invalid(text, code="ambiguous_table", field="schema")
    return [bearers[0] for bearers in found.values()]


def unknown(what: str, name: str) -> NotFound:
    return NotFound(f"There is no {what} {name!r}.", code=f"unknown_{what}", field=what)


def _schemas(metadata: Metadata, catalog: str) -> list[Row]:
    schemas = _current(MetadataSchema.objects.all(), metadata)
    schemas = schemas.filter(catalog=catalog) if catalog else schemas
    return list(schemas.order_by("id").values(*SCHEMA))


def _tables(metadata: Metadata, level: Level, place: Place, catalog: str) -> list[Row]:
    tables = _current(MetadataTable.objects.all(), metadata)
    tables = tables.filter(catalog=catalog) if catalog else tables
    tables = tables.filter(schema=place.schema) if place.schema else tables
    if level == Level.COLUMNS:
        return list(tables.filter(name__in=place.tables).order_by("id").values(*TABLE, "columns"))
    return list(tables.order_by("id").values(*TABLE))


def _check_schema(metadata: Metadata, catalog: str, schema: str) -> None:
    if not any(row["name"] == schema for row in _schemas(metadata, catalog)):
        raise unknown("schema", schema)


def _current(rows: QuerySet[Kept], metadata: Metadata) -> QuerySet[Kept]:
    return rows.filter(metadata__connection_id=metadata.connection_id, metadata__is_current=True)
