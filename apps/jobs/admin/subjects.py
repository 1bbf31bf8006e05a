"""What jobs are about. The machine knows no subject, so the apps above register here how theirs are shown."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.errors import Conflict
from apps.jobs.models import Job, Schedule


class Retry(Protocol):
    def __call__(self, *, job: Job, at: datetime, uids: Collection[str] | None = None) -> Job: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """`label`: what a run of it is called; `model`: its rows, which have a `name`; `page`: the URL name of a row's
    page; `retry`: tries open errors of a run again, all or those named, where that can be done; `hidden`: the ids of
    those of the model that a user's organisations have, and do not let that user see."""

    label: str
    model: type[Model]
    page: str
    retry: Retry | None = None
    hidden: Callable[[HttpRequest], Collection[int]] | None = None


Row = TypeVar("Row", bound=Model)

FOUND = 100
"""So many subjects are looked for by their name."""

_subjects: dict[str, Subject] = {}


def register(kind: str, subject: Subject) -> None:
    _subjects[kind] = subject


def labels() -> list[tuple[str, str]]:
    return [(kind, subject.label) for kind, subject in _subjects.items()]


def label(kind: str) -> str:
    return _subjects[kind].label if kind in _subjects else kind


def retries(kind: str) -> bool:
    """Whether open errors of such a run can be tried again by themselves."""
    return kind in _subjects and _subjects[kind].retry is not None


def retry(job: Job, uids: Collection[str] | None = None) -> Job:
    """The run that tries them again. Raises Conflict where its kind has none."""
    found = _subjects.get(job.kind)
    if found is None or found.retry is None:
        raise Conflict("What was refused here is tried again whenever it is read again.", code="no_retry")
    return found.retry(job=job, at=timezone.now(), uids=uids)


def seen(rows: QuerySet[Row], request: HttpRequest, *, path: str = "") -> QuerySet[Row]:
    """The rows whose job or schedule (at `path`, as "job__") is about nothing that is hidden from the user."""
    for kind, subject in _subjects.items():
        if hidden := subject.hidden and subject.hidden(request):
            rows = rows.exclude(**{f"{path}kind": kind, f"{path}subject_id__in": hidden})
    return rows


def names(rows: Iterable[Job | Schedule]) -> dict[tuple[str, int], str]:
    """What the rows are about, by kind and id: one query a kind. Subjects that are gone are left out."""
    wanted: dict[str, set[int]] = {}
    for row in rows:
        wanted.setdefault(row.kind, set()).add(row.subject_id)
    return {
        (kind, key): name
        for kind, keys in wanted.items()
        if kind in _subjects
        for key, name in _rows(kind).filter(pk__in=keys).values_list("pk", "name")
    }


def named(words: str) -> Q:
    """The condition on jobs that they are about something with the words in its name."""
    wanted = Q(pk__in=())
    for kind in _subjects:
        found = _rows(kind).filter(name__icontains=words).values_list("pk", flat=True)[:FOUND]
        wanted |= Q(kind=kind, subject_id__in=list(found))
    return wanted


def page(row: Job | Schedule) -> str:
    """The subject's own page; "" where there is none."""
    if row.kind not in _subjects or not row.subject_id:
        return ""
    return reverse(_subjects[row.kind].page, args=[row.subject_id])


def _rows(kind: str) -> QuerySet[Any]:
    return _subjects[kind].model._default_manager.all()  # noqa: SLF001 (public, but for its name)
