"""A flow of several tracks: what each reads goes to its own imports, one after the other in one job."""

from typing import Any

import pytest

from apps.errors import Conflict, Invalid
from apps.flows import services as flows
from apps.flows.admin.picture import GAP, HEIGHT, draw
from apps.flows.models import Automation, AutomationTask, Export, Flow, FlowStep, Import
from apps.flows.queries import steps_of
from apps.flows.services.copies import Copy
from apps.jobs import services as jobs
from apps.jobs.models import Job, JobStep, RecordError, State
from tests.apps.flows.house import AT, House, kill_at_checkpoint, run, run_flow

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("orders", "customers", "items")


@pytest.fixture
def flow(house: House) -> Flow:
    """Copies of three tables of the shop; each has rows 1 to 5 but orders, which has 1 to 3."""
    for table in TABLES[1:]:
        house.execute("shop", f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, name TEXT, changed INTEGER)")
        for number in range(1, 6):
            house.execute("shop", f"INSERT INTO {table} VALUES (?, ?, ?)", [number, f"{table} {number}", number])
    return make(house, *(copy(house, table) for table in TABLES))


def copy(house: House, table: str, **values: Any) -> Copy:
    target = {"connection": house.warehouse, "name": table, "target": {"table": f"{table}_copy"}, **values}
    source = {"connection": house.shop, "name": table, "source": {"table": table}, "columns": ["id", "name"]}
    return Copy(step=None, export={**source, "page_size": 2}, destination=target, document={})


def make(house: House, *copies: Copy) -> Flow:
    return flows.create_flow(**house.owner, values={"name": "Copies", "copies": list(copies)}, at=AT)


def places(flow: Flow, role: str = "processor") -> list[tuple[int, int, str]]:
    steps = FlowStep.objects.filter(flow=flow, role=role).order_by("index")
    return [(step.index, step.track, (step.destination or step.export).name) for step in steps]  # type: ignore[union-attr]


def figures(job: Job) -> dict[str, tuple[int, int]]:
    """By the name of an import, what it wrote and refused."""
    return {row.name: (row.records, row.failed) for row in JobStep.objects.filter(job=job, role="import")}


def rows(house: House, table: str) -> list[Any]:
    return house.rows("id, name", f"{table}_copy")


def test_every_table_goes_where_it_belongs(house: House, flow: Flow) -> None:
    job = run_flow(flow)
    assert (job.state, job.error_message) == (State.COMPLETED, "")
    assert rows(house, "orders") == [(number, f"order {number}") for number in (1, 2, 3)]
    for table in TABLES[1:]:
        assert rows(house, table) == [(number, f"{table} {number}") for number in range(1, 6)]
    assert (job.records_read, job.records_written, job.pages_written) == (13, 13, 8)
    assert job.records_expected is None
    assert figures(job) == {"orders": (3, 0), "customers": (5, 0), "items": (5, 0)}


def test_every_line_of_the_log_says_of_which_track(flow: Flow) -> None:
    job = run_flow(flow)
    steps = FlowStep.objects.filter(flow=flow, role="processor").order_by("index")
    told = [(line.data["track"], line.data["steps"]) for line in job.events.filter(level="info").order_by("number")]
    assert told == [(number, [step.uid]) for number, step in enumerate(steps, 1)]


def test_every_track_begins_where_the_one_before_it_ended(flow: Flow) -> None:
    kill_at_checkpoint(flows.run_flow(flow=flow, at=AT), 4)
    job = Job.objects.get()
    ended = JobStep.objects.filter(job=job, ended_at__isnull=False)
    assert sorted(ended.values_list("name", "role")) == [("orders", "export"), ("orders", "import")]
    assert JobStep.objects.filter(job=job, name="items", started_at=None).count() == 2
    run(job)
    times = JobStep.objects.filter(job=job, role="import").order_by("id").values_list("started_at", "ended_at")
    moments = [moment for pair in times for moment in pair]
    assert moments == sorted(moments)
    assert len(set(moments)) == 6


@pytest.mark.parametrize("checkpoint", [3, 4, 6])
def test_a_kill_in_the_second_track_is_gone_on_from_there(checkpoint: int, house: House, flow: Flow) -> None:
    """The first track has three checkpoints, one of them at its end; each page of the second is another."""
    job = flows.run_flow(flow=flow, at=AT)
    kill_at_checkpoint(job, checkpoint)
    assert figures(job) == {"orders": (3, 0), "customers": ((0, 2, 4, 5)[checkpoint - 3], 0), "items": (0, 0)}
    house.add(9)  # what comes into a table that has been copied is for the next run
    job = run(job)
    assert (job.state, job.attempt) == (State.COMPLETED, 2)
    assert [len(rows(house, table)) for table in TABLES] == [3, 5, 5]
    assert (job.records_read, job.records_written) == (13, 13)
    assert figures(job) == {"orders": (3, 0), "customers": (5, 0), "items": (5, 0)}


