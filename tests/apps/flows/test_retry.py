from typing import Any

import pytest
from pytest_django import Settings

from apps.connections.models import Connection
from apps.errors import Conflict, NotFound
from apps.flows import services as flows
from apps.flows.models import Export, Flow, Import
from apps.flows.services import retrying
from apps.jobs import services as jobs
from apps.jobs.models import Job, JobStep, RecordError, State
from tests.apps.flows.house import AT, House, run, run_flow
from tests.apps.jobs.conftest import expire_lease
from tests.apps.jobs.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

INTEGER = [{"generate": "id", "extract": "$.id"}, {"generate": "name", "extract": "$.name", "cast": "integer"}]
SHORT = [{"generate": "id", "extract": "$.id"}, {"generate": "name", "extract": "$.name", "cast": "varchar(7)"}]


@pytest.fixture
def flow(house: House) -> Flow:
    """Orders 1 to 3 have short names; 10 and 11 do not."""
    house.add(10, 11)
    return house.flow(None, house.import_(mapping=SHORT))


@pytest.fixture
def job(flow: Flow) -> Job:
    job = run_flow(flow)
    assert (job.records_written, job.records_failed) == (3, 2)
    return job


def errors(job: Job) -> list[tuple[int, str, bool]]:
    found = RecordError.objects.filter(job=job).order_by("id")
    return [(error.record["id"], error.code, error.resolved_at is not None) for error in found]


def mend() -> None:
    flows.change_import(import_=Import.objects.get(), values={"mapping": []})


def test_what_succeeds_is_settled_and_credited_to_the_first_run(house: House, job: Job) -> None:
    mend()
    child = flows.retry(job=job, at=AT)
    assert (child.parent, child.origin, child.state) == (job, "retry", State.QUEUED)
    child = run(child)
    assert (child.state, child.records_written, child.records_failed) == (State.COMPLETED, 2, 0)
    job.refresh_from_db()
    assert (job.records_written, job.records_failed) == (5, 0)
    assert errors(job) == [(10, "value_too_long", True), (11, "value_too_long", True)]
    assert set(RecordError.objects.values_list("resolved_by", flat=True)) == {"retry"}
    assert house.rows() == [1, 2, 3, 10, 11]


def test_what_fails_again_stays_open_with_its_new_reason(house: House, job: Job) -> None:
    house.execute("warehouse", "INSERT INTO copies VALUES (10, 'taken', 0)")
    mend()
    child = run(flows.retry(job=job, at=AT))
    assert (child.state, child.records_written, child.records_failed) == (State.COMPLETED, 1, 1)
    job.refresh_from_db()
    assert (job.records_written, job.records_failed) == (4, 1)
    assert errors(job) == [(10, "duplicate_key", False), (11, "value_too_long", True)]
    assert RecordError.objects.get(resolved_at=None).source == "application"
    assert flows.retry(job=job, at=AT).parent == job


def test_what_was_counted_and_not_kept_stays_failed(house: House, flow: Flow, settings: Settings) -> None:
    settings.JOB_RECORD_ERRORS = 1
    job = run_flow(flow)
    assert (job.records_written, job.records_failed, len(errors(job))) == (3, 2, 1)
    assert job.steps.get(role="import").failed == 2
    mend()
    child = run(flows.retry(job=job, at=AT))
    assert (child.records_written, child.records_failed) == (1, 0)
    job.refresh_from_db()
    assert (job.records_written, job.records_failed) == (4, 1)


def test_only_those_that_are_named_are_tried(house: House, job: Job) -> None:
    mend()
    uid = RecordError.objects.get(record__id=11).uid
    run(flows.retry(job=job, at=AT, uids=[uid]))
    assert errors(job) == [(10, "value_too_long", False), (11, "value_too_long", True)]
    assert house.rows() == [1, 2, 3, 11]


def test_an_edited_record_is_tried_as_it_was_edited(house: House, job: Job) -> None:
    error = RecordError.objects.get(record__id=10)
    error.record |= {"name": "short"}
    error.save()
    run(flows.retry(job=job, at=AT))
    assert house.rows("id, name")[-1] == (10, "short")


def test_its_steps_are_shown_by_what_they_are(job: Job) -> None:
    mend()
    child = run(flows.retry(job=job, at=AT))
    shown = {row.role: row for row in JobStep.objects.filter(job=child)}
    assert shown["import"].resource_uid == Import.objects.get().uid
    assert (shown["export"].records, shown["import"].records) == (2, 2)
    assert shown["import"].ended_at is not None


def test_a_retry_leaves_alone_how_far_the_flow_got(house: House) -> None:
    export = house.export(type="delta", cursor={"column": "changed", "overlap": 0})
    house.add(10)
    flow = house.flow(export, house.import_(mapping=SHORT))
    job = run_flow(flow)
    mend()
    run(flows.retry(job=job, at=AT))
    house.add(12)
    assert run_flow(flow).records_read == 1
    assert house.rows() == [1, 2, 3, 10, 12]


def test_a_record_is_in_one_retry_at_a_time(job: Job) -> None:
    flows.retry(job=job, at=AT)
    with pytest.raises(NotFound) as caught:
        flows.retry(job=job, at=AT)
    assert caught.value.code == "nothing_to_retry"
    assert Job.objects.filter(parent=job).count() == 1


