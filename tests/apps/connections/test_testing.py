import pytest

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.errors import Invalid
from apps.jobs.models import Job, Schedule
from tests.apps.connections.conftest import AT, NEW_KEY, VALUES, answer_of
from tests.apps.connections.sample_driver import SampleDriver

GOOD = {"ok": True, "code": "", "message": "The system answers and accepts the credentials."}
REFUSED = "refused {'password': '******', 'token': '******'}"


@pytest.fixture
def tested(create, finish):
    """`tested(outcome)`: the connection and the answer of its test."""

    def tested(outcome: str, **state: object) -> tuple[Connection, dict[str, object]]:
        connection = create(**VALUES | {"outcome": outcome})
        Connection.objects.filter(id=connection.id).update(**state)
        connection.refresh_from_db()
        answer = answer_of(finish(connections.start_test(connection=connection, at=AT)))
        connection.refresh_from_db()
        return connection, answer

    return tested


def test_the_job_says_whose_it_is(create):
    connection = create()
    job = connections.start_test(connection=connection, at=AT)
    assert (job.kind, job.queue, job.state) == ("connection_test", "interactive", "queued")
    assert (job.subject_id, job.subject_uid) == (connection.id, connection.uid)
    assert (job.organization_id, job.labels) == (connection.organization_id, {"connection": connection.uid})
    assert (job.params, job.sealed_params) == ({}, "")


def test_a_system_that_lets_us_in(tested):
    connection, answer = tested("ok")
    assert answer == GOOD
    assert not connection.is_offline
    assert connection.checked_at is not None
    assert SampleDriver.opened[0].surroundings.name == "crossdock test"


def test_a_passed_test_brings_a_connection_back(tested):
    connection, answer = tested("ok", is_offline=True, offline_reason="auth")
    assert answer == GOOD
    assert (connection.is_offline, connection.offline_reason) == (False, "")


@pytest.mark.parametrize(("outcome", "code"), [("credentials", "auth_failed"), ("config", "invalid_configuration")])
def test_a_refusal_is_the_answer_and_takes_the_connection_offline(tested, outcome, code):
    connection, answer = tested(outcome)
    assert answer == {"ok": False, "code": code, "message": REFUSED}
    assert (connection.is_offline, connection.offline_reason) == (True, REFUSED)
    assert connection.checked_at is not None


@pytest.mark.parametrize("is_offline", [True, False])
def test_a_system_that_may_answer_later_changes_nothing(tested, is_offline):
    connection, answer = tested("transient", is_offline=is_offline, offline_reason="as before")
    assert answer == {"ok": False, "code": "unavailable", "message": REFUSED}
    assert (connection.is_offline, connection.offline_reason, connection.checked_at) == (is_offline, "as before", None)


@pytest.mark.parametrize(("outcome", "code"), [("bug", "driver_bug"), ("fault", "internal")])
def test_a_fault_of_ours_fails_the_job_and_says_nothing_of_the_connection(create, finish, outcome, code):
    connection = create(**VALUES | {"outcome": outcome})
    job = finish(connections.start_test(connection=connection, at=AT))
    assert (job.state, job.error_code) == ("failed", code)
    assert "CANARY" not in job.error_message
    connection.refresh_from_db()
    assert (connection.is_offline, connection.checked_at) == (False, None)


def test_unreadable_secrets_are_an_answer(create, finish, settings):
    connection = create()
    settings.SEALING_KEYS = [NEW_KEY]
    answer = answer_of(finish(connections.start_test(connection=connection, at=AT)))
    assert (answer["ok"], answer["code"]) == (False, "credentials_unreadable")
    connection.refresh_from_db()
    assert (connection.is_offline, connection.offline_reason) == (True, answer["message"])


def test_the_verdict_on_an_older_version_is_not_remembered(create, finish, monkeypatch):
    connection = create(**VALUES | {"outcome": "credentials"})

    def change_while_it_is_checked(self: SampleDriver) -> None:
        connections.change(connection=connection, values={"outcome": "ok"})
        check(self)

    check = SampleDriver.check
    monkeypatch.setattr(SampleDriver, "check", change_while_it_is_checked)
    assert answer_of(finish(connections.start_test(connection=connection, at=AT)))["ok"] is False
    connection.refresh_from_db()
    assert (connection.is_offline, connection.checked_at) == (False, None)


def test_a_connection_removed_in_the_meantime_fails_the_job(create, finish):
    connection = create()
    job = connections.start_test(connection=connection, at=AT)
    connections.remove(connection=connection)
    assert (finish(job).state, Job.objects.get(id=job.id).error_code) == ("failed", "not_found")


def test_schedules_pause_and_go_on_with_their_connection(create, finish):
    connection, other = create(**VALUES | {"outcome": "credentials"}), create(**VALUES | {"outcome": "credentials"})
    shared = {"organization_id": connection.organization_id, "kind": "flow", "interval": 60, "subject_uid": "f"}
    alone = Schedule.objects.create(subject_id=1, needs=[connection.uid], **shared)
    both = Schedule.objects.create(subject_id=2, needs=[connection.uid, other.uid], **shared)
    for each in (connection, other):
        finish(connections.start_test(connection=each, at=AT))
    assert set(Schedule.objects.values_list("paused_reason", flat=True)) == {REFUSED}

    connections.change(connection=connection, values={"outcome": "ok"})
    finish(connections.start_test(connection=connection, at=AT))
    alone.refresh_from_db()
    both.refresh_from_db()
    assert (alone.paused_reason, both.paused_reason) == ("", REFUSED)


# Values that nothing keeps


@pytest.fixture
def start_unsaved(organization, sample, surroundings):
    def start_unsaved(**values: object) -> Job:
        return connections.start_unsaved_test(
            organization_id=organization.id, project_id=None, connector=sample, values=VALUES | values, at=AT
        )

    return start_unsaved


@pytest.mark.parametrize(("outcome", "code"), [("ok", ""), ("credentials", "auth_failed")])
def test_unsaved_values_are_tested_and_not_kept(start_unsaved, finish, outcome, code):
    job = start_unsaved(outcome=outcome)
    answer = answer_of(finish(job))
    assert (answer["ok"], answer["code"]) == (not code, code)
    assert SampleDriver.opened[0].secrets == {"password": "CANARY-1-password", "token": "CANARY-1-token"}
    assert not Connection.objects.exists()


def test_unsaved_values_lie_sealed_in_the_job_until_it_ends(start_unsaved, finish):
    job = start_unsaved()
    row = Job.objects.filter(id=job.id).values().get()
    assert (row["subject_id"], row["subject_uid"], row["params"]) == (0, "", {"connector": "sample"})
    assert row["sealed_params"].startswith("v1.old.")
    assert "CANARY" not in repr(row)
    assert "db.example" not in repr(row)
    assert finish(job).sealed_params == ""


def test_unsaved_values_open_in_no_other_job(start_unsaved, finish):
    job, other = start_unsaved(), start_unsaved()
    Job.objects.filter(id=other.id).update(sealed_params=job.sealed_params)
    failed = finish(other)
    assert (failed.state, failed.error_code, failed.sealed_params) == ("failed", "credentials_unreadable", "")
    assert SampleDriver.opened == []


def test_unsaved_values_are_checked_first(start_unsaved):
    with pytest.raises(Invalid) as refusal:
        start_unsaved(host="", password="******")
    assert [problem.field for problem in refusal.value.problems] == ["host", "password"]
    assert not Job.objects.exists()
