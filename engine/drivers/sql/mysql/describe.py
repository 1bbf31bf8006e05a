"""Tables and queries as the catalogue of MySQL or MariaDB describes them."""

import re
from itertools import groupby
from operator import itemgetter
from typing import Any

from pymysql.cursors import Cursor

from engine.drivers.sql import description
from engine.drivers.sql.description import Description
from engine.drivers.sql.mysql import types
from engine.drivers.sql.mysql.columns import Place, of_tables
from engine.errors import ConfigError
from engine.schema import Column, Query, Stream, Table

# A name has no character beyond it, and is not even compared with one that has.
LAST_CHARACTER = "\uffff"

# A digit may stand before either word: in a comment that is run from a version on, as in "/*!50000into outfile".
INTO_FILE = re.compile(r"(?<![a-z_$])into\b.*(?<![a-z_$])(?:outfile|dumpfile)\b", re.IGNORECASE | re.DOTALL)

SYSTEM_DATABASES = ("information_schema", "mysql", "performance_schema", "sys")

# The catalogue compares names without case, tables on most systems do not.
RELATION = """
SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS, TABLE_TYPE = 'VIEW'
  FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = %(schema)s AND TABLE_NAME = %(name)s
   AND (@@lower_case_table_names > 0 OR BINARY TABLE_NAME = %(name)s)
   AND TABLE_SCHEMA NOT IN %(hidden)s
"""

UNIQUE = """
SELECT INDEX_NAME, COLUMN_NAME, SUB_PART IS NULL AND COLUMN_NAME IS NOT NULL AND NULLABLE <> 'YES'
  FROM information_schema.STATISTICS
 WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND BINARY TABLE_NAME = %s AND NON_UNIQUE = 0
 ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX
"""


class FieldsCursor(Cursor):
    """A cursor that also tells what its last result's fields are."""

    _result: Any

    def described(self, source: Query) -> Description:
        columns = [(field, types.of_field(field)) for field in self._result.fields]
        return Description(
            Stream(source, tuple(Column(field.name, types.portable(native)) for field, native in columns)),
            unordered=frozenset(field.name for field, native in columns if native.name in types.LISTS),
        )


def table(cursor: Cursor, asked: Table, database: str, *, is_mariadb: bool) -> Description:
    """`database`: where a table without one is looked for. Raises ConfigError `unknown_table`."""
    found, rows, is_view = _relation(cursor, asked, database)
    place = (found.schema, found.name)
    columns = of_tables(cursor, [place], is_mariadb=is_mariadb)[place]
    stream = Stream(found, tuple(columns), rows=rows)
    unique = None if is_view else _unique(cursor, place)
    return description.keyed(stream, unique, [column.name for column in columns if _is_list(column)])


def check_query(query: Query) -> None:
    """Raises ConfigError for the one SELECT that writes: into a file of the server, in read-only transactions too."""
    if INTO_FILE.search(query.text):
        raise ConfigError("A query may not write a file.", code="invalid_query")


def _relation(cursor: Cursor, asked: Table, database: str) -> tuple[Table, int | None, bool]:
    schema = asked.schema or asked.catalog or database
    is_one = asked.catalog in ("", schema)
    if not (is_one and schema and all(map(is_name, (schema, asked.name)))):
        raise description.unknown_table(asked)
    cursor.execute(RELATION, {"schema": schema, "name": asked.name, "hidden": SYSTEM_DATABASES})
    found = cursor.fetchone()
    if found is None:
        raise description.unknown_table(asked)
    schema, name, rows, is_view = found
    return Table(name, schema), rows, bool(is_view)


def is_name(text: str) -> bool:
    """Whether a table could bear it."""
    return description.is_name(text) and max(text, default="") <= LAST_CHARACTER


def _unique(cursor: Cursor, place: Place) -> list[tuple[str, ...]]:
    schema, name = place
    cursor.execute(UNIQUE, (schema, name, name))
    indexes = [list(parts) for _, parts in groupby(cursor.fetchall(), key=itemgetter(0))]
    return [tuple(name for _, name, _ in parts) for parts in indexes if all(is_whole for *_, is_whole in parts)]


def _is_list(column: Column) -> bool:
    return column.native.partition("(")[0] in types.LISTS
