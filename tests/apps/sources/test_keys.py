"""What tells the records of real databases apart: keys of any kind, and where there is none, their content."""

import pytest

from tests.apps.sources.houses import House
from tests.apps.sources.shop import live, synced, values

NOTHING = {"inserted": 0, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}
BINARY = {"postgresql": "bytea", "mysql": "varbinary(60)"}
MOMENT = {"postgresql": "timestamptz", "mysql": "timestamp(6)"}
KEYS = {
    "integer": ("1", "-2"),
    "decimal(20,4)": ("1.5", "-2"),
    "date": ("'2024-02-29'", "'2024-03-01'"),
    "time": ("'23:59:59'", "'00:00:00'"),
    "timestamp": ("'2024-02-29 23:59:59'", "'2024-03-01 00:00:00'"),
    "char(3)": ("'a'", "'b'"),
    "uuid": ("'0b5a0000-0000-0000-0000-00000000000a'", "'0b5a0000-0000-0000-0000-00000000000b'"),
    "boolean": ("true", "false"),
}


@pytest.mark.parametrize("type_", KEYS)
def test_tells_records_apart_by_keys_of_any_type(type_: str, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.services.reading.PAGE_ROWS", 1)
    house.execute(f"CREATE TABLE kept (k {type_} NOT NULL PRIMARY KEY, note varchar(20))")
    for literal in KEYS[type_]:
        house.execute(f"INSERT INTO kept VALUES ({literal}, 'walrus')")
    source = house.connect()
    assert synced(source) == {**NOTHING, "inserted": 2}
    house.execute(f"UPDATE kept SET note = 'seal' WHERE k = {KEYS[type_][0]}")
    assert synced(source) == {**NOTHING, "updated": 1, "kept": 1}
    house.execute(f"DELETE FROM kept WHERE k = {KEYS[type_][1]}")
    assert synced(source) == {**NOTHING, "deleted": 1, "kept": 1}
    assert values(house.collection, "note") == ["seal"]


def test_tells_keys_apart_that_differ_in_case_accents_blanks_or_bytes(house: House) -> None:
    keys = ["a", "A", "ä", "a\u0308", "é", "e", "ss", "ß", " a", "a\tb", "a\\b", "☃", "🦭", "", "#", "[1]", "\u2400"]
    column = "varchar(20) COLLATE utf8mb4_nopad_bin" if house.system.name == "mysql" else "text"
    house.execute(f"CREATE TABLE words (word {column} PRIMARY KEY, number integer)")
    for number, key in enumerate(keys):
        house.execute("INSERT INTO words VALUES (%s, %s)", (key, number))
    source = house.connect()
    assert synced(source) == {**NOTHING, "inserted": len(keys)}
    assert {record.key: record.data["number"] for record in live(house.collection)} == {
        key: number for number, key in enumerate(keys)
    }
    assert synced(source) == {**NOTHING, "kept": len(keys)}
    house.execute("DELETE FROM words WHERE number <> 1")
    assert synced(source) == {**NOTHING, "deleted": len(keys) - 1, "kept": 1}


def test_keys_that_mariadb_takes_for_one_stay_one(mariadb_house: House) -> None:
    mariadb_house.execute(
        "CREATE TABLE words (word varchar(20) COLLATE utf8mb4_general_ci PRIMARY KEY, number integer)"
    )
    for number, word in enumerate(["Äpfel", "Birne", "zebra", "Éclair", "apfelsine"]):
        mariadb_house.execute("INSERT INTO words VALUES (%s, %s)", (word, number))
    source = mariadb_house.connect({"cursorField": "number"})
    assert synced(source) == {**NOTHING, "inserted": 5}
    mariadb_house.execute("UPDATE words SET word = 'ÄPFEL', number = 9 WHERE word = 'apfel'")
    assert synced(source) == {**NOTHING, "inserted": 1, "deleted": 1, "kept": 1}
    assert sorted(values(mariadb_house.collection, "word")) == ["Birne", "apfelsine", "zebra", "ÄPFEL", "Éclair"]


def test_tells_composite_keys_apart(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.services.reading.PAGE_ROWS", 2)
    rows = [(1, "2"), (12, ""), (1, '2","x'), (1, "2]"), (-1, "2"), (1, "\\")]
    house.system.make("pairs", [{"a": a, "b": b, "note": "walrus"} for a, b in rows], key=["a", "b"])
    source = house.connect()
    assert synced(source) == {**NOTHING, "inserted": 6}
    house.execute("UPDATE pairs SET note = 'seal' WHERE a = 12")
    house.execute("DELETE FROM pairs WHERE a = -1")
    assert synced(source) == {**NOTHING, "updated": 1, "deleted": 1, "kept": 4}
    assert live(house.collection)[0].key == '[1,"2"]'


def test_tells_very_long_keys_apart(house: House) -> None:
    column = "varchar(700) CHARACTER SET ascii" if house.system.name == "mysql" else "text"
    house.execute(f"CREATE TABLE lengthy (k {column} PRIMARY KEY, number integer)")
    for number in range(3):
        house.execute("INSERT INTO lengthy VALUES (%s, %s)", ("x" * 600 + str(number), number))
    source = house.connect()
    assert synced(source) == {**NOTHING, "inserted": 3}
    house.execute("UPDATE lengthy SET number = 7 WHERE number = 0")
    house.execute("DELETE FROM lengthy WHERE number = 1")
    assert synced(source) == {**NOTHING, "updated": 1, "deleted": 1, "kept": 1}
    assert {len(record.key) for record in live(house.collection)} == {33}


def test_tells_rows_apart_by_a_unique_index_where_there_is_no_key(house: House) -> None:
    house.execute("CREATE TABLE notes (number integer NOT NULL UNIQUE, note varchar(20))")
    house.execute("INSERT INTO notes VALUES (1, 'walrus'), (2, 'seal')")
    source = house.connect()
    assert synced(source) == {**NOTHING, "inserted": 2}
    house.execute("UPDATE notes SET note = 'orca' WHERE number = 2")
    assert synced(source) == {**NOTHING, "updated": 1, "kept": 1}
    assert live(house.collection)[0].stream.key == ["number"]


def test_identical_rows_without_a_key_all_survive(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.services.reading.PAGE_ROWS", 3)
    house.execute(
        f"CREATE TABLE log (line varchar(9), at {MOMENT[house.system.name]} NULL, bytes {BINARY[house.system.name]})"
    )
    for _ in range(5):
        house.execute("INSERT INTO log VALUES ('same', '2024-02-29 12:00:00', 'x'), ('other', NULL, NULL)")
    source = house.connect()
    assert synced(source) == {**NOTHING, "inserted": 10}
    assert synced(source) == {**NOTHING, "kept": 10}
    house.execute("DELETE FROM log WHERE line = 'other'")
    house.execute("INSERT INTO log VALUES ('same', '2024-02-29 12:00:00', 'x'), ('other', NULL, NULL)")
    assert synced(source) == {**NOTHING, "inserted": 1, "deleted": 4, "kept": 6}
    assert sorted(values(house.collection, "line")) == ["other", *["same"] * 6]
