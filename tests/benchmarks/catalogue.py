"""The benchmarks by the names that ONLY takes, in the order in which they are run."""

from collections.abc import Callable

from tests.benchmarks import collections, downloads, files, jobs, lanes, mariadb, peers, search, upserts
from tests.benchmarks.contest import Result
from tests.benchmarks.rig import Rig

BENCHMARKS: dict[str, Callable[[Rig], Result]] = {
    "bytes": lanes.bytes_lane,
    "casts": lanes.casts,
    "mapped": lanes.mapped,
    "rows": lanes.rows_lane,
    "upsert": upserts.as_it_is,
    "upsert-mapped": upserts.mapped,
    "upsert-rows": upserts.in_rows,
    "to-mariadb": mariadb.writes,
    "from-mariadb": mariadb.reads,
    "csv": files.csv_to_table,
    "gzip": files.gzip_to_table,
    "to-csv": files.table_to_csv,
    "to-parquet": files.table_to_parquet,
    "parquet": files.parquet_to_table,
    "http": downloads.csv,
    "http-lines": downloads.json_lines,
    "land": collections.landed,
    "land-again": collections.unchanged,
    "starts": jobs.starts,
    "small": jobs.small_jobs,
    "broker": jobs.without_broker,
    "schedules": jobs.schedules,
    "search": search.words,
    "recall": search.recall,
}
SEARCHES = ("search", "recall")
"""Those that have a table of their own."""
PEERS: dict[str, Callable[[Rig], Result]] = {"dlt": peers.dlt, "singer": peers.singer}
"""Only where they are asked for: they have to be installed first."""
