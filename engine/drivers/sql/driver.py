"""What the SQL drivers share: a connection that is kept for the next look or reading, and one for every writer."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from engine.contract import Condition, Reading, Request, Spec
from engine.drivers.sql.conditions import Conditions
from engine.drivers.sql.interruption import Interruption
from engine.drivers.sql.reading import SqlReading
from engine.drivers.sql.select import named
from engine.drivers.sql.survey import SqlSurvey
from engine.errors import CredentialsError, TransientError
from engine.looking import Named, Surveyed
from engine.schema import Column, Stream, Table
from engine.toolkit.surroundings import Surroundings
from engine.toolkit.watchdog import ended_after

Found = TypeVar("Found")


class Closes(Protocol):
    def close(self) -> None: ...


ConnectionT = TypeVar("ConnectionT", bound=Closes)


class Catalogue(Protocol):
    """A connection to look around with. Raises the engine's errors."""

    def check(self) -> None: ...
    def catalogs(self) -> list[str]: ...
    def schemas(self, catalog: str) -> list[str]: ...
    def tables(self, catalog: str, schema: str) -> list[Table]: ...
    def every_table(self) -> list[Table]: ...
    def describe(self, table: Table) -> Stream: ...


class SqlDriver(ABC, Generic[ConnectionT]):
    spec: ClassVar[Spec]
    conditions: Conditions

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any], surroundings: Surroundings) -> None:
        self.settings = settings
        self.secrets = secrets
        self.surroundings = surroundings
        self._idle: ConnectionT | None = None
        self._is_closed = False
        self._interruptions: dict[ConnectionT, Interruption] = {}

    @abstractmethod
    def connect(self, application_name: str, *, read_only: bool) -> ConnectionT: ...

    @abstractmethod
    def catalogue(self, connection: ConnectionT) -> Catalogue: ...

    @abstractmethod
    def surveyor(self, connection: ConnectionT) -> SqlSurvey[Any]: ...

    @abstractmethod
    def reading(self, connection: ConnectionT, request: Request) -> SqlReading: ...

    @abstractmethod
    def is_reset(self, connection: ConnectionT) -> bool:
        """Ends the connection's transaction; whether it is then as good as new."""

    @abstractmethod
    def interruption(self, connection: ConnectionT) -> Interruption: ...

    def open_connection(self, application_name: str, *, read_only: bool = False) -> ConnectionT:
        """Raises CredentialsError with this driver in it, ConfigError or TransientError."""
        try:
            return self.connect(application_name, read_only=read_only)
        except CredentialsError as error:
            error.driver = self
            raise

    def check(self) -> None:
        self._look(lambda catalogue: catalogue.check())

    def streams(self) -> Iterator[Table]:
        yield from self._look(lambda catalogue: catalogue.every_table())

    def catalogs(self) -> list[str]:
        return self._look(lambda catalogue: catalogue.catalogs())

    def schemas(self, catalog: str) -> list[str]:
        return self._look(lambda catalogue: catalogue.schemas(catalog))

    def tables(self, catalog: str, schema: str) -> list[Table]:
        return self._look(lambda catalogue: catalogue.tables(catalog, schema))

    def describe(self, table: Table) -> Stream:
        return self._look(lambda catalogue: catalogue.describe(table))

    def survey_catalogs(self) -> list[Named]:
        with self._surveying() as survey:
            return survey.catalogs()

    def survey_schemas(self, catalog: str = "") -> list[Named]:
        """Raises ConfigError `unknown_catalog`."""
        with self._surveying() as survey:
            return survey.schemas(catalog)

    def survey(self, catalog: str = "", schema: str = "", table: str = "") -> Iterator[Surveyed]:
        """Raises ConfigError `unknown_catalog`, `unknown_schema` or `unknown_table` when the first one is asked for."""
        with self._surveying() as survey:
            yield from survey.tables(catalog, schema, table)

    def read(self, request: Request) -> Reading:
        def begin(connection: ConnectionT) -> Reading:
            reading = self.reading(connection, request)
            reading.release = lambda: self._release(connection)
            return reading

        return self._over_connection(begin)

    def judges(self, condition: Condition, column: Column) -> bool:
        return self.conditions.clause(condition, column, named(column)) is not None

    def interrupt(self) -> None:
        """Ends what its readings and its look around wait for; may be called from another thread."""
        for interruption in list(self._interruptions.values()):
            interruption()

    def close(self) -> None:
        """A reading that is still open closes what it reads over."""
        self._is_closed = True
        if self._idle is not None:
            self._discard(self._idle)
            self._idle = None

    def _look(self, at: Callable[[Catalogue], Found]) -> Found:
        def look(connection: ConnectionT) -> Found:
            found = at(self.catalogue(connection))
            self._release(connection)
            return found

        return self._over_connection(look)

    @contextlib.contextmanager
    def _surveying(self) -> Iterator[SqlSurvey[Any]]:
        """Over a connection of its own: it changes the session, and is in use while its tables are told."""
        connection = self._opened()
        try:
            yield self.surveyor(connection)
        finally:
            self._discard(connection)

    def _over_connection(self, work: Callable[[ConnectionT], Found]) -> Found:
        """Does the work over the connection that is kept, or over a new one: the other may have been idle for longer
        than the server or a firewall allows."""
        idle, self._idle = self._idle, None
        if idle is not None:
            with contextlib.suppress(TransientError):
                return self._try(work, idle)
        return self._try(work, self._opened())

    def _apart(self, work: Callable[[ConnectionT], Found], *, seconds: float) -> Found:
        """Does the work over a connection of its own, so that nobody meets what it leaves in its session.

        Ends it after `seconds`: TransientError `timed_out`.
        """
        connection = self._opened()
        try:
            with ended_after(seconds, self._interruptions[connection]):
                return work(connection)
        finally:
            self._discard(connection)

    def _try(self, work: Callable[[ConnectionT], Found], connection: ConnectionT) -> Found:
        try:
            return work(connection)
        except BaseException:
            self._discard(connection)
            raise

    def _opened(self) -> ConnectionT:
        connection = self.open_connection(self.surroundings.name, read_only=True)
        self._interruptions[connection] = self.interruption(connection)
        return connection

    def _release(self, connection: ConnectionT) -> None:
        """Keeps it, if it is whole and the only one. An interruption may come late, and hit what is read next."""
        interruption = self._interruptions.get(connection)
        is_whole = interruption is not None and not interruption.is_called
        if is_whole and self._idle is None and not self._is_closed and self.is_reset(connection):
            self._idle = connection
        else:
            self._discard(connection)

    def _discard(self, connection: ConnectionT) -> None:
        self._interruptions.pop(connection, None)
        connection.close()
