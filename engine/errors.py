"""Everything that can go wrong while data moves, sorted by what to do next."""

from collections.abc import Mapping
from typing import Any


class EngineError(Exception):
    """A failure with a stable `code` for programs and a message for people.

    The message never holds a secret, nor an address that the caller did not type.
    """

    code = "failed"

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code


class ConfigError(EngineError):
    """Somebody must change a setting: a table that is missing, a host that is refused. Not retried."""

    code = "invalid_configuration"


class CredentialsError(EngineError):
    """The system refused our credentials: pause and ask for sign-in. Not retried.

    `driver`: the one whose system it was, where it is known.
    """

    code = "auth_failed"
    driver: object = None


class TransientError(EngineError):
    """The system may answer later: try again after `retry_after` seconds (None: our own back-off)."""

    code = "unavailable"

    def __init__(self, message: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class RecordError(EngineError):
    """One record was refused; the run goes on with the next."""

    code = "invalid_record"

    def __init__(self, message: str, *, code: str = "", record: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, code=code)
        self.record = record


class FenceLost(EngineError):
    """Another attempt of the same job took over: stop writing at once, say nothing."""

    code = "lease_lost"


class Stopped(EngineError):
    """The run was asked to stop (`cancel`) or to hand back at its last checkpoint (`drain`)."""

    code = "stopped"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The run was asked to stop: {reason}", code=reason)
        self.reason = reason


class DriverBug(EngineError):
    """The driver broke its contract: ours to mend, shown to operators with its traceback."""

    code = "driver_bug"
