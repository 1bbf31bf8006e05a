"""Leaving a system that was followed, or that nothing is read from any more: what was set up there is taken down, and
the connection goes with the source connection that it was made for."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.connections import services as connections
from apps.errors import Conflict
from apps.jobs.services import Work
from apps.sources.models import SourceConnection
from apps.sources.services.beginning import begin
from apps.sources.services.purging import start_purge
from engine.errors import ConfigError, CredentialsError
from engine.following import Follows

KIND = "source_unfollow"


def let_go(source: SourceConnection, *, at: datetime) -> None:
    """At once where nothing was set up, else by a job: the system has to be asked."""
    if not source.follow:
        _forget(source)
        return
    begin(kind=KIND, source=source, at=at)


def run(work: Work) -> None:
    """The runner of KIND. A system that we may not enter any more keeps what was set up there; the log says so."""
    source = SourceConnection.everything.select_related("collection", "connection").get(id=work.job.subject_id)
    name, connection = source.follow.get("name"), source.connection
    if name and connection is not None:
        try:
            with connections.opened(connection, purpose=f"job {work.job.uid}") as driver:
                if isinstance(driver, Follows):
                    driver.unfollow(name)
        except (ConfigError, CredentialsError) as error:
            text = f"{name} could not be dropped, its owner must do it: {error.message}"
            work.log("warning", text, code=error.code)
    work.store(lambda: _forget(source))
    if source.removed_at is not None:
        start_purge(source=source, at=timezone.now())  # which waited for this


def _forget(source: SourceConnection) -> None:
    """What was told of following it; and of one that was removed the connection, unless somebody else uses that or it
    was there before."""
    connection = source.connection if source.removed_at is not None else None
    if source.follow or connection is not None:
        source.follow = {}
        source.connection = None if connection is not None else source.connection
        source.save(update_fields=["follow", "connection", "updated_at"])
    if connection is not None and source.owns_connection:
        try:
            with transaction.atomic():
                connections.remove(connection=connection)
        except Conflict:
            return  # flows or other source connections read over it
