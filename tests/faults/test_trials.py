"""The promises of the job machine one by one, and mutants that break one each: a trial that lets its mutant pass proves
nothing.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import trials
from tests.faults.machine import CAN_SHIFT_CLOCKS, Machine
from tests.faults.trials import Systems, Trial

pytestmark = [
    pytest.mark.faults,
    pytest.mark.usefixtures("transactional_db"),
]
HASTE = {"patience": 20, "hints": 50}
"""For mutants: their jobs may never end, though a lost hint costs no more than half of that, and each hint is a run."""

MUTANTS = {
    "writes_are_not_fenced": trials.frozen_in_a_transaction,
    "positions_are_committed_after_the_rows": trials.killed_before_the_checkpoint,
    "jobs_are_claimed_in_any_state": trials.hints_by_the_hundred,
    "leases_never_run_out": trials.killed,
    "hints_come_before_the_commit": trials.started_in_a_long_transaction,
    "hints_are_acknowledged_early_and_never_repeated": trials.hints_are_lost,
    "leases_are_never_renewed": trials.longer_than_a_lease,
    "runs_of_a_flow_overlap": trials.two_at_once,
    "jobs_are_never_given_up": trials.deadly_to_its_workers,
}
Find = Callable[[Trial], list[str]]


@pytest.mark.parametrize("find", [*MUTANTS.values(), trials.the_broker_dies], ids=lambda find: find.__name__)
def test_nothing_goes_wrong(systems: Systems, find: Find) -> None:
    assert _found(systems, find) == []


@pytest.mark.skipif(not CAN_SHIFT_CLOCKS and "CI" not in os.environ, reason="no C compiler")
@pytest.mark.parametrize("clock", [7200, -7200, 262, -262])
def test_leases_go_by_the_databases_clock(systems: Systems, clock: int) -> None:
    assert _found(systems, trials.longer_than_a_lease, clock=clock) == []


@pytest.mark.parametrize(("mutant", "find"), MUTANTS.items(), ids=list(MUTANTS))
def test_a_mutant_is_caught(systems: Systems, mutant: str, find: Find) -> None:
    spoilt = {"DJANGO_SETTINGS_MODULE": "tests.faults.mutants.settings", "MUTANT": mutant}
    found = _found(systems, find, spoilt, **HASTE)
    print(f"{mutant}: {found}")  # noqa: T201
    assert found


def _found(systems: Systems, find: Find, environment: dict[str, str] | None = None, **how: int) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="cd-") as folder:
        machine = Machine(Path(folder), JOB_ATTEMPTS="2", **(environment or {}))
        machine.broker.start()
        try:
            return find(Trial(machine, systems, **how))
        finally:
            machine.close()
