"""Between files of a local folder and PostgreSQL."""

from collections.abc import Callable
from typing import Any

from tests.benchmarks import tables
from tests.benchmarks.contest import Marks, Result, contest
from tests.benchmarks.meter import Cost
from tests.benchmarks.rig import SOURCE, TARGET, Rig

WHOLE_TABLE = "12 columns of the whole table"


def csv_to_table(rig: Rig) -> Result:
    return _from_csv(rig, "CSV → PostgreSQL", "orders.csv", "")


def gzip_to_table(rig: Rig) -> Result:
    return _from_csv(rig, "CSV, gzip → PostgreSQL", "orders.csv.gz", "gzip -cd")


def parquet_to_table(rig: Rig) -> Result:
    _, flow = _written(rig, "orders.parquet")
    rig.run(flow)
    return _loaded(rig, "Parquet → PostgreSQL", "orders.parquet", about=f"{WHOLE_TABLE} into one without a key")


def table_to_csv(rig: Rig) -> Result:
    file, flow = _written(rig, "written.csv")

    def limit() -> Cost:
        return rig.psql((SOURCE, (f"\\copy orders TO '{file}.limit' (FORMAT csv, HEADER)",)))

    about = f"{WHOLE_TABLE}; against `psql \\copy … TO` a CSV file"
    return _contest(rig, "PostgreSQL → CSV", about, lambda: rig.carry(flow, rig.rows), limit)


def table_to_parquet(rig: Rig) -> Result:
    _, flow = _written(rig, "written.parquet")
    return _contest(rig, "PostgreSQL → Parquet", WHOLE_TABLE, lambda: rig.carry(flow, rig.rows))


def _from_csv(rig: Rig, title: str, name: str, unpack: str) -> Result:
    tables.large(rig)
    packed = "| gzip -1 " if unpack else ""
    file = rig.files / name
    rig.psql((SOURCE, (f"\\copy orders TO PROGRAM 'cat {packed}> {file}' (FORMAT csv, HEADER)",)))
    place = f"PROGRAM '{unpack} {file}'" if unpack else f"'{file}'"
    about = f"{WHOLE_TABLE} into one without a key; against `psql \\copy … FROM` the same file"
    limit = (TARGET, (f"\\copy orders FROM {place} (FORMAT csv, HEADER)",))
    return _loaded(rig, title, name, about=about, limit=lambda: rig.psql(limit))


def _loaded(rig: Rig, title: str, name: str, *, about: str, limit: Callable[[], Cost] | None = None) -> Result:
    flow = rig.flow(name, source=rig.folder, to={"table": "orders"}, mode="append")
    return _contest(rig, title, about, lambda: rig.carry(flow, rig.rows), limit)


def _written(rig: Rig, name: str) -> tuple[Any, Any]:
    """The file, and a flow of the large table into it."""
    tables.large(rig)
    return rig.files / name, rig.flow("orders", target=rig.folder, to={"table": name}, mode="replace")


def _contest(
    rig: Rig, title: str, about: str, ours: Callable[[], Cost], limit: Callable[[], Cost] | None = None
) -> Result:
    def prepare() -> None:
        tables.without_target(rig)
        rig.execute(TARGET, tables.create())

    return contest(
        title=title,
        about=about,
        rows=rig.rows,
        rounds=rig.rounds,
        ours=ours,
        limit=limit,
        marks=Marks(),
        prepare=prepare,
    )
