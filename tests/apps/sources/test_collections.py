"""Collections and their readable ids, and who is let into them."""

import pytest
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Membership, Role
from apps.errors import Conflict, Invalid, NotFound
from apps.jobs.models import Job
from apps.sources import services as sources
from apps.sources.models import Collection, CollectionMember, SourceConnection
from apps.sources.services.collections import readable
from tests.apps.jobs.threads import at_once
from tests.conftest import Cast


def make(cast: Cast, name: str = "Docs") -> Collection:
    return sources.create_collection(organization_id=cast.acme.id, project_id=None, name=name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Product docs", "product-docs"),
        ("  Ünïcode & Co. ", "unicode-co"),
        ("snake_case__name", "snake-case-name"),
        ("--", "collection"),
        ("文档", "collection"),
        ("x" * 200, "x" * 70),
        ("col_5e03061cda20740022300f09", "col-5e03061cda20740022300f09"),
        ("0b5a4f8e-7f0e-4d55-9f0a-3a5b7a4f1c11", "collection-0b5a4f8e-7f0e-4d55-9f0a-3a5b7a4f1c11"),
    ],
)
def test_a_readable_id_comes_from_the_name_and_reads_like_no_other_id(name: str, expected: str) -> None:
    assert readable(name) == expected


def test_takes_the_first_number_that_is_free(cast: Cast) -> None:
    rows = [make(cast) for _ in range(3)]
    assert [row.readable_id for row in rows] == ["docs", "docs-2", "docs-3"]
    sources.remove_collection(collection=rows[1], at=timezone.now())
    make(cast, "Docs of old")
    assert make(cast).readable_id == "docs-2"


@pytest.mark.django_db(transaction=True)
def test_many_of_one_name_at_once_get_an_id_each(cast: Cast) -> None:
    found = at_once(8, lambda _: make(cast).readable_id)
    assert sorted(found) == ["docs", *(f"docs-{number}" for number in range(2, 9))]


def test_goes_at_once_and_its_row_with_the_last_purge(cast: Cast) -> None:
    collection = make(cast)
    pushed, retained = (sources.create_push(collection=collection, name=name) for name in ("Pushed", "Retained"))
    for source in (pushed, retained):
        sources.push(source_connection=source, records=[{"id": "a"}, {"id": "b"}], at=timezone.now())
    sources.remove(source_connection=retained, delete_data=False, at=timezone.now())
    assert sources.remove_collection(collection=collection, at=timezone.now()) == 4
    assert not Collection.objects.exists()
    assert not SourceConnection.objects.exists()
    assert Job.objects.filter(kind="record_purge", state="queued").count() == 2


def test_adds_who_is_in_the_organisation_whatever_the_case_of_their_address(cast: Cast) -> None:
    member = sources.add_member(collection=make(cast), email="VERA@Acme.example", role="editor", by_id=cast.owner.id)
    assert (member.user, member.role) == (cast.viewer, Role.EDITOR)


@pytest.mark.parametrize("email", ["stan@globex.example", "nobody@acme.example", ""])
def test_adds_nobody_else(email: str, cast: Cast) -> None:
    with pytest.raises(NotFound):
        sources.add_member(collection=make(cast), email=email, role="viewer", by_id=cast.owner.id)
    assert not CollectionMember.objects.exists()


def test_adds_nobody_twice_and_nobody_who_has_left(cast: Cast) -> None:
    collection = make(cast)
    sources.add_member(collection=collection, email="vera@acme.example", role="viewer", by_id=cast.owner.id)
    with pytest.raises(Conflict):
        sources.add_member(collection=collection, email="vera@acme.example", role="owner", by_id=cast.owner.id)
    accounts.remove_member(membership=Membership.objects.get(user=cast.editor))
    with pytest.raises(NotFound):
        sources.add_member(collection=collection, email="edgar@acme.example", role="viewer", by_id=cast.owner.id)
    assert CollectionMember.objects.get().role == Role.VIEWER


@pytest.mark.parametrize(
    ("by", "email", "members"),
    [
        ("editor", "vera@acme.example", {("edgar@acme.example", "owner"), ("vera@acme.example", "viewer")}),
        ("editor", "edgar@acme.example", {("edgar@acme.example", "viewer")}),
        ("owner", "vera@acme.example", {("vera@acme.example", "viewer")}),
    ],
)
def test_nobody_locks_themselves_out(by: str, email: str, members: set[tuple[str, str]], cast: Cast) -> None:
    by_id = getattr(cast, by).id
    sources.add_member(collection=make(cast), email=email, role="viewer", by_id=by_id)
    assert set(CollectionMember.objects.values_list("user__email", "role")) == members


def test_a_role_that_there_is_not_is_refused(cast: Cast) -> None:
    collection = make(cast)
    with pytest.raises(Invalid):
        sources.add_member(collection=collection, email="vera@acme.example", role="king", by_id=cast.owner.id)
    member = sources.add_member(collection=collection, email="vera@acme.example", role="viewer", by_id=cast.owner.id)
    with pytest.raises(Invalid):
        sources.change_member(member=member, role="king")
    assert sources.change_member(member=member, role="admin").role == Role.ADMIN
