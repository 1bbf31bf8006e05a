"""Records get their vectors behind their words: a job of a collection that brings its vectors up to date, in a space of
the configured model, and that takes its place as soon as it holds all."""

from datetime import datetime

from django.db.models import Q

from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.sources.models import Collection, VectorSpace
from apps.sources.queries import embedders
from apps.sources.queries.vectors import EMBED, record_count
from apps.sources.services.embedding_filling import Filling
from apps.sources.services.embedding_spaces import (
    INDEXED_FROM,
    analyze,
    drop_others,
    ensure_index,
    ensure_space,
    make_current,
    missing_extension,
)


def start_embedding(*, collection: Collection, at: datetime) -> Job | None:
    """The job that waits already, else a new one; None where nothing makes vectors here."""
    if embedders.reason_for_none():
        return None
    return jobs.start(
        kind=EMBED,
        subject_id=collection.id,
        subject_uid=collection.uid,
        organization_id=collection.organization_id,
        project_id=collection.project_id,
        at=at,
        origin=Job.Origin.TASK,
    )


def outdated() -> list[Collection]:
    """Collections with records whose vectors are missing or are another model's."""
    wanted = embedders.wanted()
    model = f"{wanted.name}/{embedders.configured().model}"
    fitting = Q(is_current=True, model=model)
    if wanted.dimension:
        fitting &= Q(dimension=wanted.dimension)
    done = VectorSpace.objects.filter(fitting).values("collection_id")
    return [each for each in Collection.objects.exclude(id__in=done) if record_count(each)]


def run(work: jobs.Work) -> None:
    """The runner of EMBED. Raises what the embedder raises."""
    collection = Collection.objects.filter(id=work.job.subject_id).first()
    if collection is None:
        drop_others(None)
        return
    if reason := missing_extension():
        work.log("warning", f"Records are found by words alone. {reason}")
        return
    embedder = embedders.configured()
    space = ensure_space(work, collection, embedder)
    if Filling(work, space, embedder).run():
        analyze(space)
    space.refresh_from_db()
    if space.passage_count >= INDEXED_FROM:
        ensure_index(work, space)
    make_current(work, space)
    drop_others(space)
