"""Records that come from their owner instead of being read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.errors import Invalid
from apps.sources.models import SourceConnection, Stream
from apps.sources.queries.activity import source_connection_for_update
from apps.sources.services import embedding, streams
from apps.sources.services.encoding import LONGEST_KEY, Encoder, Landed, Wording, described, key_of
from apps.sources.services.storing import Place, ids_of, remove, store
from engine.errors import RecordError
from engine.schema import Column, Kind, Table, Type

ID = "id"
MOST_RECORDS = 10_000
MOST_COLUMNS = 1_000
DEFAULT_STREAM = "records"
LONGEST_NAME = 200
Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of the records that were given."""

    inserted: int = 0
    updated: int = 0
    kept: int = 0
    deleted: int = 0


def push(
    *,
    source_connection: SourceConnection,
    records: Sequence[Given],
    deleted: Sequence[str | int] = (),
    stream: str = DEFAULT_STREAM,
    at: datetime,
) -> Pushed:
    """Records by their `id`, all or none: those that are there already are replaced. `deleted`: ids of those to go.

    Raises Invalid with a problem for every record that cannot be stored, and for a source that is not pushed to.
    """
    if source_connection.connection_id is not None:
        raise Invalid("Records of this source connection are read, not pushed.", code="not_pushable")
    if not stream.strip() or len(stream) > LONGEST_NAME or not stream.isprintable():
        raise Invalid(f"A stream's name is one line of at most {LONGEST_NAME} characters.", field="stream")
    if len(records) > MOST_RECORDS:
        raise Invalid(f"At most {MOST_RECORDS:,} records can be pushed at once.", field="records")
    with transaction.atomic():
        source = source_connection_for_update(source_connection.id)
        (row,) = streams.ensure(source, {stream: Table(stream)})
        columns = _columns(row, records)
        landed = _landed(columns, records)
        place = Place(row.collection_id, row.id, row.generation, source.collection.language)
        stored = store(place, landed)
        if stored.refused:
            raise _refusal(stored.refused)
        gone = remove(ids_of(place, [key_of({ID: each}, [ID]) for each in deleted]))
        count = F("record_count") + stored.inserted - gone
        Stream.objects.filter(id=row.id).update(columns=described(columns), key=[ID], record_count=count, synced_at=at)
    embedding.start_embedding(collection=source.collection, at=at)
    return Pushed(stored.inserted, stored.updated, stored.kept, gone)


def _columns(stream: Stream, records: Sequence[Given]) -> list[Column]:
    """Those that the stream had before, and what the records bring. Raises Invalid when there are too many."""
    kinds = {column["name"]: Kind(column["kind"]) for column in stream.columns} or {ID: Kind.TEXT}
    for record in records:
        for name, value in record.items():
            kind = _kind(value)
            if kind is not None and kinds.setdefault(name, kind) != kind:
                kinds[name] = Kind.TEXT
    if len(kinds) > MOST_COLUMNS:
        raise Invalid(f"The records of a stream have at most {MOST_COLUMNS:,} fields.", field="records")
    return [Column(name, Type(kind)) for name, kind in kinds.items()]


def _kind(value: object) -> Kind | None:
    """None of null, which tells nothing."""
    kinds = {bool: Kind.BOOLEAN, int: Kind.INTEGER, float: Kind.FLOAT, str: Kind.TEXT, dict: Kind.JSON, list: Kind.JSON}
    return kinds.get(type(value))


def _landed(columns: Sequence[Column], records: Sequence[Given]) -> list[Landed]:
    """Of an id that comes twice the last one counts. Raises Invalid."""
    encoder = Encoder(columns, (ID,), Wording())
    landed: dict[str, Landed] = {}
    problems: dict[int, str] = {}
    for index, record in enumerate(records):
        try:
            _check_id(record)
            found = encoder.encode(dict(record))
        except RecordError as error:
            problems[index] = error.message
            continue
        landed.pop(found.key, None)
        landed[found.key] = found
    if problems:
        raise _refusal(problems)
    return list(landed.values())


def _check_id(record: Given) -> None:
    value = record.get(ID)
    is_id = isinstance(value, int | str) and not isinstance(value, bool) and 0 < len(str(value)) <= LONGEST_KEY
    if not is_id:
        raise RecordError(f"A record has an id: a number, or a text of at most {LONGEST_KEY} characters.")


def _refusal(problems: Mapping[int, str]) -> Invalid:
    told = [Invalid(text, field=f"records.{index}") for index, text in sorted(problems.items())]
    return Invalid(told[0].message, field=told[0].field, problems=told)
