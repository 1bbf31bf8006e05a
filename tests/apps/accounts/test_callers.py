from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts import services as accounts
from apps.accounts.models import ApiKey, Membership, Role, User
from apps.accounts.services import callers
from apps.dialects.caller import Caller
from apps.errors import Refused
from tests.conftest import Cast

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def key(cast: Cast, **options: object) -> tuple[ApiKey, str]:
    options = {"owner": cast.editor, "name": "robot", "at": AT} | options
    return accounts.create_api_key(organization=cast.acme, **options)


def test_a_key_is_its_owner_in_its_organisation(cast: Cast) -> None:
    made, value = key(cast, scopes=["read"])
    assert accounts.caller_of_key(value=value, at=AT) == Caller(
        organization_id=cast.acme.id,
        user_id=cast.editor.id,
        user_uid=cast.editor.uid,
        role="editor",
        scopes=frozenset({"read"}),
        key_uid=made.uid,
    )


@pytest.mark.parametrize(("role", "expected"), [("owner", "editor"), ("editor", "editor"), ("viewer", "viewer")])
def test_a_key_has_at_most_an_editors_role(role: str, expected: str, cast: Cast) -> None:
    _, value = key(cast, owner=getattr(cast, role))
    assert accounts.caller_of_key(value=value, at=AT).role == expected


@pytest.mark.parametrize(("role", "is_admin"), [("owner", True), ("editor", False), ("viewer", False)])
def test_tells_whether_the_person_is_an_admin_by_key_and_by_token(role: str, is_admin: bool, cast: Cast) -> None:
    user = getattr(cast, role)
    _, value = key(cast, owner=user)
    assert accounts.caller_of_key(value=value, at=AT).is_admin is is_admin
    assert accounts.caller_of_user(claims=accounts.claims_of(user=user)).is_admin is is_admin


def test_a_key_is_confined_to_its_collections_or_to_its_owners(cast: Cast) -> None:
    uid = "5e03061cda20740022300f09"
    found = []
    for scopes in (["run"], ["organization"], ["read", f"collection:col_{uid}"], ["user"]):
        caller = accounts.caller_of_key(value=key(cast, scopes=scopes)[1], at=AT)
        found.append((caller.scopes, caller.collections, caller.is_personal, caller.is_confined))
    assert found == [
        ({"run"}, frozenset(), False, False),
        (frozenset(), frozenset(), False, False),
        ({"read"}, {uid}, False, True),
        (frozenset(), frozenset(), True, True),
    ]


def revoke(made: ApiKey) -> None:
    accounts.revoke_api_key(key=made, at=AT)


def expire(made: ApiKey) -> None:
    ApiKey.objects.filter(id=made.id).update(expires_at=AT)


def disable_owner(made: ApiKey) -> None:
    User.objects.filter(id=made.owner_id).update(is_active=False)


def remove_owner(made: ApiKey) -> None:
    Membership.objects.filter(user=made.owner_id).delete()


@pytest.mark.parametrize("end", [revoke, expire, disable_owner, remove_owner])
def test_refuses_a_key_that_has_ended(end: Callable[[ApiKey], None], cast: Cast) -> None:
    made, value = key(cast)
    end(made)
    with pytest.raises(Refused) as caught:
        accounts.caller_of_key(value=value, at=AT)
    assert caught.value.code == "unauthorized"


def test_refuses_a_value_that_nobody_was_given(cast: Cast) -> None:
    _, value = key(cast)
    for other in ("xd_", f"{value}a", value[:-1], value.upper()):
        with pytest.raises(Refused):
            accounts.caller_of_key(value=other, at=AT)


def test_remembers_a_caller_for_a_second(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    made, value = key(cast)
    clock = [100.0]
    monkeypatch.setattr(callers.time, "monotonic", lambda: clock[0])
    accounts.caller_of_key(value=value, at=AT)
    revoke(made)
    clock[0] += 0.9
    with CaptureQueriesContext(connection) as captured:
        accounts.caller_of_key(value=value, at=AT)
    assert len(captured) == 0
    clock[0] += 0.2
    with pytest.raises(Refused):
        accounts.caller_of_key(value=value, at=AT)


def test_remembers_no_more_callers_than_it_has_room_for(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "REMEMBERED_CALLERS", 2)
    for _ in range(5):
        accounts.caller_of_key(value=key(cast)[1], at=AT)
    assert len(callers._remembered) <= 2


def test_notes_the_use_of_a_key_once_a_minute(cast: Cast) -> None:
    made, value = key(cast)
    for seconds, noted in ((0, 0), (59, 0), (61, 61)):
        accounts.forget_callers()
        accounts.caller_of_key(value=value, at=AT + timedelta(seconds=seconds))
        made.refresh_from_db()
        assert made.last_used_at == AT + timedelta(seconds=noted)


def test_a_person_acts_in_the_first_organisation_or_the_one_that_is_named(cast: Cast) -> None:
    accounts.add_member(organization=cast.globex, user=cast.owner, role=Role.VIEWER)
    first = accounts.caller_of_user(claims=accounts.claims_of(user=cast.owner))
    named = accounts.caller_of_user(claims=accounts.claims_of(user=cast.owner, organization_uid=cast.globex.uid))
    assert (first.organization_id, first.role) == (cast.acme.id, "owner")
    assert (named.organization_id, named.role) == (cast.globex.id, "viewer")


def test_refuses_claims_on_somebody_elses_organisation(cast: Cast) -> None:
    with pytest.raises(Refused):
        accounts.claims_of(user=cast.owner, organization_uid=cast.globex.uid)


def end_sessions(user: User) -> None:
    accounts.end_sessions(user=user)


def change_password(user: User) -> None:
    user.set_password("another horse battery staple")
    user.save()


def disable(user: User) -> None:
    User.objects.filter(id=user.id).update(is_active=False)


def leave(user: User) -> None:
    user.memberships.all().delete()


@pytest.mark.parametrize("end", [end_sessions, change_password, disable, leave])
def test_refuses_claims_that_have_ended(end: Callable[[User], None], cast: Cast) -> None:
    claims = accounts.claims_of(user=cast.owner)
    end(User.objects.get(id=cast.owner.id))
    with pytest.raises(Refused):
        accounts.caller_of_user(claims=claims)
