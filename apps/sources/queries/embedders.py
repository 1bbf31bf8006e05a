"""Which embedder gives records and questions their vectors."""

from dataclasses import replace
from ipaddress import ip_network

from django.conf import settings

from apps.sources.models import VectorSpace
from engine.embedding.contract import Embedder, Wanted
from engine.embedding.registry import embedder, missing
from engine.errors import ConfigError
from engine.toolkit.egress import Egress

EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""The operator, who alone names the endpoint, may mean one in a private network."""


def wanted() -> Wanted:
    """What the operator set."""
    return Wanted(**settings.EMBEDDING, egress=Egress(allow=EVERYWHERE, deny=tuple(settings.EGRESS_DENY)))


def reason_for_none() -> str:
    """Why records get no vectors here, as a sentence; "" where they do."""
    name = settings.EMBEDDING["name"]
    if name == "none":
        return "Search by meaning is switched off (EMBEDDER=none)."
    hint = missing(name)
    return f"Search by meaning needs an embedder. {hint}" if hint else ""


def configured() -> Embedder:
    """Raises ConfigError."""
    return embedder(wanted())


def space_model(found: Embedder) -> str:
    """How the spaces of the configured embedder name its model."""
    return f"{settings.EMBEDDING['name']}/{found.model}"


def embedder_of(space: VectorSpace) -> Embedder:
    """The one that made the vectors of the space, also while another one is configured already. Raises ConfigError."""
    name, _, model = space.model.partition("/")
    if name == "endpoint" and not settings.EMBEDDING["url"]:
        raise ConfigError("The embedder of the present vectors is not configured any more.", code="embedder_gone")
    return embedder(replace(wanted(), name=name, model=model, dimension=space.dimension))
