"""What a service refuses, sorted by what the caller can do. Each dialect has one table from class to status."""


class ServiceError(Exception):
    """`code` is stable and for programs, `message` for people, `field` the input that is to blame ("" for none)."""

    code = "invalid"

    def __init__(self, message: str, *, code: str = "", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.field = field


class NotFound(ServiceError):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"


class Invalid(ServiceError):
    """The input is wrong. `problems` holds every failing field when there is more than one."""

    code = "invalid_field"

    def __init__(
        self, message: str, *, code: str = "", field: str = "", problems: "list[Invalid] | None" = None
    ) -> None:
        super().__init__(message, code=code, field=field)
        self.problems = problems or [self]


class Refused(ServiceError):
    """The caller is known and may not do this."""

    code = "forbidden"


class Conflict(ServiceError):
    """The act does not fit the present state; `job` names the job in the way, if one is."""

    code = "conflict"

    def __init__(self, message: str, *, code: str = "", field: str = "", job: str = "") -> None:
        super().__init__(message, code=code, field=field)
        self.job = job
