"""Who is calling, in Celigo's words."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.celigo.envelope import errors
from apps.dialects.permissions import ROLES, allowed_scopes
from apps.dialects.views import Endpoint, caller_of


class TokenInfo(serializers.Serializer[Any]):
    _userId = serializers.CharField()
    scope = serializers.CharField(help_text='"*" for everything, else what the key may do: "read run".')


class TokenInfoView(Endpoint):
    @extend_schema(
        operation_id="celigo_token_info",
        summary="Who is calling",
        responses={200: TokenInfo, **errors(401)},
        examples=[OpenApiExample("A key", {"_userId": "5e03061cda20740022300f09", "scope": "*"})],
        tags=["Celigo: account"],
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        scopes = allowed_scopes(caller)
        scope = "*" if scopes == ROLES["owner"] else " ".join(sorted(scopes))
        return Response({"_userId": caller.user_uid, "scope": scope})
