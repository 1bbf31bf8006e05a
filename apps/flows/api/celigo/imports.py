"""Imports in Celigo's shape: into databases by a bulk insert or load or, our extension, by a table and a mode, and into
file stores."""

from typing import Any

from rest_framework import serializers

from apps.connections.models import Connection
from apps.dialects.celigo.documentation import documented
from apps.dialects.lists import Listing, Values, document
from apps.flows import services
from apps.flows.api.celigo import files, formats, sides
from apps.flows.api.celigo.databases import TargetShape
from apps.flows.api.celigo.mappings import rules_of
from apps.flows.models import Import


class ImportShape(sides.SideShape):
    side = "Import"
    kept = (*sides.KEPT, "mockResponse")
    later = (
        *sides.LATER,
        "blobKeyPath",
        "ignoreExisting",
        "ignoreMissing",
        "idLockTemplate",
        "lookups",
        "responseTransform",
    )

    adaptorType = sides.adaptor_field("Import")
    rdbms = TargetShape(required=False)
    file = formats.WrittenFileShape(required=False)
    ftp = files.WrittenFolderShape(required=False)
    s3 = files.WrittenBucketShape(required=False)
    filesystem = files.WrittenFolderShape(required=False)
    mappings = serializers.JSONField(required=False, help_text="Rules of mapping 2.0; without any, every field passes.")
    mapping = serializers.JSONField(required=False, help_text='Mapping 1.0: `{"fields": […]}`.')

    def values(self, connection: Connection) -> Values:
        """By the model's field names. Raises Invalid for a target or a mapping that is not supported."""
        data = self.validated_data
        values = self.shared_values(connection)
        if data.get("mapping"):
            values["document"] |= {"mapping": data["mapping"]}
        rules = rules_of(mappings=data.get("mappings"), mapping=data.get("mapping"))
        return {**values, **self.blocks().target_values(data, connection), "mapping": rules}


def _wrap(row: Values) -> Values:
    blocks = sides.blocks_of(row).target_blocks(row)
    return {**sides.shared(row, "Import"), **blocks, **_mapping(row["mapping"], row["document"].get("mapping"))}


def _mapping(rules: list[Any], said: Any) -> Values:
    """Mapping 1.0 if it was given and still means the stored rules."""
    if said and rules_of(mappings=None, mapping=said) == rules:
        return {"mapping": said}
    return {"mappings": rules} if rules else {}


LISTING = Listing(
    sides.table("flows_import"),
    {
        **sides.COLUMNS,
        "target": document("row.target"),
        "mode": "row.mode",
        "key": document("row.key"),
        "mapping": document("row.mapping"),
        "allowEmpty": "row.allow_empty",
    },
    _wrap,
)

SENT = {
    "name": "Orders into the warehouse",
    "_connectionId": "5e03061cda20740022300f0b",
    "adaptorType": "RDBMSImport",
    "rdbms": {"schema": "public", "table": "orders", "mode": "upsert", "key": ["id"]},
    "mappings": [
        {"generate": "id", "extract": "$.id", "status": "Active"},
        {"generate": "total", "extract": "$.total", "cast": "decimal(12,2)", "status": "Active"},
    ],
}
GOT = {
    "_id": "5e03061cda20740022300f0c",
    "createdAt": "2026-11-22T09:30:00.000Z",
    "lastModified": "2026-11-22T09:30:00.000Z",
    **SENT,
}


@documented(tag="Celigo: imports", noun="import", shape=ImportShape, request=SENT, response=GOT)
class ImportViews(sides.SideViews):
    what = "Import"
    model = Import
    listing = LISTING
    shape = ImportShape
    patchable = sides.PATCHABLE | {"mapping", "mappings"}
    names = {"connection": "_connectionId", "mapping": "mappings"}

    def make(self, values: Values) -> Import:
        return services.create_import(values=values, **self.owner())

    def alter(self, row: Import, values: Values) -> None:
        services.change_import(import_=row, values=values)

    def drop(self, row: Import) -> None:
        services.remove_import(import_=row)

    def copy(self, row: Import, values: Values) -> Import:
        return services.clone_import(import_=row, **self.copied(row, values))
