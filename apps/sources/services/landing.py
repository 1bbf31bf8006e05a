"""A collection as a destination of the engine: pages of a stream land as records, each in one transaction with the
position behind it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from apps.jobs.services import Work
from apps.sources.models import Stream, StreamRun
from apps.sources.services.encoding import Encoder, Landed, Wording, described, key_of
from apps.sources.services.storing import Place, Stored, forget_sightings, ids_of, numbered, see, store
from engine.contract import Delivery, Lineage, OnRejected, Position, Reading, Rejected, Request, Spec, Standing, Target
from engine.errors import ConfigError, DriverBug, RecordError
from engine.schema import Column, Row, Table

REFUSED = "not_storable"
FREQUENT = 100
"""What was met more often in a run is counted here instead of in the database."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a stream lands in this run. `is_sighting`: no record is written, those met are noted; else `sights` says
    whether they are noted as well. `is_full`: an earlier run's position does not matter."""

    stream: Stream
    language: str
    wording: Wording
    sights: bool
    is_full: bool = False
    is_sighting: bool = False


class Landing:
    """What the engine writes a stream to. It gives writers and nothing else."""

    spec: ClassVar[Spec] = Spec("collection", "Collection", "collection", ())

    def __init__(self, work: Work, plan: Plan) -> None:
        self.work = work
        self.plan = plan

    def writer(
        self, target: Target, columns: Sequence[Column], key: Sequence[str], lineage: Lineage
    ) -> "LandingWriter":
        """`target` says nothing that the plan does not."""
        del target
        return LandingWriter(self.work, self.plan, columns, key, lineage)

    def check(self) -> None:
        """It is our own database."""

    def streams(self) -> Iterator[Table]:
        return iter(())

    def read(self, request: Request) -> Reading:
        raise DriverBug(f"Records are not read through this, and {request.source} neither.")

    def close(self) -> None:
        """There is nothing to close."""


