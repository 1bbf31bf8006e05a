import pytest

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.errors import Invalid
from engine.errors import CredentialsError


def test_copies_everything_but_secrets(create):
    original = create()
    copy = connections.clone(connection=original, name="Copy")
    stored = Connection.objects.get(id=copy.id)
    assert (stored.name, stored.settings, stored.shown) == ("Copy", original.settings, original.settings)
    assert (stored.sealed, stored.is_offline) == ("", True)
    assert stored.offline_reason == "A copy comes without its secrets: enter them."
    assert stored.uid != original.uid


def test_a_copy_of_what_holds_no_secret_is_ready(create):
    copy = connections.clone(connection=create("sqlite", path="shop.db"), name="Copy")
    assert (copy.is_offline, copy.settings) == (False, {"path": "shop.db"})


def test_a_copied_blob_opens_nowhere_else(create):
    original, copy = create(), create()
    Connection.objects.filter(id=copy.id).update(sealed=original.sealed)
    copy.refresh_from_db()
    with pytest.raises(CredentialsError) as refusal, connections.opened(copy):
        pass
    assert refusal.value.code == "credentials_unreadable"
    copy.refresh_from_db()
    assert (copy.is_offline, copy.offline_reason) == (True, refusal.value.message)


def test_refuses_an_unusable_name(create):
    original = create()
    with pytest.raises(Invalid):
        connections.clone(connection=original, name="\n")
    assert Connection.objects.count() == 1
