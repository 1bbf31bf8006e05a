"""Syncs of real databases miss no change, write nothing without one, and keep nothing of what is left out."""

from contextlib import closing
from typing import Any

import pymysql
import pytest
from django.db import connection as database

from apps.jobs.models import RecordError
from apps.sources.models import Stream
from tests.apps.connections.test_canaries import everything_stored
from tests.apps.sources.houses import House, found
from tests.apps.sources.shop import live, synced, values

NOTHING = {"inserted": 0, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}
CONTENTS = "SELECT ctid, xmin, * FROM sources_record ORDER BY id"
SIZES = """
SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relname LIKE '%record_%' OR relname LIKE 'sources_chunk%'
ORDER BY 1
"""


def test_finds_a_row_that_was_stamped_earlier_and_committed_later(postgresql_house: House) -> None:
    house = postgresql_house
    house.execute("CREATE TABLE notes (id integer PRIMARY KEY, changed_at timestamptz)")
    with house.system.connect() as late:
        late.autocommit = False
        late.execute("INSERT INTO notes VALUES (1, now())")
        house.execute("INSERT INTO notes VALUES (2, now() + interval '10 s')")
        source = house.connect({"cursorField": "changed_at"})
        assert synced(source) == {**NOTHING, "inserted": 1}
        late.commit()
    assert synced(source) == {**NOTHING, "inserted": 1, "kept": 1}


def test_finds_a_row_of_mariadb_that_was_stamped_earlier_and_committed_later(mariadb_house: House) -> None:
    house = mariadb_house
    house.execute("CREATE TABLE notes (id integer PRIMARY KEY, changed_at timestamp(6) NOT NULL)")
    house.execute("SET autocommit = 0")
    house.execute("INSERT INTO notes VALUES (1, now(6) - INTERVAL 10 SECOND)")
    source = house.connect({"cursorField": "changed_at"})
    with closing(another_session(house)) as session, session.cursor() as cursor:
        cursor.execute("INSERT INTO notes VALUES (2, now(6))")
    assert synced(source) == {**NOTHING, "inserted": 1}
    house.execute("COMMIT")
    house.execute("SET autocommit = 1")
    assert synced(source) == {**NOTHING, "inserted": 1, "kept": 1}


def test_a_second_full_run_writes_nothing(house: House) -> None:
    house.execute("CREATE TABLE notes (id integer PRIMARY KEY, note text)")
    house.execute("CREATE TABLE log (line text)")
    for number in range(20):
        house.execute("INSERT INTO notes VALUES (%s, %s)", (number, "walrus " * 5_000))
        house.execute("INSERT INTO log VALUES (%s)", (f"line {number % 3}",))
    source = house.connect()
    synced(source)
    before = stored(CONTENTS), stored(SIZES)
    assert synced(source, mode="full") == {**NOTHING, "kept": 40}
    assert (stored(CONTENTS), stored(SIZES)) == before


