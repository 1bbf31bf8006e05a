"""The names that a writer leaves in a database: of its sessions and of the tables it stages rows in."""

import hashlib
import re
from dataclasses import dataclass

from engine.contract import Lineage

_STAGE = re.compile(r"_cd_[0-9a-f]{12}_(?P<job>[0-9a-f]{12})_(?P<fence>[0-9]+)(?P<old>_old)?")


@dataclass(frozen=True, slots=True)
class Stage:
    """A table that belongs to one attempt. `is_old`: it holds what the attempt replaced."""

    name: str
    job: str
    fence: int
    is_old: bool


def session_prefix(lineage: Lineage) -> str:
    return f"crossdock:{lineage.step if len(lineage.step) <= 24 else _digest(lineage.step)}:"


def session_name(lineage: Lineage) -> str:
    """Every session of one attempt of a step bears this name, so that the next attempt can end it."""
    return f"{session_prefix(lineage)}{lineage.fence}"


def session_mark(lineage: Lineage, fence: int) -> str:
    """The named lock of an attempt at one stream of a step, where sessions have no names that can be looked for."""
    return f"crossdock:{_digest(lineage.step, lineage.stream)}:{fence}"


def stage_prefix(lineage: Lineage) -> str:
    """What the stages of all attempts at one stream of a step begin with."""
    return f"_cd_{_digest(lineage.step, lineage.stream)}_"


def stage_name(lineage: Lineage) -> str:
    return f"{stage_prefix(lineage)}{_digest(lineage.job)}_{lineage.fence}"


def old_name(stage: str) -> str:
    return f"{stage}_old"


def parse_stage(name: str) -> Stage | None:
    match = _STAGE.fullmatch(name)
    return Stage(name, match["job"], int(match["fence"]), match["old"] is not None) if match else None


def is_of_job(stage: Stage, lineage: Lineage) -> bool:
    return stage.job == _digest(lineage.job)


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=6).hexdigest()
