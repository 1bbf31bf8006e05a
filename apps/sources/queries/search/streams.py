"""The streams of a collection, as a search sees them."""

from dataclasses import dataclass
from functools import cached_property

from apps.sources.models import Collection, Stream

PUSHED = "push"


@dataclass(frozen=True)
class Searched:
    """A stream whose records can be found. `columns`: name to kind, in their order; `source`: the short name of what it
    is read from; `url`: the column that leads to a record in its system, "" for none."""

    id: int
    label: str
    source: str
    connection_id: str
    connection_name: str
    is_orphaned: bool
    columns: dict[str, str]
    url: str

    @cached_property
    def about(self) -> dict[str, str]:
        """What is the same for all of its records, by the names of metadata."""
        return {
            "source": self.source,
            "sourceConnectionId": self.connection_id,
            "sourceConnectionName": self.connection_name,
            "stream": self.label,
        }


def searched(collection: Collection) -> list[Searched]:
    """Those of source connections, too, that were removed while their records are retained."""
    rows = Stream.objects.filter(collection=collection, removed_at=None).order_by("id")
    return [_searched(stream) for stream in rows.select_related("source_connection__connection__connector")]


def _searched(stream: Stream) -> Searched:
    source = stream.source_connection
    return Searched(
        id=stream.id,
        label=stream.label,
        source=source.connection.connector.name if source.connection else PUSHED,
        connection_id=f"sc_{source.uid}",
        connection_name=source.name,
        is_orphaned=source.removed_at is not None,
        columns={column["name"]: column["kind"] for column in stream.columns},
        url=next((column["name"] for column in stream.columns if column["role"] == "url"), ""),
    )
