"""Which collections a caller reaches, and what they may do there."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Role, User
from apps.dialects.caller import Caller
from apps.errors import NotFound, Refused
from apps.sources import services as sources
from apps.sources.models import Collection, CollectionMember, SourceConnection
from apps.sources.queries import access
from tests.conftest import Cast

WHO = ("owner", "editor", "viewer")


@pytest.fixture
def docs(cast: Cast) -> Collection:
    return sources.create_collection(organization_id=cast.acme.id, project_id=None, name="Docs")


@pytest.fixture
def pushed(docs: Collection) -> SourceConnection:
    return sources.create_push(collection=docs, name="Pushed")


def caller(user: User) -> Caller:
    return accounts.caller_of_user(claims=accounts.claims_of(user=user))


def admit(collection: Collection, user: User, role: Role) -> None:
    CollectionMember.objects.create(collection=collection, user=user, role=role)


def allowed(collection: Collection, who: Caller) -> set[str]:
    """What the caller may do in the collection; the lists agree with it."""
    found = set()
    for needs in ("read", "write", "run"):
        try:
            access.collection(collection.readable_id, who, needs=needs)
            found.add(needs)
        except Refused:
            pass
    assert access.collections(who).filter(id=collection.id).exists() is ("read" in found)
    assert access.source_connections(who).filter(collection=collection).exists() is ("read" in found)
    return found


def test_without_members_it_is_open_to_everybody_by_their_role(cast: Cast, docs: Collection, pushed: object) -> None:
    found = [allowed(docs, caller(getattr(cast, who))) for who in WHO]
    assert found == [{"read", "write", "run"}, {"read", "write", "run"}, {"read"}]


def test_with_members_it_is_open_to_them_and_to_admins(cast: Cast, docs: Collection, pushed: object) -> None:
    admit(docs, cast.viewer, Role.OWNER)
    found = [allowed(docs, caller(getattr(cast, who))) for who in WHO]
    assert found == [{"read", "write", "run"}, set(), {"read"}]


def test_a_members_role_narrows_what_they_may_do(cast: Cast, docs: Collection, pushed: object) -> None:
    admit(docs, cast.editor, Role.VIEWER)
    assert allowed(docs, caller(cast.editor)) == {"read"}


def test_an_owner_is_not_locked_out_by_a_role_of_their_own(cast: Cast, docs: Collection, pushed: object) -> None:
    admit(docs, cast.owner, Role.VIEWER)
    assert allowed(docs, caller(cast.owner)) == {"read", "write", "run"}


def test_a_key_of_other_collections_is_refused(cast: Cast, docs: Collection, pushed: object) -> None:
    other = replace(caller(cast.owner), collections=frozenset({"0" * 24}))
    assert allowed(docs, other) == set()
    assert allowed(docs, replace(other, collections=frozenset({docs.uid, "0" * 24}))) == {"read", "write", "run"}


def test_a_personal_key_needs_a_collection_that_names_its_owner(cast: Cast, docs: Collection, pushed: object) -> None:
    own = replace(caller(cast.owner), is_personal=True)
    assert allowed(docs, own) == set()
    admit(docs, cast.editor, Role.EDITOR)
    assert allowed(docs, own) == set()
    admit(docs, cast.owner, Role.EDITOR)
    assert allowed(docs, own) == {"read", "write", "run"}


def test_a_keys_scopes_narrow_as_well(cast: Cast, docs: Collection, pushed: object) -> None:
    assert allowed(docs, replace(caller(cast.editor), scopes=frozenset({"read", "run"}))) == {"read", "run"}


def test_is_found_by_three_names_and_by_no_others(cast: Cast, docs: Collection) -> None:
    who = caller(cast.editor)
    for reference in (f"col_{docs.uid}", str(docs.uuid), "docs"):
        assert access.collection(reference, who) == docs
    for reference in (docs.uid, str(docs.id), docs.uuid.hex, "Docs", "col_", "", None, 7, ["docs"]):
        with pytest.raises(NotFound):
            access.collection(reference, who)


def test_another_organisations_rows_are_not_there(cast: Cast, docs: Collection, pushed: SourceConnection) -> None:
    stranger = caller(cast.stranger)
    for reference in (f"col_{docs.uid}", str(docs.uuid), "docs"):
        with pytest.raises(NotFound):
            access.collection(reference, stranger)
    with pytest.raises(NotFound):
        access.source_connection(pushed.uid, stranger)
    assert not access.collections(stranger).exists()
    assert not access.source_connections(stranger).exists()


def test_a_readable_id_is_an_organisations_own(cast: Cast, docs: Collection) -> None:
    theirs = sources.create_collection(organization_id=cast.globex.id, project_id=None, name="Docs")
    assert access.collection("docs", caller(cast.stranger)) == theirs
    assert access.collection("docs", caller(cast.editor)) == docs


def test_what_was_removed_is_not_there(cast: Cast, docs: Collection, pushed: SourceConnection) -> None:
    sources.remove_collection(collection=docs, at=timezone.now())
    who = caller(cast.owner)
    with pytest.raises(NotFound):
        access.collection("docs", who)
    with pytest.raises(NotFound):
        access.source_connection(pushed.uid, who)


def test_a_source_connection_is_as_open_as_its_collection(
    cast: Cast, docs: Collection, pushed: SourceConnection
) -> None:
    admit(docs, cast.viewer, Role.VIEWER)
    assert access.source_connection(pushed.uid, caller(cast.owner), needs="write") == pushed
    for who, needs in ((cast.editor, "read"), (cast.viewer, "write")):
        with pytest.raises(Refused):
            access.source_connection(pushed.uid, caller(who), needs=needs)


def test_asks_the_database_once(cast: Cast, docs: Collection, pushed: SourceConnection) -> None:
    admit(docs, cast.editor, Role.EDITOR)
    who = caller(cast.editor)
    with CaptureQueriesContext(connection) as captured:
        found = access.source_connection(pushed.uid, who, needs="write")
        assert (found.collection.name, found.connection) == ("Docs", None)
    assert len(captured) == 1
