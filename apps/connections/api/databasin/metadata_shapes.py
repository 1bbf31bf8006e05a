"""What Databasin's dialect calls catalogs, schemas, tables and columns."""

import re
from typing import Any

from rest_framework import serializers

from apps.connections.models import Connection
from apps.connections.queries.metadata import Row, own_catalog
from apps.connectors.api.databasin.subtypes import subtype_of

QUOTED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")""")
DISPLAY_WIDTH = re.compile(r"^((?:small|medium|big)?int|tinyint(?!\(1\)))\(\d+\)")
SHORT = (("character varying", "varchar"), ("bit varying", "varbit"), ("character", "char"))


class DatabasinCatalog(serializers.Serializer[Any]):
    catalogName = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True, help_text="The comment that the database holds of it.")


class DatabasinSchema(serializers.Serializer[Any]):
    schemaName = serializers.CharField(allow_blank=True)
    catalogName = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)


class DatabasinTable(serializers.Serializer[Any]):
    tableName = serializers.CharField()
    tableType = serializers.CharField(help_text="TABLE, VIEW, MATERIALIZED VIEW, FOREIGN TABLE or FILE.")
    rowCount = serializers.IntegerField(allow_null=True, help_text="By the database's own statistics.")
    sizeInBytes = serializers.IntegerField(allow_null=True, help_text="By the database's own statistics.")
    schemaName = serializers.CharField(allow_blank=True)
    catalogName = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)


class DatabasinColumn(serializers.Serializer[Any]):
    columnName = serializers.CharField()
    dataType = serializers.CharField(help_text="As the database spells it.")
    isNullable = serializers.BooleanField()
    isPrimaryKey = serializers.BooleanField()
    ordinalPosition = serializers.IntegerField(help_text="From 1.")
    defaultValue = serializers.CharField(allow_null=True)
    comment = serializers.CharField(allow_null=True)


class DatabasinColumnOfTable(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField(help_text="As the database spells it.")
    nullable = serializers.BooleanField()
    primaryKey = serializers.BooleanField()
    ordinalPosition = serializers.IntegerField(help_text="From 1.")
    defaultValue = serializers.CharField(allow_null=True)
    comment = serializers.CharField(allow_null=True)
    table = serializers.CharField()


class MetadataWaiting(serializers.Serializer[Any]):
    status = serializers.CharField()
    message = serializers.CharField()
    jobId = serializers.CharField(help_text="Poll `/api/jobs/{jobId}`.")


def catalog(row: Row) -> Row:
    return {"catalogName": row["name"], "description": row["comment"]}


def schema(row: Row) -> Row:
    return {"schemaName": row["name"], "catalogName": row["catalog"], "description": row["comment"]}


def table(row: Row) -> Row:
    return {
        "tableName": row["name"],
        "tableType": row["kind"].upper(),
        "rowCount": row["rows"],
        "sizeInBytes": row["bytes"],
        "schemaName": row["schema"],
        "catalogName": row["catalog"],
        "description": row["comment"],
    }


def columns(row: Row) -> list[Row]:
    """Of a table, as the seed's path shows them."""
    return [
        {
            "columnName": column["name"],
            "dataType": data_type(column),
            "isNullable": column["nullable"],
            "isPrimaryKey": column["key"],
            "ordinalPosition": position,
            "defaultValue": column["default"],
            "comment": column["comment"],
        }
        for position, column in enumerate(row["columns"], 1)
    ]


def columns_of_table(row: Row) -> list[Row]:
    """The same as the client's wizard reads them."""
    return [
        {
            "name": column["columnName"],
            "type": column["dataType"],
            "nullable": column["isNullable"],
            "primaryKey": column["isPrimaryKey"],
            "ordinalPosition": column["ordinalPosition"],
            "defaultValue": column["defaultValue"],
            "comment": column["comment"],
            "table": row["name"],
        }
        for column in columns(row)
    ]


def data_type(column: Row) -> str:
    """The database's own spelling in capitals, but for what is quoted and for types of users' own; its long names and
    the widths at which integers are displayed are left out."""
    native = (column["native"] or column["type"]).partition(" collate ")[0]
    for long, short in SHORT:
        native = short + native.removeprefix(long) if native.startswith(long) else native
    parts = QUOTED.split(DISPLAY_WIDTH.sub(r"\1", native))
    return "".join(part if place % 2 or "." in part else part.upper() for place, part in enumerate(parts))


def identity(connection: Connection) -> Row:
    """The head of the answers that name things alone."""
    subtype = subtype_of(connection.connector.name)
    return {
        "connectorID": connection.id,
        "connectorName": connection.name,
        "connectorType": subtype.category.name,
        "connectorDatabase": own_catalog(connection),
        "connectorTechnology": subtype.technology,
    }
