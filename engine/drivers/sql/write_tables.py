"""The tables of a write step: the one that it writes to, made where it is missing, and the stage that replaces it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from engine.contract import Lineage, Mode, Target
from engine.drivers.sql import write_names
from engine.drivers.sql.state import NoState, Remembered, State
from engine.drivers.sql.write_names import Stage
from engine.drivers.sql.write_plan import key_of
from engine.drivers.sql.write_session import LOCK_SECONDS, Session
from engine.errors import ConfigError, DriverBug
from engine.schema import Column, Stream, Table


class SqlTables(ABC):
    """`_made`: what the state remembers the table by that the step has made. `_stage`: None before a replacement has
    begun."""

    def __init__(
        self,
        session: Session,
        *,
        target: Target,
        columns: Sequence[Column],
        key: Sequence[str],
        lineage: Lineage,
    ) -> None:
        self.columns = tuple(columns)
        self._session = session
        self._target = target
        self._given = tuple(columns)
        self._key = key_of(target, columns, key)
        self._lineage = lineage
        self._state: State = NoState()
        self._table = target.table
        self._is_missing = False
        self._stage: Table | None = None
        self._made = ""

    @abstractmethod
    def _examine(self) -> None:
        """Looks at the target and refuses what cannot be written, before anything is changed. Sets `_table`,
        `_is_missing` and `columns`."""

    @abstractmethod
    def _described(self) -> Stream:
        """The target that is present, as it is described to whoever reads it."""

    @abstractmethod
    def _make_table(self) -> str:
        """Makes the missing target, and gives what the state is to remember it by."""

    @abstractmethod
    def _stage_names(self, prefix: str) -> list[str]: ...

    @abstractmethod
    def _make_stage(self, stage: Table) -> None: ...

    @abstractmethod
    def _drop(self, table: Table) -> None: ...

    @abstractmethod
    def _has_rows(self, table: Table) -> bool: ...

    @abstractmethod
    def _replace_by(self, stage: Table, position: str) -> None:
        """Lets the stage take the target's place, in the transaction that then moves to the last position."""

    def _into(self) -> Table:
        """The table that rows are written to."""
        if self._target.mode is not Mode.REPLACE:
            return self._table
        if self._stage is None:
            raise DriverBug("A replacement is written before it has begun.")
        return self._stage

    def _put_in_place(self, position: str) -> None:
        if self._target.mode is not Mode.REPLACE:
            return
        stage = self._into()
        if not self._target.allow_empty and not self._has_rows(stage):
            raise ConfigError(f"{self._table} is not replaced by nothing: no row came.", code="empty_source")
        self._replace_by(stage, position)

    def _stages(self) -> list[Stage]:
        """The stages of this attempt and those before it."""
        found = self._stage_names(write_names.stage_prefix(self._lineage))
        stages = [stage for name in found if (stage := write_names.parse_stage(name))]
        return [stage for stage in stages if stage.fence <= self._lineage.fence]

    def _own_stage(self) -> Table:
        return replace(self._table, name=write_names.stage_name(self._lineage))

    def _begin_stage(self) -> None:
        self._drop_stages()
        self._stage = self._own_stage()
        self._make_stage(self._stage)

    def _drop_stages(self) -> None:
        for stage in self._stages():
            self._drop(replace(self._table, name=stage.name))

    def _adopt_stage(self, left: Remembered) -> Remembered:
        """Goes on with what an earlier attempt at this job has staged; without that, nothing is left of it."""
        if left.is_done:
            return left
        with self._transaction():
            mine = [stage for stage in self._stages() if write_names.is_of_job(stage, self._lineage)]
        if not mine:
            return Remembered()
        self._stage = replace(self._table, name=max(mine, key=lambda stage: stage.fence).name)
        return left

    def _make_missing_table(self) -> None:
        try:
            with self._transaction(lock_seconds=LOCK_SECONDS):
                self._state.hold()
                self._state.forget()  # first, for the databases that commit before they make a table
                self._made = self._make_table()
                self._state.remember_made(self._made)
        except ConfigError:
            with self._transaction():
                self._examine()
            if self._is_missing:  # else another step has made it in the same moment
                raise

    @contextmanager
    def _transaction(self, *, lock_seconds: int | None = None) -> Iterator[None]:
        with self._session.translated():
            try:
                self._session.begin(lock_seconds=lock_seconds)
                yield
                self._session.commit()
            except BaseException:
                self._session.rollback()
                raise
