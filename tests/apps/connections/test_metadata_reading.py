"""What an ended look or refresh means to who waited for it."""

import orjson
import pytest
from django.db.models.functions import Now

from apps.accounts.models import Organization
from apps.connections.services import metadata_reading as reading
from apps.errors import Conflict, Invalid, NotFound
from apps.jobs.models import Job, Result, State
from engine.errors import EngineError
from tests.apps.connections.conftest import AT


def ended(organization: Organization, state: State, **fields: str) -> Job:
    return Job.objects.create(
        kind="metadata_look", subject_id=1, organization=organization, state=state, started_at=AT, **fields
    )


@pytest.mark.parametrize(
    ("state", "code", "error"),
    [
        (State.FAILED, "unknown_table", NotFound),
        (State.FAILED, "unknown_folder", NotFound),
        (State.FAILED, "unsupported", Invalid),
        (State.FAILED, "auth_failed", Conflict),
        (State.FAILED, "unreachable", Conflict),
        (State.FAILED, "timed_out", Conflict),
        (State.CANCELLED, "", Conflict),
    ],
)
def test_a_failure_is_told_by_what_can_be_done(organization, state, code, error):
    job = ended(organization, state, error_code=code, error_message="It says why." if code else "")
    with pytest.raises(error) as raised:
        reading.looked(job)
    assert (raised.value.code, raised.value.message) == (
        (code, "It says why.") if code else ("cancelled", "The job was cancelled.")
    )


def test_a_fault_of_ours_is_no_failure_of_the_callers(organization):
    job = ended(organization, State.FAILED, error_code="internal", error_message="An internal error.")
    with pytest.raises(EngineError) as raised:
        reading.looked(job)
    assert type(raised.value) is EngineError


def test_what_is_too_much_for_an_answer_says_how_to_ask_for_less(organization):
    job = ended(organization, State.COMPLETED)
    body = orjson.dumps({"ok": False, "code": "too_large", "message": "The answer is larger than 5 MB."})
    Result.objects.create(job=job, content_type="application/json", body=body, expires_at=Now())
    with pytest.raises(Invalid, match=r"^The answer is larger than 5 MB\. Name a schema\.$"):
        reading.looked(job)


def test_what_was_found_is_as_old_as_the_look(organization):
    job = ended(organization, State.COMPLETED)
    Result.objects.create(job=job, content_type="application/json", body=b'{"rows":[]}', expires_at=Now())
    assert reading.looked(job) == reading.Found([], AT)