def test_an_excluded_column_is_nowhere(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.execute("CREATE TABLE people (id integer PRIMARY KEY, name varchar(99), salary varchar(99), paper text)")
    house.execute("INSERT INTO people VALUES (1, 'Olga', 'CANARY-one', 'fine'), (2, 'Edgar', 'CANARY-two', NULL)")
    house.execute("CREATE TABLE log (line varchar(99), secret varchar(99))")
    house.execute("INSERT INTO log VALUES ('a', 'CANARY-three')")
    columns = {house.label("people"): {"exclude": ["salary"]}, house.label("log"): {"include": ["line"]}}
    source = house.connect({"columns": columns})
    with caplog.at_level("DEBUG"):
        assert synced(source) == {**NOTHING, "inserted": 3}
        house.execute("UPDATE people SET salary = 'CANARY-four'")
        assert synced(source) == {**NOTHING, "kept": 3}
    assert "Olga" in everything_stored()
    assert "CANARY" not in everything_stored() + caplog.text


def test_an_excluded_column_is_not_told_of_with_a_record_that_is_refused(
    transactional_db: None, postgresql_house: House
) -> None:
    house = postgresql_house
    house.execute("CREATE TABLE people (id integer PRIMARY KEY, name text, salary text, paper text)")
    house.execute(
        "INSERT INTO people VALUES (1, 'Olga', 'CANARY', repeat('x', 17000000)), (2, 'Edgar', 'CANARY', NULL)"
    )
    source = house.connect({"columns": {"public.people": {"exclude": ["salary"]}}})
    assert synced(source) == {**NOTHING, "inserted": 1, "failed": 1}
    assert synced(source) == {**NOTHING, "kept": 1, "failed": 1}
    refused = RecordError.objects.values_list("code", "record__name")
    assert list(refused) == [("record_too_large", "Olga")] * 2
    assert "CANARY" not in everything_stored()


def test_a_column_that_is_excluded_later_goes_with_the_next_run(house: House) -> None:
    house.execute("CREATE TABLE people (id integer PRIMARY KEY, salary varchar(99), changed integer)")
    house.execute("INSERT INTO people VALUES (1, 'CANARY', 1), (2, 'CANARY', 2)")
    source = house.connect({"cursorField": "changed"})
    synced(source)
    source.config = {"cursorField": "changed", "columns": {house.label("people"): {"exclude": ["salary"]}}}
    source.save()
    Stream.objects.update(positions={})  # as a change of the configuration does
    assert synced(source) == {**NOTHING, "updated": 2}
    assert "CANARY" not in everything_stored()


def test_a_column_that_comes_to_a_table_comes_to_all_its_records(house: House) -> None:
    house.execute("CREATE TABLE notes (id integer PRIMARY KEY, changed integer)")
    house.execute("INSERT INTO notes VALUES (1, 1), (2, 2)")
    source = house.connect({"cursorField": "changed"})
    synced(source)
    house.execute("ALTER TABLE notes ADD COLUMN colour varchar(9) DEFAULT 'blue'")
    assert synced(source) == {**NOTHING, "updated": 2}
    assert values(house.collection, "colour") == ["blue", "blue"]
    house.execute("ALTER TABLE notes DROP COLUMN colour")
    assert synced(source) == {**NOTHING, "updated": 2}
    assert synced(source) == {**NOTHING, "kept": 1}  # that at the bound itself


def test_other_columns_to_search_in_are_searched_with_the_next_run(house: House) -> None:
    house.execute("CREATE TABLE notes (number integer PRIMARY KEY, note varchar(99), remark varchar(99))")
    house.execute("INSERT INTO notes VALUES (1, 'walrus', 'penguin')")
    source = house.connect({"textColumns": ["note"]})
    synced(source)
    assert (found(house.collection, "walrus"), found(house.collection, "penguin")) == ([1], [])
    source.config = {"textColumns": ["remark"]}
    source.save()
    assert synced(source) == {**NOTHING, "updated": 1}
    assert (found(house.collection, "walrus"), found(house.collection, "penguin")) == ([], [1])
    assert synced(source) == {**NOTHING, "kept": 1}


def test_takes_rows_whose_cursor_is_null(house: House) -> None:
    house.execute("CREATE TABLE notes (id integer PRIMARY KEY, changed integer)")
    house.execute("INSERT INTO notes VALUES (1, NULL), (2, 2)")
    source = house.connect({"cursorField": "changed"})
    assert synced(source) == {**NOTHING, "inserted": 2}
    assert synced(source) == {**NOTHING, "kept": 1}
    assert len(live(house.collection)) == 2


def another_session(house: House) -> Any:
    """Of MariaDB, in which what is done is done at once."""
    settings = {name: house.system.settings[name] for name in ("host", "port", "user", "database")}
    return pymysql.connect(**settings, **house.system.secrets, autocommit=True)


def stored(statement: str) -> list[Any]:
    with database.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()
