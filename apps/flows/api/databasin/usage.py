"""How much users, projects and the organisation have and run. A key of one project sees what that project has."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import queries as accounts
from apps.accounts.models import Membership, Organization, Project
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.lists import Values
from apps.dialects.views import caller_of
from apps.flows.api.databasin import usage_figures as figures
from apps.flows.api.databasin import usage_shapes as shapes

Method = TypeVar("Method", bound=Callable[..., Response])


def _documented(name: str, summary: str, shape: Any, example: Values) -> Callable[[Method], Method]:
    """By an example of one, also where the shape is a list."""
    body = [example] if getattr(shape, "many", False) else example
    documented: Callable[[Method], Method] = extend_schema(
        operation_id=f"databasin_usage_of_{name}",
        summary=summary,
        responses={200: shape, **errors(401, 403, 404, 429)},
        examples=[OpenApiExample("Usage", body, response_only=True, status_codes=["200"])],
        tags=["Databasin: usage"],
    )
    return documented


class MyUsageView(DatabasinEndpoint):
    @_documented("me", "How much the caller owns and runs", shapes.UserUsage, shapes.USER)
    def get(self, request: Request) -> Response:
        return Response(_user(request, caller_of(request).user_id))


class UsersUsageView(DatabasinEndpoint):
    @_documented("users", "The same of every member", shapes.UserUsage(many=True), shapes.USER)
    def get(self, request: Request) -> Response:
        return Response(figures.users(caller_of(request).project_id).rows(_members(request)))


class UserUsageView(DatabasinEndpoint):
    @_documented("user", "The same of one member", shapes.UserUsage, shapes.USER)
    def get(self, request: Request, user_id: int) -> Response:
        return Response(_user(request, user_id))


class ProjectsUsageView(DatabasinEndpoint):
    @_documented("projects", "How much every project has and runs", shapes.ProjectUsage(many=True), shapes.PROJECT)
    def get(self, request: Request) -> Response:
        return Response(figures.projects().rows(accounts.projects(caller_of(request))))


class ProjectUsageView(DatabasinEndpoint):
    @_documented("project", "How much a project has and runs", shapes.ProjectUsage, shapes.PROJECT)
    def get(self, request: Request, project_id: int) -> Response:
        rows: QuerySet[Project] = accounts.projects(caller_of(request)).filter(id=project_id)
        return Response(figures.projects().one(rows, what=f"Project with ID {project_id}"))


class InstitutionsUsageView(DatabasinEndpoint):
    @_documented(
        "institutions",
        "How much the caller's organisation has and runs, as a list of one",
        shapes.InstitutionUsage(many=True),
        shapes.INSTITUTION,
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        own = Organization.objects.filter(id=caller.organization_id)
        return Response(figures.organizations(caller.project_id).rows(own))


class InstitutionUsageView(DatabasinEndpoint):
    @_documented("institution", "How much the organisation has and runs", shapes.InstitutionUsage, shapes.INSTITUTION)
    def get(self, request: Request, institution_id: int) -> Response:
        caller = caller_of(request)
        own = Organization.objects.filter(id=caller.organization_id).filter(id=institution_id)
        listing = figures.organizations(caller.project_id)
        return Response(listing.one(own, what=f"Institution with ID {institution_id}"))


def _members(request: Request) -> QuerySet[Membership]:
    return Membership.objects.filter(organization_id=caller_of(request).organization_id)


def _user(request: Request, user_id: int) -> Values:
    """Raises NotFound for who is no member."""
    listing = figures.users(caller_of(request).project_id)
    return listing.one(_members(request).filter(user_id=user_id), what=f"User with ID {user_id}")
