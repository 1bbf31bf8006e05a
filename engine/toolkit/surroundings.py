"""What a driver may touch outside itself: networks and folders, as the operator allowed them."""

from dataclasses import dataclass, field
from pathlib import Path

from engine.toolkit.egress import Egress


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`folders`: the only roots under which local files may be opened. `name`: shown to the system we connect to."""

    egress: Egress = field(default_factory=Egress)
    folders: tuple[Path, ...] = ()
    name: str = "crossdock"
