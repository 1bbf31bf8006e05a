"""Projects and who works on them, in Databasin's words."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import queries
from apps.accounts.api.databasin.people import Person, person, role_of
from apps.accounts.models import Membership, Project, User
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.moments import moment_of
from apps.dialects.views import caller_of

TAGS = ["Databasin: who calls"]
PROJECT = {
    "id": 7,
    "internalId": "proj-001",
    "internalID": "proj-001",
    "name": "Sales",
    "description": "",
    "institutionId": 1,
    "organizationId": 1,
    "organizationName": "Acme",
    "administratorId": 456,
    "createdDate": "2025-01-15T10:30:00Z",
    "deleted": False,
    "favorited": False,
}
MEMBER = {"id": 456, "email": "ada@example.com", "firstName": "Ada", "lastName": "Byron", "enabled": True}


class DatabasinProject(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    internalId = serializers.CharField(help_text="What connectors call `internalID`.")
    internalID = serializers.CharField(help_text="The same.")
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    institutionId = serializers.IntegerField(help_text="The organisation; what connectors call `institutionID`.")
    organizationId = serializers.IntegerField(help_text="The same.")
    organizationName = serializers.CharField()
    administratorId = serializers.IntegerField(allow_null=True, help_text="The organisation's first owner.")
    createdDate = serializers.CharField()
    deleted = serializers.BooleanField()
    favorited = serializers.BooleanField()


class DatabasinMember(Person):
    role = serializers.ChoiceField(["owner", "admin", "user", "viewer"], help_text='"user" may change things and run.')


class MyProjectsView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_my_projects",
        summary="The projects that the caller sees",
        responses={200: DatabasinProject(many=True), **errors(401, 403, 429)},
        examples=[OpenApiExample("Projects", [PROJECT], response_only=True, status_codes=["200"])],
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = list(queries.projects(caller_of(request)).select_related("organization").order_by("id"))
        owner = queries.first_owner(rows[0].organization) if rows else None
        return Response([_project(row, owner) for row in rows])


class ProjectView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_project",
        summary="One project, by its number or its internalID",
        responses={200: DatabasinProject, **errors(401, 403, 404, 429)},
        examples=[OpenApiExample("A project", PROJECT, response_only=True, status_codes=["200"])],
        tags=TAGS,
    )
    def get(self, request: Request, reference: str) -> Response:
        row = queries.project(reference, caller_of(request))
        return Response(_project(row, queries.first_owner(row.organization)))


class ProjectUsersView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_project_users",
        summary="Who works on a project: the members of its organisation",
        responses={200: DatabasinMember(many=True), **errors(401, 403, 404, 429)},
        examples=[
            OpenApiExample("Members", [{**MEMBER, "role": "owner"}], response_only=True, status_codes=["200"]),
        ],
        tags=TAGS,
    )
    def get(self, request: Request, reference: str) -> Response:
        row = queries.project(reference, caller_of(request))
        return Response([_member(membership) for membership in queries.members(row.organization)])


def _project(row: Project, owner: User | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "internalId": row.internal_id,
        "internalID": row.internal_id,
        "name": row.name,
        "description": "",
        "institutionId": row.organization_id,
        "organizationId": row.organization_id,
        "organizationName": row.organization.name,
        "administratorId": owner.id if owner else None,
        "createdDate": moment_of(row.created_at),
        "deleted": False,
        "favorited": False,
    }


def _member(membership: Membership) -> dict[str, Any]:
    return {**person(membership.user), "role": role_of(membership.role)}
