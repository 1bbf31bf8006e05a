"""A job and its events as the platform's own paths show them."""

from django.db.models import F, FloatField, Func, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Now

from apps.dialects.lists import Listing, Values, document, moment
from apps.jobs.models import ENDED, Result
from apps.jobs.queries import pace

FIGURES = {
    "recordsRead": "records_read",
    "recordsWritten": "records_written",
    "recordsIgnored": "records_ignored",
    "recordsFailed": "records_failed",
    "recordsExpected": "records_expected",
    "pagesRead": "pages_read",
    "pagesWritten": "pages_written",
    "bytesMoved": "bytes_moved",
}


def _result() -> Subquery:
    """The JSON body of a job's answer, while it is kept."""
    kept = Result.objects.filter(job=OuterRef("pk"), expires_at__gt=Now(), content_type="application/json")
    return Subquery(kept.values(text=Func(F("body"), Value("UTF8"), function="convert_from", output_field=TextField())))


def _seconds() -> Func:
    span = "extract(epoch FROM %(expressions)s)"
    return Func(
        Coalesce(F("ended_at"), Now()), F("started_at"), template=span, arg_joiner=" - ", output_field=FloatField()
    )


def _wrap(row: Values) -> Values:
    figures = {name: row[name] for name in FIGURES}
    rhythm = pace(
        records=row["recordsRead"],
        expected=row["recordsExpected"],
        seconds=row["seconds"],
        is_over=row["state"] in ENDED,
    )
    figures |= {"recordsPerSecond": rhythm.records_per_second, "secondsLeft": rhythm.seconds_left}
    error = {"code": row["errorCode"], "message": row["errorMessage"]} if row["errorCode"] else None
    shown = ("id", "kind", "subjectId", "parentId", "state", "origin", "createdAt", "startedAt", "endedAt", "attempt")
    return {name: row[name] for name in shown} | {
        "progress": figures,
        "error": error,
        "events": row["events"],
        "result": row["result"],
    }


JOB = Listing(
    {
        "id": F("uid"),
        "kind": F("kind"),
        "subjectId": F("subject_uid"),
        "parentId": F("parent__uid"),
        "state": F("state"),
        "origin": F("origin"),
        "createdAt": moment("created_at"),
        "startedAt": moment("started_at"),
        "endedAt": moment("ended_at"),
        "attempt": F("attempt"),
        "errorCode": F("error_code"),
        "errorMessage": F("error_message"),
        "events": F("event_count"),
        "seconds": _seconds(),
        "result": document(_result()),
        **{name: F(field) for name, field in FIGURES.items()},
    },
    _wrap,
)


EVENT = Listing(
    {
        "number": F("number"),
        "at": moment("at"),
        "level": F("level"),
        "message": F("message"),
        "data": document("data"),
    },
    dict,
)
