"""Signing in as clients of the Sources API do."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.signing_in import TokenEndpoint, exchanged, signed_in
from apps.dialects.sources.bodies import Body
from apps.dialects.sources.envelope import errors
from apps.dialects.sources.views import answers, done, sends

TAGS = ["Sources: sign-in"]
PAIR = {"token": "eyJhbGciOi…", "refreshToken": "eyJhbGciOi…"}
USER = {"id": "5e03061cda20740022300f05", "email": "ada@example.com", "name": "Ada"}


class SourcesLogin(serializers.Serializer[Any]):
    email = serializers.EmailField()
    password = serializers.CharField()
    organization = serializers.CharField(
        required=False, help_text="The name or id of the organisation to act in; else the first one joined."
    )


class SourcesRefresh(serializers.Serializer[Any]):
    refreshToken = serializers.CharField()


class SourcesTokens(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    token = serializers.CharField(help_text="Send it as `Authorization: Bearer …` for 15 minutes.")
    refreshToken = serializers.CharField(help_text="Exchange it once, within a day, for new ones.")


class SourcesPerson(serializers.Serializer[Any]):
    id = serializers.CharField()
    email = serializers.CharField()
    name = serializers.CharField(allow_blank=True)


class SourcesSignedIn(SourcesTokens):
    user = SourcesPerson()


class LoginView(TokenEndpoint):
    @extend_schema(
        operation_id="sources_sign_in",
        summary="Sign in with e-mail address and password",
        request=SourcesLogin,
        responses={200: SourcesSignedIn, **errors(400, 401, 429, 503)},
        examples=[
            sends({"email": "ada@example.com", "password": "…"}),
            answers({"success": True, **PAIR, "user": USER}),
        ],
        tags=TAGS,
        auth=[],
    )
    def post(self, request: Request) -> Response:
        body = Body(request)
        email, password = body.text("email", required=True), body.text("password", required=True)
        organization = body.text("organization")
        body.check()
        user, token = signed_in(request, email=email, password=password, organization=organization, at=timezone.now())
        person = {"id": user.uid, "email": user.email, "name": user.name}
        return done(token=str(token.access_token), refreshToken=str(token), user=person)


class TokenRefreshView(TokenEndpoint):
    @extend_schema(
        operation_id="sources_refresh_token",
        summary="Exchange a refresh token for new ones",
        request=SourcesRefresh,
        responses={200: SourcesTokens, **errors(400, 401, 429, 503)},
        examples=[sends({"refreshToken": "eyJhbGciOi…"}), answers({"success": True, **PAIR})],
        tags=TAGS,
        auth=[],
    )
    def post(self, request: Request) -> Response:
        body = Body(request)
        text = body.text("refreshToken", required=True)
        body.check()
        token = exchanged(request, text)
        return done(token=str(token.access_token), refreshToken=str(token))