def test_a_job_that_began_before_there_were_tracks_goes_on(house: House) -> None:
    job = flows.run_flow(flow=house.flow(house.export(page_size=1)), at=AT)
    kill_at_checkpoint(job, 2)
    config = Job.objects.get(id=job.id).config
    for step in [*config["generators"], *config["processors"]]:
        del step["track"]
    Job.objects.filter(id=job.id).update(config=config)
    job = run(job)
    assert (job.state, job.records_written, house.rows()) == (State.COMPLETED, 3, [1, 2, 3])


def test_a_table_that_was_replaced_before_a_kill_is_not_replaced_again(house: House) -> None:
    for table in TABLES[1:]:
        house.execute("shop", f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, name TEXT)")
        house.execute("shop", f"INSERT INTO {table} VALUES (1, 'one'), (2, 'two'), (3, 'three')")
        house.execute("warehouse", f"CREATE TABLE {table}_copy (id INTEGER PRIMARY KEY, name TEXT)")
        house.execute("warehouse", f"INSERT INTO {table}_copy VALUES (9, 'old')")
    flow = make(house, *(copy(house, table, mode="replace") for table in TABLES))
    job = flows.run_flow(flow=flow, at=AT)
    kill_at_checkpoint(job, 4)
    assert [len(rows(house, table)) for table in TABLES] == [3, 1, 1]
    house.add(4)
    job = run(job)
    assert (job.state, job.attempt, job.records_written) == (State.COMPLETED, 2, 9)
    assert [len(rows(house, table)) for table in TABLES] == [3, 3, 3]


def test_figures_of_tracks_to_come_again_stay_while_the_first_is_passed_by(flow: Flow) -> None:
    job = flows.run_flow(flow=flow, at=AT)
    kill_at_checkpoint(job, 5)
    kill_at_checkpoint(job, 1)
    assert figures(job) == {"orders": (3, 0), "customers": (4, 0), "items": (0, 0)}
    assert Job.objects.get(id=job.id).records_written == 7


