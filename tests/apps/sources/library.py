"""A collection with streams, and records in them, stored as a sync stores them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F

from apps.accounts.models import Organization
from apps.sources import services as sources
from apps.sources.models import Collection, SourceConnection, Stream
from apps.sources.services.encoding import Encoder, described
from apps.sources.services.storing import Place, store
from engine.schema import Column, Kind, Type

Row = dict[str, Any]


class Library:
    def __init__(self, organization: Organization, *, name: str = "Library", language: str = "english") -> None:
        self.organization = organization
        owner = {"organization_id": organization.id, "project_id": None}
        self.collection: Collection = sources.create_collection(**owner, name=name, language=language)
        self.source = self.connect("Shelves")

    def connect(self, name: str) -> SourceConnection:
        return SourceConnection.objects.create(
            organization=self.organization, collection=self.collection, name=name, connection=None
        )

    def stream(
        self,
        label: str,
        columns: Mapping[str, Kind],
        rows: Sequence[Row] = (),
        *,
        source: SourceConnection | None = None,
    ) -> Stream:
        """One whose first column is the key."""
        typed = _columns(columns)
        stream = Stream.objects.create(
            source_connection=source or self.source,
            collection=self.collection,
            name=label,
            label=label,
            key=[typed[0].name],
            columns=described(typed),
        )
        if rows:
            self.put(stream, rows, are_new=True)
        return stream

    def put(self, stream: Stream, rows: Sequence[Row], *, are_new: bool = False) -> None:
        """`are_new`: so that nobody need look whether they are there."""
        columns = {column["name"]: Kind(column["kind"]) for column in stream.columns}
        encoder = Encoder(_columns(columns), stream.key)
        place = Place(self.collection.id, stream.id, stream.generation, self.collection.language)
        stored = store(place, [encoder.encode(row) for row in rows], is_empty=are_new)
        assert not stored.refused
        Stream.objects.filter(id=stream.id).update(record_count=F("record_count") + stored.inserted)


def _columns(columns: Mapping[str, Kind]) -> list[Column]:
    return [Column(name, Type(kind)) for name, kind in columns.items()]
