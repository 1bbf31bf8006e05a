from typing import Any

from django.urls import URLPattern, path

from apps.accounts.api.celigo import TokenInfoView
from apps.connections.api.celigo.connections import ConnectionViews
from apps.connections.api.celigo.pings import PingUnsavedView, PingView
from apps.flows.api.celigo.exports import ExportViews
from apps.flows.api.celigo.flows import FlowViews
from apps.flows.api.celigo.imports import ImportViews
from apps.flows.api.celigo.runs import LatestJobView, RetryView, RunView
from apps.jobs.api.celigo.joberrors import JobErrorsView, ResolveAllView, ResolveView
from apps.jobs.api.celigo.jobs import CancelView, JobsView, JobView

ONE = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}


def resource(name: str, views: Any) -> list[URLPattern]:
    """The seven doors that resources have in common."""
    return [
        path(f"v1/{name}", views.as_view({"get": "list", "post": "create"})),
        path(f"v1/{name}/<uid:uid>", views.as_view(ONE)),
        path(f"v1/{name}/<uid:uid>/clone", views.as_view({"post": "clone"})),
    ]


urlpatterns = [
    path("v1/tokenInfo", TokenInfoView.as_view()),
    *resource("connections", ConnectionViews),
    path("v1/connections/ping", PingUnsavedView.as_view()),
    path("v1/connections/<uid:uid>/ping", PingView.as_view()),
    *resource("exports", ExportViews),
    *resource("imports", ImportViews),
    *resource("flows", FlowViews),
    path("v1/flows/<uid:uid>/run", RunView.as_view()),
    path("v1/flows/<uid:uid>/jobs/latest", LatestJobView.as_view()),
    path("v1/jobs", JobsView.as_view()),
    path("v1/jobs/<uid:uid>", JobView.as_view()),
    path("v1/jobs/<uid:uid>/cancel", CancelView.as_view()),
    path("v1/jobs/<uid:uid>/retry", RetryView.as_view()),
    path("v1/jobs/<uid:uid>/joberrors", JobErrorsView.as_view()),
    path("v1/jobs/<uid:uid>/joberrors/resolve", ResolveAllView.as_view()),
    path("v1/jobs/<uid:uid>/joberrors/<uid:error_uid>/resolve", ResolveView.as_view()),
]