@pytest.mark.parametrize(("reason", "state"), [("drain", State.RUNNING), ("cancel", State.CANCELLED)])
def test_a_wish_to_stop_is_heard_between_tracks(
    reason: str, state: State, house: House, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = jobs.Work.progress

    def progress_and_wish(work: jobs.Work, *values: Any, **totals: Any) -> None:
        progress(work, *values, **totals)
        if totals["records_written"] == 3:  # all of orders
            work.stop.show(reason)

    job = flows.run_flow(flow=flow, at=AT)
    with monkeypatch.context() as patched:
        patched.setattr(jobs.Work, "progress", progress_and_wish)
        if reason == "cancel":
            claimed = jobs.claim(job_id=job.id, worker="worker")
            assert claimed is not None
            jobs.cancel(job=claimed)
            jobs.run(claimed)
            job.refresh_from_db()
        else:
            job = run(job)
    assert (job.state, job.records_written, figures(job)["customers"]) == (state, 3, (0, 0))
    if reason == "drain":
        assert run(job).state == State.COMPLETED
        assert [len(rows(house, table)) for table in TABLES] == [3, 5, 5]


def test_what_one_track_refused_is_tried_again_in_that_track(house: House, flow: Flow) -> None:
    step = FlowStep.objects.get(flow=flow, destination__name="customers")
    assert step.destination is not None
    short = [{"generate": "id", "extract": "$.id"}, {"generate": "name", "extract": "$.name", "cast": "varchar(9)"}]
    flows.change_import(import_=step.destination, values={"mapping": short})
    job = run_flow(flow)
    assert figures(job) == {"orders": (3, 0), "customers": (0, 5), "items": (5, 0)}
    assert set(RecordError.objects.filter(job=job).values_list("step_uid", flat=True)) == {step.uid}
    flows.change_import(import_=step.destination, values={"mapping": []})
    child = run(flows.retry(job=job, at=AT))
    assert (child.state, child.records_written, figures(child)) == (State.COMPLETED, 5, {"customers": (5, 0)})
    job.refresh_from_db()
    assert (job.records_written, job.records_failed) == (13, 0)


def test_only_what_changed_in_each_table_comes_again(house: House, flow: Flow) -> None:
    for export, import_ in zip(Export.objects.all(), Import.objects.all(), strict=True):
        values = {"type": "delta", "cursor": {"column": "changed", "overlap": 0}, "columns": []}
        flows.change_export(export=export, values=values)
        flows.change_import(import_=import_, values={"mode": "upsert", "key": ["id"]})
    run_flow(flow)
    house.add(4)
    house.execute("shop", "INSERT INTO items VALUES (6, 'items 6', 6)")
    job = run_flow(flow)
    assert figures(job) == {"orders": (2, 0), "customers": (1, 0), "items": (2, 0)}
    assert [len(rows(house, table)) for table in TABLES] == [4, 5, 6]


def test_a_clone_has_the_same_tracks(flow: Flow) -> None:
    clone = flows.clone_flow(flow=flow, at=AT)
    assert [place[:2] for place in places(clone)] == [(0, 0), (1, 1), (2, 2)]
    assert [place[:2] for place in places(clone, "generator")] == [(0, 0), (1, 1), (2, 2)]


def test_steps_that_stay_stay_in_their_tracks_and_a_new_one_joins_that_of_its_place(house: House, flow: Flow) -> None:
    orders, customers, items = Import.objects.order_by("id")
    other = house.import_(name="other")
    before = {step.destination_id: step.uid for step in flow.steps.filter(role="processor")}
    wanted = [{"destination": items}, {"destination": other}, {"destination": orders}]
    flows.change_flow(flow=flow, values={"processors": wanted}, at=AT)
    assert places(flow) == [(0, 2, "items"), (1, 1, "other"), (2, 0, "orders")]
    assert flow.steps.get(destination=orders).uid == before[orders.id]
    flows.change_flow(flow=flow, values={"processors": [*wanted, {"destination": customers}]}, at=AT)
    assert places(flow)[3] == (3, 0, "customers")


def test_a_track_that_lacks_a_side_is_not_run(house: House, flow: Flow) -> None:
    orders, _, items = Import.objects.order_by("id")
    flows.change_flow(flow=flow, values={"processors": [{"destination": orders}, {"destination": items}]}, at=AT)
    with pytest.raises(Invalid, match=r"^customers needs an import to write to\.$"):
        flows.run_flow(flow=flow, at=AT)
    assert not Job.objects.exists()


def test_a_copy_is_added_behind_the_others_and_removed_with_what_nobody_else_uses(house: House, flow: Flow) -> None:
    uids = {step.destination_id: step.uid for step in flow.steps.filter(role="processor")}
    step = flows.add_copy(flow=flow, copy=copy(house, "photos"), at=AT)
    assert places(flow)[3] == (3, 3, "photos")
    house.flow(Export.objects.get(name="items"), Import.objects.get(name="orders"))
    for name in ("orders", "items", "customers"):
        flows.remove_copy(step=flow.steps.get(destination__name=name), at=AT)
    assert places(flow) == [(0, 3, "photos")]
    assert places(flow, "generator") == [(0, 3, "photos")]
    assert set(Export.objects.values_list("name", flat=True)) == {"items", "photos"}
    assert set(Import.objects.values_list("name", flat=True)) == {"orders", "photos"}
    assert step.uid not in uids.values()


def test_a_copy_that_is_changed_stays_the_same_step(house: House, flow: Flow) -> None:
    step = flow.steps.get(destination__name="items")
    wanted = Copy({**copy(house, "items", mode="upsert", key=["id"]), "step": step, "document": {"priority": True}})
    flows.change_flow(flow=flow, values={"copies": [wanted]}, at=AT)
    assert places(flow) == [(0, 2, "items")]
    changed = flow.steps.get(role="processor")
    assert (changed.uid, changed.document) == (step.uid, {"priority": True})
    assert (changed.destination.mode, Import.objects.count(), Export.objects.count()) == ("upsert", 1, 1)


def test_a_copy_that_shares_its_export_is_not_changed(house: House, flow: Flow) -> None:
    export = Export.objects.get(name="items")
    house.flow(export)
    step = flow.steps.get(destination__name="items")
    with pytest.raises(Invalid, match="shares what it reads or writes"):
        flows.change_flow(flow=flow, values={"copies": [{**copy(house, "customers"), "step": step}]}, at=AT)
    export.refresh_from_db()
    assert (export.name, len(places(flow))) == ("items", 3)


def test_a_flow_goes_with_its_parts_unless_it_runs(house: House, flow: Flow) -> None:
    job = flows.run_flow(flow=flow, at=AT)
    Job.objects.filter(id=job.id).update(state=State.RUNNING)
    with pytest.raises(Conflict):
        flows.remove_flow(flow=flow, with_parts=True)
    assert (Export.objects.count(), Import.objects.count()) == (3, 3)
    Job.objects.filter(id=job.id).delete()
    flows.remove_flow(flow=flow, with_parts=True)
    assert (Flow.objects.count(), Export.objects.count(), Import.objects.count()) == (0, 0, 0)


def test_a_flow_that_an_automation_runs_stays(house: House, flow: Flow) -> None:
    automation = Automation.objects.create(organization=house.organization, name="Nightly")
    AutomationTask.objects.create(automation=automation, index=0, flow=flow)
    with pytest.raises(Conflict, match="The automation 'Nightly' runs this flow"):
        flows.remove_flow(flow=flow)
    assert Flow.objects.count() == 1


def test_the_picture_draws_lines_within_tracks_alone(house: House, flow: Flow) -> None:
    picture = draw(list(steps_of(flow)), {})
    assert picture is not None
    assert (len(picture.boxes), len(picture.lines)) == (6, 3)
    assert picture.height == 3 * (HEIGHT + GAP) - GAP + 2
    words = [f"From {table} (shop) to {table} (warehouse)." for table in TABLES]
    assert picture.alternative == " ".join(words)
