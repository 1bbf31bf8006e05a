from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from apps.accounts.api.databasin.account import AccountView, MyOrganizationsView, PingView
from apps.accounts.api.databasin.projects import MyProjectsView, ProjectUsersView, ProjectView
from apps.connections.api.databasin.connectors import ConnectorsView, ConnectorView
from apps.connections.api.databasin.metadata import CatalogsView, ColumnsView, RefreshView, SchemasView, TablesView
from apps.connections.api.databasin.metadata_columns import ColumnsOfTablesView, IngestionTypeView
from apps.connections.api.databasin.metadata_names import (
    CatalogNamesView,
    EverySchemaView,
    SchemaContextView,
    SchemaNamesView,
    TableNamesView,
)
from apps.connections.api.databasin.queries import QueryView
from apps.connections.api.databasin.testing import ConnectorTestInBodyView, ConnectorTestView
from apps.connectors.api.databasin.catalogue import (
    CategoryFileView,
    ScreensFileView,
    ServerConfigView,
    SystemConfigView,
)
from apps.flows.api.databasin.artifacts import PipelineArtifactsView, PipelineArtifactView
from apps.flows.api.databasin.artifacts_history import ArtifactHistoryView
from apps.flows.api.databasin.artifacts_logs import ArtifactLogsView
from apps.flows.api.databasin.automations import AutomationsView, AutomationView
from apps.flows.api.databasin.automations_logs import (
    AutomationHistoryView,
    AutomationLogsView,
    TaskHistoryView,
    TaskLogsView,
)
from apps.flows.api.databasin.automations_runs import RunAutomationView, StopAutomationView
from apps.flows.api.databasin.pipelines import PipelinesView, PipelineView, StoredPipelineView
from apps.flows.api.databasin.pipelines_runs import PipelineHistoryView, RunPipelineView
from apps.flows.api.databasin.projects import ProjectStatsView
from apps.flows.api.databasin.usage import (
    InstitutionsUsageView,
    InstitutionUsageView,
    MyUsageView,
    ProjectsUsageView,
    ProjectUsageView,
    UsersUsageView,
    UserUsageView,
)


class NumberConverter(StringConverter):
    """A row's own number."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:  # type: ignore[override]  # a converter may give anything
        return int(value)


register_converter(NumberConverter, "number")

urlpatterns: list[URLPattern] = [
    # who calls
    path("api/ping", PingView.as_view()),
    path("api/my/account", AccountView.as_view()),
    path("api/my/organizations", MyOrganizationsView.as_view()),
    path("api/my/projects", MyProjectsView.as_view()),
    path("api/project/<str:reference>", ProjectView.as_view()),
    path("api/project/<str:reference>/users", ProjectUsersView.as_view()),
    path("api/project/<str:reference>/stats", ProjectStatsView.as_view()),
    # types of connectors
    path("config", ServerConfigView.as_view()),
    path("config/connectors/v2/types/<str:file>", CategoryFileView.as_view()),
    path("config/pipelines/FlowbasinPipelineScreens.json", ScreensFileView.as_view()),
    path("api/config", SystemConfigView.as_view()),
    # metadata
    path("api/connector/columns", ColumnsOfTablesView.as_view()),
    path("api/connector/ingestiontype", IngestionTypeView.as_view()),
    path("api/connector/catalogs/<number:connector_id>", EverySchemaView.as_view()),
    path("api/connector/<number:connector_id>/refresh", RefreshView.as_view()),
    path("api/connector/<number:connector_id>/catalogs", CatalogsView.as_view()),
    path("api/connector/<number:connector_id>/schemas", SchemasView.as_view()),
    path("api/connector/<number:connector_id>/tables", TablesView.as_view()),
    path("api/connector/<number:connector_id>/columns", ColumnsView.as_view()),
    path("api/connector/<number:connector_id>/schema-context", SchemaContextView.as_view()),
    path("api/v2/connector/catalogs/<number:connector_id>", CatalogNamesView.as_view()),
    path("api/v2/connector/schemas/<number:connector_id>", SchemaNamesView.as_view()),
    path("api/v2/connector/tables/<number:connector_id>", TableNamesView.as_view()),
    # automations
    path("api/automations", AutomationsView.as_view()),
    path("api/automations/run", RunAutomationView.as_view()),
    path("api/automations/stop", StopAutomationView.as_view()),
    path("api/automations/logs", AutomationLogsView.as_view()),
    path("api/automations/history/<number:automation_id>", AutomationHistoryView.as_view()),
    path("api/automations/tasks/logs", TaskLogsView.as_view()),
    path("api/automations/tasks/history/<number:task_id>", TaskHistoryView.as_view()),
    path("api/automations/<number:automation_id>", AutomationView.as_view()),
    # pipelines
    path("api/pipeline", PipelinesView.as_view()),
    path("api/pipeline/run", RunPipelineView.as_view()),
    path("api/pipeline/v2/<number:pipeline_id>", PipelineView.as_view()),
    path("api/pipeline/history/<number:pipeline_id>", PipelineHistoryView.as_view()),
    path("api/pipeline/<number:pipeline_id>", StoredPipelineView.as_view()),
    path("api/pipeline/<number:pipeline_id>/artifacts", PipelineArtifactsView.as_view()),
    path("api/pipeline/<number:pipeline_id>/artifacts/<number:artifact_id>", PipelineArtifactView.as_view()),
    path("api/artifacts/logs", ArtifactLogsView.as_view()),
    path("api/artifacts/history/<number:artifact_id>", ArtifactHistoryView.as_view()),
    # usage
    path("api/usage-metrics/users", UsersUsageView.as_view()),
    path("api/usage-metrics/users/me", MyUsageView.as_view()),
    path("api/usage-metrics/users/<number:user_id>", UserUsageView.as_view()),
    path("api/usage-metrics/projects", ProjectsUsageView.as_view()),
    path("api/usage-metrics/projects/<number:project_id>", ProjectUsageView.as_view()),
    path("api/usage-metrics/institutions", InstitutionsUsageView.as_view()),
    path("api/usage-metrics/institutions/<number:institution_id>", InstitutionUsageView.as_view()),
    # connectors
    path("api/connector/<number:number>/query", QueryView.as_view()),
    path("api/connector", ConnectorsView.as_view()),
    path("api/connector/test", ConnectorTestInBodyView.as_view()),
    path("api/connector/<number:connector_id>", ConnectorView.as_view()),
    path("api/connector/<number:connector_id>/test", ConnectorTestView.as_view()),
]
