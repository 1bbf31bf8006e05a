"""What gives records their vectors: EMBEDDER, or else an endpoint where EMBEDDING_URL names one, or else the model that
the extra `semantic` brings."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import env

EMBEDDERS = ("wordllama", "endpoint", "none")


def settings() -> dict[str, Any]:
    """Raises ImproperlyConfigured."""
    url, model = env.text("EMBEDDING_URL"), env.text("EMBEDDING_MODEL")
    name = env.text("EMBEDDER") or ("endpoint" if url else "wordllama")
    if name not in EMBEDDERS:
        raise ImproperlyConfigured(f"EMBEDDER must be one of {', '.join(EMBEDDERS)}; it is {name!r}")
    if name == "endpoint" and not (url.startswith(("http://", "https://")) and model):
        raise ImproperlyConfigured("EMBEDDER=endpoint needs EMBEDDING_URL (http or https) and EMBEDDING_MODEL")
    dimension = env.integer("EMBEDDING_DIMENSION", 0)
    return {"name": name, "url": url, "model": model, "key": env.text("EMBEDDING_KEY"), "dimension": dimension}
