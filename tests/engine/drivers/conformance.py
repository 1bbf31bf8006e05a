"""What every driver owes its callers. A driver's tests inherit from these classes and give a `system` fixture."""

import json
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest

from engine.contract import Key, Reading, Request
from engine.errors import ConfigError, CredentialsError, EngineError, TransientError
from engine.registry import DRIVERS, spec
from engine.schema import Kind, Query, Row, Table
from tests.engine.drivers.systems import System

PAGE = 4
ODD_NAMES = (
    "Upper Case",
    "select",
    'a""b',
    "a``b",
    'a"; drop table x;--',
    "a`; drop table x;--",
    "ünïcödé 表",
    "100%s %(x)s {} :name ?",
    "dotted.name",
    "back\\slash 'quote'",
    "_cd_1",
)


def numbered(*ids: int) -> list[Row]:
    return [{"id": number, "name": f"name {number}"} for number in ids]


def failure(act: Callable[[], Any], kind: type[EngineError], code: str, *, secrets: Iterable[str] = ()) -> EngineError:
    """The error that `act` ends in, which tells no secret: not in its text, nor in its traceback."""
    with pytest.raises(kind) as caught:
        act()
    assert caught.value.code == code
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__dict__)
    assert not [secret for secret in secrets if secret in told]
    return caught.value


def rows_of(reading: Reading) -> list[Row]:
    with closing(reading):
        return [row for page in reading.pages() for row in page.rows]


def as_json(key: Key | None) -> Key | None:
    """As it comes back from wherever a position was kept."""
    return json.loads(json.dumps(key))


