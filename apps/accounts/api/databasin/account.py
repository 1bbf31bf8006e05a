"""Who is calling, in Databasin's words. A credential acts in one organisation, and that is the one it is shown."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import queries
from apps.accounts.api.databasin.people import Person, person, role_of
from apps.accounts.api.databasin.projects import MEMBER, TAGS
from apps.accounts.models import Membership
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.moments import moment_of
from apps.dialects.views import caller_of

ROLE = "owner, admin, user (an editor) or viewer"
ORGANIZATION = {
    "id": 1,
    "name": "Acme",
    "shortName": "Acme",
    "description": "",
    "createdDate": "2025-01-15T10:30:00Z",
    "enabled": True,
    "deleted": False,
}
ACCOUNT = {
    **MEMBER,
    "roles": ["owner"],
    "organizationMemberships": [{"organizationId": 1, "organizationName": "Acme", "role": "owner"}],
    "projectMemberships": [{"projectId": 7, "projectName": "Sales", "internalID": "proj-001", "role": "owner"}],
}
PONG = {"isLoggedIn": True, "hasProfile": True, "isSystemConfigured": True, "message": "pong", "version": "0.1.0"}


class DatabasinPong(serializers.Serializer[Any]):
    isLoggedIn = serializers.BooleanField()
    hasProfile = serializers.BooleanField()
    isSystemConfigured = serializers.BooleanField()
    message = serializers.CharField()
    version = serializers.CharField()


class OrganizationMembership(serializers.Serializer[Any]):
    organizationId = serializers.IntegerField()
    organizationName = serializers.CharField()
    role = serializers.CharField(help_text=ROLE)


class ProjectMembership(serializers.Serializer[Any]):
    projectId = serializers.IntegerField()
    projectName = serializers.CharField()
    internalID = serializers.CharField()
    role = serializers.CharField(help_text=ROLE)


class DatabasinAccount(Person):
    roles = serializers.ListField(child=serializers.CharField(), help_text=ROLE)
    organizationMemberships = OrganizationMembership(many=True)
    projectMemberships = ProjectMembership(many=True)


class DatabasinOrganization(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="What connectors call `institutionID`.")
    name = serializers.CharField()
    shortName = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    createdDate = serializers.CharField()
    enabled = serializers.BooleanField()
    deleted = serializers.BooleanField()


class PingView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_ping",
        summary="Whether the credential is accepted",
        responses={200: DatabasinPong, **errors(401, 403, 429)},
        examples=[OpenApiExample("It is", PONG, response_only=True, status_codes=["200"])],
        tags=TAGS,
    )
    def get(self, _request: Request) -> Response:
        # whoever gets here has an account, in an organisation: there is nothing left to be set up
        return Response({**PONG, "version": settings.VERSION})


class AccountView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_my_account",
        summary="The person who calls, or whom the key belongs to",
        responses={200: DatabasinAccount, **errors(401, 403, 429)},
        examples=[OpenApiExample("An account", ACCOUNT, response_only=True, status_codes=["200"])],
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        membership = queries.membership(caller)
        role = role_of(membership.role)
        projects = queries.projects(caller).order_by("id")
        return Response(
            {
                **person(membership.user),
                "roles": [role],
                "organizationMemberships": [_in_organization(membership)],
                "projectMemberships": [
                    {"projectId": row.id, "projectName": row.name, "internalID": row.internal_id, "role": role}
                    for row in projects
                ],
            }
        )


class MyOrganizationsView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_my_organizations",
        summary="The organisation that the caller acts in",
        responses={200: DatabasinOrganization(many=True), **errors(401, 403, 429)},
        examples=[OpenApiExample("Organisations", [ORGANIZATION], response_only=True, status_codes=["200"])],
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        organization = queries.membership(caller_of(request)).organization
        shown = {
            "id": organization.id,
            "name": organization.name,
            "shortName": organization.name,
            "description": "",
            "createdDate": moment_of(organization.created_at),
            "enabled": True,
            "deleted": False,
        }
        return Response([shown])


def _in_organization(membership: Membership) -> dict[str, Any]:
    organization = membership.organization
    return {
        "organizationId": organization.id,
        "organizationName": organization.name,
        "role": role_of(membership.role),
    }
