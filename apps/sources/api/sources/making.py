"""A source connection is made as a client's body says: tested before, synced after."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from rest_framework.request import Request

from apps.connections import services as connections
from apps.dialects.lists import Values
from apps.dialects.permissions import RUN, WRITE
from apps.dialects.sources.bodies import Body
from apps.dialects.sources.envelope import CREDENTIALS, REFUSED
from apps.dialects.views import caller_of
from apps.errors import Invalid, NotFound
from apps.jobs.models import ENDED, Job
from apps.sources import services as sources
from apps.sources.api.sources.catalogue import PUSH, source
from apps.sources.api.sources.fields import naming_credentials, settings_of
from apps.sources.api.sources.lookup import collection, waited
from apps.sources.models import Collection, SourceConnection


@dataclass(frozen=True, slots=True)
class Asked:
    """What a body says."""

    collection_id: str
    short_name: str
    name: str
    credentials: Values
    config: Values
    is_verified: bool
    is_synced: bool


@dataclass(frozen=True, slots=True)
class Made:
    """`sync`: the one that was asked for; `test`: one that has not ended yet."""

    source_connection: SourceConnection
    sync: Job | None = None
    test: Job | None = None


def make(request: Request, *, at: datetime) -> Made:
    """Raises Invalid, NotFound and Refused; then nothing has been made."""
    asked = _asked(request)
    place = collection(request, asked.collection_id, needs=WRITE)
    if asked.is_synced:
        collection(request, asked.collection_id, needs=RUN)
    if asked.short_name == PUSH:
        return Made(_made_for_push(asked, place))
    made = _made(request, asked, place)
    test = _tested(made, at=at) if asked.is_verified else None
    sync = sources.start_sync(source_connection=made, mode="", at=at) if asked.is_synced else None
    return Made(made, sync, test)


def _asked(request: Request) -> Asked:
    body = Body(request)
    asked = Asked(
        collection_id=body.text("collectionId", required=True),
        short_name=body.text("sourceShortName", required=True),
        name=body.text("name", required=True),
        credentials=body.object("credentials"),
        config=body.object("config"),
        is_verified=body.flag("verify"),
        is_synced=body.flag("sync"),
    )
    if asked.short_name == PUSH and asked.is_synced:
        body.blame("sync", "Records are pushed here: there is nothing to sync.")
    body.check()
    return asked


def _made(request: Request, asked: Asked, place: Collection) -> SourceConnection:
    try:
        connector = source(asked.short_name)
    except NotFound as error:
        raise Invalid(error.message, code="unknown_source", field="sourceShortName") from error
    with naming_credentials(), transaction.atomic():
        return sources.create(
            collection=place,
            connector=connector,
            name=asked.name,
            credentials=settings_of(asked.credentials),
            config=asked.config,
            owner_id=caller_of(request).user_id,
        )


def _made_for_push(asked: Asked, place: Collection) -> SourceConnection:
    problems = [
        Invalid("Records are pushed here: there is nothing to sign in to.", code="unknown_field", field=name)
        for name in asked.credentials
    ]
    if problems:
        raise Invalid(problems[0].message, code=CREDENTIALS, field=problems[0].field, problems=problems)
    return sources.create_push(collection=place, name=asked.name)


def _tested(made: SourceConnection, *, at: datetime) -> Job | None:
    """The test if it goes on. Raises Invalid when it has failed; then what was made is gone again."""
    assert made.connection is not None
    job = waited(connections.start_test(connection=made.connection, at=at))
    if job.state not in ENDED:
        return job
    verdict = connections.verdict(job)
    if verdict["ok"]:
        return None
    sources.remove(source_connection=made, delete_data=True, at=at)
    code = CREDENTIALS if verdict["code"] in REFUSED else verdict["code"]
    raise Invalid(verdict["message"], code=code)
