"""What every history of a job must be like, whatever happened to it."""

from itertools import pairwise

from apps.jobs.models import LIVE, MOVES, Job, JobEvent, State


def assert_legal(job: Job) -> None:
    events = list(job.events.order_by("number"))
    assert [event.number for event in events] == list(range(1, job.event_count + 1))
    states = [event for event in events if event.level == JobEvent.Level.STATE]
    assert states[0].message == State.QUEUED
    assert states[-1].message == job.state
    for one, following in pairwise(states):
        is_taken_over = (one.message, following.message) == (State.RUNNING, State.RUNNING)
        assert is_taken_over or State(following.message) in MOVES[State(one.message)]
    fences = [event.data["fence"] for event in states if event.message == State.RUNNING]
    assert fences == sorted(set(fences))
    assert len(fences) == job.attempt
    assert (job.ended_at is None) is (job.state in {State.QUEUED, *LIVE})
