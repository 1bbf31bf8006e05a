"""Tables that take another's place in MySQL and MariaDB, where every change of a table's name commits by itself."""

import time
from collections.abc import Sequence
from dataclasses import replace

import pymysql
from pymysql.constants import ER

from engine.drivers.sql.mysql import write_facts
from engine.drivers.sql.mysql.ddl import names, quoted_table
from engine.drivers.sql.mysql.write_session import MysqlSession
from engine.drivers.sql.write_names import Stage, old_name
from engine.schema import Column, Table

LOCK_SECONDS = 5
LOCK_TRIES = 5
PAUSE_SECONDS = 1.0


def can_rename(session: MysqlSession, target: Table, *, is_made: bool) -> bool:
    """Whether a stage may take the target's name: there is no target, or we made it and nothing hangs on it."""
    present = write_facts.relation(session, target)
    return present is None or (is_made and present.is_plain and write_facts.is_free(session, target))


def rename(session: MysqlSession, stage: Table, target: Table) -> None:
    """One statement, so that nobody sees the target missing; what became of it can be read from the names.

    Gives up waiting for a reader soon, because all later readers wait behind us; and tries again.
    """
    renamed = f"{quoted_table(stage)} TO {quoted_table(target)}"
    if write_facts.relation(session, target) is not None:
        old = replace(stage, name=old_name(stage.name))
        renamed = f"{quoted_table(target)} TO {quoted_table(old)}, {renamed}"
    for attempt in range(1, LOCK_TRIES + 1):
        session.begin(lock_seconds=LOCK_SECONDS)
        try:
            session.execute(f"RENAME TABLE {renamed}")
            return
        except pymysql.OperationalError as error:
            if error.args[0] != ER.LOCK_WAIT_TIMEOUT or attempt == LOCK_TRIES:
                raise
            time.sleep(PAUSE_SECONDS)


def mend(session: MysqlSession, target: Table, stages: Sequence[Stage]) -> bool:
    """Undoes half a rename, which a server that died in the middle may have left; whether there was one."""
    present = {stage.name for stage in stages}
    olds = [old for stage in stages if (old := old_name(stage.name)) in present]
    if not olds or write_facts.relation(session, target) is not None:
        return False
    session.execute(f"RENAME TABLE {quoted_table(replace(target, name=olds[0]))} TO {quoted_table(target)}")
    return True


def take_stage(session: MysqlSession, stage: Stage, ours: Table) -> None:
    """Gives it our name: an attempt that wakes up finds no table of its own name to write to."""
    if stage.name != ours.name:
        session.execute(f"RENAME TABLE {quoted_table(replace(ours, name=stage.name))} TO {quoted_table(ours)}")


def refill(session: MysqlSession, stage: Table, target: Table, columns: Sequence[Column]) -> None:
    """Other rows in the same table, in the caller's transaction."""
    loaded = names(columns)
    session.execute(f"DELETE FROM {quoted_table(target)}")
    session.execute(f"INSERT INTO {quoted_table(target)} ({loaded}) SELECT {loaded} FROM {quoted_table(stage)}")