def test_two_retries_at_once_share_nothing(job: Job) -> None:
    def try_again(number: int) -> int:
        try:
            return flows.retry(job=job, at=AT).id
        except NotFound:
            return 0

    found = at_once(8, try_again)
    assert len([child for child in found if child]) == Job.objects.filter(parent=job).count() == 1


@pytest.mark.parametrize("end", ["cancel", "fail"])
def test_what_a_retry_did_not_get_to_can_be_tried_again(house: House, job: Job, end: str) -> None:
    child = flows.retry(job=job, at=AT)
    if end == "cancel":
        jobs.cancel(job=child)
    else:
        flows.change_export(export=Export.objects.get(), values={"source": {"table": "nowhere"}, "columns": []})
        assert run(child).state == State.FAILED
        flows.change_export(
            export=Export.objects.get(), values={"source": {"table": "orders"}, "columns": ["id", "name"]}
        )
    mend()
    assert run(flows.retry(job=job, at=AT)).records_written == 2
    assert errors(job) == [(10, "value_too_long", True), (11, "value_too_long", True)]


def test_resolved_errors_are_not_tried(job: Job) -> None:
    jobs.resolve_errors(job=job, at=AT, by="olga")
    with pytest.raises(NotFound):
        flows.retry(job=job, at=AT)


def test_a_job_that_goes_on_is_not_retried(flow: Flow) -> None:
    job = flows.run_flow(flow=flow, at=AT)
    with pytest.raises(Conflict) as caught:
        flows.retry(job=job, at=AT)
    assert caught.value.code == "job_running"


def test_a_run_that_could_not_go_on_is_run_again_as_a_whole(house: House) -> None:
    flow = house.flow(house.export(source={"table": "nowhere"}, columns=[]))
    failed = run_flow(flow)
    again = flows.retry(job=failed, at=AT)
    assert (again.parent, again.params, again.subject_id) == (None, {}, flow.id)


def test_a_retry_over_an_offline_connection_is_refused(house: House, job: Job) -> None:
    Connection.objects.filter(id=house.shop.id).update(is_offline=True)
    with pytest.raises(Conflict):
        flows.retry(job=job, at=AT)
    assert not Job.objects.filter(parent=job).exists()
    assert not RecordError.objects.exclude(retry=None).exists()


def test_records_of_a_step_that_has_gone_stay_open(house: House, job: Job, flow: Flow) -> None:
    flows.change_flow(flow=flow, values={"processors": [{"destination": house.import_(name="New")}]}, at=AT)
    child = run(flows.retry(job=job, at=AT))
    assert child.state == State.COMPLETED
    assert errors(job) == [(10, "value_too_long", False), (11, "value_too_long", False)]
    assert child.events.filter(level="warning").count() == 2


def test_records_of_several_exports_go_back_to_where_they_belong(house: House) -> None:
    house.execute("shop", "CREATE TABLE parcels (id INTEGER PRIMARY KEY, photo BLOB)")
    house.execute("shop", "INSERT INTO parcels VALUES (20, x'00ff')")
    house.execute("warehouse", "CREATE TABLE both (id INTEGER PRIMARY KEY, name TEXT, photo BLOB)")
    exports = [house.export(columns=["id", "name"]), house.export(source={"table": "parcels"}, columns=[])]
    refusing = [{"generate": "id", "extract": "$.id", "cast": "varchar(0)"}]
    import_ = house.import_(mapping=refusing, target={"table": "both"})
    job = run_flow(house.flow(None, import_, generators=[{"export": export} for export in exports]))
    assert (job.records_written, job.records_failed) == (0, 4)
    mend()
    child = run(flows.retry(job=job, at=AT))
    assert (child.records_read, child.records_written) == (4, 4)
    orders = [(number, f"order {number}", None) for number in (1, 2, 3)]
    assert house.rows("*", "both") == [*orders, (20, None, b"\x00\xff")]


def test_a_table_that_is_replaced_takes_single_records(house: House) -> None:
    house.add(10)
    flow = house.flow(None, house.import_(mode="replace", mapping=SHORT, key=["id"]))
    job = run_flow(flow)
    assert house.rows() == [1, 2, 3]
    mend()
    run(flows.retry(job=job, at=AT))
    assert house.rows() == [1, 2, 3, 10]


def test_a_retry_that_was_killed_forgets_nothing(house: House, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows are written and one was refused again; it dies before it has settled anything."""

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    house.execute("warehouse", "INSERT INTO copies VALUES (10, 'taken', 0)")
    mend()
    child = flows.retry(job=job, at=AT)
    with monkeypatch.context() as patch:
        patch.setattr(retrying, "_settle", die)
        with pytest.raises(Killed):
            run(child)
    assert house.rows() == [1, 2, 3, 10, 11]
    expire_lease(child)
    run(child)
    job.refresh_from_db()
    assert (job.records_written, job.records_failed) == (4, 1)
    assert errors(job) == [(10, "duplicate_key", False), (11, "value_too_long", True)]
    assert house.rows() == [1, 2, 3, 10, 11]
