import math
import subprocess
import sys

import pytest

from config.home import ROOT
from engine.embedding.contract import Embedder, Wanted
from engine.embedding.registry import embedder
from engine.errors import ConfigError

pytest.importorskip("wordllama", reason="WordLlama has no wheel for this platform")


@pytest.fixture(scope="module")
def model() -> Embedder:
    return embedder(Wanted("wordllama"))


def similarity(model: Embedder, one: str, other: str) -> float:
    first, second = model.embed([one, other])
    assert first is not None
    assert second is not None
    return sum(a * b for a, b in zip(first, second, strict=True))


def test_puts_what_means_the_same_close_together(model: Embedder) -> None:
    assert (
        similarity(model, "How do I get my money back?", "Refunds are paid within five days") > model.least_similarity
    )
    assert similarity(model, "the car will not start", "Invoice for garden furniture") < 0.1


def test_gives_vectors_of_length_one(model: Embedder) -> None:
    [vector] = model.embed(["a word"])

    assert vector is not None
    assert (len(vector), model.dimension, model.model) == (256, 256, "l2_supercat")
    assert math.hypot(*vector) == pytest.approx(1)


def test_has_no_vector_for_what_says_nothing(model: Embedder) -> None:
    assert model.embed([""]) == [None]
    assert model.embed([]) == []


def test_cuts_its_vectors_off_where_that_is_wanted() -> None:
    short = embedder(Wanted("wordllama", dimension=64))

    [vector] = short.embed(["a word"])

    assert vector is not None
    assert len(vector) == short.dimension == 64


@pytest.mark.parametrize("wanted", [Wanted("wordllama", dimension=100), Wanted("wordllama", model="l3")])
def test_refuses_what_it_does_not_have(wanted: Wanted) -> None:
    with pytest.raises(ConfigError) as refusal:
        embedder(wanted)
    assert refusal.value.code == "unknown_model"


ALONE = """
import socket

def refuse(*_):
    raise AssertionError("a network call")

socket.socket.connect = socket.socket.sendto = socket.getaddrinfo = refuse
from engine.embedding.contract import Wanted
from engine.embedding.registry import embedder
print(len(embedder(Wanted("wordllama")).embed(["alone"])[0]))
"""


def test_downloads_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True)

    assert (done.stdout, done.returncode) == ("256\n", 0), done.stderr
