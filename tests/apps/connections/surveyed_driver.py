"""A driver that tells what a test has put into its system, and meets on its way what the test wants it to."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from engine.contract import Field, Spec
from engine.looking import Named, Surveyed
from engine.schema import Column, Kind, Stream, Table, Type
from engine.toolkit.surroundings import Surroundings


class SurveyedDriver:
    """`before`: what happens before the table of that number is told of."""

    spec: ClassVar[Spec] = Spec(
        "surveyed", "Surveyed", "test", (Field("host", "Host", required=True), Field("password", "Key", secret=True))
    )
    tables_told: ClassVar[list[Surveyed]] = []
    before: ClassVar[dict[int, Callable[[], None]]] = {}

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, str], surroundings: Surroundings) -> None:
        self.settings = settings

    def check(self) -> None:
        pass

    def streams(self) -> Iterator[Table]:
        return (told.table for told in self.tables_told)

    def read(self, request: Any) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        pass

    def catalogs(self) -> list[str]:
        return sorted({told.table.catalog for told in self.tables_told})

    def schemas(self, catalog: str) -> list[str]:
        return [named.name for named in self.survey_schemas(catalog)]

    def tables(self, catalog: str, schema: str) -> list[Table]:
        return [told.table for told in self.survey(catalog, schema)]

    def describe(self, table: Table) -> Stream:
        return Stream(table, ())

    def survey_catalogs(self) -> list[Named]:
        return [Named(catalog) for catalog in self.catalogs()]

    def survey_schemas(self, catalog: str = "") -> list[Named]:
        places = sorted({(told.table.catalog, told.table.schema) for told in self.tables_told})
        return [Named(name, of) for of, name in places if catalog in ("", of)]

    def survey(self, catalog: str = "", schema: str = "", table: str = "") -> Iterator[Surveyed]:
        for number, told in enumerate(self.tables_told):
            self.before.get(number, lambda: None)()
            found = told.table
            if catalog in ("", found.catalog) and schema in ("", found.schema) and table in ("", found.name):
                yield told


def tables(count: int, *, schema: str = "public", columns: int = 2) -> list[Surveyed]:
    """`t0`, `t1` … of the catalog "shop", with the columns `c0` (the key), `c1` …"""
    made = tuple(Column(f"c{number}", Type(Kind.INTEGER, 32), number > 0, "integer") for number in range(columns))
    return [
        Surveyed(Table(f"t{number}", schema, "shop"), "table", made, ("c0",), rows=number, bytes=8192)
        for number in range(count)
    ]
