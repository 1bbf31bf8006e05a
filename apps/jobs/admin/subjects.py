"""What jobs are about. The machine knows no subject, so the apps above register here how theirs are shown."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Model, Q, QuerySet
from django.urls import reverse

from apps.jobs.models import Job, Schedule


class Retry(Protocol):
    def __call__(self, *, job: Job, at: datetime, uids: Collection[str] | None = None) -> Job: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """`label`: what a run of it is called; `model`: its rows, which have a `name`; `page`: the URL name of a row's
    page; `retry`: tries open errors of a run again, all or those named, where that can be done."""

    label: str
    model: type[Model]
    page: str
    retry: Retry | None = None


FOUND = 100
"""So many subjects are looked for by their name."""

_subjects: dict[str, Subject] = {}


def register(kind: str, subject: Subject) -> None:
    _subjects[kind] = subject


def subject(kind: str) -> Subject | None:
    return _subjects.get(kind)


def labels() -> list[tuple[str, str]]:
    return [(kind, subject.label) for kind, subject in _subjects.items()]


def label(kind: str) -> str:
    return _subjects[kind].label if kind in _subjects else kind


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
