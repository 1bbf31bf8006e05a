"""The state table as PostgreSQL makes it."""

from engine.contract import Lineage
from engine.drivers.sql.postgresql.ddl import quoted_table
from engine.drivers.sql.postgresql.write_facts import relation
from engine.drivers.sql.postgresql.write_session import PostgresqlSession
from engine.drivers.sql.state import TABLE, Grammar, StateTable
from engine.schema import Table

GRAMMAR = Grammar(
    create="""CREATE TABLE {table} (
    step_uid text NOT NULL,
    stream text NOT NULL,
    generation bigint NOT NULL,
    job_uid text NOT NULL,
    fence bigint NOT NULL,
    position text,
    done boolean NOT NULL,
    made text NOT NULL,
    swapping boolean NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (step_uid, stream)
)""",
    if_absent="ON CONFLICT DO NOTHING",
    same="IS NOT DISTINCT FROM",
    for_update="FOR UPDATE",
    now="now()",
)

# Two that make the table at once would meet in the catalogue: they wait for each other under this number instead.
_MAKING = 0x63726F7373


class PostgresqlState(StateTable):
    def __init__(self, session: PostgresqlSession, schema: str, lineage: Lineage) -> None:
        self._place = Table(TABLE, schema)
        self._connection = session
        super().__init__(session, quoted_table(self._place), GRAMMAR, lineage)

    def ensure(self) -> None:
        # Asked first: PostgreSQL wants the right to make a table even where IF NOT EXISTS makes none.
        if relation(self._connection, self._place) is None:
            self._connection.rows("SELECT pg_catalog.pg_advisory_xact_lock(%s)", [_MAKING])
            if relation(self._connection, self._place) is None:
                super().ensure()
