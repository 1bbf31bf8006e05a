"""Members of a collection: with any, it is open to them and to the organisation's owners and admins alone."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Role
from apps.dialects.lists import Listing, Values
from apps.dialects.moments import moment
from apps.dialects.permissions import WRITE
from apps.dialects.sources import ids
from apps.dialects.sources.bodies import Body
from apps.dialects.sources.envelope import errors
from apps.dialects.sources.pages import PAGE, Page, page
from apps.dialects.sources.views import SourcesEndpoint, answers, done, sends
from apps.dialects.views import caller_of
from apps.errors import NotFound
from apps.sources import services as sources
from apps.sources.api.sources import shapes
from apps.sources.api.sources.collections import TAGS
from apps.sources.api.sources.lookup import collection
from apps.sources.models import Collection, CollectionMember

ROLES = tuple(Role.values)
SHOWN: Values = {
    "id": "mem_5e03061cda20740022300f04",
    "userId": "5e03061cda20740022300f05",
    "email": "ada@example.com",
    "name": "Ada",
    "role": "editor",
    "createdAt": shapes.MOMENT,
}
ANSWER = {"success": True, "member": SHOWN}
MEMBERS = Listing(
    "sources_collectionmember row JOIN accounts_user person ON person.id = row.user_id",
    {
        "id": ids.shown(ids.MEMBER, "row.uid"),
        "userId": "person.uid",
        "email": "person.email",
        "name": "person.name",
        "role": "row.role",
        "createdAt": moment("row.created_at"),
    },
)


class MemberSent(serializers.Serializer[Any]):
    email = serializers.EmailField(help_text="Of somebody in the organisation.")
    role = serializers.CharField(
        required=False,
        help_text="owner, admin, editor or viewer (if left out): it narrows what the person's own role allows.",
    )


class RoleSent(serializers.Serializer[Any]):
    role = serializers.CharField()


class MemberShown(serializers.Serializer[Any]):
    id = serializers.CharField()
    userId = serializers.CharField()
    email = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    role = serializers.CharField()
    createdAt = serializers.CharField()


class MemberList(Page):
    members = MemberShown(many=True)


class MemberAnswer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    member = MemberShown()


class MemberRemoved(serializers.Serializer[Any]):
    success = serializers.BooleanField()


class MembersView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_list_members",
        summary="Members of a collection, the newest first",
        parameters=PAGE,
        responses={200: MemberList, **errors(400, 401, 403, 404, 429)},
        examples=[answers({"success": True, "members": [SHOWN], "total": 1, "limit": 100, "offset": 0})],
        tags=TAGS,
    )
    def get(self, request: Request, reference: str) -> Response:
        return Response(page(request, "members", _members(collection(request, reference)), MEMBERS))

    @extend_schema(
        operation_id="sources_add_member",
        summary="Let somebody of the organisation in; the first member closes a collection to all others",
        request=MemberSent,
        responses={201: MemberAnswer, **errors(400, 401, 403, 404, 409, 429)},
        examples=[sends({"email": "ada@example.com", "role": "editor"}), answers(ANSWER, 201)],
        tags=TAGS,
    )
    def post(self, request: Request, reference: str) -> Response:
        found, body = collection(request, reference, needs=WRITE), Body(request)
        email, role = body.text("email", required=True), body.choice("role", ROLES) or Role.VIEWER
        body.check()
        by_id = caller_of(request).user_id
        made = sources.add_member(collection=found, email=email, role=role, by_id=by_id)
        return done(201, member=_shown(made))


class MemberView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_update_member",
        summary="Change a member's role",
        request=RoleSent,
        responses={200: MemberAnswer, **errors(400, 401, 403, 404, 429)},
        examples=[sends({"role": "viewer"}), answers(ANSWER)],
        tags=TAGS,
    )
    def patch(self, request: Request, reference: str, member: str) -> Response:
        found, body = _member(request, reference, member), Body(request)
        body.text("role", required=True)
        role = body.choice("role", ROLES)
        body.check()
        return done(member=_shown(sources.change_member(member=found, role=role)))

    @extend_schema(
        operation_id="sources_remove_member",
        summary="Take a member away; without any, the collection is open to the organisation again",
        responses={200: MemberRemoved, **errors(401, 403, 404, 429)},
        examples=[answers({"success": True})],
        tags=TAGS,
    )
    def delete(self, request: Request, reference: str, member: str) -> Response:
        sources.remove_member(member=_member(request, reference, member))
        return done()


def _members(collection: Collection) -> QuerySet[CollectionMember]:
    return CollectionMember.objects.filter(collection=collection)


def _member(request: Request, reference: str, uid: str) -> CollectionMember:
    """Raises NotFound and Refused."""
    found = _members(collection(request, reference, needs=WRITE)).filter(uid=uid).first()
    if found is None:
        raise NotFound("Member not found")
    return found


def _shown(member: CollectionMember) -> Values:
    return MEMBERS.one(CollectionMember.objects.filter(id=member.id), what="Member")
