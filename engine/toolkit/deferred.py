"""Large libraries that most processes never need: imported when something of them is first asked for."""

import importlib
from typing import Any


class Deferred:
    """Stands for a module until the first attribute of it is asked for. Raises ModuleNotFoundError then."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)  # the next time nobody looks here
        return value
