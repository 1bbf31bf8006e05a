"""Source connections as forms: a new one with a connection of its own, over one that is there, or for records that are
pushed; and what changes of one later."""

from typing import Any

from django import forms
from django.db.models import Model
from django.utils import timezone
from unfold.widgets import UnfoldBooleanSwitchWidget

from apps.accounts.admin.forms import LinesField, ServiceForm
from apps.connections.admin.settings import given
from apps.connectors.models import Connector
from apps.jobs.admin.rhythm import RHYTHMS, RhythmForm
from apps.jobs.models import Schedule
from apps.sources import services as sources
from apps.sources.models import SourceConnection
from apps.sources.queries.activity import SYNC
from engine.contract import Spec

FOLLOWED = "continuously"
FOLLOWING = (
    "Continuously: changes follow within a minute. PostgreSQL tells of them where it keeps a logical journal; all "
    "other systems are asked."
)
WHEN = ("rhythm", "interval", "cron", "timezone")


class SyncedForm(RhythmForm):
    """Of one that is read, with when that is."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        rhythm = self.fields["rhythm"]
        assert isinstance(rhythm, forms.ChoiceField)
        rhythm.label, rhythm.help_text = "Syncs", FOLLOWING
        rhythm.choices = [*RHYTHMS.items(), (FOLLOWED, "Continuously")]

    def present_schedule(self) -> Schedule | None:
        return Schedule.objects.filter(kind=SYNC, subject_id=self.instance.pk).first() if self.instance.pk else None

    def present_rhythm(self) -> dict[str, Any]:
        if self.instance.config.get("continuous"):
            return {"rhythm": FOLLOWED, "timezone": "UTC"}
        return super().present_rhythm()

    def wanted_config(self) -> dict[str, Any]:
        """When it is read, as part of its config."""
        if self.cleaned_data["rhythm"] == FOLLOWED:
            return {"continuous": True}
        return {"schedule": schedule} if (schedule := self.wanted_schedule()) else {}


class NewForm(SyncedForm):
    """Made by the page in two steps: first what is connected, then this."""

    tables = LinesField(
        label="Tables or files",
        help_text="One a line, as public.orders or orders/2024.csv. Empty: all that there is. Columns and more are "
        "chosen on its own page.",
    )
    is_synced = forms.BooleanField(
        required=False, initial=True, label="Sync at once", widget=UnfoldBooleanSwitchWidget()
    )

    class Meta:
        model = SourceConnection
        fields: tuple[str, ...] = ("collection", "name")

    def store(self) -> Model:
        config = self.wanted_config() | ({"tables": tables} if (tables := self.cleaned_data["tables"]) else {})
        made = self.make(config)
        if self.cleaned_data["is_synced"]:
            sources.start_sync(source_connection=made, at=timezone.now())
        return made

    def make(self, config: dict[str, Any]) -> SourceConnection:
        raise NotImplementedError


class ConnectForm(NewForm):
    """Made anew for each connector, whose driver says what is asked for."""

    connector: Connector
    spec: Spec

    def make(self, config: dict[str, Any]) -> SourceConnection:
        return sources.create(
            collection=self.cleaned_data["collection"],
            connector=self.connector,
            name=self.cleaned_data["name"],
            credentials=given(self.spec, self.cleaned_data),
            config=config,
            owner_id=self.request.user.pk,
            at=timezone.now(),
        )


class UseForm(NewForm):
    class Meta(NewForm.Meta):
        fields = ("collection", "connection", "name")
        help_texts = {"connection": "It stays when the source connection is removed."}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["connection"].required = True

    def make(self, config: dict[str, Any]) -> SourceConnection:
        return sources.use_connection(
            collection=self.cleaned_data["collection"],
            connection=self.cleaned_data["connection"],
            name=self.cleaned_data["name"],
            config=config,
            at=timezone.now(),
        )


class PushForm(ServiceForm):
    class Meta:
        model = SourceConnection
        fields = ("collection", "name")

    def store(self) -> Model:
        return sources.create_push(collection=self.cleaned_data["collection"], name=self.cleaned_data["name"])


class RenameForm(ServiceForm):
    """Of one that records are pushed to."""

    class Meta:
        model = SourceConnection
        fields = ("name",)

    def store(self) -> Model:
        return sources.rename(source_connection=self.instance, name=self.cleaned_data["name"])


class ChangeForm(SyncedForm):
    class Meta:
        model = SourceConnection
        fields = ("name",)

    def store(self) -> Model:
        row = sources.rename(source_connection=self.instance, name=self.cleaned_data["name"])
        if not set(WHEN).intersection(self.changed_data):
            return row
        return sources.set_schedule(
            source_connection=row,
            schedule_=self.wanted_schedule(),
            is_continuous=self.cleaned_data["rhythm"] == FOLLOWED,
            at=timezone.now(),
        )
