"""Where an artifact is read and written: Databasin's three levels, and a file's name, in ours."""

from collections.abc import Mapping
from typing import Any

from apps.connections.models import Connection
from apps.connections.services.values import is_line
from apps.connectors.api.databasin.subtypes import DATABASE_ALONE, SCHEMA_ALONE, subtype_of
from apps.dialects.lists import Values
from apps.errors import Invalid
from apps.flows.api.databasin.values import flag

LONGEST = 255
ONLY = "main"
FORMATS = {"txt": "csv", "excel": "xlsx", "ndjson": "jsonl"}
"""Words of the vendor's for types of files that we call otherwise."""
LINES = ("csv", "tsv", "xlsx")
"""Types of files that may have a header."""


def source_of(said: Mapping[str, Any], connection: Connection) -> Values:
    """An export's `source`. Raises Invalid."""
    if connection.connector.is_file_store:
        path = _name(said, "sourceFileName") or _name(said, "sourceTableName")
        _need(path, "sourceFileName")
        return {**_file(path, _name(said, "sourceSchemaName")), "format": _format(said)}
    table = _name(said, "sourceTableName")
    _need(table, "sourceTableName")
    return _levels(said, "source", connection) | {"table": table}


def target_of(said: Mapping[str, Any], connection: Connection) -> Values:
    """An import's `target`; a table goes by the source's name where no other is given. Raises Invalid."""
    table = _name(said, "targetTableName") or _name(said, "sourceTableName")
    _need(table, "targetTableName")
    if connection.connector.is_file_store:
        return _file(table, _name(said, "targetSchemaName"))
    return _levels(said, "target", connection) | {"table": table}


def shown(place: Values, side: str, connector: str, database: str) -> Values:
    """The same in Databasin's words. `database`: what the connection leads to."""
    schema, catalog = place.get("schema", ""), place.get("catalog", "")
    if subtype_of(connector).screens == DATABASE_ALONE:
        catalog = schema = schema or catalog or database
    return {
        f"{side}DatabaseName": catalog or database,
        f"{side}SchemaName": schema,
        f"{side}TableName": place.get("table", ""),
    }


def _levels(said: Mapping[str, Any], side: str, connection: Connection) -> Values:
    """The catalog and the schema, where the connector has such levels. Raises Invalid."""
    catalog, schema = _name(said, f"{side}DatabaseName"), _name(said, f"{side}SchemaName")
    screens = subtype_of(connection.connector.name).screens
    if screens == DATABASE_ALONE:
        catalog, schema = "", _database(side, catalog, schema, connection)
    elif screens == SCHEMA_ALONE:
        catalog = _nothing_above(side, catalog, connection)
    elif connection.connector.driver == "postgresql":
        catalog = _own(side, catalog, connection)
    return {name: value for name, value in (("catalog", catalog), ("schema", schema)) if value}


def _database(side: str, catalog: str, schema: str, connection: Connection) -> str:
    if catalog and schema and catalog != schema:
        text = f"{connection.connector.label} has databases and no schemas in them: {side}DatabaseName and "
        raise Invalid(f"{text}{side}SchemaName must be the same, or one of them empty.", field=f"{side}SchemaName")
    return schema or catalog


def _nothing_above(side: str, catalog: str, connection: Connection) -> str:
    """The vendor's client insists on a name; ONLY will do."""
    if catalog not in ("", ONLY):
        text = f"{connection.connector.label} has no databases above its schemas: {side}DatabaseName must be {ONLY!r}"
        raise Invalid(f"{text} or empty.", field=f"{side}DatabaseName")
    return ""


def _own(side: str, catalog: str, connection: Connection) -> str:
    database = connection.settings.get("database", "")
    if catalog not in ("", database):
        text = f"{side}DatabaseName must be {database!r}, the database that the connector {connection.name!r} leads to."
        raise Invalid(text, field=f"{side}DatabaseName")
    return ""


def _file(path: str, folder: str) -> Values:
    within, _, name = path.strip("/").rpartition("/")
    schema = "/".join(filter(None, (folder.strip("/"), within)))
    return {"table": name, **({"schema": schema} if schema else {})}


def _format(said: Mapping[str, Any]) -> Values:
    """What the file's name tells needs no saying."""
    word = _name(said, "sourceFileFormat").lower().lstrip(".")
    type_ = FORMATS.get(word, word)
    found: Values = {"type": type_} if type_ else {}
    if type_ not in LINES:
        return found
    has_header = flag(said.get("containsHeader", True), "containsHeader")
    line = said.get("columnHeaderLineNumber", 1)
    if has_header and isinstance(line, int) and line > 1:
        found["skip_rows"] = line - 1
    delimiter = said.get("sourceFileDelimiter")
    if delimiter and type_ == "csv":
        found["delimiter"] = delimiter
    return found | {"header": has_header}


def _need(name: str, key: str) -> None:
    if not name:
        raise Invalid(f"Missing required field: {key}", code="missing_required_field", field=key)


def _name(said: Mapping[str, Any], key: str) -> str:
    """Which may begin with a space and mean it."""
    value = said.get(key, "")
    if not isinstance(value, str) or not is_line(value, LONGEST):
        raise Invalid(f"{key} must be one line of at most {LONGEST} characters.", field=key)
    return value
