"""The state table as MySQL and MariaDB make it."""

from engine.contract import Lineage
from engine.drivers.sql.mysql.ddl import quoted_table
from engine.drivers.sql.mysql.write_facts import relation
from engine.drivers.sql.mysql.write_session import MysqlSession
from engine.drivers.sql.state import TABLE, Grammar, StateTable
from engine.schema import Table

GRAMMAR = Grammar(
    create="""CREATE TABLE IF NOT EXISTS {table} (
    step_uid VARCHAR(64) NOT NULL,
    stream VARCHAR(255) NOT NULL,
    generation BIGINT NOT NULL,
    job_uid VARCHAR(64) NOT NULL,
    fence BIGINT NOT NULL,
    position LONGTEXT,
    done BOOLEAN NOT NULL,
    made VARCHAR(255) NOT NULL,
    swapping BOOLEAN NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (step_uid, stream)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin""",
    if_absent="ON DUPLICATE KEY UPDATE step_uid = VALUES(step_uid)",
    same="<=>",
    for_update="FOR UPDATE",
    now="UTC_TIMESTAMP(6)",
)


class MysqlState(StateTable):
    def __init__(self, session: MysqlSession, database: str, lineage: Lineage) -> None:
        self._place = Table(TABLE, database)
        self._connection = session
        super().__init__(session, quoted_table(self._place), GRAMMAR, lineage)

    def ensure(self) -> None:
        # Asked first: the server wants the right to make a table even where IF NOT EXISTS makes none.
        if relation(self._connection, self._place) is None:
            super().ensure()
