"""Keeps the benchmarks running. What they measure is none of the tests' business."""

from pathlib import Path

import pytest

from tests.benchmarks import lanes, report, upserts
from tests.benchmarks.contest import CLIENT, CPU, MEMORY, WALL
from tests.benchmarks.rig import standing

ROWS = 2_000


@pytest.mark.usefixtures("transactional_db")
def test_a_contest_is_run_and_told_of(tmp_path: Path) -> None:
    with standing(rows=ROWS, rounds=1) as rig:
        rig.hire_worker()
        for name, benchmark in (("bytes", lanes.bytes_lane), ("upsert", upserts.as_it_is)):
            report.keep(name, benchmark(rig), tmp_path)
    report.write(tmp_path)

    kept = report.kept(tmp_path)
    assert {name: (result["facts"]["lane"], result["facts"]["rows"]) for name, result in kept.items()} == {
        "bytes": ("bytes", ROWS),
        "upsert": ("bytes", ROWS // upserts.SHARE),
    }
    assert set(kept["bytes"]["figures"]) == {WALL, CPU, CLIENT, MEMORY}
    assert "| PostgreSQL → PostgreSQL, as it is | bytes | 2,000 |" in (tmp_path / "README.md").read_text()
    assert (tmp_path / "moving.svg").read_text().startswith("<?xml")
