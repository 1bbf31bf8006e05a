"""A reader of tables that are being replaced: it must see the old rows or the new ones, and never less."""

import threading
from contextlib import suppress
from types import TracebackType
from typing import Any

import psycopg

from tests.faults.workload import PIPELINES, ROWS, Workload

SECONDS_BETWEEN_LOOKS = 0.1


class Watcher:
    """While open, counts the tables over and over; `breaches` says where a count was wrong or a table away."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.breaches: list[str] = []
        self.looks = 0
        self._seen: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN_LOOKS):
            with suppress(psycopg.OperationalError), self.workload.connect() as server:  # the server may be down
                while not self._over.wait(SECONDS_BETWEEN_LOOKS):
                    self._look(server)

    def _look(self, server: psycopg.Connection[Any]) -> None:
        for pipeline in PIPELINES:
            if pipeline.mode != "replace":
                continue
            try:
                row = server.execute(f'SELECT count(*) FROM "{pipeline.name}"'.encode()).fetchone()
            except psycopg.errors.UndefinedTable:
                if pipeline.name in self._seen:  # before the first run there is none
                    self.breaches.append(f"{pipeline.name}: the table was away")
                continue
            self._seen.add(pipeline.name)
            self.looks += 1
            if row != (ROWS[pipeline.source],):
                self.breaches.append(f"{pipeline.name}: a reader saw {row} rows of {ROWS[pipeline.source]}")
