"""What a further database holds: a handful of statements a schema, however many tables are in it."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from engine.drivers.sql.alchemy.catalogue import AlchemyCatalogue
from engine.drivers.sql.alchemy.inspection import Inspected, Shape, Sizes
from engine.drivers.sql.alchemy.session import Line
from engine.drivers.sql.survey import SqlSurvey
from engine.looking import Named, Surveyed
from engine.schema import Table

Place = tuple[str, str, str]
"""A table's schema, its name and its kind."""


class AlchemySurvey(SqlSurvey[Place]):
    """What was told of one schema is kept until the next one's turn comes: its tables may need several pages."""

    def __init__(self, system: Inspected, line: Line) -> None:
        self._system = system
        self._line = line
        self._catalogue = AlchemyCatalogue(system, line)
        self._inspection = system.inspection(line)
        self._asked = ""
        self._schema = ""
        self._shapes: dict[str, Shape] = {}
        self._sizes: Sizes = {}

    def catalogs(self) -> list[Named]:
        return [Named(name) for name in self._catalogue.catalogs()]

    def schemas(self, catalog: str) -> list[Named]:
        return [Named(name, self._system.catalog) for name in self._catalogue.schemas(catalog)]

    def places(self, schemas: Sequence[str], table: str) -> Sequence[Place]:
        self._asked = table
        found = ((schema, *one) for schema in schemas for one in self._catalogue.kinds(schema).items())
        return sorted(place for place in found if table in ("", place[1]))

    def page(self, places: Sequence[Place]) -> Iterator[Surveyed]:
        for schema, group in groupby(places, key=itemgetter(0)):
            self._look_at(schema)
            for _, name, kind in group:
                if shape := self._shapes.get(name):
                    table = Table(name, schema, self._system.catalog)
                    rows, size = self._sizes.get(name, (None, None))
                    yield Surveyed(table, kind, shape.columns, shape.primary_key, rows, size, shape.comment)

    def _look_at(self, schema: str) -> None:
        if schema == self._schema:
            return
        with self._line.reports.translated():
            inspection, asked = self._inspection, self._asked
            self._shapes = {asked: inspection.shape(schema, asked)} if asked else inspection.shapes(schema)
            self._sizes = inspection.sizes(schema, self._system.statistics)
        self._schema = schema
