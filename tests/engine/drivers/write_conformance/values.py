"""Every value arrives as what it is."""

from typing import Any, ClassVar

from engine.contract import Mode, Request, Target
from engine.schema import Column, Kind, RawJson, Type
from tests.engine.drivers.destinations import ID, Place, Refusals, lineage, run

TEXT = Type(Kind.TEXT)


class Documents:
    DOCUMENTS = (ID, Column("doc", Type(Kind.JSON)))

    def test_json_is_written_as_json(self, place: Place) -> None:
        documents = [
            ({"a": [1, None, True], "b": 'ä"\\\n'}, {"a": [1, None, True], "b": 'ä"\\\n'}),
            ([1, 2], [1, 2]),
            ("text", "text"),
            (True, True),
            (RawJson('{"raw": [1.5]}'), {"raw": [1.5]}),
            ({"nested": RawJson('{"b": 1}')}, {"nested": {"b": 1}}),
            (None, None),
        ]
        rows = [{"id": number, "doc": document} for number, (document, _) in enumerate(documents)]
        run(place.writer(Mode.APPEND, self.DOCUMENTS), rows)
        assert self.read(place) == [expected for _, expected in documents]

    def test_what_has_no_json_form_is_rejected(self, place: Place) -> None:
        refusals = Refusals()
        run(place.writer(Mode.APPEND, self.DOCUMENTS), [{"id": 1, "doc": {"a": b"x"}}], refusals=refusals)
        assert refusals.codes == {0: "invalid_value"}

    def test_text_that_goes_into_a_json_column_is_json(self, place: Place) -> None:
        place.execute("CREATE TABLE target (id BIGINT, doc JSON)")
        run(place.writer(Mode.APPEND, (ID, Column("doc", TEXT))), [{"id": 1, "doc": '{"a": 1}'}])
        assert self.read(place) == [{"a": 1}]

    def read(self, place: Place) -> list[object]:
        raise NotImplementedError


class Typing:
    """Of each portable type three values: ordinary, at an edge, none or odd."""

    VALUES: ClassVar[dict[str, tuple[Type, list[Any]]]] = {
        "id": (Type(Kind.INTEGER, size=64), [1, 2, 3]),
        "yes": (Type(Kind.BOOLEAN), [True, False, None]),
        "tiny": (Type(Kind.INTEGER, size=8), [-128, 127, None]),
        "small": (Type(Kind.INTEGER, size=16), [-(2**15), 2**15 - 1, None]),
        "plain": (Type(Kind.INTEGER, size=32), [-(2**31), 2**31 - 1, None]),
        "big": (Type(Kind.INTEGER, size=64), [-(2**63), 2**63 - 1, None]),
        "single": (Type(Kind.FLOAT, size=32), [1.5, 0.1, None]),
        "double": (Type(Kind.FLOAT, size=64), [0.1, -1.7976931348623157e308, -0.0]),
        "money": (Type(Kind.DECIMAL, precision=10, scale=2), ["12.50", "-99999999.99", None]),
        "long": (
            Type(Kind.DECIMAL, precision=38, scale=10),
            ["1234567890123456789012345678.0123456789", "0E-10", None],
        ),
        "free": (Type(Kind.DECIMAL), ["12.50", "12345678901234567890.123456789", None]),
        "text": (Type(Kind.TEXT), ["", "ä€😀\\\n\t'\"", None]),
        "short": (Type(Kind.TEXT, size=5), ["abcde", "ab ", None]),
        "bytes": (Type(Kind.BINARY), [b"", bytes(range(256)), None]),
        "four": (Type(Kind.BINARY, size=4), [b"\0\1\2\3", b"a", None]),
        "day": (Type(Kind.DATE), ["2024-02-29", "1000-01-01", "9999-12-31"]),
        "hour": (Type(Kind.TIME, precision=6), ["00:00:00", "23:59:59.999999", None]),
        "moment": (Type(Kind.TIMESTAMP, precision=6), ["2024-02-29 23:59:59.5", "1000-01-01 00:00:00", None]),
        "instant": (
            Type(Kind.TIMESTAMPTZ, precision=6),
            ["2024-02-29 23:59:59.123456+00:00", "2024-03-01 01:59:59+02:00", None],
        ),
        "span": (Type(Kind.INTERVAL), ["P1DT2H3M4S", "PT-1S", None]),
        "uuid": (
            Type(Kind.UUID),
            ["0b5ad7a5-9d8a-4f4f-8f2c-0123456789ab", "f" * 8 + "-ffff" * 3 + "-" + "f" * 12, None],
        ),
        "json": (Type(Kind.JSON), [RawJson('{"a": [1, 2.50, null]}'), RawJson('"x"'), RawJson("7")]),
        "list": (Type(Kind.ARRAY, element=Type(Kind.INTEGER, size=32)), [RawJson("[1,null,3]"), RawJson("[]"), None]),
    }
    READ_BACK: ClassVar[dict[str, list[Any]]] = {}

    def test_every_portable_type_reads_back_as_it_was_or_as_is_documented(self, place: Place) -> None:
        columns = [Column(name, type_) for name, (type_, _) in self.VALUES.items()]
        rows = [{name: values[number] for name, (_, values) in self.VALUES.items()} for number in range(3)]
        refusals = Refusals()
        run(place.writer(Mode.UPSERT, columns), rows, refusals=refusals)
        assert refusals.rows == []
        found = place.read()
        for name, (_, values) in self.VALUES.items():
            assert (name, [row[name] for row in found]) == (name, self.READ_BACK.get(name, values))

    def test_what_it_reads_it_writes_to_a_table_of_the_same_types(self, place: Place) -> None:
        columns = [Column(name, type_) for name, (type_, _) in self.VALUES.items()]
        rows = [{name: values[number] for name, (_, values) in self.VALUES.items()} for number in range(3)]
        run(place.writer(Mode.UPSERT, columns), rows)
        source = place.reading(Request(place.table, native=True))
        found = [row for page in source.pages() for row in page.rows]
        source.close()  # a reader of an SQLite file keeps its writers waiting
        copy = Target(type(place.table)("copy", place.table.schema), Mode.UPSERT)
        run(place.writer(copy, source.stream.columns, of=lineage(step="copy")), found)
        assert place.read(Request(copy.table)) == place.read()
        copied = place.describe(copy.table).columns
        assert [(column.name, column.native) for column in copied] == [
            (column.name, column.native) for column in source.stream.columns
        ]
