"""Rows of which only the keys are told: what is there of them now lands, what is not goes."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from apps.sources.models import SourceConnection
from apps.sources.services import choosing
from apps.sources.services.encoding import key_of
from apps.sources.services.landing import LandingWriter
from apps.sources.services.reading import StreamSync
from apps.sources.services.storing import ids_of, remove
from apps.sources.services.sync_control import SyncControl
from engine.contract import Lineage, Rejected
from engine.following import Changed, RowKey, conditions, portions
from engine.schema import Column, Row
from engine.sync.control import Refusal


class ChangedRows:
    """Of one stream in one attempt."""

    def __init__(self, control: SyncControl, source: SourceConnection, sync: StreamSync) -> None:
        self.control = control
        self.source = source
        self.sync = sync
        self._columns = choosing.columns(sync.stream.label, sync.described(), sync.settings)
        self._page = 0

    def land(self, changed: Changed) -> None:
        """Raises what the driver raises, and ConfigError once the stream was cleared."""
        for keys in portions(changed.keys):
            self.control.raise_if_stopped(may_hand_back=True)
            self._land(changed.key, keys)

    def _land(self, key: Sequence[str], keys: Sequence[RowKey]) -> None:
        wanted = {key_of(dict(zip(key, values, strict=True)), key) for values in keys}
        request = replace(self.sync.request(self._columns), where=conditions(key, keys))
        met: set[str] = set()
        with closing(self.sync.driver.read(request)) as reading:
            writer = self._writer(reading.stream.columns, key)
            for page in reading.pages():
                rows = [row for row in page.rows if key_of(row, key) in wanted]
                met |= {key_of(row, key) for row in rows}
                self._write(writer, rows)
            self._remove(writer, wanted - met)

    def _writer(self, columns: Sequence[Column], key: Sequence[str]) -> LandingWriter:
        lineage = Lineage(self.sync.stream.uid, str(self.sync.stream.id), self.control.job, self.control.fence)
        return LandingWriter(self.control.work, self.sync.plan(sights=False), columns, key, lineage)

    def _write(self, writer: LandingWriter, rows: Sequence[Row]) -> None:
        self._page += 1

        def refuse(rejected: list[Rejected]) -> None:
            refusals = [Refusal(one.index, "import", one.code, one.message, rows[one.index]) for one in rejected]
            self.control.refuse(
                step=self.sync.stream.uid, stream=str(self.sync.stream.id), page=self._page, refusals=refusals
            )

        writer.write(rows, None, refuse)
        self.control.count_read(self.sync.stream, len(rows))

    def _remove(self, writer: LandingWriter, keys: set[str]) -> None:
        def remove_rows() -> None:
            count = remove(ids_of(writer.place, sorted(keys)))
            self.control.deleted(self.sync.stream, count)

        if keys:
            self.control.work.progress(act=remove_rows)
