"""One stream of a sync: its records land, and what a whole reading has not met goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from apps.sources.models import SourceConnection, Stream
from apps.sources.services import choosing
from apps.sources.services.config import StreamSettings
from apps.sources.services.encoding import Wording
from apps.sources.services.landing import Landing, Plan
from apps.sources.services.storing import remove
from apps.sources.services.sync_control import SyncControl
from engine.contract import Driver, Mode, Request, Target
from engine.errors import ConfigError
from engine.schema import Stream as Described
from engine.schema import Table
from engine.sync.chain import Chain, Generator, WriteStep
from engine.sync.figures import Figures
from engine.sync.run import run as move

PAGE_ROWS = 5_000
STRETCH = 20_000
"""So many records are looked at in one statement, however many there are."""
UNMET = """
WITH stretch AS MATERIALIZED (
  SELECT id, key FROM sources_record
  WHERE stream_id = %(stream)s AND generation = %(generation)s {behind} ORDER BY key LIMIT %(most)s)
SELECT (SELECT max(key) FROM stretch), ARRAY(
  SELECT id FROM stretch LEFT JOIN LATERAL (
    SELECT record_id FROM sources_sighting WHERE stream_id = %(stream)s AND record_id = stretch.id LIMIT 1) met ON true
  WHERE met.record_id IS NULL)
"""
BEHIND = "AND key > %(after)s"
ANY_MET = "SELECT EXISTS (SELECT FROM sources_sighting WHERE stream_id = %s)"


@dataclass(slots=True)
class StreamSync:
    """`config`: the job's own snapshot of what it reads and how."""

    control: SyncControl
    source: SourceConnection
    stream: Stream
    driver: Driver
    config: dict[str, Any]
    settings: StreamSettings

    def run(self) -> None:
        """Raises ConfigError for what keeps this stream alone from being read."""
        if not self.control.is_done(self.stream):
            self.read()
            self.control.done(self.stream)

    def read(self, *, again: bool = False) -> None:
        """The same, done or not. `again`: also what this job has read already."""
        described = self.described()
        columns = choosing.columns(self.stream.label, described, self.settings)
        cursor = choosing.cursor(self.stream.label, described, self.settings, self.config["config"])
        sweeps = again or not self.control.runs[self.stream.id].was_empty
        if again or (cursor and self._has_other_columns(described, columns)):
            self._forget_places()
        self.control.tell_only(self.stream, columns)
        self.control.expect(self.stream, self._expected(described, cursor))
        self._move(columns, cursor, sights=not cursor and (sweeps or not described.key))
        if sweeps:
            if cursor:
                self._move(described.key, "", sights=True, is_sighting=True)
            self._sweep()

    def described(self) -> Described:
        """The stream as its system has it now."""
        reading = self.driver.read(Request(self.table, format=self._format()))
        try:
            return reading.stream
        finally:
            reading.close()

    @property
    def table(self) -> Table:
        return Table(self.stream.name, self.stream.schema, self.stream.catalog)

    def request(self, columns: Sequence[str], cursor: str = "") -> Request:
        return Request(
            source=self.table, columns=tuple(columns), cursor=cursor, page_rows=PAGE_ROWS, format=self._format()
        )

    def plan(self, *, sights: bool, is_full: bool = True, is_sighting: bool = False) -> Plan:
        return Plan(
            stream=self.stream,
            language=self.source.collection.language,
            wording=Wording(self.settings.text, self.settings.title),
            sights=sights,
            is_full=is_full,
            is_sighting=is_sighting,
        )

    def _expected(self, described: Described, cursor: str) -> int | None:
        """Nobody knows how many have changed since."""
        if described.rows is None or (
            cursor and not self.control.runs[self.stream.id].was_empty and self.config["mode"] != "full"
        ):
            return None
        return described.rows if self.settings.limit is None else min(described.rows, self.settings.limit)

    def _format(self) -> dict[str, Any]:
        found: dict[str, Any] = self.config["config"].get("format", {})
        return found

    def _move(self, columns: Sequence[str], cursor: str, *, sights: bool, is_sighting: bool = False) -> None:
        plan = self.plan(sights=sights, is_full=not cursor or self.config["mode"] == "full", is_sighting=is_sighting)
        step = WriteStep(
            f"sweep{self.stream.id}" if is_sighting else self.stream.uid,
            self.stream.label,
            Landing(self.control.work, plan),
            Target(Table(self.stream.label), Mode.UPSERT),
        )
        move(Chain((self._generator(columns, cursor, is_sighting),), (step,)), self.control, Figures(chains=2))

    def _generator(self, columns: Sequence[str], cursor: str, is_sighting: bool) -> Generator:
        return Generator(
            str(self.stream.id),
            self.stream.label,
            self.driver,
            self.request(columns, cursor),
            overlap=self.settings.overlap,
            limit=None if is_sighting else self.settings.limit,
            purpose="sweep" if is_sighting else "",
        )

    def _has_other_columns(self, described: Described, columns: Sequence[str]) -> bool:
        """Whether its table has got or lost some: records that did not change since have to learn that as well."""
        present = {column["name"] for column in self.stream.columns}
        return bool(present) and present != set(columns or (column.name for column in described.columns))

    def _forget_places(self) -> None:
        """So that the engine does not find it read."""
        kept = {
            name: value for name, value in self._positions().items() if name.partition(":")[0] != str(self.stream.id)
        }
        self.control.work.store(lambda: Stream.objects.filter(id=self.stream.id).update(positions=kept))

    def _positions(self) -> dict[str, Any]:
        found: dict[str, Any] = Stream.objects.values_list("positions", flat=True).get(id=self.stream.id)
        return found

    def _sweep(self) -> None:
        """Takes away what this run has not met. Raises ConfigError where it met nothing at all: that looks more like a
        fault of the source than like what somebody wanted."""
        with connection.cursor() as cursor:
            cursor.execute(ANY_MET, [self.stream.id])
            is_any_met = cursor.fetchone()[0]
        count = Stream.objects.values_list("record_count", flat=True).get(id=self.stream.id)
        if count and not is_any_met and not self.config["confirm_empty"]:
            text = (
                f"{self.stream.label} is empty now, and {count:,} records would go: confirmEmpty runs it all the same."
            )
            raise ConfigError(text, code="empty_source")
        after = self._sweep_stretch(None)
        while after is not None:
            self.control.raise_if_stopped(may_hand_back=True)
            after = self._sweep_stretch(after)

    def _sweep_stretch(self, after: str | None) -> str | None:
        """The last key that was looked at, None behind all of them. `after`: None for the first stretch."""
        statement = UNMET.format(behind="" if after is None else BEHIND)
        values: dict[str, Any] = {"stream": self.stream.id, "generation": self.stream.generation}
        values |= {"after": after, "most": STRETCH}
        last: str | None = None

        def sweep() -> None:
            nonlocal last
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                last, unmet = cursor.fetchone()
            if unmet:
                self.control.deleted(self.stream, remove(unmet))

        self.control.work.progress(act=sweep)
        return last
