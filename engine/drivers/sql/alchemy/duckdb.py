"""DuckDB files."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, String, cast

from engine.contract import Field, Spec
from engine.drivers.sql import fields, paths
from engine.drivers.sql.alchemy import types
from engine.drivers.sql.alchemy.dictionary import Dictionary
from engine.drivers.sql.alchemy.driver import AlchemyDriver
from engine.drivers.sql.alchemy.errors import BAD_QUERY, FORBIDDEN, LOCKED, NO_COLUMN, NO_TABLE, READ_ONLY, Reports
from engine.drivers.sql.alchemy.query import LINE_COMMENT, QUOTED, TEXT, Lexis
from engine.errors import ConfigError
from engine.schema import Column, Kind, Type
from engine.toolkit.deferred import Deferred

client: Any = Deferred("duckdb")
wrapper: Any = Deferred("duckdb_sqlalchemy")

PATH = Field(
    "path", "File", required=True, bound=True, help="Path of the file below a folder that the operator opened."
)

NOT_A_DATABASE = (ConfigError, "not_a_database", "The file is not a DuckDB database that this version can read.")

# What a statement may cost, and that nothing is brought in from elsewhere.
CONFIGURATION = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
    "allow_persistent_secrets": False,
    "memory_limit": "512MB",
    "max_temp_directory_size": "0KB",
    "threads": 2,
}

# From here on a statement may read the file, and nothing else.
CLOSING = ("USE file", "SET enable_external_access = false", "SET TimeZone = 'UTC'", "SET lock_configuration = true")

HERE = "database_name = current_database() AND schema_name = :schema"
DICTIONARY = Dictionary(
    schemas="SELECT schema_name FROM duckdb_schemas() WHERE database_name = current_database() AND NOT internal"
    " UNION SELECT 'main'",
    tables=f"""
SELECT table_name, 'table' FROM duckdb_tables() WHERE NOT internal AND {HERE}
 UNION ALL
SELECT view_name, 'view' FROM duckdb_views() WHERE NOT internal AND {HERE}
 ORDER BY 1
""",
    columns=f"""
SELECT table_name, column_name, data_type, is_nullable, column_default, comment, false
  FROM duckdb_columns()
 WHERE NOT internal AND {HERE} AND (:table = '' OR table_name = :table)
 ORDER BY table_name, column_index
""",
    keys=f"""
SELECT table_name, constraint_name, unnest(constraint_column_names), constraint_type = 'PRIMARY KEY'
  FROM duckdb_constraints()
 WHERE {HERE} AND (:table = '' OR table_name = :table) AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')
 ORDER BY table_name, constraint_type, constraint_name
""",
    comments=f"""
SELECT table_name, comment FROM duckdb_tables() WHERE {HERE} AND (:table = '' OR table_name = :table)
 UNION ALL
SELECT view_name, comment FROM duckdb_views() WHERE {HERE} AND (:table = '' OR view_name = :table)
""",
)


class DuckdbDriver(AlchemyDriver):
    spec = Spec("duckdb", "DuckDB", "database", (PATH,))
    dialect = "duckdb"
    natives = types.KNOWN | {
        "UTINYINT": types.SMALL,
        "USMALLINT": types.INTEGER,
        "UINTEGER": types.BIG,
        "UBIGINT": types.whole(20),
        "HUGEINT": types.whole(39),
        "UHUGEINT": types.whole(39),
        "FLOAT": types.SINGLE,
        "TIMESTAMP_S": Type(Kind.TIMESTAMP, precision=0),
        "TIMESTAMP_MS": Type(Kind.TIMESTAMP, precision=3),
        "TIMESTAMP_NS": Type(Kind.TIMESTAMP, precision=9),
        "TIME_NS": Type(Kind.TIME, precision=9),
        "TIME WITH TIME ZONE": types.TEXT,
    }
    reports = Reports(
        (
            (r"^PermissionException|configuration has been locked", FORBIDDEN),
            (r"read-only mode", READ_ONLY),
            (r"Table with name .* does not exist", NO_TABLE),
            (r"Referenced column|does not have a column|column .* not found", NO_COLUMN),
            (r"Could not set lock", LOCKED),
            (r"not a valid DuckDB database|Cannot open file", NOT_A_DATABASE),
            (r"^(Parser|Binder|Catalog|NotImplemented|InvalidInput)", BAD_QUERY),
        ),
        raised=("_duckdb.Error", "duckdb.Error"),
    )
    lexis = Lexis((LINE_COMMENT, r"\b[eE]'(?:[^'\\]|\\.|'')*'", TEXT, QUOTED), r"\$\w*\$")
    dictionary = DICTIONARY
    statistics = f"SELECT table_name, estimated_size, NULL FROM duckdb_tables() WHERE NOT internal AND {HERE}"
    keeps_keys = True
    names_types = True

    def show(self, column: Column, plain: ColumnElement[Any]) -> ColumnElement[Any]:
        # The dialect would parse JSON: a text in it could then not be told from JSON that is text.
        return cast(plain, String) if column.native == "JSON" else plain

    def dialing(self) -> Callable[[], Any]:
        text = fields.text(self.settings, PATH)
        path = paths.allowed(text, self.surroundings.folders)
        if not path.is_file():
            raise ConfigError(f"There is no file {text!r}.", code="unknown_database")

        def dial() -> Any:
            # A file that is opened by itself is shared, settings and all, with whoever has it open in this process.
            opened = client.connect(":memory:", config=dict(CONFIGURATION))
            try:
                for statement in (f"ATTACH {_quoted(str(path))} AS file (READ_ONLY)", *CLOSING):
                    opened.execute(statement)
            except BaseException:
                opened.close()
                raise
            # By itself every cursor of the client's is a session of its own.
            return wrapper.ConnectionWrapper(opened)

        return dial


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