class Conformance:
    """Hooks of a driver's tests: the fixture `system`, and `wrong_credentials` where there are any to be wrong."""

    @pytest.fixture(autouse=True)
    def _tidy(self, system: System) -> Iterator[None]:
        system.drop_all()
        yield
        system.close_drivers()

    def failure(self, system: System, act: Callable[[], Any], kind: type[EngineError], code: str) -> EngineError:
        return failure(act, kind, code, secrets=system.secrets.values())

    # What it says of itself

    def test_is_registered_under_its_name(self, system):
        assert system.name in DRIVERS
        assert spec(system.name) is system.driver().spec
        assert system.driver().spec.name == system.name

    def test_declares_every_setting_that_it_takes(self, system):
        fields = {field.name: field for field in system.driver().spec.fields}
        assert set(system.settings) | set(system.secrets) <= set(fields)
        assert all(field.label for field in fields.values())
        assert {name for name, field in fields.items() if field.secret} == set(system.secrets)
        assert not [name for name, field in fields.items() if field.choices and field.default not in field.choices]

    # Reaching the system

    def test_checks(self, system):
        system.driver().check()

    def test_refuses_a_setting_of_the_wrong_kind(self, system):
        for name in system.settings:
            act = system.driver(**{name: ["odd"]}).check
            self.failure(system, act, ConfigError, "invalid_setting")

    def test_refuses_nul_in_a_setting(self, system):
        for name, value in system.settings.items():
            if isinstance(value, str):
                act = system.driver(**{name: f"{value}\0x"}).check
                with pytest.raises(ConfigError):
                    act()

    # Looking around

    def test_lists_its_streams(self, system):
        tables = {system.make(name, numbered(1)) for name in ("orders", "Orders 2")}
        assert set(system.driver().streams()) == tables

    def test_lists_nothing_where_there_is_nothing(self, system):
        assert list(system.driver().streams()) == []

    def test_browses_from_the_top(self, system):
        table = system.make("orders", numbered(1), key=["id"])
        driver = system.driver()
        found = [
            one
            for catalog in driver.catalogs()
            for schema in driver.schemas(catalog)
            for one in driver.tables(catalog, schema)
        ]
        assert table in found
        assert driver.describe(table).source == table

    def test_refuses_to_browse_what_is_not_there(self, system):
        driver = system.driver()
        self.failure(system, lambda: driver.schemas("nowhere"), ConfigError, "unknown_catalog")
        catalog = driver.catalogs()[0]
        with pytest.raises(ConfigError):
            driver.tables(catalog, "nowhere")

    def test_describes(self, system):
        table = system.make("orders", numbered(1), key=["id"])
        stream = system.driver().describe(table)
        assert [(column.name, column.type.kind, column.nullable) for column in stream.columns] == [
            ("id", Kind.INTEGER, False),
            ("name", Kind.TEXT, True),
        ]
        assert stream.columns[1].type.size == system.text_size
        assert stream.key == ("id",)
        assert all(column.native for column in stream.columns)

    def test_describes_a_table_named_without_its_schema(self, system):
        table = system.make("orders", numbered(1))
        assert system.driver().describe(Table("orders")).source == table

    def test_does_not_know_a_table_that_is_not_there(self, system):
        driver = system.driver()
        for name in ("missing", "", "a\0b", "\ud800", "x" * 300, 'a"; drop table x;--'):
            for act in (lambda: driver.describe(Table(name)), lambda: driver.read(Request(Table(name)))):  # noqa: B023
                self.failure(system, act, ConfigError, "unknown_table")

    # Reading in pages

    @pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 2 * PAGE + 1])
    def test_pages_hold_every_row_once(self, system, count):
        rows = numbered(*range(-1, count - 1))
        table = system.make("orders", rows or [{"id": None, "name": None}], key=["id"])
        with closing(system.driver().read(Request(table, page_rows=PAGE))) as reading:
            pages = list(reading.pages())
        assert [row for page in pages for row in page.rows] == rows
        assert [len(page.rows) for page in pages] == [PAGE] * (count // PAGE) + [count % PAGE] * bool(count % PAGE)
        assert all(page.after for page in pages)

    def test_resumes_behind_any_page(self, system):
        rows = numbered(*range(3 * PAGE + 1))
        table = system.make("orders", rows, key=["id"])
        driver = system.driver()
        with closing(driver.read(Request(table, page_rows=PAGE))) as reading:
            places = [as_json(page.after) for page in reading.pages()]
        for number, place in enumerate(places, 1):
            assert rows_of(driver.read(Request(table, page_rows=PAGE, after=place))) == rows[number * PAGE :]

    def test_resumes_in_the_middle_of_a_composite_key(self, system):
        rows = [{"a": a, "b": f"{b}'%s", "c": 1} for a in (1, 2) for b in "pqr"]
        table = system.make("pairs", rows, key=["a", "b"])
        driver = system.driver()
        assert driver.describe(table).key == ("a", "b")
        for page_rows in (1, 2, 4):
            with closing(driver.read(Request(table, page_rows=page_rows))) as reading:
                pages = list(reading.pages())
            assert [row for page in pages for row in page.rows] == rows
            for number, page in enumerate(pages, 1):
                request = Request(table, page_rows=page_rows, after=as_json(page.after))
                assert rows_of(driver.read(request)) == rows[number * page_rows :]

    def test_pages_by_texts_of_every_kind(self, system):
        names = ["", "'", '"', "%", "\\", "A", "b", "t", "Z9", "ß", "表", "😀", "\n", "tttt"]
        table = system.make("texts", [{"name": name} for name in names], key=["name"])
        found = rows_of(system.driver().read(Request(table, page_rows=1)))
        assert sorted(row["name"] for row in found) == sorted(names)

    def test_reads_what_was_there_when_it_began(self, system):
        table = system.make("orders", numbered(*range(PAGE * 2)), key=["id"])
        with closing(system.driver().read(Request(table, page_rows=PAGE))) as reading:
            pages = reading.pages()
            first = next(pages)
            system.add("orders", numbered(1000))
            rest = [row for page in pages for row in page.rows]
        assert first.rows + rest == numbered(*range(PAGE * 2))

    def test_reads_nulls(self, system):
        rows = [{"id": 1, "name": None}, {"id": 2, "name": ""}]
        table = system.make("orders", [*rows, {"id": 3, "name": "x"}], key=["id"])
        assert rows_of(system.driver().read(Request(table)))[:2] == rows

    def test_reads_a_table_without_a_key_in_one_pass(self, system):
        rows = numbered(*range(PAGE * 2 + 1), 1)
        table = system.make("orders", rows)
        with closing(system.driver().read(Request(table, page_rows=PAGE))) as reading:
            assert reading.stream.key == ()
            pages = list(reading.pages())
        assert sorted((row for page in pages for row in page.rows), key=lambda row: row["id"]) == sorted(
            rows, key=lambda row: row["id"]
        )
        assert {page.after for page in pages} == {None}
        assert max(len(page.rows) for page in pages) == PAGE

    def test_leaves_a_pass_in_its_middle(self, system):
        table = system.make("orders", numbered(*range(PAGE * 3)))
        reading = system.driver().read(Request(table, page_rows=PAGE))
        pages = reading.pages()
        next(pages)
        reading.close()
        pages.close()

    def test_refuses_a_place_in_another_order(self, system):
        table = system.make("orders", numbered(1), key=["id"])
        act = lambda: system.driver().read(Request(table, after=[1, 2]))  # noqa: E731
        self.failure(system, act, ConfigError, "stale_position")

    # Columns

    def test_reads_the_columns_asked_for_in_their_order(self, system):
        table = system.make("orders", numbered(*range(PAGE + 1)), key=["id"])
        driver = system.driver()
        with closing(driver.read(Request(table, columns=("name",), page_rows=PAGE))) as reading:
            assert [column.name for column in reading.stream.columns] == ["name"]
            assert reading.stream.key == ("id",)
            pages = list(reading.pages())
        assert [row for page in pages for row in page.rows] == [{"name": f"name {n}"} for n in range(PAGE + 1)]
        [row, *_] = rows_of(driver.read(Request(table, columns=("name", "id"))))
        assert list(row) == ["name", "id"]

    def test_does_not_know_a_column_that_is_not_there(self, system):
        table = system.make("orders", numbered(1), key=["id"])
        driver = system.driver()
        for name in ("missing", 'id"', "id; drop table orders", "*", ""):
            for request in (
                Request(table, columns=(name,)),
                Request(table, key=(name,)),
                Request(table, cursor=name or "?"),
            ):
                self.failure(system, lambda: driver.read(request), ConfigError, "unknown_column")  # noqa: B023
        assert rows_of(driver.read(Request(table))) == numbered(1)

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_reads_odd_names_exactly(self, system, name):
        rows = [{name: number, "name": f"n{number}"} for number in range(PAGE + 1)]
        table = system.make(name, rows, key=[name])
        bystander = system.make("x", numbered(1))
        driver = system.driver()
        assert table in set(driver.streams())
        assert driver.describe(table).key == (name,)
        assert rows_of(driver.read(Request(table, page_rows=PAGE))) == rows
        assert rows_of(driver.read(Request(table, page_rows=PAGE, cursor=name, since=1))) == rows[1:]
        assert rows_of(driver.read(Request(bystander))) == numbered(1)

    # Keys that a caller names

    def test_takes_a_key_that_a_unique_index_holds(self, system):
        rows = [{"id": number, "code": f"c{9 - number}"} for number in range(PAGE + 1)]
        table = system.make("orders", rows, key=["id"])
        request = Request(table, key=("id", "code"), page_rows=PAGE)
        assert rows_of(system.driver().read(request)) == rows

    def test_refuses_a_key_that_may_repeat(self, system):
        table = system.make("orders", numbered(1), key=["id"])
        act = lambda: system.driver().read(Request(table, key=("name",)))  # noqa: E731
        self.failure(system, act, ConfigError, "invalid_key")

    def test_refuses_a_key_without_any_index(self, system):
        table = system.make("orders", numbered(1))
        act = lambda: system.driver().read(Request(table, key=("id",)))  # noqa: E731
        self.failure(system, act, ConfigError, "invalid_key")

    def test_has_no_key_of_a_type_without_an_exact_order(self, system):
        table = system.make("measures", [{"at": 1.5, "id": 1}], key=["at"])
        assert system.driver().describe(table).key == ()

    # By a cursor

    def changed(self, system: System) -> Table:
        rows = [{"id": number, "at": 10 + number // 2} for number in range(6)]
        return system.make("orders", [*rows, {"id": 6, "at": None}], key=["id"])

    def test_reads_everything_at_first_and_tells_how_far_the_cursor_got(self, system):
        table = self.changed(system)
        with closing(system.driver().read(Request(table, cursor="at", page_rows=PAGE))) as reading:
            assert reading.until == 12
            assert [row["id"] for page in reading.pages() for row in page.rows] == list(range(7))

    def test_reads_from_the_bound_on_in_the_order_of_the_cursor(self, system):
        table = self.changed(system)
        system.add("orders", [{"id": -1, "at": 11}])
        with closing(system.driver().read(Request(table, cursor="at", since=11, page_rows=2))) as reading:
            assert reading.until == 12
            pages = list(reading.pages())
        assert [row["id"] for page in pages for row in page.rows] == [-1, 2, 3, 4, 5]
        assert [as_json(page.after) for page in pages] == [[11, 2], [12, 4], [12, 5]]

    def test_resumes_within_equal_cursors(self, system):
        table = self.changed(system)
        request = Request(table, cursor="at", since=10, until=11, after=[10, 0], page_rows=2)
        with closing(system.driver().read(request)) as reading:
            assert reading.until == 11
            assert [row["id"] for page in reading.pages() for row in page.rows] == [1, 2, 3]

    def test_does_not_read_past_the_bound_of_its_beginning(self, system):
        table = self.changed(system)
        system.add("orders", [{"id": 9, "at": 99}])
        request = Request(table, cursor="at", since=10, until=12, columns=("id",))
        assert [row["id"] for row in rows_of(system.driver().read(request))] == list(range(6))

    def test_a_first_run_that_goes_on_does_not_read_past_its_bound_either(self, system):
        table = self.changed(system)
        system.add("orders", [{"id": 9, "at": 99}, {"id": 10, "at": 12}])
        request = Request(table, cursor="at", until=12, after=[3], page_rows=2)
        assert [row["id"] for row in rows_of(system.driver().read(request))] == [4, 5, 6, 10]

    def test_reads_nothing_where_no_row_has_a_cursor(self, system):
        table = system.make("orders", [{"id": 1, "at": None}], key=["id"])
        with closing(system.driver().read(Request(table, cursor="at", since=1))) as reading:
            assert reading.until is None
            assert list(reading.pages()) == []

    def test_reads_by_a_cursor_without_a_key(self, system):
        table = system.make("orders", [{"id": number, "at": number} for number in range(PAGE)])
        with closing(system.driver().read(Request(table, cursor="at", since=2))) as reading:
            assert reading.until == PAGE - 1
            pages = list(reading.pages())
        assert sorted(row["id"] for page in pages for row in page.rows) == [2, 3]
        assert {page.after for page in pages} == {None}

    def test_refuses_a_cursor_without_an_exact_order(self, system):
        table = system.make("measures", [{"id": 1, "at": 1.5}], key=["id"])
        act = lambda: system.driver().read(Request(table, cursor="at"))  # noqa: E731
        self.failure(system, act, ConfigError, "invalid_cursor")


class NetworkConformance(Conformance):
    """For what is reached by a host and a port."""

    def test_refuses_wrong_credentials(self, system):
        self.failure(system, self.wrong_credentials(system).check, CredentialsError, "auth_failed")

    def wrong_credentials(self, system: System) -> Any:
        return system.driver(secrets={"password": "wrong"})

    def test_does_not_know_a_host_that_is_not_there(self, system):
        self.failure(system, system.driver(host="nowhere.invalid").check, ConfigError, "unknown_host")

    def test_may_try_again_where_nobody_answers(self, system):
        self.failure(system, system.driver(port=1).check, TransientError, "unreachable")

    @pytest.mark.parametrize("host", ["10.0.0.5", "169.254.169.254", "[::1]", "/tmp", "@abstract", "a,127.0.0.1"])
    def test_refuses_hosts_that_are_not_to_be_reached(self, system, host):
        with pytest.raises(ConfigError) as caught:
            system.driver(host=host).check()
        assert caught.value.code in ("destination_not_allowed", "invalid_host")

    def test_does_not_know_a_database_that_is_not_there(self, system):
        self.failure(system, system.driver(database="cd_nowhere").check, ConfigError, "unknown_database")

    def test_connects_to_the_address_that_was_judged(self, system):
        # The name means nothing to any name service; only the resolver of the guard knows it.
        looked_up = []

        def resolve(host: str, port: int) -> list[str]:
            looked_up.append(host)
            return [system.settings["host"]]

        egress = system.surroundings.egress
        system.surroundings = type(system.surroundings)(type(egress)(egress.allow, resolve=resolve))
        try:
            system.driver(host="db.example").check()
        finally:
            system.surroundings = type(system.surroundings)(egress)
        assert looked_up == ["db.example"]

    def test_will_not_go_on_without_the_encryption_asked_for(self, system):
        # The servers of the tests have none.
        for mode in ("require", "verify-full"):
            self.failure(system, system.driver(sslmode=mode).check, ConfigError, "tls_failed")
        self.failure(system, system.driver(sslmode="of course").check, ConfigError, "invalid_setting")


class QueryConformance(Conformance):
    """For systems whose own language can be the source."""

    def test_reads_a_query_in_pages_by_the_key_named(self, system):
        system.make("orders", numbered(*range(PAGE + 2)), key=["id"])
        query = Query("SELECT id, 'it''s 100% :x' AS note FROM orders WHERE name LIKE 'name%' -- all of them;")
        with closing(system.driver().read(Request(query, key=("id",), page_rows=PAGE))) as reading:
            assert reading.stream.key == ("id",)
            pages = list(reading.pages())
        note = "it's 100% :x"
        assert [row for page in pages for row in page.rows] == [{"id": n, "note": note} for n in range(PAGE + 2)]
        assert pages[0].after == [PAGE - 1]

    def test_reads_a_query_without_a_key_in_one_pass(self, system):
        system.make("orders", numbered(1, 2))
        rows = rows_of(system.driver().read(Request(Query("  SELECT count(*) AS n, 'x' AS x FROM orders ; "))))
        assert rows == [{"n": 2, "x": "x"}]

    def test_reads_a_query_by_its_cursor(self, system):
        system.make("orders", numbered(*range(PAGE)))
        request = Request(Query("SELECT id FROM orders"), key=("id",), cursor="id", since=2)
        with closing(system.driver().read(request)) as reading:
            assert reading.until == PAGE - 1
            assert [row for page in reading.pages() for row in page.rows] == [{"id": 2}, {"id": 3}]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "SELECT",
            "DELETE FROM orders",
            "DROP TABLE orders",
            "SELECT 1 AS a; DELETE FROM orders",
            "SELECT 1 AS a) AS q; DELETE FROM orders; SELECT * FROM (SELECT 1 AS a",
            "SELECT 1 AS a) AS q; COMMIT; DELETE FROM orders; --",
            "WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone",
            "SELECT * FROM orders; SELECT 1",
        ],
    )
    def test_refuses_whatever_is_not_one_select(self, system, text):
        table = system.make("orders", numbered(1), key=["id"])
        driver = system.driver()
        for request in (Request(Query(text)), Request(Query(text), key=("a",))):
            with pytest.raises(ConfigError):
                rows_of(driver.read(request))
        assert rows_of(driver.read(Request(table))) == numbered(1)

    def test_names_what_a_query_lacks(self, system):
        system.make("orders", numbered(1))
        driver = system.driver()
        for text, code in (("SELECT * FROM missing", "unknown_table"), ("SELECT gone FROM orders", "unknown_column")):
            self.failure(system, lambda: driver.read(Request(Query(text))), ConfigError, code)  # noqa: B023

    def test_reads_a_view_by_the_key_named(self, system):
        system.make("orders", numbered(*range(PAGE + 1)), key=["id"])
        system.execute("CREATE VIEW totals AS SELECT id, name FROM orders")
        driver = system.driver()
        table = system.table("totals")
        assert table in set(driver.streams())
        assert driver.describe(table).key == ()
        assert rows_of(driver.read(Request(table, key=("id",), page_rows=2))) == numbered(*range(PAGE + 1))