class LandingWriter:
    """Without a key in the stream a page has no place to go on from: it is stored all the same, as every attempt finds
    what an earlier one stored, by its content."""

    delivery = Delivery.EXACTLY_ONCE
    keeps_pages = True

    def __init__(self, work: Work, plan: Plan, columns: Sequence[Column], key: Sequence[str], lineage: Lineage) -> None:
        self.columns = tuple(columns)
        self._work = work
        self._plan = plan
        self._key = tuple(key)
        self._memory = lineage.stream
        self._job = lineage.job
        self._encoder = Encoder(columns, key, plan.wording)
        stream = plan.stream
        self.place = Place(stream.collection_id, stream.id, stream.generation, plan.language)
        self._is_empty = False
        self._pages = 0
        self._met: Counter[str] = Counter()
        self._frequent: dict[str, int] = {}

    def take_over(self) -> Standing:
        """What another job left unfinished is begun again: what it has read may have changed since."""
        position = self._row().positions.get(self._memory)
        if position is None or (self._plan.is_full and position["job"] != self._job):
            return Standing(None, done=False)
        done = bool(position.get("done"))
        if not done and position["job"] != self._job:
            position = {**position, "key": None, "until": position["since"]}
        return Standing(position, done=done)

    def begin(self, position: Position) -> None:
        """Forgets what an earlier run met. What an attempt without places inserted is met again by the next one, and so
        is counted once as inserted and, less that, as kept."""

        def store_beginning() -> None:
            stream = self._row()
            self._count(Stored(), stream, position)
            if not self._plan.is_sighting:
                self._run().update(kept=-F("inserted") - F("updated"))
            self._is_empty = bool(self._key) and stream.record_count == 0

        self._forget_sightings()
        self._work.store(store_beginning)

    def write(self, rows: Sequence[Row], position: Position | None, on_rejected: OnRejected) -> int:
        landed, rejected = self._encoded(rows)
        if rejected:
            on_rejected([one for one, _ in rejected])
        stored = Stored()
        self._pages += 1
        self._met.clear()

        def store_page() -> None:
            nonlocal stored
            stream = self._row()
            place = self._place_behind(stream, position)
            if place is not None and stream.positions.get(self._memory) == place:
                return  # the commit of which nobody heard
            stored = self._stored(list(landed.values()), [key for _, key in rejected if key])
            if stored.refused:
                places = list(landed)
                on_rejected([Rejected(places[place], REFUSED, why) for place, why in sorted(stored.refused.items())])
            self._count(stored, stream, place)

        self._work.store(store_page)
        self._frequent |= {hash_: count for hash_, count in self._met.items() if count > FREQUENT}
        return stored.inserted + stored.updated

    def finish(self, position: Position) -> None:
        self._work.store(lambda: self._count(Stored(), self._row(), {**position, "done": True}))

    def interrupt(self) -> None:
        """Its statements are short."""

    def close(self) -> None:
        """There is nothing to close."""

    def _forget_sightings(self) -> None:
        """There may be as many as there are records: too many for one statement."""
        with self._work.long_statement():
            last = self._forget_stretch(0)
            while last is not None:
                self._work.stop.raise_if_shown(may_hand_back=False)
                last = self._forget_stretch(last)

    def _forget_stretch(self, after: int) -> int | None:
        last: int | None = None

        def forget() -> None:
            nonlocal last
            last = forget_sightings(self.place, after=after)

        self._work.store(forget)
        return last

    def _row(self) -> Stream:
        """The stream as it is now. Raises ConfigError `cleared` once it is another generation."""
        stream = self._live().first()
        if stream is None:
            raise _cleared()
        return stream

    def _place_behind(self, stream: Stream, position: Position | None) -> Position | None:
        """Without a key a page has none to go on from, only a mark by which it is known when it is stored again."""
        if position is not None or self._key:
            return position
        return {**stream.positions[self._memory], "landed": [self._work.job.fence, self._pages]}

    def _live(self) -> QuerySet[Stream]:
        return Stream.objects.filter(id=self.place.stream_id, generation=self.place.generation, removed_at=None)

    def _run(self) -> QuerySet[StreamRun]:
        return StreamRun.objects.filter(job_id=self._work.job.id, stream_id=self.place.stream_id)

    def _encoded(self, rows: Sequence[Row]) -> tuple[dict[int, Landed], list[tuple[Rejected, str]]]:
        """Records by their places in the page, and what cannot be one, with the key it has. Of a key that comes twice
        the last one counts."""
        landed: dict[int, Landed] = {}
        places: dict[str, int] = {}
        rejected = []
        for index, row in enumerate(rows):
            try:
                record = self._sighted(row) if self._plan.is_sighting else self._encoder.encode(row)
            except RecordError as error:
                rejected.append((Rejected(index, error.code, error.message), self._key_in(row)))
                continue
            if self._key:
                landed.pop(places.get(record.key, -1), None)
                places[record.key] = index
            landed[index] = record
        return landed, rejected

    def _sighted(self, row: Row) -> Landed:
        return Landed(key_of(row, self._key), "", "", b"", "", [])

    def _key_in(self, row: Row) -> str:
        """Of a row that cannot be a record: what was one of it before is still there in the source."""
        try:
            return key_of(row, self._key) if self._key else ""
        except RecordError:
            return ""

    def _stored(self, records: list[Landed], refused_keys: list[str]) -> Stored:
        if self._plan.is_sighting:
            see(self.place, ids_of(self.place, [record.key for record in records]))
            return Stored()
        if not self._key:
            records, self._met = numbered(self.place, records, self._frequent)
        stored = store(self.place, records, is_empty=self._is_empty)
        refused_keys += [records[place].key for place in stored.refused]
        if self._plan.sights:
            see(self.place, [*stored.met, *(ids_of(self.place, refused_keys) if refused_keys else ())])
        return stored

    def _count(self, stored: Stored, stream: Stream, position: Position | None) -> None:
        """Of the stream and of this job's run of it. Raises ConfigError when the stream was cleared meanwhile."""
        changes: dict[str, Any] = {"record_count": F("record_count") + stored.inserted, "updated_at": Now()}
        if position is not None:
            changes["positions"] = {**stream.positions, self._memory: position}
        if not self._plan.is_sighting:
            changes |= {"columns": described(self.columns, self._plan.wording), "key": list(self._key)}
        if not self._live().update(**changes):
            raise _cleared()
        self._run().update(
            inserted=F("inserted") + stored.inserted,
            updated=F("updated") + stored.updated,
            kept=F("kept") + stored.kept,
        )


def _cleared() -> ConfigError:
    return ConfigError("The stream was cleared or removed while it was read.", code="cleared")
