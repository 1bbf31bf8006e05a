from typing import Any, ClassVar, NoReturn

import pytest

from apps.connections.models import Connection
from apps.connectors.models import Connector
from apps.errors import Conflict, Invalid
from apps.flows import services as flows
from apps.flows.models import Export, Flow, FlowStep, Import
from apps.jobs.models import Job, JobStep, RecordError, Schedule, State
from engine import registry
from engine.contract import Field, Request, Spec
from engine.drivers.sql.state import StateTable
from engine.errors import ConfigError, CredentialsError
from engine.registry import Entry
from tests.apps.flows.house import AT, House, kill_at_checkpoint, run, run_flow

pytestmark = pytest.mark.django_db(transaction=True)

TITLE = [{"generate": "id", "extract": "$.id"}, {"generate": "name", "extract": "$.name", "cast": "varchar(7)"}]


def test_rows_arrive_and_the_job_tells_how_many(house: House) -> None:
    flow = house.flow()
    job = run_flow(flow)
    assert (job.state, job.error_message) == (State.COMPLETED, "")
    assert house.rows("id, name") == [(1, "order 1"), (2, "order 2"), (3, "order 3")]
    assert (job.records_read, job.records_written, job.records_failed, job.records_ignored) == (3, 3, 0, 0)
    assert (job.pages_read, job.pages_written, job.snapshots, job.labels) == (1, 1, 1, {"flow": flow.uid})


def test_every_step_has_figures_of_its_own(house: House) -> None:
    flow = house.flow(house.export(), house.import_(filter=["not", ["equals", ["extract", "id"], 1]]))
    job = run_flow(flow)
    shown = {row.role: row for row in JobStep.objects.filter(job=job)}
    export, import_ = Export.objects.get(), Import.objects.get()
    assert (shown["export"].resource_uid, shown["import"].resource_uid) == (export.uid, import_.uid)
    assert (shown["export"].records, shown["import"].records, shown["import"].ignored) == (3, 2, 1)
    assert (shown["import"].lane, shown["import"].delivery) == ("rows", "exactly_once")
    assert all(row.started_at and row.ended_at for row in shown.values())


def test_the_log_says_which_lane_was_taken_and_why(house: House) -> None:
    job = run_flow(house.flow())
    [line] = job.events.filter(level="info")
    reason = "bytes: different kinds of database; arrow: the source gives no columns"
    assert line.message == f"Orders → Copies: rows lane ({reason})"
    assert line.data == {"lane": "rows", "delivery": "exactly_once", "mode": "append", "since": None}


def test_refused_records_are_kept_with_what_is_needed_to_mend_them(house: House) -> None:
    house.add(4, name=None)
    house.add(12345)
    flow = house.flow(None, house.import_(mapping=TITLE))
    job = run_flow(flow)
    assert (job.state, job.records_written, job.records_failed) == (State.COMPLETED, 3, 2)
    step = flow.steps.get(role="processor")
    found = {error.record["id"]: error for error in RecordError.objects.filter(job=job)}
    assert {number: (error.source, error.code) for number, error in found.items()} == {
        4: ("application", "not_null"),
        12345: ("mapping", "value_too_long"),
    }
    assert found[4].record == {"id": 4, "name": None, "changed": 4}
    assert (found[4].step_uid, found[4].stream) == (step.uid, flow.steps.get(role="generator").uid)
    assert (found[4].page, found[4].index, found[4].trace_key) == (1, 3, "4")


def test_only_what_changed_comes_again(house: House) -> None:
    export = house.export(type="delta", cursor={"column": "changed", "overlap": 0})
    flow = house.flow(export, house.import_(mode="upsert", key=["id"]))
    run_flow(flow)
    house.add(4)
    job = run_flow(flow)
    assert (job.records_read, house.rows()) == (2, [1, 2, 3, 4])
    flows.restart_flow(flow=flow)
    assert run_flow(flow).records_read == 4


def test_a_test_reads_a_few_and_forgets_about_it(house: House) -> None:
    flow = house.flow(None, house.import_(mode="upsert", key=["id"]))
    flows.change_export(export=Export.objects.get(), values={"type": "test", "limit": 2})
    job = run_flow(Flow.objects.get())
    assert (job.records_read, house.rows()) == (2, [1, 2])
    flows.change_export(export=Export.objects.get(), values={"type": "all"})
    assert run_flow(flow).records_read == 3


def test_several_exports_and_imports_each_do_their_part(house: House) -> None:
    late = house.export(name="Late", filter=["greaterthan", ["extract", "id"], 2])
    imports = (house.import_(mode="upsert", key=["id"]), house.import_(name="Log", target={"table": "log"}))
    generators = [{"export": house.export()}, {"export": late}]
    job = run_flow(house.flow(None, *imports, generators=generators))
    assert house.rows() == [1, 2, 3]
    assert house.rows(table="log") == [1, 2, 3, 3]
    assert (job.records_read, job.records_written) == (4, 8)


def test_an_attempt_after_a_kill_goes_on_and_counts_everything_once(house: House) -> None:
    house.add(*range(4, 40))
    house.add(40, name=None)
    flow = house.flow(house.export(page_size=10))
    job = flows.run_flow(flow=flow, at=AT)
    kill_at_checkpoint(job, 2)
    assert house.rows() == list(range(1, 21))
    job = run(job)
    assert (job.state, job.attempt, job.snapshots) == (State.COMPLETED, 2, 2)
    assert house.rows() == list(range(1, 40))
    assert (job.records_read, job.records_written, job.records_failed) == (40, 39, 1)


