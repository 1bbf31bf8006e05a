"""A driver that answers as its settings say, for what no real system can be made to do at will."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NoReturn

from engine.contract import Field, Reading, Request, Spec
from engine.errors import ConfigError, CredentialsError, DriverBug, TransientError
from engine.schema import Table
from engine.toolkit.surroundings import Surroundings

OUTCOMES: dict[str, type[Exception]] = {
    "config": ConfigError,
    "credentials": CredentialsError,
    "transient": TransientError,
    "bug": DriverBug,
    "fault": ValueError,
}


class SampleDriver:
    """Its errors repeat its secrets, as those of careless systems do. It browses nothing."""

    spec: ClassVar[Spec] = Spec(
        "sample",
        "Sample",
        "test",
        (
            Field("host", "Host", required=True, bound=True),
            Field("outcome", "Outcome", type="choice", default="ok", choices=("ok", *OUTCOMES)),
            Field("password", "Password", type="password", secret=True, required=True),
            Field("token", "Token", type="password", secret=True),
        ),
    )
    opened: ClassVar[list["SampleDriver"]] = []

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, str], surroundings: Surroundings) -> None:
        self.settings, self.secrets, self.surroundings = dict(settings), dict(secrets), surroundings
        self.is_closed = False
        self.opened.append(self)

    def check(self) -> None:
        if error := OUTCOMES.get(self.settings["outcome"]):
            raise error(f"refused {self.secrets}")

    def streams(self) -> Iterator[Table]:
        return iter(())

    def read(self, request: Request) -> Reading:
        return self._never(request)

    def close(self) -> None:
        self.is_closed = True

    def _never(self, request: Request) -> NoReturn:
        raise DriverBug(f"Nothing is to be read: {request}")
