"""Exports in Celigo's shape: of databases by a query or, our extension, by table, and of file stores."""

from typing import Any

from rest_framework import serializers

from apps.connections.models import Connection
from apps.dialects.celigo.documentation import documented
from apps.dialects.celigo.shapes import Part
from apps.dialects.lists import Listing, Values, document
from apps.flows import services
from apps.flows.api.celigo import files, formats, sides
from apps.flows.api.celigo.databases import SourceShape
from apps.flows.api.celigo.names import NameField
from apps.flows.models import Export

DEFAULT_PAGE_SIZE = 5_000
"""Celigo's own default is 20, which suits APIs; a page of a database holds more."""

LARGEST_LAG = 10 * 365 * 86_400_000


class DeltaShape(Part):
    kept = ("dateFormat",)
    later = ("startDate",)

    dateField = NameField(
        required=False,
        help_text="The column that rises when a record changes; of files `_modified`, which tells when a file did.",
    )
    lagOffset = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=-LARGEST_LAG,
        max_value=LARGEST_LAG,
        help_text="Milliseconds to read again from before the last run's end; 5 minutes if it is left out.",
    )

    def validate_dateField(self, name: str) -> str:  # noqa: N802 (DRF looks for the field's name)
        if "," in name:
            raise serializers.ValidationError("More than one column is not supported yet.")
        return name


class TestShape(serializers.Serializer[Any]):
    limit = serializers.IntegerField(required=False, min_value=1, max_value=100, default=1)


class ExportShape(sides.SideShape):
    side = "Export"
    kept = (*sides.KEPT, "mockOutput")
    later = (*sides.LATER, "isLookup", "groupByFields", "once", "webhook", "distributed", "simple", "mappings")

    adaptorType = sides.adaptor_field("Export")
    type = serializers.ChoiceField(
        ["delta", "test"],
        required=False,
        allow_null=True,
        help_text="Left out for all records.",
        error_messages={"invalid_choice": "Only delta, test or none is supported yet."},
    )
    pageSize = serializers.IntegerField(required=False, help_text=f"Records; {DEFAULT_PAGE_SIZE} if it is left out.")
    delta = DeltaShape(required=False, allow_null=True)
    test = TestShape(required=False, allow_null=True)
    rdbms = SourceShape(required=False)
    file = formats.ReadFileShape(required=False)
    ftp = files.ReadFolderShape(required=False)
    s3 = files.ReadBucketShape(required=False)
    filesystem = files.ReadFolderShape(required=False)

    def values(self, connection: Connection) -> Values:
        """By the model's field names. Raises Invalid for a source that the connection does not have."""
        data = self.validated_data
        type_ = data.get("type") or Export.Type.ALL
        limit = (data.get("test") or {}).get("limit", 1)
        return {
            **self.shared_values(connection),
            **self.blocks().source_values(data, connection),
            "type": type_,
            "cursor": _cursor(data.get("delta") or {}),
            "page_size": data.get("pageSize", DEFAULT_PAGE_SIZE),
            "limit": limit if type_ == Export.Type.TEST else None,
        }


def _cursor(delta: Values) -> Values:
    """Celigo counts the overlap in milliseconds, we in the cursor's own unit, which for moments is the second."""
    lag = delta.get("lagOffset")
    column = {"column": delta["dateField"]} if delta.get("dateField") else {}
    return column | ({} if lag is None else {"overlap": lag / 1000})


def _wrap(row: Values) -> Values:
    shown = {**sides.shared(row, "Export"), "pageSize": row["pageSize"], **sides.blocks_of(row).source_blocks(row)}
    if row["type"] != Export.Type.ALL:
        shown["type"] = row["type"]
    if cursor := row["cursor"]:
        overlap = cursor.get("overlap")
        lag = {} if overlap is None else {"lagOffset": round(overlap * 1000)}
        shown["delta"] = {"dateField": cursor.get("column", ""), **lag}
    if row["type"] == Export.Type.TEST:
        shown["test"] = {"limit": row["limit"] or 1}
    return shown


LISTING = Listing(
    sides.table("flows_export"),
    {
        **sides.COLUMNS,
        "type": "row.type",
        "pageSize": "row.page_size",
        "limit": 'row."limit"',
        "source": document("row.source"),
        "columns": document("row.columns"),
        "key": document("row.key"),
        "cursor": document("row.cursor"),
    },
    _wrap,
)

SENT = {
    "name": "Orders of the shop",
    "_connectionId": "5e03061cda20740022300f09",
    "adaptorType": "RDBMSExport",
    "type": "delta",
    "delta": {"dateField": "updated_at", "lagOffset": 60000},
    "rdbms": {"schema": "public", "table": "orders"},
}
GOT = {
    "_id": "5e03061cda20740022300f0a",
    "createdAt": "2026-11-22T09:30:00.000Z",
    "lastModified": "2026-11-22T09:30:00.000Z",
    "pageSize": DEFAULT_PAGE_SIZE,
    **SENT,
}


@documented(tag="Celigo: exports", noun="export", shape=ExportShape, request=SENT, response=GOT)
class ExportViews(sides.SideViews):
    what = "Export"
    model = Export
    listing = LISTING
    shape = ExportShape
    patchable = sides.PATCHABLE | {"pageSize", "delta", "test", "type"}
    names = {
        "connection": "_connectionId",
        "cursor": "delta.dateField",
        "page_size": "pageSize",
        "limit": "test.limit",
    }

    def make(self, values: Values) -> Export:
        return services.create_export(values=values, **self.owner())

    def alter(self, row: Export, values: Values) -> None:
        services.change_export(export=row, values=values)

    def drop(self, row: Export) -> None:
        services.remove_export(export=row)

    def copy(self, row: Export, values: Values) -> Export:
        return services.clone_export(export=row, **self.copied(row, values))
