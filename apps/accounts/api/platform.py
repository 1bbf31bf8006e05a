"""Signing in with a password: a short access token and a refresh token that works once."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.tokens import RefreshToken

from apps.accounts.api.signing_in import TokenEndpoint, exchanged, signed_in
from apps.dialects.parsing import object_of
from apps.dialects.platform import errors


class Credentials(serializers.Serializer[Any]):
    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False, max_length=1000)
    organization = serializers.CharField(
        required=False, help_text="The name or uid of the organisation to act in; else the first one joined."
    )


class Refresh(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=4000)


class TokenPair(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Send it as `Authorization: Bearer …` for 15 minutes.")
    refresh = serializers.CharField(help_text="Exchange it once, within a day, for a new pair.")


PAIR = OpenApiExample("A pair", {"access": "eyJhbGciOi…", "refresh": "eyJhbGciOi…"}, response_only=True)


class TokenView(TokenEndpoint):
    @extend_schema(
        operation_id="sign_in",
        summary="Sign in",
        request=Credentials,
        responses={200: TokenPair, **errors(400, 401, 429, 503)},
        examples=[
            OpenApiExample("Credentials", {"email": "ada@example.com", "password": "…"}, request_only=True),
            PAIR,
        ],
        tags=["Platform"],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = Credentials(data=object_of(request))
        given.is_valid(raise_exception=True)
        _, token = signed_in(request, **given.validated_data, at=timezone.now())
        return _pair(token)


class RefreshView(TokenEndpoint):
    @extend_schema(
        operation_id="refresh_token",
        summary="Exchange a refresh token for a new pair",
        request=Refresh,
        responses={200: TokenPair, **errors(400, 401, 429, 503)},
        examples=[OpenApiExample("A refresh token", {"refresh": "eyJhbGciOi…"}, request_only=True), PAIR],
        tags=["Platform"],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = Refresh(data=object_of(request))
        given.is_valid(raise_exception=True)
        return _pair(exchanged(request, given.validated_data["refresh"]))


def _pair(token: RefreshToken) -> Response:
    return Response({"access": str(token.access_token), "refresh": str(token)})
