import base64
import logging

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.connections.services import sealing
from apps.connections.services.sealing import place_of_connection, place_of_job, seal, unseal
from engine.errors import CredentialsError

OLD = f"old:{base64.urlsafe_b64encode(b'o' * 32).decode()}"
NEW = f"new:{base64.urlsafe_b64encode(b'n' * 32).decode()}"
PLACE = place_of_connection("a" * 24)
DOCUMENT = {"password": "CANARY-ü\n"}


@pytest.fixture(autouse=True)
def keys(settings):
    settings.SEALING_KEYS = [OLD]
    return settings


def assert_unreadable(blob, place=PLACE):
    with pytest.raises(CredentialsError) as refusal:
        unseal(blob, place)
    assert refusal.value.code == "credentials_unreadable"
    assert "CANARY" not in str(refusal.value)


def test_opens_what_it_sealed():
    blob = seal(DOCUMENT, PLACE)
    assert blob.startswith("v1.old.")
    assert unseal(blob, PLACE) == DOCUMENT


def test_never_seals_the_same_twice():
    assert len({seal(DOCUMENT, PLACE) for _ in range(100)}) == 100


def test_shows_nothing_of_the_document():
    octets = base64.urlsafe_b64decode(seal(DOCUMENT, PLACE).split(".")[2])
    assert b"password" not in octets
    assert b"CANARY" not in octets


@pytest.mark.parametrize("place", [place_of_connection("b" * 24), place_of_job("a" * 24)])
def test_opens_nowhere_else(place):
    assert_unreadable(seal(DOCUMENT, PLACE), place)


def test_notices_every_flipped_bit():
    head, _, text = seal(DOCUMENT, PLACE).rpartition(".")
    octets = base64.urlsafe_b64decode(text)
    for bit in range(len(octets) * 8):
        flipped = bytearray(octets)
        flipped[bit // 8] ^= 1 << bit % 8
        assert_unreadable(f"{head}.{base64.urlsafe_b64encode(flipped).decode()}")


@pytest.mark.parametrize(
    "blob", ["x", "v1", "v1.old", "v1.old.", "v1.old.!!", "v1.old.AAAA", "v2.old.AAAA", "..", "v1.old.a.b"]
)
def test_refuses_what_is_no_blob(blob):
    assert_unreadable(blob)


def test_refuses_a_key_it_does_not_hold_and_tells_the_operator_which(keys, caplog):
    blob = seal(DOCUMENT, PLACE)
    keys.SEALING_KEYS = [NEW]
    with caplog.at_level(logging.ERROR):
        assert_unreadable(blob)
    assert "connections_connection|sealed|aaaaaaaaaaaaaaaaaaaaaaaa" in caplog.text
    assert "'old'" in caplog.text


def test_refuses_another_key_under_the_same_id(keys):
    blob = seal(DOCUMENT, PLACE)
    keys.SEALING_KEYS = [NEW.replace("new:", "old:")]
    assert_unreadable(blob)


def test_the_first_key_seals_and_all_open(keys):
    old = seal(DOCUMENT, PLACE)
    keys.SEALING_KEYS = [NEW, OLD]
    assert seal(DOCUMENT, PLACE).startswith("v1.new.")
    assert unseal(old, PLACE) == DOCUMENT
    again = sealing.reseal(old, PLACE)
    keys.SEALING_KEYS = [NEW]
    assert unseal(again, PLACE) == DOCUMENT


@pytest.mark.parametrize(
    "entries",
    [
        [],
        ["hunter2"],
        [":" + OLD.partition(":")[2]],
        ["a.b:" + OLD.partition(":")[2]],
        ["k1:hunter2"],
        ["k1:aHVudGVyMg=="],
        [OLD, OLD],
    ],
)
def test_refuses_a_keyring_that_is_none_and_shows_no_key(keys, entries):
    keys.SEALING_KEYS = entries
    with pytest.raises(ImproperlyConfigured) as refusal:
        sealing.keyring()
    assert "SEALING_KEYS" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
    assert "aHVudGVyMg" not in str(refusal.value)


def test_takes_base64_of_either_alphabet(keys):
    octets = bytes([251, 255] * 16)
    keys.SEALING_KEYS = [f"a:{base64.b64encode(octets).decode()}"]
    blob = seal(DOCUMENT, PLACE)
    keys.SEALING_KEYS = [f"a:{base64.urlsafe_b64encode(octets).decode()}"]
    assert unseal(blob, PLACE) == DOCUMENT
