"""What `GET /v1/jobs` can be asked for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Case, Expression, F, QuerySet, TextField, Value, When
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.dialects.parameters import LARGEST
from apps.errors import Invalid
from apps.jobs.api.celigo.shapes import STATUSES
from apps.jobs.models import Job, JobStep, State

PARENTS, CHILDREN = frozenset({"flow", "retry", "bulk_retry"}), frozenset({"export", "import"})
FIGURES = {
    "numSuccess": "records_written",
    "numExport": "records_read",
    "numIgnore": "records_ignored",
    "numError": "records_failed",
}
STEP_STATUS = Case(
    When(ended_at__isnull=False, then=Value(State.COMPLETED.value)), default=F("job__state"), output_field=TextField()
)


def _for(role: str) -> Expression:
    return Case(When(role=role, then=F("records")), default=Value(0), output_field=BigIntegerField())


STEP_FIGURES: dict[str, Expression | F] = {
    "numSuccess": _for("import"),
    "numExport": _for("export"),
    "numIgnore": F("ignored"),
    "numError": F("failed"),
}
SPELLINGS = {"canceled": "cancelled", "canceling": "cancelling"}
"""Celigo spells these words in both ways."""

ANCHORS = ("_integrationId", "_flowId", "_flowId_in", "_exportId", "_importId", "_flowJobId")
DATES = ("createdAt_gte", "createdAt_lte")
MILLISECOND = timedelta(milliseconds=1)
YEARS = range(1970, 9000)

PARAMETERS = [
    OpenApiParameter(
        "type", str, description="flow, retry, export or import. Children need `_flowJobId` or a step's id."
    ),
    OpenApiParameter("type_in", str, description="Several types, with commas between them."),
    OpenApiParameter("_flowId", str),
    OpenApiParameter("_flowId_in", str, description="Several flows, with commas between them."),
    OpenApiParameter("_integrationId", str),
    OpenApiParameter("_exportId", str),
    OpenApiParameter("_importId", str),
    OpenApiParameter("_flowJobId", str, description="The steps, and the retries, of one run."),
    OpenApiParameter("status", str),
    OpenApiParameter("createdAt_gte", str, description="ISO 8601, a date, or milliseconds since 1970."),
    OpenApiParameter("createdAt_lte", str, description="The same; page backwards by it."),
    OpenApiParameter("retriable", bool),
    OpenApiParameter("limit", int, description="At most so many, up to 1001, which is the default."),
    *(OpenApiParameter(f"{name}_{bound}", int) for name in FIGURES for bound in ("gte", "lte")),
]


@dataclass(frozen=True, slots=True)
class JobFilter:
    """The parameters of a request, read. Raises Invalid for those that cannot be read or ask for too much."""

    values: dict[str, str]

    @classmethod
    def of(cls, request: Request) -> "JobFilter":
        found = cls({name: str(value) for name, value in request.query_params.items() if value})
        if found.types() & CHILDREN and not found._has("_flowJobId", "_exportId", "_importId"):
            raise Invalid("Child jobs need _flowJobId, or the _exportId or _importId of a step.", code="invalid_query")
        if found.types() & PARENTS and not found._has(*ANCHORS, *DATES):
            text = f"Parent jobs need one of {', '.join((*ANCHORS, *DATES))}."
            raise Invalid(text, code="invalid_query")
        return found

    def types(self) -> frozenset[str]:
        """The wanted types; without a word on it parents, and for one run its children too."""
        given = self.values.get("type") or self.values.get("type_in")
        if not given:
            return PARENTS | CHILDREN if self._has("_flowJobId") else PARENTS
        types = frozenset(given.split(","))
        if unknown := types - PARENTS - CHILDREN:
            raise self._wrong("type", f"There is no type {sorted(unknown)[0]!r}.")
        return types

    def parents(self, jobs: QuerySet[Job]) -> QuerySet[Job]:
        types = self.types()
        if "flow" not in types:
            jobs = jobs.filter(origin=Job.Origin.RETRY) if "retry" in types else jobs.none()
        elif "retry" not in types:
            jobs = jobs.exclude(origin=Job.Origin.RETRY)
        if run := self.values.get("_flowJobId"):
            jobs = jobs.filter(parent__uid=run)
        if integration := self.values.get("_integrationId"):
            jobs = jobs.filter(labels__integration=integration)
        if self._has("_flowId", "_flowId_in"):
            jobs = jobs.filter(subject_uid__in=self._flows())
        if resources := self._resources():
            jobs = jobs.filter(id__in=JobStep.objects.filter(resource_uid__in=resources).values("job"))
        if self._has("retriable"):
            jobs = jobs.filter(records_failed__gt=0) if self._retriable() else jobs.filter(records_failed=0)
        return jobs.filter(**self._status("state"), **self._dates(), **self._bounds(FIGURES))

    def children(self, steps: QuerySet[JobStep]) -> QuerySet[JobStep]:
        steps = steps.filter(role__in=self.types() & CHILDREN)
        if run := self.values.get("_flowJobId"):
            steps = steps.filter(job__uid=run)
        if integration := self.values.get("_integrationId"):
            steps = steps.filter(job__labels__integration=integration)
        if self._has("_flowId", "_flowId_in"):
            steps = steps.filter(job__subject_uid__in=self._flows())
        if resources := self._resources():
            steps = steps.filter(resource_uid__in=resources)
        if self._has("retriable"):
            steps = steps.filter(failed__gt=0) if self._retriable() else steps.filter(failed=0)
        figures = {name: f"counted_{name}" for name in STEP_FIGURES}
        steps = steps.annotate(status=STEP_STATUS, **{alias: STEP_FIGURES[name] for name, alias in figures.items()})
        return steps.filter(**self._status("status"), **self._dates(), **self._bounds(figures))

    def _has(self, *names: str) -> bool:
        return any(name in self.values for name in names)

    def _flows(self) -> list[str]:
        return [self.values["_flowId"]] if self._has("_flowId") else self.values.get("_flowId_in", "").split(",")

    def _resources(self) -> list[str]:
        return [self.values[name] for name in ("_exportId", "_importId") if name in self.values]

    def _status(self, field: str) -> dict[str, str]:
        if not self._has("status"):
            return {}
        status = SPELLINGS.get(self.values["status"], self.values["status"])
        if status not in STATUSES:
            raise self._wrong("status", f"There is no status {status!r}.")
        return {field: status}

    def _retriable(self) -> bool:
        if self.values["retriable"] not in {"true", "false"}:
            raise self._wrong("retriable", "retriable is true or false.")
        return self.values["retriable"] == "true"

    def _dates(self) -> dict[str, datetime]:
        """Answers show whole milliseconds, so the upper bound means the whole of its own."""
        bounds = {}
        if self._has("createdAt_gte"):
            bounds["created_at__gte"] = self._moment("createdAt_gte")
        if self._has("createdAt_lte"):
            bounds["created_at__lt"] = self._moment("createdAt_lte") + MILLISECOND
        return bounds

    def _moment(self, name: str) -> datetime:
        text = self.values[name]
        try:
            if re.fullmatch("[0-9]{1,14}", text):
                return datetime.fromtimestamp(int(text) / 1000, UTC)
            day = parse_date(text)
            moment = datetime(day.year, day.month, day.day) if day else parse_datetime(text)  # noqa: DTZ001 (made aware)
        except ValueError:
            moment = None
        if moment is None or moment.year not in YEARS:
            raise self._wrong(name, f"{name} is a moment in ISO 8601, a date, or milliseconds since 1970.")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _bounds(self, columns: dict[str, str]) -> dict[str, Any]:
        return {f"{columns[name]}__{bound}": number for name, bound, number in self._numbers()}

    def _numbers(self) -> Iterator[tuple[str, str, int]]:
        for name in FIGURES:
            for bound in ("gte", "lte"):
                text = self.values.get(f"{name}_{bound}")
                if text is None:
                    continue
                if not re.fullmatch("[0-9]{1,10}", text) or int(text) > LARGEST:
                    raise self._wrong(f"{name}_{bound}", f"{name}_{bound} is a whole number.")
                yield name, bound, int(text)

    @staticmethod
    def _wrong(name: str, message: str) -> Invalid:
        return Invalid(message, code="invalid_query_params", field=name)
