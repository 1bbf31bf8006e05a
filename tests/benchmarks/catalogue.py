"""The benchmarks by the names that ONLY takes, in the order in which they are run."""

from collections.abc import Callable

from tests.benchmarks import files, jobs, lanes, mariadb, upserts
from tests.benchmarks.contest import Result
from tests.benchmarks.rig import Rig

BENCHMARKS: dict[str, Callable[[Rig], Result]] = {
    "bytes": lanes.bytes_lane,
    "casts": lanes.casts,
    "rows": lanes.rows_lane,
    "upsert": upserts.as_it_is,
    "upsert-mapped": upserts.mapped,
    "to-mariadb": mariadb.writes,
    "from-mariadb": mariadb.reads,
    "csv": files.csv_to_table,
    "gzip": files.gzip_to_table,
    "to-csv": files.table_to_csv,
    "to-parquet": files.table_to_parquet,
    "parquet": files.parquet_to_table,
    "starts": jobs.starts,
    "small": jobs.small_jobs,
    "broker": jobs.without_broker,
    "schedules": jobs.schedules,
}
