"""A sync of a system that is followed: it tells which rows have changed since, and those alone are read again."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, cast

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from apps.sources.models import SourceConnection, Stream
from apps.sources.services.changes import ChangedRows
from apps.sources.services.config import settings_of
from apps.sources.services.reading import StreamSync
from apps.sources.services.sync_control import SyncControl
from engine.contract import Driver
from engine.errors import ConfigError, TransientError
from engine.following import Changed, Followed, Follower, Follows
from engine.schema import Table

MARK = "followed"
"""Where a stream's position keeps what the follower told of it when it was last read whole."""
LOST = "slot_lost"


class Following:
    """One attempt. `config`: the job's own snapshot of what it reads and how."""

    def __init__(self, control: SyncControl, source: SourceConnection, driver: Driver, config: dict[str, Any]) -> None:
        self.control = control
        self.source = source
        self.driver = driver
        self.config = config
        self.name = f"crossdock_{source.uid}"

    def run(self, streams: Sequence[Stream]) -> list[Stream]:
        """Brings those up to date that can be followed; answers the others, to be read as usual."""
        follows = cast("Follows", self.driver)
        by_table = {_table(stream): stream for stream in streams if not settings_of(self._said, stream.label).limit}
        try:
            self._watch(follows)
            follower = follows.follow(self.name, [self._followed(stream) for stream in by_table.values()])
        except ConfigError as error:
            self._tell(reason=error.message)
            self.control.log("warning", f"Changes cannot be followed, so everything is read: {error.message}")
            return list(streams)
        with closing(follower):
            followed = {table: stream for table, stream in by_table.items() if table not in follower.left_out}
            self._tell(reason="", left_out={_label(by_table, table): why for table, why in follower.left_out.items()})
            self._read_whole(follower, followed)
            self._take_changes(follower, followed)
        self._tell(backlog=True)
        for stream in followed.values():
            self.control.done(stream)
        return [stream for stream in streams if stream not in followed.values()]

    @property
    def _said(self) -> dict[str, Any]:
        said: dict[str, Any] = self.config["config"]
        return said

    def _followed(self, stream: Stream) -> Followed:
        mark = "" if self.config["mode"] == "full" else stream.positions.get(MARK, {}).get("mark", "")
        return Followed(_table(stream), tuple(stream.key) or self._sync(stream).described().key, mark)

    def _sync(self, stream: Stream, *, is_emptied: bool = False) -> StreamSync:
        config = {**self.config, "mode": "full", "confirm_empty": is_emptied or self.config["confirm_empty"]}
        chosen = replace(settings_of(self._said, stream.label), cursor="")
        return StreamSync(self.control, self.source, stream, self.driver, config, chosen)

    def _read_whole(self, follower: Follower, followed: dict[Table, Stream]) -> None:
        for table in follower.unread:
            if table not in followed:
                continue
            stream = followed[table]
            self.control.raise_if_stopped(may_hand_back=True)
            self._sync(stream).read()
            self._keep_mark(stream, follower.marks[table])

    def _take_changes(self, follower: Follower, followed: dict[Table, Stream]) -> None:
        is_last = False
        while not is_last:
            self.control.raise_if_stopped(may_hand_back=True)
            try:
                changes = follower.changes()
            except ConfigError as error:
                if error.code != LOST:
                    raise
                self._forget_marks(followed)
                raise TransientError(error.message, code=LOST, retry_after=0) from error
            for changed in changes.tables:
                if stream := followed.get(changed.table):
                    self._apply(stream, changed)
            self.control.tell()
            follower.confirm(changes.position)
            is_last = changes.is_last

    def _apply(self, stream: Stream, changed: Changed) -> None:
        if changed.needs_whole or changed.is_emptied:
            self._sync(stream, is_emptied=changed.is_emptied).read(again=True)
        else:
            ChangedRows(self.control, self.source, self._sync(stream)).land(changed)

    def _keep_mark(self, stream: Stream, mark: str) -> None:
        def keep() -> None:
            row = Stream.objects.select_for_update().get(id=stream.id)
            row.positions = {**row.positions, MARK: {"mark": mark}}
            row.save(update_fields=["positions"])

        self.control.work.store(keep)

    def _forget_marks(self, followed: dict[Table, Stream]) -> None:
        """What changed meanwhile is known no longer: the next attempt, which follows at once, reads everything."""
        ids = [stream.id for stream in followed.values()]
        self.control.work.store(lambda: Stream.objects.filter(id__in=ids).update(positions={}, updated_at=Now()))
        self.control.log("warning", "What changed is not known any more: everything is read again.")

    def _watch(self, follows: Follows) -> None:
        """Gives up what holds too much of the system's journal: its disk is more important than our pace."""
        backlog = follows.standing(self.name)
        if backlog is not None and backlog.retained_bytes > settings.FOLLOW_MOST_BYTES:
            follows.unfollow(self.name)
            text = f"{backlog.retained_bytes:,} bytes of journal were kept for this: it was dropped and begins anew."
            self.control.log("warning", text)

    def _tell(self, *, backlog: bool = False, **told: Any) -> None:
        """What is shown of it, and by what it is dropped later."""
        found = cast("Follows", self.driver).standing(self.name) if backlog else None
        if found is not None:
            told |= {"lag_bytes": found.lag_bytes, "retained_bytes": found.retained_bytes, "state": found.state}
        self.source.follow = {**self.source.follow, "name": self.name, **told, "at": timezone.now().isoformat()}
        row = SourceConnection.everything.filter(id=self.source.id)
        self.control.work.store(lambda: row.update(follow=self.source.follow))


def _table(stream: Stream) -> Table:
    return Table(stream.name, stream.schema, stream.catalog)


def _label(streams: dict[Table, Stream], table: Table) -> str:
    return streams[table].label if table in streams else str(table)
