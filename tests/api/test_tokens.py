"""What is presented as a credential and is none: 401, whatever it is."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import ApiKey, User
from tests.conftest import PASSWORD, Cast, ClientOf, key_of

PATH = "/v1/tokenInfo"


def sign_in(user: User, **more: str) -> dict[str, str]:
    body = {"email": user.email, "password": PASSWORD, **more}
    response = Client().post("/api/token", body, content_type="application/json")
    assert response.status_code == 200, response.content
    pair: dict[str, str] = response.json()
    return pair


def claims(user: User, **more: Any) -> dict[str, Any]:
    """Those of an access token that is good but for `more`; None takes a claim away."""
    own = accounts.claims_of(user=user)
    now = datetime.now(UTC)
    good = {
        "token_type": "access",
        "sub": user.uid,
        "version": own.version,
        "stamp": own.stamp,
        "organization": "",
        "iss": "crossdock",
        "aud": "crossdock",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "jti": "1",
    }
    return {name: value for name, value in (good | more).items() if value is not None}


def signed(payload: dict[str, Any], key: Any = None, algorithm: str = "HS256", **headers: Any) -> str:
    return jwt.encode(payload, key or settings.SIMPLE_JWT["SIGNING_KEY"], algorithm, headers=headers or None)


def unsigned(payload: dict[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, jwt.decode(signed(payload), options={"verify_signature": False}))
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def rsa_key() -> bytes:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


LATER, EARLIER = timedelta(minutes=1), timedelta(minutes=-1)
FORGERIES: dict[str, Callable[[User], str]] = {
    "nothing": lambda _: "",
    "noise": lambda _: "noise",
    "three dots": lambda _: "a.b.c",
    "not ASCII": lambda _: "xd_ü",
    "no algorithm": lambda user: unsigned(claims(user)),
    "another key": lambda user: signed(claims(user), key="x" * 64),
    "Django's own key": lambda user: signed(claims(user), key=settings.SECRET_KEY),
    "another algorithm": lambda user: signed(claims(user), algorithm="HS512"),
    "a public key's algorithm": lambda user: signed(claims(user), key=rsa_key(), algorithm="RS256"),
    "a key id that is a path": lambda user: signed(claims(user), key="x" * 64, kid="../../dev/null"),
    "another audience": lambda user: signed(claims(user, aud="elsewhere")),
    "no audience": lambda user: signed(claims(user, aud=None)),
    "another issuer": lambda user: signed(claims(user, iss="elsewhere")),
    "no issuer": lambda user: signed(claims(user, iss=None)),
    "expired": lambda user: signed(claims(user, exp=datetime.now(UTC) + EARLIER)),
    "no end": lambda user: signed(claims(user, exp=None)),
    "not yet": lambda user: signed(claims(user, nbf=datetime.now(UTC) + LATER)),
    "issued tomorrow": lambda user: signed(claims(user, iat=datetime.now(UTC) + timedelta(days=1))),
    "a refresh token": lambda user: sign_in(user)["refresh"],
    "no type": lambda user: signed(claims(user, token_type=None)),
    "no subject": lambda user: signed(claims(user, sub=None)),
    "a subject that is a number": lambda user: signed(claims(user, sub=7)),
    "nobody": lambda user: signed(claims(user, sub="0" * 24)),
    "no version": lambda user: signed(claims(user, version=None)),
    "another version": lambda user: signed(claims(user, version=99)),
    "another stamp": lambda user: signed(claims(user, stamp="0" * 32)),
    "an organisation that is none": lambda user: signed(claims(user, organization="0" * 24)),
    "a key cut short": lambda user: key_of(user)[:-1],
    "a one-time token": lambda _: "xo_" + "a" * 43,
    "a connect token": lambda _: "xc_" + "a" * 43,
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_401(forgery: str, cast: Cast) -> None:
    value = FORGERIES[forgery](cast.owner)
    for headers in ({"Authorization": f"Bearer {value}"}, {"X-API-Key": value}):
        response = Client(headers=headers).get(PATH)
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer realm="api"'
        assert set(response.json()) == {"errors"}
        assert not value or value not in response.content.decode()


def test_the_forgeries_are_forged_from_a_good_token(cast: Cast) -> None:
    assert Client(headers={"Authorization": f"Bearer {signed(claims(cast.owner))}"}).get(PATH).status_code == 200


@pytest.mark.parametrize("header", ["Basic dXNlcjpwYXNz", "xd_key", "Bearer", "Token x"])
def test_another_scheme_is_401(header: str, cast: Cast) -> None:
    assert Client(headers={"Authorization": header}).get(PATH).status_code == 401


def test_a_token_in_the_address_is_not_read(cast: Cast) -> None:
    value = key_of(cast.owner)
    for name in ("token", "access_token", "api_key", "key"):
        assert Client().get(f"{PATH}?{name}={value}").status_code == 401


def test_a_session_of_the_console_opens_no_api(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.owner)
    assert client.get(PATH).status_code == 401


def test_a_key_is_taken_from_either_header(cast: Cast) -> None:
    value = key_of(cast.owner)
    for headers in ({"Authorization": f"bearer {value}"}, {"X-API-Key": value}):
        assert Client(headers=headers).get(PATH).json() == {"_userId": cast.owner.uid, "scope": "*"}


def test_token_info_tells_the_scopes_of_a_key(cast: Cast, client_of: ClientOf) -> None:
    assert client_of(cast.editor, "read", "run").get(PATH).json()["scope"] == "read run"
    assert client_of(cast.viewer).get(PATH).json()["scope"] == "read"


def revoke(user: User) -> None:
    for key in ApiKey.objects.filter(owner=user):
        accounts.revoke_api_key(key=key, at=timezone.now())


def disable(user: User) -> None:
    User.objects.filter(id=user.id).update(is_active=False)


def change_password(user: User) -> None:
    user.set_password("another horse battery staple")
    user.save()


@pytest.mark.parametrize(
    ("end", "credential"),
    [
        (revoke, key_of),
        (disable, key_of),
        (disable, lambda user: sign_in(user)["access"]),
        (change_password, lambda user: sign_in(user)["access"]),
        (lambda user: accounts.end_sessions(user=user), lambda user: sign_in(user)["access"]),
    ],
)
def test_an_ended_credential_is_401_within_a_second(
    end: Callable[[User], None], credential: Callable[[User], str], cast: Cast
) -> None:
    client = Client(headers={"Authorization": f"Bearer {credential(cast.owner)}"})
    assert client.get(PATH).status_code == 200
    end(cast.owner)
    accounts.forget_callers()  # what a second does
    assert client.get(PATH).status_code == 401
