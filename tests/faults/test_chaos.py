"""Mixed faults by the dozen, with every process real: nothing is lost, nothing is doubled, and nothing stays behind.

`make faults` strikes 60 of them, `make faults N=300 SEED=7` as many as one likes.
"""

import os
import random
import statistics
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from apps.flows.models import Flow
from apps.jobs.models import Job, JobEvent, JobStep, State
from tests.faults.chaos import Chaos
from tests.faults.database_server import DatabaseServer
from tests.faults.effort import FAULTS
from tests.faults.machine import Machine
from tests.faults.verifier import breaches, take_overs
from tests.faults.watcher import Watcher
from tests.faults.workload import PAGE, PIPELINES, ROWS, Tally, Workload, sent_again, tally

pytestmark = pytest.mark.faults

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))

SEQUENCE_SKIPS = 32
"""After a crash a sequence may go on so many numbers further."""


@pytest.fixture
def chaos(django_db_blocker: DjangoDbBlocker) -> Iterator[Chaos]:
    """A whole Crossdock over servers of its own, with its flows made and nothing running yet but its processes."""
    with tempfile.TemporaryDirectory(prefix="cd-") as name, django_db_blocker.unblock():
        folder = Path(name)
        control, systems = (DatabaseServer(kind, folder / kind) for kind in ("control", "demo"))
        machine = Machine(folder, JOB_ATTEMPTS="50")  # so many misfortunes in a row are the faults' fault
        try:
            for server in (control, systems, machine.broker):
                server.start()
            with over(control):
                call_command("migrate", verbosity=0)
                workload = Workload(systems.address)
                workload.prepare()
                yield Chaos(machine, control, systems, workload, SEED)
        finally:
            machine.close()
            control.close()
            systems.close()


@contextmanager
def over(server: DatabaseServer) -> Iterator[None]:
    """Django's connection leads to `server`."""
    connection.close()
    before = dict(connection.settings_dict)
    connection.settings_dict.update(server.settings, EMBEDDED=False)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def test_survives(chaos: Chaos) -> None:
    print(f"\n{FAULTS} faults by seed {SEED}")  # noqa: T201
    began = time.monotonic()
    with Watcher(chaos.workload) as watcher:
        chaos.strike(FAULTS)
        has_settled = chaos.settle()
    jobs = list(Job.objects.order_by("id"))
    assert has_settled, _story(chaos, breaches(jobs))
    tallies = {pipeline.name: tally(chaos.workload, pipeline) for pipeline in PIPELINES}
    problems = [*breaches(jobs), *_unlike_what_was_told(chaos, jobs), *watcher.breaches]
    for name, each in tallies.items():
        problems += [] if each.is_whole else [f"{name}: {each}", *_logs(chaos.workload.flows[name])]
    again = _sent_again(chaos, jobs)
    problems += [f"{name}: {rows} rows were sent again, {most} at most" for name, rows, most in again if rows > most]
    _report(chaos, jobs, tallies.values(), sum(rows for _, rows, _ in again), time.monotonic() - began)
    assert not problems, _story(chaos, problems)
    assert {pipeline.lane for pipeline in PIPELINES} <= set(JobStep.objects.values_list("lane", flat=True))


def _unlike_what_was_told(chaos: Chaos, jobs: list[Job]) -> Iterator[str]:
    """Whoever was told that a job began finds it, and a job says how many rows it wrote."""
    if missing := chaos.workload.started - {job.id for job in jobs}:
        yield f"jobs {sorted(missing)} are gone"
    rows = {chaos.workload.flows[pipeline.name].id: ROWS.get(pipeline.source) for pipeline in PIPELINES}
    for job in jobs:
        if job.state != State.COMPLETED:
            yield f"{job.id}: {job.state}, {job.error_code}: {job.error_message}"
        elif rows[job.subject_id] not in {None, job.records_read} or job.records_read != job.records_written:
            yield f"{job.id}: says {job.records_read} read and {job.records_written} written"


def _sent_again(chaos: Chaos, jobs: list[Job]) -> list[tuple[str, int, int]]:
    """By pipeline: rows that came more than once, and how many may: a page for each attempt that was broken off."""
    crashes = chaos.struck["crash systems"] + chaos.struck["stop systems"]
    found = []
    for pipeline in PIPELINES:
        if pipeline.mode == "append" and pipeline.lane == "rows":
            flow = chaos.workload.flows[pipeline.name]
            broken_off = sum(job.attempt - 1 for job in jobs if job.subject_id == flow.id)
            most = broken_off * PAGE + crashes * SEQUENCE_SKIPS
            found.append((pipeline.name, sent_again(chaos.workload, pipeline), most))
    return found


def _logs(flow: Flow) -> Iterator[str]:
    """What the flow's jobs say of themselves, for whoever has to find out what went wrong."""
    for event in (
        JobEvent.objects.filter(job__subject_id=flow.id).order_by("at").values_list("job", "at", "message", "data")
    ):
        yield "    {} {:%H:%M:%S.%f} {} {}".format(*event)


def _story(chaos: Chaos, problems: list[str]) -> str:
    return "\n".join([f"Seed {SEED}", *problems, *chaos.log, chaos.machine.logs()[-20_000:]])


def _report(chaos: Chaos, jobs: list[Job], tallies: Collection[Tally], again: int, seconds: float) -> None:
    whole = sum(tallies, Tally())
    waits = take_overs(chaos.deaths)
    latency = f"p50 {statistics.median(waits):.1f} s, max {waits[-1]:.1f} s" if waits else "none seen"
    lanes = sorted(set(JobStep.objects.exclude(lane="").values_list("lane", flat=True)))
    lines = {
        "faults": ", ".join(f"{name} {count}" for name, count in sorted(chaos.struck.items())),
        "processes that ended by themselves": chaos.ended,
        "jobs": f"{len(jobs)}, {sum(job.state == State.COMPLETED for job in jobs)} completed, in "
        f"{sum(job.attempt for job in jobs)} attempts, along the lanes {', '.join(lanes)}",
        "rows": f"{sum(job.records_written for job in jobs):,} written, {whole.lost} lost, {whole.doubled} doubled, "
        f"{whole.wrong} wrong",
        "take-over": f"{latency} ({len(waits)} of killed workers)",
        "sent again": f"{again:,} rows",
        "seconds": f"{seconds:.0f}",
    }
    for name, value in lines.items():
        print(f"  {name:<35} {value}")  # noqa: T201
