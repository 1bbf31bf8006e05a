import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.services import Work
from tests.apps.jobs.history import assert_legal
from tests.apps.jobs.plays import PLAYS

Begin = Callable[..., Job]
Play = Callable[[Work], None]
PATH = "tests.apps.jobs.plays.run"


@pytest.fixture(autouse=True)
def kinds(settings: Settings) -> None:
    """Jobs of kind "sync" run one at a time for a subject, those of kind "question" as they come."""
    settings.JOB_RUNNERS = {
        "sync": {"path": PATH, "queue": "sync", "exclusive": True},
        "question": {"path": PATH, "queue": "interactive", "exclusive": False},
    }


@pytest.fixture(autouse=True)
def histories(db: None) -> Iterator[None]:
    """Whatever a test did to jobs, what is told of them is legal."""
    yield
    for job in Job.objects.all():
        assert_legal(job)


@pytest.fixture
def organization(db: None) -> Organization:
    return Organization.objects.create(name="Acme")


@pytest.fixture
def begin(organization: Organization) -> Begin:
    """`begin(subject, **values)`: a job started, as a service of another app starts one."""

    def begin(subject: int = 1, *, kind: str = "sync", organization: Organization = organization, **values: Any) -> Job:
        values = {"at": timezone.now(), "organization_id": organization.id, **values}
        return jobs.start(kind=kind, subject_id=subject, subject_uid=f"{subject:024x}", **values)

    return begin


@pytest.fixture
def claimed(begin: Begin) -> Callable[..., Job]:
    """`claimed(subject, worker=…)`: a job begun and taken by a worker."""

    def claimed(subject: int = 1, *, worker: str = "worker", **values: Any) -> Job:
        job = jobs.claim(job_id=begin(subject, **values).id, worker=worker)
        assert job is not None
        return job

    return claimed


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, begin: Begin) -> Callable[..., Job]:
    """`play(function, **values)`: a job begun that the function will run."""

    def play(function: Play, *, subject: int = 1, **values: Any) -> Job:
        monkeypatch.setitem(PLAYS, function.__name__, function)
        return begin(subject, params={"play": function.__name__}, **values)

    return play


def expire_lease(job: Job) -> None:
    """As if its worker had died a while ago."""
    Job.objects.filter(id=job.id).update(lease_until=timezone.now() - timedelta(seconds=1))


def eventually(is_so: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not (so := is_so()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return so
