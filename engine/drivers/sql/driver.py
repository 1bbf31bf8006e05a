"""What the SQL drivers share: one connection to look around with, and one for every reading and writer."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from engine.contract import Condition, Lineage, Reading, Request, Spec, Target, Writer
from engine.drivers.sql.conditions import Conditions
from engine.drivers.sql.interruption import Interruption
from engine.drivers.sql.select import named
from engine.errors import CredentialsError, TransientError
from engine.schema import Column, Stream, Table
from engine.toolkit.surroundings import Surroundings

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
    def close(self) -> None: ...


class SqlDriver(ABC, Generic[ConnectionT]):
    spec: ClassVar[Spec]
    conditions: Conditions

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any], surroundings: Surroundings) -> None:
        self.settings = settings
        self.secrets = secrets
        self.surroundings = surroundings
        self._catalogue: Catalogue | None = None
        self._interruptions: dict[str, Interruption] = {}

    @abstractmethod
    def connect(self, application_name: str, *, read_only: bool) -> ConnectionT: ...

    @abstractmethod
    def catalogue(self, connection: ConnectionT) -> Catalogue: ...

    @abstractmethod
    def reading(self, connection: ConnectionT, request: Request) -> Reading: ...

    @abstractmethod
    def interruption(self, connection: ConnectionT) -> Interruption: ...

    @abstractmethod
    def writer(self, target: Target, columns: Sequence[Column], key: Sequence[str], lineage: Lineage) -> Writer: ...

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

    def read(self, request: Request) -> Reading:
        connection = self._opened("reading")
        try:
            return self.reading(connection, request)
        except BaseException:
            connection.close()
            raise

    def judges(self, condition: Condition, column: Column) -> bool:
        return self.conditions.clause(condition, column, named(column)) is not None

    def interrupt(self) -> None:
        """Ends what its latest reading and its look around wait for; may be called from another thread."""
        for interruption in list(self._interruptions.values()):
            interruption()

    def close(self) -> None:
        if self._catalogue is not None:
            self._catalogue.close()
            self._catalogue = None

    def _look(self, at: Callable[[Catalogue], Found]) -> Found:
        if self._catalogue is not None:
            try:
                return at(self._catalogue)
            except TransientError:
                # It may have been idle for longer than the server or a firewall allows.
                self.close()
        self._catalogue = self.catalogue(self._opened("catalogue"))
        return at(self._catalogue)

    def _opened(self, purpose: str) -> ConnectionT:
        connection = self.open_connection(self.surroundings.name, read_only=True)
        self._interruptions[purpose] = self.interruption(connection)
        return connection
