from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from apps.accounts.api.databasin.account import AccountView, MyOrganizationsView, PingView
from apps.accounts.api.databasin.projects import MyProjectsView, ProjectUsersView, ProjectView
from apps.connectors.api.databasin.catalogue import (
    CategoryFileView,
    ScreensFileView,
    ServerConfigView,
    SystemConfigView,
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
    # types of connectors
    path("config", ServerConfigView.as_view()),
    path("config/connectors/v2/types/<str:file>", CategoryFileView.as_view()),
    path("config/pipelines/FlowbasinPipelineScreens.json", ScreensFileView.as_view()),
    path("api/config", SystemConfigView.as_view()),
    # connectors
]
