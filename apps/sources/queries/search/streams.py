"""The streams of a collection, as a search sees them."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from apps.sources.models import Collection, Stream

PUSHED = "push"
COLUMNS = (
    "id",
    "label",
    "columns",
    *(f"source_connection__{name}" for name in ("uid", "name", "removed_at", "connection__connector__name")),
)


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
    return [_searched(*row) for row in rows.values_list(*COLUMNS)]  # a collection may have thousands


def _searched(
    key: int, label: str, columns: list[dict[str, str]], uid: str, name: str, removed_at: datetime | None, source: str
) -> Searched:
    return Searched(
        id=key,
        label=label,
        source=source or PUSHED,
        connection_id=f"sc_{uid}",
        connection_name=name,
        is_orphaned=removed_at is not None,
        columns={column["name"]: column["kind"] for column in columns},
        url=next((column["name"] for column in columns if column["role"] == "url"), ""),
    )