def test_a_run_keeps_to_the_flow_as_it_was_when_it_began(house: House) -> None:
    house.add(*range(4, 20))
    flow = house.flow(house.export(page_size=5))
    job = flows.run_flow(flow=flow, at=AT)
    kill_at_checkpoint(job, 1)
    flows.change_import(import_=Import.objects.get(), values={"target": {"table": "elsewhere"}})
    flows.change_flow(flow=flow, values={"processors": []}, at=AT)
    assert run(job).state == State.COMPLETED
    assert house.rows() == list(range(1, 20))


def test_a_flow_that_is_gone_is_said_to_be(house: House) -> None:
    flow = house.flow()
    job = flows.run_flow(flow=flow, at=AT)
    Flow.objects.filter(id=flow.id).delete()
    job = run(job)
    assert (job.state, job.error_code, job.error_message) == ("failed", "not_found", "The flow of this job is gone.")


def test_what_cannot_go_on_ends_the_run_and_leaves_the_destination(house: House) -> None:
    flow = house.flow(house.export(source={"table": "nowhere"}, columns=[]), house.import_(mode="replace"))
    house.execute("warehouse", "INSERT INTO copies VALUES (9, 'old', 0)")
    job = run_flow(flow)
    assert (job.state, job.error_code) == (State.FAILED, "unknown_table")
    assert house.rows() == [9]


def test_a_position_is_shown_when_a_step_is_done(house: House) -> None:
    flow = house.flow()
    job = run_flow(flow)
    step, generator = flow.steps.get(role="processor"), flow.steps.get(role="generator")
    position = step.position[generator.uid]
    assert (position["done"], position["job"], position["read"], position["key"]) == (True, job.uid, 3, [3])


def test_the_same_request_gives_the_same_run(house: House) -> None:
    flow = house.flow()
    job = flows.run_flow(flow=flow, at=AT, idempotency_key="k")
    run(job)
    assert flows.run_flow(flow=flow, at=AT, idempotency_key="k") == job


def test_a_run_over_an_offline_connection_is_refused(house: House) -> None:
    flow = house.flow()
    Connection.objects.filter(id=house.warehouse.id).update(is_offline=True)
    with pytest.raises(Conflict) as caught:
        flows.run_flow(flow=flow, at=AT)
    assert caught.value.code == "connection_offline"
    assert "'warehouse'" in caught.value.message
    assert not Job.objects.exists()


@pytest.mark.parametrize("left_out", ["generators", "processors"])
def test_a_flow_with_nothing_to_read_or_write_is_not_run(house: House, left_out: str) -> None:
    with pytest.raises(Invalid) as caught:
        flows.run_flow(flow=house.flow(**{left_out: []}), at=AT)
    assert caught.value.code == "incomplete_flow"


class Suspicious:
    """Refuses whoever comes."""

    spec: ClassVar[Spec] = Spec("suspicious", "Suspicious", "test", (Field("host", "Host", required=True),))
    asked: ClassVar[int] = 0

    def __init__(self, *_: Any) -> None:
        pass

    def check(self) -> NoReturn:
        type(self).asked += 1
        raise CredentialsError("The password was refused.")

    def read(self, request: Request) -> NoReturn:
        self.check()

    def close(self) -> None:
        pass


def test_a_refused_sign_in_takes_the_connection_offline_and_pauses(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.DRIVERS, "suspicious", Entry(f"{__name__}:Suspicious"))
    monkeypatch.setattr(Suspicious, "asked", 0)
    Connector.objects.create(name="suspicious", label="Suspicious", driver="suspicious", category="test")
    refusing = house.connect("vault", connector="suspicious", host="vault.example")
    flow = house.flow(house.export(connection=refusing), schedule={"interval": 60}, is_enabled=True)
    job = run_flow(flow)
    assert (job.state, job.error_code, job.error_message) == (State.FAILED, "auth_failed", "The password was refused.")
    refusing.refresh_from_db()
    house.warehouse.refresh_from_db()
    assert (refusing.is_offline, refusing.offline_reason) == (True, "The password was refused.")
    assert house.warehouse.is_offline is False
    assert Schedule.objects.get().paused_reason == "The password was refused."
    assert Suspicious.asked <= 3


def test_a_step_that_goes_while_it_runs_is_not_missed(house: House, unremembering: None) -> None:
    house.add(*range(4, 20))
    flow = house.flow(house.export(page_size=5), house.import_(mode="upsert", key=["id"]))
    job = flows.run_flow(flow=flow, at=AT)
    kill_at_checkpoint(job, 1)
    FlowStep.objects.filter(role="processor").delete()
    assert run(job).state == State.COMPLETED
    assert house.rows() == list(range(1, 20))


def test_without_a_memory_at_the_destination_it_goes_on_from_our_copy(house: House, unremembering: None) -> None:
    house.add(*range(4, 20))
    flow = house.flow(house.export(page_size=5), house.import_(mode="upsert", key=["id"]))
    job = flows.run_flow(flow=flow, at=AT)
    kill_at_checkpoint(job, 2)
    job = run(job)
    assert (job.state, job.records_read, job.records_written, job.snapshots) == (State.COMPLETED, 19, 19, 2)
    assert JobStep.objects.get(job=job, role="import").delivery == "effectively_once"


@pytest.fixture
def unremembering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Destinations where no state table may be made, as for a user who may only write rows."""

    def refuse(self: StateTable) -> NoReturn:
        raise ConfigError("The user may not do this.", code="permission_denied")

    monkeypatch.setattr(StateTable, "ensure", refuse)
