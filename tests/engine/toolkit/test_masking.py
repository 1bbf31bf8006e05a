import base64
import copy
import io
import json
import logging
import pickle
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.toolkit import masking
from engine.toolkit.masking import STARS, Redaction, Secret, mask, masked

CANARY = 'CANARY-"7f/3+a e\\ü=&'


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "registry", masking.Registry())


@pytest.fixture
def canary() -> Iterator[str]:
    with masked([Secret(CANARY)]):
        yield CANARY


def test_a_secret_shows_itself_only_by_name():
    secret = Secret(CANARY)
    assert (repr(secret), str(secret), f"{secret}", "%s" % secret) == ("***",) * 4  # noqa: UP031
    assert secret.reveal() == CANARY


@pytest.mark.parametrize("encode", [json.dumps, orjson.dumps, pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_encoded(encode):
    with pytest.raises(TypeError):
        encode(Secret(CANARY))


@pytest.mark.parametrize(
    "spell",
    [
        str,
        repr,
        quote,
        quote_plus,
        json.dumps,
        lambda value: quote(value, safe=""),
        lambda value: re.sub("%..", lambda found: found[0].lower(), quote(value)),
        lambda value: json.dumps(value, ensure_ascii=False),
        lambda value: value.encode().hex(),
        lambda value: value.encode().hex().upper(),
        lambda value: base64.b64encode(value.encode()).decode(),
        lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    ],
)
def test_masks_every_spelling(canary, spell):
    text = f"before {spell(canary)} after"
    masked_text = mask(text)
    assert STARS in masked_text
    assert "CANARY" not in masked_text
    assert masked_text.startswith("before ")
    assert masked_text.endswith(" after")


@given(st.text(max_size=5), st.text(min_size=8, max_size=30), st.text(max_size=5))
def test_masks_base64_wherever_the_secret_begins(before, secret, after):
    whole = base64.b64encode((before + secret + after).encode("utf-8", "surrogatepass")).decode()
    with masked([Secret(secret)]):
        assert STARS in mask(f"Basic {whole}")


def test_masks_a_secret_that_holds_another():
    with masked([Secret("hunter2"), Secret("hunter2-and-more")]):
        assert mask("a hunter2-and-more b hunter2 c") == f"a {STARS} b {STARS} c"


def test_still_masks_after_the_secret_was_put_away():
    with masked([Secret(CANARY)]):
        pass
    assert mask(CANARY) == STARS


def test_forgets_the_oldest_that_was_put_away():
    for number in range(masking.REMEMBERED + 1):
        with masked([Secret(f"secret-{number:04}")]):
            pass
    assert mask("secret-0000 secret-0001") == f"secret-0000 {STARS}"


def test_keeps_what_is_in_use_however_many_come_and_go(canary):
    for number in range(2 * masking.REMEMBERED):
        with masked([Secret(canary), Secret(f"secret-{number:04}")]):
            pass
    assert mask(canary) == STARS


def test_leaves_text_without_secrets_and_very_short_secrets(canary):
    with masked([Secret("abc"), Secret("")]):
        assert mask("abc is not masked") == "abc is not masked"


@pytest.fixture
def written() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redaction())
    log = logging.Logger("test")
    log.addHandler(handler)
    yield log, stream
    handler.close()


def test_log_lines_are_masked_with_arguments_traceback_and_stack(canary, written):
    log, stream = written
    try:
        raise ValueError(f"password {canary}")
    except ValueError:
        log.exception("no way in with %s", canary, stack_info=True)
    text = stream.getvalue()
    assert f"no way in with {STARS}" in text
    assert f"ValueError: password {STARS}" in text
    assert "CANARY-" not in text


def test_a_log_line_with_wrong_arguments_stops_nobody(canary, written):
    log, stream = written
    log.warning(f"%d and {canary}", "no number", "too many")  # noqa: G004
    assert stream.getvalue() == f"%d and {STARS}\n"
