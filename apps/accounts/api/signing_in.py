"""What every dialect's way of signing in with a password shares: who is let in, and refresh tokens that work once."""

from datetime import datetime

from django.contrib.auth import authenticate
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from redis.exceptions import RedisError
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from apps.accounts import queries, services
from apps.accounts.api.claims import claims_in, token_with
from apps.accounts.models import User
from apps.dialects.limits import LimiterAway, sign_in
from apps.dialects.permissions import Public
from apps.dialects.views import Endpoint
from apps.errors import NotFound, Refused


class TokenEndpoint(Endpoint):
    """Nobody is known yet here, and nothing below is done for whom the limits do not let in."""

    authentication_classes = ()
    permission_classes = (Public,)

    def get_authenticate_header(self, request: HttpRequest) -> str:
        return 'Bearer realm="api"'  # without one DRF makes a wrong password a 403


def signed_in(
    request: Request, *, email: str, password: str, at: datetime, organization: str = ""
) -> tuple[User, RefreshToken]:
    """The person and a refresh token for them. Raises AuthenticationFailed, Throttled and LimiterAway."""
    _count(request, email)
    user = authenticate(request, email=email, password=password)
    if not isinstance(user, User):
        raise AuthenticationFailed("The e-mail address or the password is wrong.")
    try:
        claims = services.claims_of(user=user, organization_uid=_organization_uid(organization))
    except (NotFound, Refused) as error:
        raise AuthenticationFailed("You are not a member of this organisation.") from error
    services.note_sign_in(user=user, at=at)
    return user, token_with(claims)


def exchanged(request: Request, text: str) -> RefreshToken:
    """Another refresh token for one, which is used up then. Raises AuthenticationFailed, Throttled and LimiterAway."""
    try:
        token = RefreshToken(text)  # type: ignore[arg-type]  # the library's hint says Token, it takes text
        claims = claims_in(token)
    except TokenError as error:
        raise AuthenticationFailed("The refresh token is invalid or expired.") from error
    _count(request, claims.user_uid)
    try:
        services.caller_of_user(claims=claims)
    except Refused as error:
        raise AuthenticationFailed(error.message) from error
    _use_up(token)
    return token_with(claims)


def _count(request: Request, account: str) -> None:
    if wait := sign_in(request, account):
        raise Throttled(wait=wait)


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
