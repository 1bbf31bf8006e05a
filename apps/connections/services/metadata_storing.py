"""Where a survey is put down: beside what is current, and in its place once it is whole."""

from collections.abc import Sequence

import orjson
from django.db import connection as database
from django.db import transaction

from apps.connections import queries
from apps.connections.models import Connection, Metadata, MetadataSchema, MetadataTable
from apps.connections.services.metadata_rows import Row
from apps.errors import Conflict
from apps.jobs.services import Work

BATCH = 1_000
"""Rows of one statement."""

# As one document: in lists of their own the tables' columns take five times as long to be quoted
PUT_TABLES = """
WITH put AS (
  INSERT INTO connections_metadatatable (metadata_id, catalog, schema, name, kind, rows, bytes, comment, columns)
  SELECT %s, catalog, schema, name, kind, rows, bytes, comment, columns
  FROM json_to_recordset(%s) AS told(catalog text, schema text, name text, kind text, rows bigint, bytes bigint,
    comment text, columns jsonb)
  RETURNING id
) SELECT max(id) FROM put
"""


def forget(*, connection: Connection) -> None:
    """Drops what is kept of the connection's system, and with it what a refresh has put down so far."""
    with transaction.atomic():
        kept = Metadata.objects.select_for_update().filter(connection_id=connection.id)
        Metadata.objects.filter(id__in=[metadata.id for metadata in kept.only("id")]).delete()


class Shelf:
    """Rows of one attempt at a refresh, put down under its fence; what an earlier attempt left behind is thrown away.

    Each call is safe to be done twice. All but the first raise Conflict once somebody has changed the connection: what
    was put down is gone then, as it may be of another system.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection_id = work.job.subject_id
        self._metadata = Metadata(connection_id=self._connection_id)
        self._last_id = 0

    def begin(self) -> None:
        """Raises NotFound when the connection is gone."""
        self._work.store(self._begin)

    def put_catalogs(self, catalogs: Sequence[Row]) -> None:
        self._metadata.catalogs = list(catalogs)
        self._metadata.catalog_count = len(catalogs)
        self._work.store(self._count)

    def put_schemas(self, schemas: Sequence[Row]) -> None:
        def put() -> None:
            self._count()
            MetadataSchema.objects.filter(metadata_id=self._metadata.id).delete()
            rows = [MetadataSchema(metadata_id=self._metadata.id, **row) for row in schemas]
            MetadataSchema.objects.bulk_create(rows, batch_size=BATCH)

        self._metadata.schema_count = len(schemas)
        self._work.store(put)

    def put_tables(self, tables: Sequence[Row]) -> None:
        """A batch of them, in the order in which they are to be listed."""
        last_id = self._last_id

        def put() -> None:
            self._count()
            MetadataTable.objects.filter(metadata_id=self._metadata.id, id__gt=last_id).delete()
            with database.cursor() as cursor:
                cursor.execute(PUT_TABLES, [self._metadata.id, orjson.dumps(tables).decode()])
                self._last_id = cursor.fetchone()[0]

        self._metadata.table_count += len(tables)
        self._work.store(put, records_read=self._metadata.table_count)

    def make_current(self) -> dict[str, int]:
        """The counts of what is current now."""
        self._work.store(self._replace)
        kept = self._metadata
        return {"catalogs": kept.catalog_count, "schemas": kept.schema_count, "tables": kept.table_count}

    def _begin(self) -> None:
        # under its lock a change of the connection comes before, and is read, or after, and finds what is begun
        queries.connection_for_update(self._connection_id)
        Metadata.objects.filter(connection_id=self._connection_id, is_current=False).delete()
        self._metadata.pk = None
        self._metadata.save(force_insert=True)

    def _count(self) -> None:
        kept = self._metadata
        counts = {"catalog_count": kept.catalog_count, "schema_count": kept.schema_count}
        row = Metadata.objects.filter(id=kept.id)
        if not row.update(catalogs=kept.catalogs, table_count=kept.table_count, **counts):
            raise Conflict("The connection was changed meanwhile: refresh again.", code="connection_changed")

    def _replace(self) -> None:
        self._count()
        others = Metadata.objects.filter(connection_id=self._connection_id).exclude(id=self._metadata.id)
        others.delete()
        Metadata.objects.filter(id=self._metadata.id).update(is_current=True)
