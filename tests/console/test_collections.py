"""Collections: their list, their page, and who sees and changes which of them."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.admin.showing import NOTHING
from apps.accounts.models import Role, User
from apps.jobs.models import Job, State
from apps.sources import services as sources
from apps.sources.models import Collection, CollectionMember, SourceConnection, Stream
from tests.api.sources.world import make_collection, make_source, make_stream, make_sync
from tests.api.world import World
from tests.apps.sources.shop import AT, Shop, start, synced
from tests.conftest import Cast
from tests.console.conftest import SignIn, errors

LIST, SOURCES = "/admin/sources/collection/", "/admin/sources/sourceconnection/"


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.editor)


def text_of(client: Client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def closed_to(cast: Cast, user: User, role: str) -> Collection:
    """A collection with that member alone."""
    collection = make_collection(cast.acme, "Contracts")
    CollectionMember.objects.create(collection=collection, user=user, role=role)
    return collection


def test_lists_what_is_in_each(client: Client, landed: Shop) -> None:
    landed.add(1, 2, 3)
    synced(landed.connect())
    make_collection(landed.organization, "Empty")
    rows = {row.name: row for row in client.get(LIST).context["cl"].result_list}
    told = {name: (row.records, row.sources, row.vector_word) for name, row in rows.items()}
    assert told == {"Shop": (3, 1, "off"), "Empty": (0, 0, NOTHING)}
    assert rows["Shop"].synced_at is not None


@pytest.mark.parametrize("page", [LIST, SOURCES])
def test_takes_as_many_queries_for_many_as_for_one(page: str, client: Client, world: World) -> None:
    client.get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    for number in range(5):
        source = make_source(make_collection(world.organization, f"Further {number}"), "Further")
        make_sync(source, State.FAILED)
        make_stream(source)
    with CaptureQueriesContext(connection) as many:
        client.get(page)
    assert len(many) == len(few)


def test_the_page_of_one_takes_as_many_queries_with_many_sources(client: Client, world: World) -> None:
    page = f"{LIST}{world.landed.collection.pk}/change/"
    client.get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    for number in range(5):
        make_stream(make_source(world.landed.collection, f"Further {number}"))
    with CaptureQueriesContext(connection) as many:
        client.get(page)
    assert len(many) == len(few)


def test_makes_one(cast: Cast, client: Client) -> None:
    values = {"organization": cast.acme.pk, "name": "Product docs", "description": "", "language": "german"}
    response = client.post(f"{LIST}add/", values)
    made = Collection.objects.get()
    assert response.status_code == 302
    assert (made.name, made.readable_id, made.language) == ("Product docs", "product-docs", "german")


def test_changes_the_name_and_neither_the_id_nor_the_language(client: Client, landed: Shop) -> None:
    values = {"name": "Store", "description": "All of it", "language": "danish"}
    client.post(f"{LIST}{landed.collection.pk}/change/", values)
    changed = Collection.objects.get()
    assert (changed.name, changed.description) == ("Store", "All of it")
    assert (changed.readable_id, changed.language) == ("shop", "english")


def test_says_at_its_field_what_a_name_must_be(cast: Cast, client: Client) -> None:
    response = client.post(f"{LIST}add/", {"organization": cast.acme.pk, "name": "a\tb", "language": "english"})
    assert errors(response) == {"name": ["A name is one line of at most 200 characters."]}
    assert not Collection.objects.exists()


def test_shows_the_streams_of_every_source_connection(client: Client, landed: Shop) -> None:
    landed.add(*range(1, 1_235))
    synced(landed.connect())
    text = text_of(client, f"{LIST}{landed.collection.pk}/change/")
    assert "<b>1,234</b><span>records</span>" in text
    assert 'data-state="connected">connected</span>' in text
    assert '<td>orders</td> <td></td> <td class="cd-number">1,234</td>' in text


def test_asks_with_the_number_of_records_before_it_removes_one(client: Client, landed: Shop) -> None:
    landed.add(*range(1, 1_235))
    synced(landed.connect())
    url = f"{LIST}{landed.collection.pk}/delete/"
    text = text_of(client, url)
    assert "1,234 records of 1 source connection go with it, for every search at once." in text
    assert "Remove it with 1,234 records" in text
    assert Collection.objects.exists()
    said = client.post(url, {"post": "yes"}, follow=True).content.decode()
    assert "1,234 records went with it." in said
    assert not Collection.objects.exists()


def test_does_not_remove_one_while_a_sync_is_active(client: Client, landed: Shop) -> None:
    start(landed.connect())
    url = f"{LIST}{landed.collection.pk}/delete/"
    assert "while a sync is active" in client.post(url, {"post": "yes"}, follow=True).content.decode()
    assert Collection.objects.get() == landed.collection


def test_purges_what_was_left_behind(client: Client, landed: Shop) -> None:
    landed.add(1, 2)
    source = landed.connect()
    synced(source)
    sources.remove(source_connection=source, delete_data=False, at=AT)
    page = f"{LIST}{landed.collection.pk}/"
    text = text_of(client, f"{page}change/")
    assert "2 records go for good: nothing can read them again." in text
    said = client.post(f"{page}purge/", {"source": source.uid}, follow=True).content.decode()
    assert "2 records of Shop are gone." in said
    assert "Left behind" not in said
    assert not Stream.objects.filter(removed_at=None).exists()


def test_purges_nothing_of_a_source_connection_that_is_there(client: Client, landed: Shop) -> None:
    landed.add(1)
    source = landed.connect()
    synced(source)
    client.post(f"{LIST}{landed.collection.pk}/purge/", {"source": source.uid})
    assert Stream.objects.get().record_count == 1


# Members
def test_one_with_members_is_hidden_from_all_others(cast: Cast, world: World, desk: SignIn) -> None:
    hidden = closed_to(cast, cast.editor, Role.VIEWER)
    source = make_source(hidden, "Contract files")
    job = make_sync(source, State.COMPLETED)
    client = desk(cast.viewer)
    pages = [f"{LIST}{hidden.pk}/{name}/" for name in ("change", "search", "members", "history")]
    pages += [f"{SOURCES}{source.pk}/change/", f"/admin/jobs/job/{job.pk}/change/", f"/admin/jobs/job/{job.pk}/live/"]
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 404)
    for page in (LIST, SOURCES, "/admin/jobs/job/"):
        assert "Contract" not in client.get(page).content.decode(), page
    assert client.get("/admin/").context["landed"]["collections"] == 3


def test_members_owners_and_admins_see_it(cast: Cast, admin: User, desk: SignIn) -> None:
    hidden = closed_to(cast, cast.viewer, Role.VIEWER)
    make_source(hidden, "Contract files")
    for person in (cast.owner, admin, cast.viewer):
        client = desk(person)
        assert client.get(f"{LIST}{hidden.pk}/change/").status_code == 200
        assert "Contract files" in client.get(SOURCES).content.decode()
    assert desk(cast.editor).get(f"{LIST}{hidden.pk}/change/").status_code == 404


def test_a_role_there_narrows_the_one_in_the_organisation(cast: Cast, client: Client) -> None:
    hidden = closed_to(cast, cast.editor, Role.VIEWER)
    source = make_source(hidden, "Contract files")
    assert 'name="_save"' not in client.get(f"{LIST}{hidden.pk}/change/").content.decode()
    refused = [f"{LIST}{hidden.pk}/delete/", f"{LIST}{hidden.pk}/members/", f"{SOURCES}{source.pk}/sync/"]
    refused += [f"{SOURCES}{source.pk}/clear/", f"{SOURCES}{source.pk}/delete/", f"{LIST}{hidden.pk}/purge/"]
    assert {url: client.post(url, {"post": "yes"}).status_code for url in refused} == dict.fromkeys(refused, 403)
    assert not Job.objects.exists()
    assert SourceConnection.objects.get() == source


def test_a_form_offers_no_collection_that_one_may_only_see(cast: Cast, client: Client, landed: Shop) -> None:
    closed_to(cast, cast.editor, Role.VIEWER)
    text = client.get(f"{SOURCES}add/?connector=push").content.decode()
    assert ">Shop</option>" in text
    assert "Contracts" not in text


def test_names_changes_and_takes_out_members(cast: Cast, desk: SignIn, landed: Shop) -> None:
    client, url = desk(cast.owner), f"{LIST}{landed.collection.pk}/members/"
    assert "None are named" in client.get(url).content.decode()
    client.post(url, {"act": "add", "email": cast.editor.email, "role": "viewer"})
    member = CollectionMember.objects.get()
    assert (member.user, member.role) == (cast.editor, "viewer")
    client.post(url, {"act": "change", "member": member.uid, "role": "editor"})
    member.refresh_from_db()
    assert member.role == "editor"
    assert (
        "edgar@acme.example is no member any more."
        in client.post(url, {"act": "remove", "member": member.uid}, follow=True).content.decode()
    )
    assert not CollectionMember.objects.exists()


def test_says_why_somebody_cannot_be_a_member(cast: Cast, client: Client, landed: Shop) -> None:
    url = f"{LIST}{landed.collection.pk}/members/"
    said = client.post(url, {"act": "add", "email": cast.stranger.email, "role": "viewer"}, follow=True)
    assert "There is no such person in the organisation." in said.content.decode()
    assert not CollectionMember.objects.exists()


def test_whoever_takes_themselves_out_is_shown_the_list(cast: Cast, client: Client) -> None:
    hidden = closed_to(cast, cast.editor, Role.EDITOR)
    CollectionMember.objects.create(collection=hidden, user=cast.viewer, role=Role.VIEWER)
    own = CollectionMember.objects.get(user=cast.editor)
    response = client.post(f"{LIST}{hidden.pk}/members/", {"act": "remove", "member": own.uid})
    assert response["Location"] == LIST
