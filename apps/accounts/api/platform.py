"""Signing in with a password: a short access token and a refresh token that works once."""

from typing import Any

from django.contrib.auth import authenticate
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from apps.accounts import queries, services
from apps.accounts.api.claims import claims_in, token_with
from apps.accounts.models import User
from apps.dialects.limits import LimiterAway, sign_in
from apps.dialects.parsing import object_of
from apps.dialects.permissions import Public
from apps.dialects.platform import errors
from apps.dialects.views import Endpoint
from apps.errors import NotFound, Refused


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


class TokenEndpoint(Endpoint):
    """Nobody is known yet here, and nothing below is done for whom the limits do not let in."""

    authentication_classes = ()
    permission_classes = (Public,)

    def get_authenticate_header(self, request: HttpRequest) -> str:
        return 'Bearer realm="api"'  # without one DRF makes a wrong password a 403

    @staticmethod
    def count(request: Request, account: str) -> None:
        if wait := sign_in(request, account):
            raise Throttled(wait=wait)


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
        values = given.validated_data
        self.count(request, values["email"])
        user = authenticate(request, email=values["email"], password=values["password"])
        if not isinstance(user, User):
            raise AuthenticationFailed("The e-mail address or the password is wrong.")
        try:
            organization = _organization_uid(values.get("organization", ""))
            claims = services.claims_of(user=user, organization_uid=organization)
        except (NotFound, Refused) as error:
            raise AuthenticationFailed("You are not a member of this organisation.") from error
        services.note_sign_in(user=user, at=timezone.now())
        return _pair(token_with(claims))


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
        try:
            token = RefreshToken(given.validated_data["refresh"])
            claims = claims_in(token)
        except TokenError as error:
            raise AuthenticationFailed("The refresh token is invalid or expired.") from error
        self.count(request, claims.user_uid)
        try:
            services.caller_of_user(claims=claims)
        except Refused as error:
            raise AuthenticationFailed(error.message) from error
        _use_up(token)
        return _pair(token_with(claims))


def _pair(token: RefreshToken) -> Response:
    return Response({"access": str(token.access_token), "refresh": str(token)})


def _organization_uid(reference: str) -> str:
    return queries.organization(reference).uid if reference else ""


def _use_up(token: RefreshToken) -> None:
    """Remembers a used token until it would have expired. Raises AuthenticationFailed at its second use."""
    left = int(token["exp"] - timezone.now().timestamp()) + 1
    try:
        is_first = cache.add(f"refreshed:{token['jti']}", 1, timeout=left)
    except (RedisError, OSError) as error:
        raise LimiterAway from error
    if not is_first:
        raise AuthenticationFailed("The refresh token has been used already.")
