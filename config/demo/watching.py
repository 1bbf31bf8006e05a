"""A job in the terminal: a bar while it runs, its figures when it has ended."""

import time
from collections.abc import Callable

from django.core.management.base import OutputWrapper

from apps.jobs.models import ENDED, Job, JobStep, State
from apps.sources.models import StreamRun

WIDTH = 32
SECONDS_BETWEEN_LOOKS = 0.2


def follow(job: Job, output: OutputWrapper, is_wanted: Callable[[], bool]) -> Job:
    """Draws the job's progress until it has ended, or while `is_wanted`; on no terminal only its beginning is said."""
    is_terminal = output.isatty()
    while job.state not in ENDED and is_wanted():
        if is_terminal:
            output.write(f"\r\033[K{bar(job)}", ending="")
            output.flush()
        time.sleep(SECONDS_BETWEEN_LOOKS)
        job.refresh_from_db()
    if is_terminal:
        output.write(f"\r\033[K{bar(job)}")
    return job


def bar(job: Job) -> str:
    """`Orders ████████░░░░ 62 %  74,400 of 120,000 rows  41,000 rows/s  1 s left`"""
    if job.started_at is None:
        return "waiting for a worker"
    read, expected = job.records_read, job.records_expected
    seconds = max(0.001, ((job.ended_at or job.updated_at) - job.started_at).total_seconds())
    rate = read / seconds
    share = min(1.0, read / expected) if expected else 0.0
    share = 1.0 if job.state == State.COMPLETED else share
    filled = round(share * WIDTH)
    parts = [f"{'█' * filled}{'░' * (WIDTH - filled)} {share:4.0%}", f"{read:,} rows", f"{rate:,.0f} rows/s"]
    if expected and rate and share < 1:
        parts.append(f"{(expected - read) / rate:.0f} s left")
    return "  ".join(parts)


def figures(job: Job) -> str:
    """What a finished job did, a line a figure."""
    lanes = sorted({step.lane for step in JobStep.objects.filter(job=job) if step.lane})
    return _told(
        job,
        {
            "state": job.state,
            "rows read": f"{job.records_read:,}",
            "rows written": f"{job.records_written:,}",
            "rows ignored": f"{job.records_ignored:,}",
            "errors": f"{job.records_failed:,}",
            "seconds": f"{_seconds(job):.1f}",
            "lane": ", ".join(lanes) or "none",
        },
    )


def sync_figures(job: Job) -> str:
    """The same of the sync of a source connection."""
    runs = StreamRun.objects.filter(job=job)
    counts = {name: sum(getattr(run, name) for run in runs) for name in ("inserted", "updated", "deleted", "kept")}
    return _told(
        job,
        {
            "state": job.state,
            "rows read": f"{job.records_read:,}",
            **{name: f"{count:,}" for name, count in counts.items()},
            "errors": f"{job.records_failed:,}",
            "seconds": f"{_seconds(job):.1f}",
        },
    )


def _seconds(job: Job) -> float:
    return ((job.ended_at or job.updated_at) - (job.started_at or job.created_at)).total_seconds()


def _told(job: Job, rows: dict[str, str]) -> str:
    if job.error_message:
        rows["error"] = f"{job.error_code}: {job.error_message}"
    return "\n".join(f"  {name:<13}{value}" for name, value in rows.items())
