"""Reading the next page while this one is written, for sources whose pages cost waiting."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from engine.contract import Reading, ReadsAhead

Item = TypeVar("Item")

END: Any = object()


def in_time(reading: Reading, items: Iterator[Item]) -> Generator[Item, None, None]:
    """A reading's pages or ranges, one ahead where it says that this pays. To be closed when it is left early."""
    return _one_ahead(items) if isinstance(reading, ReadsAhead) and reading.reads_ahead else _as_asked(items)


def _as_asked(items: Iterator[Item]) -> Generator[Item, None, None]:
    yield from items


def _one_ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """The same items and errors in their order; each is made in another thread while the one before is used."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as reader:
        try:
            coming = reader.submit(next, items, END)
            while (item := coming.result()) is not END:
                coming = reader.submit(next, items, END)
                yield item
        finally:
            # the reader's last act, so that nobody closes what is still being read
            reader.submit(getattr(items, "close", lambda: None)).result()
