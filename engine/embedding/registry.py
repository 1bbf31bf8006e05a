"""Every embedder by name: where it is, and what to install where its library is missing. Imported on first use."""

import importlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine.embedding.contract import Embedder, Wanted
from engine.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Entry:
    """`path`: "module:Class", which takes a `Wanted`. `needs`: a module that the extra named `extra` brings."""

    path: str
    needs: str = ""
    extra: str = ""


EMBEDDERS: dict[str, Entry] = {
    "wordllama": Entry("engine.embedding.wordllama:WordLlama", "wordllama", "semantic"),
    "endpoint": Entry("engine.embedding.endpoint:Endpoint"),
}


@cache
def embedder(wanted: Wanted) -> Embedder:
    """The same for all of a process. Raises ConfigError, `embedder_not_installed` with what to install."""
    if hint := missing(wanted.name):
        raise ConfigError(hint, code="embedder_not_installed")
    module, _, attribute = EMBEDDERS[wanted.name].path.partition(":")
    made: Any = getattr(importlib.import_module(module), attribute)(wanted)
    found: Embedder = made
    return found


def missing(name: str) -> str:
    """Why the embedder cannot be used here, as a sentence that says what to do; "" where it can."""
    entry = EMBEDDERS.get(name)
    if entry is None:
        return f"There is no embedder named {name!r}. Known: {', '.join(EMBEDDERS)}."
    if entry.needs and importlib.util.find_spec(entry.needs) is None:
        return f"This is not installed here. Install it with: ./manage.py install {entry.extra}"
    return ""
