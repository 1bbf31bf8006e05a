"""Automations on the real machine: one task after the other, whatever happens in between."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.flows import services as flows
from apps.flows.models import Automation, Flow
from apps.flows.services import automations_running
from apps.jobs import services as jobs
from apps.jobs.models import Job, State
from apps.jobs.services.schedules import take_due_slots
from tests.apps.flows.house import AT, House, run
from tests.apps.flows.test_automations import automate
from tests.apps.jobs.conftest import expire_lease

pytestmark = pytest.mark.django_db(transaction=True)
RunJobs = Callable[[], int]


@pytest.fixture
def pair(house: House) -> tuple[Flow, Flow]:
    """Two flows, of which the second reads what the first has written."""
    archive = house.connect("archive")
    house.execute("archive", "CREATE TABLE copies (id INTEGER PRIMARY KEY)")
    again = house.export(connection=house.warehouse, source={"table": "copies"}, columns=["id"])
    into = house.import_(connection=archive)
    return house.flow(name="First"), house.flow(again, into, name="Second")


@pytest.fixture
def automation(house: House, pair: tuple[Flow, Flow]) -> Automation:
    return automate(house, *pair)


def begin(automation: Automation) -> Job:
    return flows.run_automation(automation=automation, at=AT)


def runs(job: Job) -> list[tuple[str, str]]:
    """The children of a job, as their flow and their state."""
    names = dict(Flow.objects.values_list("id", "name"))
    return [(names[child.subject_id], child.state) for child in job.children.order_by("id")]


def lines(job: Job) -> list[str]:
    return list(job.events.exclude(level="state").values_list("message", flat=True))


def test_runs_its_flows_in_their_order(automation: Automation, run_jobs: RunJobs) -> None:
    job = begin(automation)
    assert run_jobs() == 5  # the automation's three attempts and a run of each flow
    job.refresh_from_db()
    assert (job.state, job.attempt, job.stalled, job.error_message) == (State.COMPLETED, 3, 0, "")
    assert runs(job) == [("First", "completed"), ("Second", "completed")]
    assert [child.records_written for child in job.children.order_by("id")] == [3, 3]
    assert (job.records_read, job.records_written) == (6, 6)
    assert lines(job) == ["Task 1 of 2, 'First', begins.", "Task 2 of 2, 'Second', begins."]
    first = job.children.earliest("id")
    task = automation.tasks.get(index=0)
    assert (first.origin, first.labels) == ("task", {"flow": first.subject_uid, "task": task.uid})


def test_a_task_that_is_switched_off_is_passed_over(house: House, pair: tuple[Flow, Flow], run_jobs: RunJobs) -> None:
    tasks = [{"flow": pair[0], "is_enabled": False}, {"flow": pair[1], "name": "Copy again"}]
    job = begin(automate(house, tasks=tasks))
    run_jobs()
    assert runs(job) == [("Second", "completed")]
    assert lines(job) == ["Task 1 of 1, 'Copy again', begins."]


def test_a_task_that_fails_ends_it(automation: Automation, house: House, run_jobs: RunJobs) -> None:
    house.execute("warehouse", "DROP TABLE copies")
    house.execute("warehouse", "CREATE VIEW copies AS SELECT 1 AS id")
    job = begin(automation)
    run_jobs()
    job.refresh_from_db()
    reason = job.children.get().error_message
    assert (job.state, job.error_code) == (State.FAILED, "task_failed")
    assert job.error_message == f"Task 1 of 2, 'First', failed: {reason}"
    assert runs(job) == [("First", "failed")]


def test_a_task_that_cannot_begin_ends_it_and_says_why(
    automation: Automation, pair: tuple[Flow, Flow], run_jobs: RunJobs
) -> None:
    pair[1].steps.all().delete()
    job = begin(automation)
    run_jobs()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "incomplete_flow")
    assert job.error_message.startswith("Task 2 of 2, 'Second', cannot run: ")
    assert runs(job) == [("First", "completed")]


def test_a_run_that_somebody_cancels_ends_it(automation: Automation, run_jobs: RunJobs) -> None:
    job = run(begin(automation))
    jobs.cancel(job=job.children.get())
    run_jobs()
    job.refresh_from_db()
    assert (job.state, job.error_message) == (State.FAILED, "Task 1 of 2, 'First', was cancelled.")
    assert runs(job) == [("First", "cancelled")]


def test_stopping_it_stops_the_present_run_and_begins_no_other(automation: Automation, run_jobs: RunJobs) -> None:
    job = run(begin(automation))
    assert flows.stop_automation(automation=automation) == [job]
    assert runs(job) == [("First", "cancelled")]
    assert run_jobs() == 0


def test_killed_between_tasks_it_begins_none_twice(automation: Automation, run_jobs: RunJobs) -> None:
    job = begin(automation)
    for _ in range(3):  # whenever it is its turn, it is killed as soon as it has begun what is next
        claimed = jobs.claim_next(queue="sync", worker="killed")
        assert claimed is not None
        if claimed == job:
            run_until_begun(claimed)
        else:
            jobs.run(claimed)
    assert runs(job) == [("First", "completed"), ("Second", "queued")]
    run_jobs()
    job.refresh_from_db()
    assert (job.state, runs(job)) == (State.COMPLETED, [("First", "completed"), ("Second", "completed")])


def run_until_begun(job: Job) -> None:
    """An attempt whose worker dies before it hands back."""

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    work = jobs.Work(job)
    work.wait_for_children = die  # type: ignore[method-assign,assignment]
    with pytest.raises(Killed):
        automations_running.run(work)
    expire_lease(job)


def test_waits_for_a_run_of_the_flow_that_began_before(
    automation: Automation, house: House, pair: tuple[Flow, Flow]
) -> None:
    before = jobs.claim(job_id=flows.run_flow(flow=pair[0], at=AT).id, worker="w1")
    assert before is not None
    job = run(begin(automation))
    assert jobs.claim_next(queue="sync", worker="w2") is None
    jobs.run(before)
    assert jobs.claim_next(queue="sync", worker="w2") == job.children.get()


def test_a_task_that_is_taken_out_while_it_runs_is_done_yet(
    automation: Automation, pair: tuple[Flow, Flow], run_jobs: RunJobs
) -> None:
    job = run(begin(automation))
    flows.change_automation(automation=automation, values={"tasks": [{"flow": pair[0]}]}, at=AT)
    run_jobs()
    assert runs(job) == [("First", "completed"), ("Second", "completed")]


def test_a_flow_that_is_gone_by_then_ends_it(
    automation: Automation, pair: tuple[Flow, Flow], run_jobs: RunJobs
) -> None:
    job = run(begin(automation))
    flows.change_automation(automation=automation, values={"tasks": [{"flow": pair[0]}]}, at=AT)
    flows.remove_flow(flow=pair[1])
    run_jobs()
    job.refresh_from_db()
    assert (job.state, job.error_message) == (State.FAILED, "Task 2 of 2, 'Second', cannot run: its flow is gone.")


def test_its_schedule_runs_it_when_it_is_due(house: House, pair: tuple[Flow, Flow], run_jobs: RunJobs) -> None:
    automation = automate(house, *pair, schedule={"interval": 3600})
    assert take_due_slots(at=AT + timedelta(hours=1)) == 1
    run_jobs()
    job = Job.objects.get(kind="automation")
    assert (job.origin, job.state, job.subject_uid) == ("schedule", State.COMPLETED, automation.uid)
    assert runs(job) == [("First", "completed"), ("Second", "completed")]
