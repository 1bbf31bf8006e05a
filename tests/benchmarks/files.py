"""Between files of a local folder and PostgreSQL."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from apps.flows.models import Flow
from tests.benchmarks import tables
from tests.benchmarks.contest import Marks, Result, contest
from tests.benchmarks.meter import Cost
from tests.benchmarks.rig import SOURCE, TARGET, Rig

WHOLE_TABLE = "12 columns of the whole table"
NO_MARKS = Marks()


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
        return _on_disk(
            Path(f"{file}.limit"), rig.psql((SOURCE, (f"\\copy orders TO '{file}.limit' (FORMAT csv, HEADER)",)))
        )

    about = f"{WHOLE_TABLE}; against `psql \\copy … TO` a CSV file, and fsync, as we do"
    return append(rig, "PostgreSQL → CSV", about, flow, limit=limit)


def table_to_parquet(rig: Rig) -> Result:
    _, flow = _written(rig, "written.parquet")
    return append(rig, "PostgreSQL → Parquet", WHOLE_TABLE, flow)


def csv_file(rig: Rig, name: str, packed: str = "") -> Path:
    """The whole table in the folder of the organisation's files."""
    tables.large(rig)
    rig.psql((SOURCE, (f"\\copy orders TO PROGRAM 'cat {packed}> {rig.files / name}' (FORMAT csv, HEADER)",)))
    return rig.files / name


def _from_csv(rig: Rig, title: str, name: str, unpack: str) -> Result:
    file = csv_file(rig, name, "| gzip -1 " if unpack else "")
    place = f"PROGRAM '{unpack} {file}'" if unpack else f"'{file}'"
    about = f"{WHOLE_TABLE} into one without a key; against `psql \\copy … FROM` the same file"
    limit = (TARGET, (f"\\copy orders FROM {place} (FORMAT csv, HEADER)",))
    return _loaded(rig, title, name, about=about, limit=lambda: rig.psql(limit))


def _loaded(rig: Rig, title: str, name: str, *, about: str, limit: Callable[[], Cost] | None = None) -> Result:
    flow = rig.flow(name, source=rig.folder, to={"table": "orders"}, mode="append")
    return append(rig, title, about, flow, limit=limit)


def _written(rig: Rig, name: str) -> tuple[Any, Any]:
    """The file, and a flow of the large table into it."""
    tables.large(rig)
    return rig.files / name, rig.flow("orders", target=rig.folder, to={"table": name}, mode="replace")


def _on_disk(file: Path, cost: Cost) -> Cost:
    """What it costs when the file has to outlive a power cut, too."""
    started = time.monotonic()
    with file.open("rb") as written:
        os.fsync(written)
    return replace(cost, wall=cost.wall + time.monotonic() - started)


def append(
    rig: Rig,
    title: str,
    about: str,
    flow: Flow,
    *,
    limit: Callable[[], Cost] | None = None,
    rows: int | None = None,
    lane: str = "arrow",
    marks: Marks = NO_MARKS,
) -> Result:
    """Each run begins with an empty table at the target, without a key. `rows`: how many the flow moves, where it is
    not all of them."""
    rows = rig.rows if rows is None else rows

    def prepare() -> None:
        tables.without_target(rig)
        rig.execute(TARGET, tables.create())

    return contest(
        title=title,
        about=about,
        rows=rows,
        rounds=rig.rounds,
        ours=lambda: rig.carry(flow, rows),
        limit=limit,
        marks=marks,
        lane=lane,
        prepare=prepare,
    )
