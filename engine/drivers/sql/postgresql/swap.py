"""Puts a loaded stage in the place of its target, inside the caller's transaction."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from engine.drivers.sql.postgresql import swap_facts
from engine.drivers.sql.postgresql.ddl import add_key, names, quoted, quoted_table, quoted_text
from engine.drivers.sql.postgresql.write_facts import Relation, relation
from engine.drivers.sql.postgresql.write_session import PostgresqlSession
from engine.errors import DriverBug
from engine.schema import Column, Table

LOCK_SECONDS = 5
LOCK_TRIES = 5
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Swap:
    """`columns`: those that were loaded. `made`: the table that Crossdock made here, as an earlier swap named it."""

    session: PostgresqlSession
    stage: Table
    target: Table
    columns: Sequence[Column]
    key: Sequence[str]
    made: str

    def run(self) -> str:
        """What `made` is from now on.

        A table is only replaced by another one when we made it and nothing hangs on it: views, foreign keys, grants
        and triggers of others would be lost with it. Else its rows are replaced, while its readers wait.
        """
        present = relation(self.session, self.target)
        staged = relation(self.session, self.stage)
        if staged is None:
            raise DriverBug(f"The stage {self.stage} is gone.")
        if present is None:
            self._rename_into_nothing()
            return str(staged.oid)
        if self.made == str(present.oid) and swap_facts.is_free(self.session, present.oid):
            return str(staged.oid) if self._rename(present, staged) else self.made
        self._refill(present)
        return self.made

    def _rename_into_nothing(self) -> None:
        self.session.execute(f"ALTER TABLE {quoted_table(self.stage)} RENAME TO {quoted(self.target.name)}")
        if self.key:  # only now, so that PostgreSQL names it after the table
            self.session.execute(add_key(self.target, self.key))

    def _rename(self, present: Relation, staged: Relation) -> bool:
        """False when something came to hang on the table in the meantime, so that its rows were replaced instead."""
        indexes = swap_facts.indexes(self.session, present.oid)
        for number, index in enumerate(indexes):
            self._build(index, self._index_name(number))
        try:
            self._patiently(lambda: self._take_the_name(present, staged, indexes))
        except psycopg.errors.DependentObjectsStillExist:
            self._refill(present)
            return False
        return True

    def _build(self, index: swap_facts.Index, name: str) -> None:
        unique = "UNIQUE " if index.is_unique else ""
        self.session.execute(f"CREATE {unique}INDEX {quoted(name)} ON {quoted_table(self.stage)} {index.definition}")
        if index.constraint:
            self.session.execute(
                f"ALTER TABLE {quoted_table(self.stage)} ADD CONSTRAINT {quoted(name)} {index.constraint}"
                f" USING INDEX {quoted(name)}"
            )

    def _take_the_name(self, present: Relation, staged: Relation, indexes: Sequence[swap_facts.Index]) -> None:
        target, stage = quoted_table(self.target), quoted_table(self.stage)
        self.session.execute(f"LOCK TABLE {target} IN ACCESS EXCLUSIVE MODE")
        self._grant(present, staged)
        if comment := swap_facts.comment(self.session, present.oid):
            self.session.execute(f"COMMENT ON TABLE {stage} IS {quoted_text(comment)}")
        self.session.execute(f"DROP TABLE {target}")
        self.session.execute(f"ALTER TABLE {stage} RENAME TO {quoted(self.target.name)}")
        for number, index in enumerate(indexes):
            name = quoted_table(Table(self._index_name(number), self.target.schema))
            self.session.execute(f"ALTER INDEX {name} RENAME TO {quoted(index.name)}")

    def _grant(self, present: Relation, staged: Relation) -> None:
        wanted, granted = (swap_facts.grants(self.session, oid) for oid in (present.oid, staged.oid))
        if wanted == granted:
            return
        stage = quoted_table(self.stage)
        for grantee in sorted({grant.grantee for grant in granted}):
            self.session.execute(f"REVOKE ALL ON {stage} FROM {grantee}")
        for grant in sorted(wanted):
            option = " WITH GRANT OPTION" if grant.is_grantable else ""
            self.session.execute(f"GRANT {grant.privilege} ON {stage} TO {grant.grantee}{option}")

    def _refill(self, present: Relation) -> None:
        target, only = quoted_table(self.target), "" if present.is_partitioned else "ONLY "
        loaded = names(self.columns)

        def refill() -> None:
            self.session.execute(f"TRUNCATE {only}{target}")
            self.session.execute(
                f"INSERT INTO {target} ({loaded}) OVERRIDING SYSTEM VALUE"
                f" SELECT {loaded} FROM {quoted_table(self.stage)}"
            )
            self.session.execute(f"DROP TABLE {quoted_table(self.stage)}")

        self._patiently(refill)

    def _patiently(self, work: Callable[[], None]) -> None:
        """Gives up waiting for a reader soon, because all later readers wait behind us; and tries again."""
        for attempt in range(1, LOCK_TRIES + 1):
            try:
                with self.session.savepoint():
                    self.session.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
                    return work()
            except psycopg.errors.LockNotAvailable:
                if attempt == LOCK_TRIES:
                    raise
                time.sleep(PAUSE_SECONDS)
        return None

    def _index_name(self, number: int) -> str:
        return f"{self.stage.name}_i{number}"
