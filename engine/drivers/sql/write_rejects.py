"""Finds the rows of a page that a destination refuses, and writes the others."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from engine.contract import Rejected
from engine.drivers.sql.write_values import UnwritableError
from engine.schema import Row

Item = TypeVar("Item")

# With so many bad rows in a page, halving finds hardly a good stretch any more.
SINGLY_AFTER = 100


class Refusal(NamedTuple):
    """Why a destination takes a row not."""

    code: str
    message: str


def load(
    rows: Sequence[Row],
    convert: Callable[[Sequence[Row]], list[Item]],
    attempt: Callable[[Sequence[Item]], Refusal | None],
    *,
    is_atomic: bool = True,
) -> list[Rejected]:
    """Writes what can be written and tells of the rest.

    `convert` raises UnwritableError when one of the rows can never be written. `attempt` writes all of its items
    or none and then says why; where it cannot promise that (`is_atomic` false) it gets them one by one.
    """
    items, indexes, rejected = _converted(rows, convert)
    refused: list[Rejected] = []
    # No function that calls itself: it would hold itself, and the whole page, until somebody looks for circles.
    stretches = [(0, len(items))] if items else []
    while stretches:
        start, stop = stretches.pop()
        is_single = stop - start == 1
        is_halved = is_atomic and len(refused) < SINGLY_AFTER
        if is_single or is_halved:
            refusal = attempt(items[start:stop])
            if refusal is None:
                continue
            if is_single:
                refused.append(Rejected(indexes[start], *refusal))
                continue
        stretches += reversed(_halves(start, stop) if is_halved else _singles(start, stop))
    return sorted(rejected + refused, key=lambda row: row.index)


def _halves(start: int, stop: int) -> list[tuple[int, int]]:
    middle = (start + stop) // 2
    return [(start, middle), (middle, stop)]


def _singles(start: int, stop: int) -> list[tuple[int, int]]:
    return [(index, index + 1) for index in range(start, stop)]


def _converted(
    rows: Sequence[Row], convert: Callable[[Sequence[Row]], list[Item]]
) -> tuple[list[Item], Sequence[int], list[Rejected]]:
    try:
        return convert(rows), range(len(rows)), []
    except UnwritableError:
        return _converted_singly(rows, convert)


def _converted_singly(
    rows: Sequence[Row], convert: Callable[[Sequence[Row]], list[Item]]
) -> tuple[list[Item], list[int], list[Rejected]]:
    items: list[Item] = []
    indexes: list[int] = []
    rejected: list[Rejected] = []
    for index, row in enumerate(rows):
        try:
            items += convert([row])
            indexes.append(index)
        except UnwritableError as error:
            rejected.append(Rejected(index, "invalid_value", error.message))
    return items, indexes, rejected
