"""What the job machine costs: how soon a run begins, how much an empty one takes, and how it bears ten thousand."""

import time
from collections.abc import Sequence
from datetime import timedelta
from statistics import quantiles
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.flows import services as flows
from apps.flows.models import Flow
from apps.jobs.models import ENDED, Job, Schedule
from config.embedded.cluster import here
from tests.benchmarks.contest import Figure, Result
from tests.benchmarks.meter import Family
from tests.benchmarks.rig import SOURCE, Rig, RunError
from tests.benchmarks.web import Web
from tests.faults.machine import eventually

STARTS = 100
CROWD = 100
SMALL_ROWS = 100
WITHOUT_BROKER = 100
SCHEDULES = 10_000


def starts(rig: Rig) -> Result:
    """One after the other, each on an idle worker."""
    flow, web = rig.flow("nothing", mode="append"), Web(rig)
    waits = []
    for _ in range(STARTS):
        asked = timezone.now()
        uid, _ = web.run(flow)
        [job] = _ended(rig, [uid])
        waits.append((job.started_at - asked).total_seconds() * 1000)
    return Result(
        "From `POST …/run` to `running`",
        f"{STARTS} runs one after the other through the web server, on an idle worker",
        {"p50 ms": Figure(_percentile(waits, 50), 100), "p95 ms": Figure(_percentile(waits, 95), 300)},
        runs={"ours": [{"ms": waits}]},
    )


def small_jobs(rig: Rig) -> Result:
    """Many at once: first those with nothing to do, then those with a little."""
    rig.execute(
        SOURCE,
        "CREATE TABLE IF NOT EXISTS small (id bigint PRIMARY KEY, name text)",
        f"INSERT INTO small SELECT n, 'row ' || n FROM generate_series(1, {SMALL_ROWS}) AS n ON CONFLICT DO NOTHING",
    )
    with transaction.atomic():
        empty = [rig.flow("nothing", mode="append") for _ in range(CROWD)]
        small = [rig.flow("small", mode="upsert", key=["id"]) for _ in range(CROWD)]
    for flow in (empty[0], small[0]):
        rig.run(flow)  # makes the table
    nothing, little = _crowd(rig, empty), _crowd(rig, small)
    return Result(
        "Small jobs",
        f"{CROWD} flows at once on the two processes of one worker: with no row, then with {SMALL_ROWS} rows each",
        {
            "CPU ms of an empty job": Figure(nothing["client"], 30),
            "CPU ms of a small job": Figure(little["client"]),
            "ms between small jobs": Figure(little["apart"], 60_000 / 200),
        },
        facts={
            "small jobs a minute": round(60_000 / little["apart"]),
            "empty jobs a minute": round(60_000 / nothing["apart"]),
            "control database's CPU ms of an empty job": round(nothing["control"], 1),
        },
    )


def without_broker(rig: Rig) -> Result:
    """The broker first stopped, then frozen, while runs are asked for."""
    web, broker = Web(rig), rig.machine.broker
    figures = {}
    for name, break_, mend in (
        ("stopped", broker.stop, broker.start),
        ("frozen", broker.freeze, broker.thaw),
    ):
        with transaction.atomic():
            wanted = [rig.flow("nothing", mode="append") for _ in range(WITHOUT_BROKER)]
        break_()
        try:
            answers = [web.run(flow) for flow in wanted]
        finally:
            mend()
        jobs = _ended(rig, [uid for uid, _ in answers])
        if [job.attempt for job in jobs] != [1] * WITHOUT_BROKER:
            raise RunError("A job did not run once.")
        waits = [seconds * 1000 for _, seconds in answers]
        figures[f"{name}: p50 ms"] = Figure(_percentile(waits, 50))
        figures[f"{name}: p99 ms"] = Figure(_percentile(waits, 99), 1000)
    return Result(
        "`POST …/run` without Redis",
        f"{WITHOUT_BROKER} runs asked for while it is stopped, and while it is frozen; then each runs once",
        figures,
    )


def schedules(rig: Rig) -> Result:
    """Due in the same moment, with nobody to run what they start."""
    rig.dismiss_worker()
    dispatcher, control = rig.dispatcher, Family(_control_server())
    due = timezone.now() + timedelta(seconds=5)
    Schedule.objects.bulk_create(_schedule(rig, number, due) for number in range(SCHEDULES))
    time.sleep(max(0.0, (due - timezone.now()).total_seconds() - 1))
    used, served = dispatcher.cpu(), control.cpu()
    published = Job.objects.filter(schedule__isnull=False, published_at__isnull=False)
    if not eventually(lambda: published.count() == SCHEDULES, 300):
        raise RunError(f"{published.count()} of {SCHEDULES} were dispatched.")
    used, served = dispatcher.cpu() - used, control.cpu() - served
    last = published.aggregate(last=Max("published_at"))["last"]
    Job.objects.filter(schedule__isnull=False).delete()
    Schedule.objects.all().delete()
    rig.machine.broker.forget()
    return Result(
        f"{SCHEDULES:,} schedules due at once",
        "all with the same cron slot; the dispatcher's CPU as its share of one core over that minute",
        {
            "s until the last is dispatched": Figure((last - due).total_seconds(), 60),
            "dispatcher's share of a core": Figure(used / 60, 0.5),
        },
        facts={"control database's CPU s": round(served, 1)},
    )


def _schedule(rig: Rig, number: int, due: Any) -> Schedule:
    return Schedule(
        kind="flow",
        subject_id=-number - 1,
        subject_uid=f"{number:024}",
        organization=rig.organization,
        cron="*/15 * * * *",
        timezone="Europe/Berlin",
        next_at=due,
    )


def _crowd(rig: Rig, wanted: Sequence[Flow]) -> dict[str, float]:
    """Milliseconds for each job: of CPU in worker and dispatcher, in the control database; and on the clock."""
    worker, dispatcher, control = rig.worker, rig.dispatcher, Family(_control_server())
    used, served = worker.cpu() + dispatcher.cpu(), control.cpu()
    uids = [flows.run_flow(flow=flow, at=timezone.now()).uid for flow in wanted]
    jobs = _ended(rig, uids)
    each = 1000 / len(jobs)
    took = (max(job.ended_at for job in jobs) - min(job.created_at for job in jobs)).total_seconds()
    return {
        "client": (worker.cpu() + dispatcher.cpu() - used) * each,
        "control": (control.cpu() - served) * each,
        "apart": took * each,
    }


def _ended(rig: Rig, uids: Sequence[str]) -> list[Any]:
    """The jobs, each of which completed."""
    jobs = Job.objects.filter(uid__in=uids)
    if not eventually(lambda: jobs.filter(state__in=ENDED).count() == len(uids), 300):
        raise RunError("Not every job has ended.")
    if wrong := jobs.exclude(state="completed").first():
        raise RunError(f"{wrong}: {wrong.state} {wrong.error_code} {wrong.error_message}\n{rig.machine.logs()[-5000:]}")
    return list(jobs)


def _percentile(values: Sequence[float], share: int) -> float:
    return quantiles(values, n=100, method="inclusive")[share - 1]


def _control_server() -> int:
    return int((here("control").served / "postgres" / "postmaster.pid").read_text().split()[0])
