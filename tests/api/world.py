"""One of everything in an organisation."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Organization, Project
from apps.connections import services as connections
from apps.connections.models import Connection, Metadata, MetadataSchema, MetadataTable
from apps.connectors import queries as connectors
from apps.flows import services as flows
from apps.flows.models import Automation, AutomationTask, Export, Flow, Import
from apps.jobs.models import Job, JobStep, RecordError, State
from tests.api.sources.world import Landed, make_landed

CANARY = "CANARY-9f27-password"


@dataclass(frozen=True)
class World:
    organization: Organization
    project: Project
    connection: Connection
    export: Export
    import_: Import
    flow: Flow
    job: Job
    queued: Job
    step: JobStep
    error: RecordError
    task: AutomationTask
    landed: Landed

    @property
    def uids(self) -> dict[str, str]:
        """By the placeholder of a path or a body. `spare` rows are used by nothing, so they can be removed."""
        return {
            "connection": self.connection.uid,
            "export": self.export.uid,
            "import": self.import_.uid,
            "flow": self.flow.uid,
            "job": self.job.uid,
            "queued": self.queued.uid,
            "step": self.step.uid,
            "error": self.error.uid,
            "spare_connection": Connection.objects.get(organization=self.organization, name="Spare").uid,
            "spare_export": Export.objects.get(organization=self.organization, name="Spare").uid,
            "spare_import": Import.objects.get(organization=self.organization, name="Spare").uid,
            **self.landed.uids,
            **self.numbers,
        }

    @property
    def numbers(self) -> dict[str, str]:
        """What Databasin's dialect calls the same rows."""
        return {
            "organization_id": str(self.organization.id),
            "user_id": str(self.organization.memberships.earliest("id").user_id),
            "project_id": str(self.project.id),
            "internal_id": self.project.internal_id,
            "connection_id": str(self.connection.id),
            "spare_connection_id": str(Connection.objects.get(organization=self.organization, name="Spare").id),
            "flow_id": str(self.flow.id),
            "artifact_id": str(self.flow.steps.filter(role="processor").earliest("id").id),
            "job_id": str(self.job.id),
            "automation_id": str(self.task.automation_id),
            "task_id": str(self.task.id),
            "types_file": "DatabasinConnectorRDBMS.json",
            "short_name": "postgresql",
        }


def make_world(organization: Organization) -> World:
    connection = make_connection(organization, "Shop")
    make_metadata(make_connection(organization, "Spare", may_query=True))  # which no endpoint changes
    export, import_ = make_export(connection, "Orders"), make_import(connection, "Orders")
    make_export(connection, "Spare")
    make_import(connection, "Spare")
    flow = make_flow(export, import_, "Nightly")
    job = make_job(flow, State.COMPLETED, records_read=3, records_written=2, records_failed=1)
    step = JobStep.objects.create(
        job=job,
        step_uid=flow.steps.get(role="processor").uid,
        role="import",
        resource_uid=import_.uid,
        name=import_.name,
        records=2,
        failed=1,
        ended_at=timezone.now(),
    )
    automation = Automation.objects.create(organization=organization, name="Nightly")
    return World(
        organization=organization,
        project=accounts.create_project(
            organization=organization, name="Shop", internal_id=f"proj-{organization.name.lower()}"
        ),
        connection=connection,
        export=export,
        import_=import_,
        flow=flow,
        job=job,
        queued=make_job(flow, State.QUEUED),
        step=step,
        error=make_error(step),
        task=AutomationTask.objects.create(automation=automation, index=0, flow=make_flow(export, import_, "Later")),
        landed=make_landed(organization, connection),
    )


def make_connection(organization: Organization, name: str, *, may_query: bool = False) -> Connection:
    return connections.create(
        organization_id=organization.id,
        project_id=None,
        connector=connectors.connector("postgresql"),
        name=name,
        values={"host": "db.example", "database": "shop", "user": "reader", "password": CANARY},
        may_query=may_query,
    )


def make_metadata(connection: Connection) -> Metadata:
    """Of a database with one table."""
    counts = {"catalog_count": 1, "schema_count": 1, "table_count": 1}
    catalogs = [{"name": "shop", "comment": ""}]
    metadata = Metadata.objects.create(connection=connection, is_current=True, catalogs=catalogs, **counts)
    MetadataSchema.objects.create(metadata=metadata, catalog="shop", name="public")
    columns = [make_column("id", native="bigint", nullable=False, key=True), make_column("note", "text")]
    MetadataTable.objects.create(
        metadata=metadata, catalog="shop", schema="public", name="orders", kind="table", rows=3, columns=columns
    )
    return metadata


def make_column(name: str, type_: str = "integer", **values: Any) -> dict[str, Any]:
    column = {"name": name, "type": type_, "native": type_, "nullable": True, "key": False}
    return {**column, "generated": False, "default": None, "comment": None, **values}


def make_export(connection: Connection, name: str) -> Export:
    values = {"connection": connection, "name": name, "source": {"schema": "public", "table": "orders"}}
    return flows.create_export(organization_id=connection.organization_id, project_id=None, values=values)


def make_import(connection: Connection, name: str) -> Import:
    values = {"connection": connection, "name": name, "target": {"table": "orders"}, "mode": "upsert", "key": ["id"]}
    return flows.create_import(organization_id=connection.organization_id, project_id=None, values=values)


def make_flow(export: Export, import_: Import, name: str) -> Flow:
    values = {
        "name": name,
        "is_enabled": True,
        "generators": [{"export": export}],
        "processors": [{"destination": import_}],
        "schedule": {"cron": "5 0 * * *", "timezone": "UTC"},
    }
    organization_id = export.organization_id
    return flows.create_flow(organization_id=organization_id, project_id=None, values=values, at=timezone.now())


def make_job(flow: Flow, state: State, **figures: int) -> Job:
    now = timezone.now()
    return Job.objects.create(
        kind="flow",
        subject_id=flow.id,
        subject_uid=flow.uid,
        organization_id=flow.organization_id,
        labels={"flow": flow.uid},
        queue="sync",
        state=state,
        started_at=None if state == State.QUEUED else now,
        ended_at=now if state == State.COMPLETED else None,
        **figures,
    )


def make_error(step: JobStep, index: int = 0) -> RecordError:
    return RecordError.objects.create(
        job_id=step.job_id,
        step_uid=step.step_uid,
        page=0,
        index=index,
        source="application",
        code="value_too_long",
        message="The value is too long for the column name.",
        record={"id": index, "name": "a name"},
    )
