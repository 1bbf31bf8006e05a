"""The publication that says which tables are followed: made and kept by us, or by a database's owner for us."""

from collections.abc import Sequence

from engine.drivers.sql.postgresql import ddl
from engine.drivers.sql.postgresql.follow_server import Server
from engine.drivers.sql.postgresql.follow_tables import Known
from engine.errors import ConfigError
from engine.schema import Table

PUBLICATION = """
SELECT p.oid, p.puballtables,
       p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate AND p.pubviaroot,
       pg_catalog.pg_has_role(p.pubowner, 'USAGE')
  FROM pg_catalog.pg_publication p
 WHERE p.pubname = %s
"""
MEMBERS = """
SELECT m.prrelid, m.oid, pg_catalog.format('%%I.%%I', n.nspname, c.relname)
  FROM pg_catalog.pg_publication_rel m
  JOIN pg_catalog.pg_publication p ON p.oid = m.prpubid
  JOIN pg_catalog.pg_class c ON c.oid = m.prrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE p.pubname = %s
"""
MAY_CREATE = "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')"

OPTIONS = "publish = 'insert, update, delete, truncate', publish_via_partition_root = true"


class Publication:
    """`exists`, `is_ours`: whether it is there, and may be changed by the user."""

    def __init__(self, server: Server, name: str) -> None:
        self.name = name
        self._server = server
        self._quoted = ddl.quoted(name)
        found = server.rows(PUBLICATION, (name,))
        self.exists = bool(found)
        _, self._has_all, self._is_complete, self.is_ours = found[0] if found else (0, False, True, True)

    def check(self) -> None:
        """Raises ConfigError for one that others made so that it cannot serve."""
        if self._has_all:
            raise ConfigError(
                f"The publication {self.name} is one of all tables, so that those without a key cannot be left out."
                " Drop it, or make it one of named tables.",
                code="invalid_publication",
            )
        if not (self._is_complete or self.is_ours):
            raise ConfigError(
                f"The publication {self.name} does not tell everything. Its owner must run ALTER PUBLICATION"
                f" {self._quoted} SET ({OPTIONS})",
                code="invalid_publication",
            )

    def members(self) -> dict[int, int]:
        """By a table's oid, the one of its membership, which no other has nor ever had."""
        return {table: membership for table, membership, _ in self._server.rows(MEMBERS, (self.name,))}

    def refusals(self, tables: Sequence[Known]) -> dict[Table, str]:
        """Why it cannot hold some of the tables: only their owner may add them."""
        members = self.members()
        owner = "Only its owner can have it followed, by "
        return {
            table.followed.table: owner + (self._added(table) if self.exists else self._created([table]))
            for table in tables
            if table.oid not in members and not (table.is_ours and self.is_ours)
        }

    def hold(self, tables: Sequence[Known]) -> None:
        """Holds these tables, and no others where it is ours. Raises ConfigError that says what its owner must do."""
        if not self.exists:
            self._create(tables)
            return
        if not self._is_complete:
            self._alter(f"SET ({OPTIONS})")
        held = self._server.rows(MEMBERS, (self.name,))
        present, wanted = {oid for oid, _, _ in held}, {table.oid for table in tables}
        surplus = [f"ONLY {quoted}" for oid, _, quoted in held if oid not in wanted]
        missing = [f"ONLY {table.quoted}" for table in tables if table.oid not in present]
        if surplus and self.is_ours:
            self._alter(f"DROP TABLE {', '.join(surplus)}")
        if missing:
            self._alter(f"ADD TABLE {', '.join(missing)}")

    def touch(self) -> None:
        """Older servers forget what they knew of a table whose rows were being changed while it was added only with the
        next word about its publication."""
        if self.is_ours:
            self._alter(f"SET ({OPTIONS})")

    def drop(self) -> None:
        if self.exists and self.is_ours:
            self._server.execute(f"DROP PUBLICATION IF EXISTS {self._quoted}")
            self.exists = False

    def _create(self, tables: Sequence[Known]) -> None:
        [(may_create,)] = self._server.rows(MAY_CREATE)
        if not may_create:
            raise ConfigError(
                "The user may not make a publication in this database. Let it (GRANT CREATE ON DATABASE), or have it"
                f" made by the owner of the tables: {self._created(tables)}",
                code="permission_denied",
            )
        self._server.execute(self._created(tables))
        self.exists = True

    def _alter(self, change: str) -> None:
        self._server.execute(f"ALTER PUBLICATION {self._quoted} {change}")

    def _added(self, table: Known) -> str:
        return f"ALTER PUBLICATION {self._quoted} ADD TABLE ONLY {table.quoted}"

    def _created(self, tables: Sequence[Known]) -> str:
        named = ", ".join(f"ONLY {table.quoted}" for table in tables)
        return f"CREATE PUBLICATION {self._quoted} FOR TABLE {named} WITH ({OPTIONS})"
