from datetime import UTC, datetime, timedelta

import pytest

from apps.accounts import services as accounts
from apps.accounts.models import ApiKey, Membership
from apps.errors import Invalid
from tests.conftest import Cast

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_keeps_a_digest_and_shows_the_value_once(cast: Cast) -> None:
    key, value = accounts.create_api_key(organization=cast.acme, owner=cast.editor, name="robot", at=AT)
    assert (value[:3], len(value)) == ("xd_", 46)
    assert key.prefix == value[:9]
    stored = ApiKey.objects.filter(id=key.id).values().get()
    assert not any(value[9:] in str(field) for field in stored.values())


def test_makes_another_value_each_time(cast: Cast) -> None:
    values = {accounts.create_api_key(organization=cast.acme, name="robot", at=AT)[1] for _ in range(10)}
    assert len(values) == 10


def test_belongs_to_the_first_owner_when_nobody_of_the_organisation_is_named(cast: Cast) -> None:
    for owner in (None, cast.stranger):
        key, _ = accounts.create_api_key(organization=cast.acme, owner=owner, name="robot", at=AT)
        assert key.owner == cast.owner


def test_a_personal_key_is_its_makers_or_none_is_made(cast: Cast) -> None:
    key, _ = accounts.create_personal_key(organization=cast.acme, owner=cast.viewer, name="laptop", at=AT)
    assert (key.owner, key.scopes, key.expires_at) == (cast.viewer, [], None)
    with pytest.raises(Invalid, match="not a member") as refusal:
        accounts.create_personal_key(organization=cast.acme, owner=cast.stranger, name="laptop", at=AT)
    assert refusal.value.field == "organization"
    assert ApiKey.objects.get() == key


def test_refuses_an_organisation_without_an_owner(cast: Cast) -> None:
    Membership.objects.filter(organization=cast.acme).delete()
    with pytest.raises(Invalid, match="no owner"):
        accounts.create_api_key(organization=cast.acme, name="robot", at=AT)
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"scopes": ["read", "everything"]}, "scopes"), ({"expires_at": AT - timedelta(seconds=1)}, "expires_at")],
)
def test_refuses_what_no_key_can_be(wrong: dict[str, object], field: str, cast: Cast) -> None:
    with pytest.raises(Invalid) as caught:
        accounts.create_api_key(organization=cast.acme, name="robot", at=AT, **wrong)
    assert caught.value.field == field
    assert not ApiKey.objects.exists()


COLLECTION = "collection:col_" + "a" * 24
OTHER = "collection:col_" + "b" * 24


def test_keeps_how_far_it_reaches(cast: Cast) -> None:
    for scopes, kept in (
        (["organization"], ["organization"]),
        (["read", OTHER, COLLECTION, OTHER], [COLLECTION, OTHER, "read"]),
        (["user"], [f"user:{cast.editor.uid}"]),
        ([f"user:{cast.editor.uid}", "run"], ["run", f"user:{cast.editor.uid}"]),
    ):
        key, _ = accounts.create_api_key(organization=cast.acme, owner=cast.editor, name="robot", scopes=scopes, at=AT)
        assert key.scopes == kept


@pytest.mark.parametrize(
    "scope",
    [
        "collection:",
        "collection:col_abc",
        "collection:docs",
        f"collection:{'a' * 24}",
        f"{COLLECTION} ",
        "user:",
        "Read",
    ],
)
def test_refuses_a_scope_that_there_is_not(scope: str, cast: Cast) -> None:
    with pytest.raises(Invalid) as caught:
        accounts.create_api_key(organization=cast.acme, name="robot", scopes=["read", scope], at=AT)
    assert caught.value.field == "scopes"
    assert not ApiKey.objects.exists()


def test_is_no_key_of_another_persons_collections(cast: Cast) -> None:
    with pytest.raises(Invalid, match="nobody else"):
        accounts.create_api_key(
            organization=cast.acme, owner=cast.editor, name="robot", scopes=[f"user:{cast.owner.uid}"], at=AT
        )


@pytest.mark.parametrize("scope", [COLLECTION, "user"])
def test_refuses_scopes_that_contradict_each_other(scope: str, cast: Cast) -> None:
    with pytest.raises(Invalid, match="contradict"):
        accounts.create_api_key(organization=cast.acme, name="robot", scopes=["organization", scope], at=AT)


def test_refuses_another_organisations_project(cast: Cast) -> None:
    project = accounts.create_project(organization=cast.globex, name="Theirs", internal_id="theirs")
    with pytest.raises(Invalid) as caught:
        accounts.create_api_key(organization=cast.acme, name="robot", project=project, at=AT)
    assert caught.value.code == "invalid_ref"


def test_is_revoked_once(cast: Cast) -> None:
    key, _ = accounts.create_api_key(organization=cast.acme, name="robot", at=AT)
    accounts.revoke_api_key(key=key, at=AT)
    accounts.revoke_api_key(key=key, at=AT + timedelta(days=1))
    assert key.revoked_at == AT
