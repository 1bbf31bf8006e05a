"""Real systems, each with a collection that its tables land in, as users connect them."""

import csv
from collections.abc import Sequence
from typing import Any, Protocol

from apps.accounts.models import Organization
from apps.connectors import services as connectors
from apps.connectors.models import Connector
from apps.sources import services as sources
from apps.sources.models import Collection, SourceConnection
from apps.sources.queries.search import search
from apps.sources.services.config import label_of
from tests.apps.sources.shop import Shop
from tests.engine.drivers.servers import Store
from tests.engine.drivers.systems import System

Rows = Sequence[tuple[int, str]]


class House:
    """A database; statements go to it directly."""

    def __init__(self, system: System, *, organization: Organization | None = None) -> None:
        connectors.load_catalogue()
        self.system = system
        self.organization = organization or Organization.objects.create(name="Acme")
        self.collection: Collection = sources.create_collection(
            organization_id=self.organization.id, project_id=None, name="House"
        )

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        self.system.execute(statement, values)

    def label(self, name: str) -> str:
        """What callers name a table."""
        return label_of(self.system.table(name), is_file=False)

    def connect(self, config: Any = None, **credentials: Any) -> SourceConnection:
        return sources.create(
            collection=self.collection,
            connector=Connector.objects.get(name=self.system.name),
            name="House",
            credentials={**self.system.settings, **self.system.secrets, **credentials},
            config=config,
        )


class Notes(Protocol):
    """Numbered notes, wherever they are kept; `config` says how their changes are followed."""

    collection: Collection

    def insert(self, rows: Rows) -> None: ...
    def update(self, rows: Rows) -> None: ...
    def delete(self, numbers: Sequence[int]) -> None: ...
    def connect(self) -> SourceConnection: ...


class NotesTable:
    """Table `notes` of a database, with a key, or with a moment besides by which changes are followed, or with neither.
    MariaDB keeps whole seconds of a TIMESTAMP."""

    def __init__(self, house: House, *, is_keyed: bool, has_cursor: bool) -> None:
        self.house = house
        self.collection = house.collection
        self._config = {"cursorField": "changed_at"} if has_cursor else {}
        key = " PRIMARY KEY" if is_keyed else ""
        house.execute(f"CREATE TABLE notes (number integer{key}, note text, changed_at timestamp NOT NULL)")

    def insert(self, rows: Rows) -> None:
        for row in rows:
            self.house.execute("INSERT INTO notes VALUES (%s, %s, now())", row)

    def update(self, rows: Rows) -> None:
        for number, note in rows:
            self.house.execute("UPDATE notes SET note = %s, changed_at = now() WHERE number = %s", (note, number))

    def delete(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self.house.execute("DELETE FROM notes WHERE number = %s", (number,))

    def connect(self) -> SourceConnection:
        return self.house.connect(self._config)


class NotesFiles:
    """Notes in two CSV files, those of odd numbers and those of even ones; every change writes them anew."""

    def __init__(self, store: Store, shop: Shop) -> None:
        self.store, self.shop = store, shop
        self.collection = shop.collection
        self._rows: dict[int, str] = {}

    def insert(self, rows: Rows) -> None:
        self._rows.update(rows)
        self._save()

    update = insert

    def delete(self, numbers: Sequence[int]) -> None:
        self._rows = {number: note for number, note in self._rows.items() if number not in numbers}
        self._save()

    def connect(self) -> SourceConnection:
        return self.shop.connect(self.store.name, **self.store.settings, **self.store.secrets)

    def _save(self) -> None:
        for place, name in enumerate(("even.csv", "odd.csv")):
            with (self.store.folder / name).open("w", newline="") as file:
                rows = [row for row in self._rows.items() if row[0] % 2 == place]
                csv.writer(file).writerows([("number", "note"), *rows])


def found(collection: Collection, query: str) -> list[int]:
    """The numbers of the notes that a search finds, in their order."""
    answer = search(collection=collection, query=query, limit=100)
    return sorted(int(result.fields["number"]) for result in answer.results)
