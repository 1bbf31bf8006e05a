"""What a sync lands, keeps, changes and takes away."""

import pytest

from apps.errors import Conflict
from apps.jobs.models import Job, RecordError
from apps.sources.models import Chunk, Record, Sighting
from tests.apps.sources.shop import AT, Shop, counted, done, live, run, start, sync, synced, values

NOTHING = {"inserted": 0, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}


def test_lands_every_row_with_its_columns(shop: Shop):
    shop.add(1, 2)
    assert synced(shop.connect()) == {**NOTHING, "inserted": 2}
    record = live(shop.collection)[0]
    assert record.data == {"id": 1, "number": "INV-1", "note": "ring twice", "changed": 1}
    assert (record.key, record.version, record.codes) == ("1", 1, "inv-1")
    assert record.stream.columns == [
        {"name": "id", "kind": "integer", "role": ""},
        {"name": "number", "kind": "text", "role": ""},
        {"name": "note", "kind": "text", "role": ""},
        {"name": "changed", "kind": "integer", "role": ""},
    ]
    assert (record.stream.key, counted(shop.collection)) == (["id"], 2)


def test_writes_nothing_the_second_time(shop: Shop):
    shop.add(1, 2, 3)
    source = shop.connect()
    synced(source)
    before = list(Record.objects.order_by("id").values())
    assert synced(source) == {**NOTHING, "kept": 3}
    assert list(Record.objects.order_by("id").values()) == before


def test_counts_what_changed_came_and_went(shop: Shop):
    shop.add(1, 2, 3)
    source = shop.connect()
    synced(source)
    shop.execute("UPDATE orders SET note = 'leave it at the door' WHERE id = 1")
    shop.execute("DELETE FROM orders WHERE id = 2")
    shop.add(4)
    assert synced(source) == {"inserted": 1, "updated": 1, "deleted": 1, "kept": 1, "failed": 0}
    assert [record.key for record in live(shop.collection)] == ["1", "3", "4"]
    assert (live(shop.collection)[0].version, counted(shop.collection)) == (2, 3)


def test_keeps_rows_that_are_the_same_without_a_key(shop: Shop):
    shop.execute("CREATE TABLE log (line TEXT)")
    for line in ("a", "b", "a", "a"):
        shop.execute("INSERT INTO log VALUES (?)", [line])
    source = shop.connect(config={"tables": ["log"]})
    assert synced(source) == {**NOTHING, "inserted": 4}
    assert synced(source) == {**NOTHING, "kept": 4}
    shop.execute("DELETE FROM log WHERE rowid = 1")
    shop.execute("INSERT INTO log VALUES ('c')")
    assert synced(source) == {**NOTHING, "inserted": 1, "deleted": 1, "kept": 3}
    assert sorted(values(shop.collection, "line")) == ["a", "a", "b", "c"]


def test_keeps_equal_rows_of_different_pages(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("apps.sources.services.reading.PAGE_ROWS", 2)
    shop.execute("CREATE TABLE log (line TEXT)")
    for line in "abcabcaaa":
        shop.execute("INSERT INTO log VALUES (?)", [line])
    source = shop.connect(config={"tables": ["log"]})
    assert synced(source) == {**NOTHING, "inserted": 9}
    assert synced(source) == {**NOTHING, "kept": 9}
    assert sorted(values(shop.collection, "line")) == list("aaaaabbcc")


def test_reads_behind_the_cursor_alone_and_still_finds_what_went(shop: Shop):
    shop.add(1, 2, 3)
    source = shop.connect(config={"cursorField": "changed"})
    synced(source)
    shop.add(4, changed=4)
    shop.execute("UPDATE orders SET note = 'late', changed = 5 WHERE id = 1")
    shop.execute("DELETE FROM orders WHERE id = 2")
    job = sync(source)
    assert done(job) == {"inserted": 1, "updated": 1, "deleted": 1, "kept": 1, "failed": 0}  # 3 is at the bound itself
    assert [record.key for record in live(shop.collection)] == ["1", "3", "4"]


def test_finds_a_row_stamped_earlier_and_committed_later(shop: Shop):
    shop.add(1, changed=1000)
    source = shop.connect(config={"cursorField": "changed", "overlapSeconds": 300})
    synced(source)
    shop.add(2, changed=900)
    assert synced(source) == {**NOTHING, "inserted": 1, "kept": 1}


def test_a_full_run_reads_everything_whatever_the_cursor_says(shop: Shop):
    shop.add(1, 2, changed=7)
    source = shop.connect(config={"cursorField": "changed"})
    synced(source)
    shop.execute("UPDATE orders SET note = 'unstamped', changed = 1 WHERE id = 1")
    assert synced(source) == {**NOTHING, "kept": 1}
    assert synced(source, mode="full") == {**NOTHING, "updated": 1, "kept": 1}


def test_lands_no_more_rows_than_the_limit(shop: Shop):
    shop.add(*range(1, 11))
    source = shop.connect(config={"rowLimit": 4, "cursorField": "changed"})
    assert synced(source) == {**NOTHING, "inserted": 4}
    shop.execute("DELETE FROM orders WHERE id = 1")
    assert synced(source) == {**NOTHING, "inserted": 1, "deleted": 1, "kept": 3}
    assert [record.key for record in live(shop.collection)] == ["2", "3", "4", "5"]


def test_an_excluded_column_is_nowhere_in_the_database(shop: Shop):
    shop.add(1, note="CANARY-excluded")
    source = shop.connect(config={"columns": {"orders": {"exclude": ["note"]}}})
    synced(source)
    assert live(shop.collection)[0].data == {"id": 1, "number": "INV-1", "changed": 1}


@pytest.mark.parametrize("name", ["id", "changed"])
def test_refuses_to_leave_out_what_it_must_keep(name: str, shop: Shop):
    source = shop.connect(config={"columns": {"orders": {"exclude": [name]}}, "cursorField": "changed"})
    job = sync(source)
    assert (job.state, job.error_code) == ("failed", {"id": "key_excluded", "changed": "cursor_excluded"}[name])


def test_removes_nothing_when_the_source_answers_nothing(shop: Shop):
    shop.add(1, 2)
    source = shop.connect()
    synced(source)
    shop.execute("DELETE FROM orders")
    job = sync(source)
    assert (job.state, job.error_code) == ("failed", "empty_source")
    assert len(live(shop.collection)) == 2
    assert synced(source, confirm_empty=True) == {**NOTHING, "deleted": 2}
    assert (live(shop.collection), counted(shop.collection)) == ([], 0)


def test_a_table_that_is_gone_takes_its_records_along(shop: Shop):
    shop.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
    shop.execute("INSERT INTO notes VALUES (1, 'one')")
    shop.add(1)
    source = shop.connect()
    synced(source)
    shop.execute("DROP TABLE notes")
    assert synced(source) == {**NOTHING, "deleted": 1, "kept": 1}
    assert values(shop.collection, "number") == ["INV-1"]


def test_a_table_that_was_asked_for_and_is_gone_keeps_its_records(shop: Shop):
    shop.add(1)
    source = shop.connect(config={"tables": ["orders"]})
    synced(source)
    shop.execute("DROP TABLE orders")
    job = sync(source)
    assert (job.state, job.error_code) == ("failed", "unknown_table")
    assert len(live(shop.collection)) == 1


def test_a_table_that_cannot_be_read_does_not_keep_the_others_from_it(shop: Shop):
    shop.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
    shop.add(1)
    source = shop.connect(config={"columns": {"notes": {"exclude": ["nothing"]}}})
    job = sync(source)
    assert (job.state, job.error_code) == ("failed", "unknown_column")
    assert job.error_message == "notes: notes has no column 'nothing'."
    assert values(shop.collection, "number") == ["INV-1"]


def test_a_second_start_is_refused_while_one_is_active(shop: Shop):
    source = shop.connect()
    job = start(source)
    with pytest.raises(Conflict) as refused:
        start(source)
    assert (refused.value.code, refused.value.job) == ("sync_in_progress", job.uid)
    assert Job.objects.count() == 1
    run(job)
    assert start(source).state == "queued"


def test_the_same_idempotency_key_gives_the_same_sync(shop: Shop):
    source = shop.connect()
    job = start(source, idempotency_key="mine")
    assert start(source, idempotency_key="mine").id == job.id
    run(job)
    assert start(source, idempotency_key="mine").id == job.id


def test_a_row_that_cannot_be_kept_is_told_of_and_the_others_land(shop: Shop):
    shop.add(1, 2)
    shop.execute("CREATE TABLE odd (id TEXT PRIMARY KEY, amount)")
    shop.execute("INSERT INTO odd VALUES ('a', 1)")
    shop.execute("INSERT INTO odd VALUES (NULL, 2)")
    job = sync(shop.connect())
    assert job.records_failed == RecordError.objects.filter(job=job).count()


def test_a_long_text_is_searched_to_its_end(shop: Shop):
    shop.add(1, note="word " * 20_000 + "needle")
    synced(shop.connect())
    assert Chunk.objects.count() == 3
    shop.execute("UPDATE orders SET note = 'short'")
    synced(Record.objects.get().stream.source_connection)
    assert Chunk.objects.count() == 0


def test_text_that_postgresql_cannot_hold_is_kept_readable(shop: Shop):
    shop.add(1, note="a\0b\\c\td")
    synced(shop.connect())
    assert live(shop.collection)[0].data["note"] == "a\u2400b\\c\td"


def test_what_was_met_is_forgotten_with_the_next_run(shop: Shop):
    shop.add(1, 2)
    source = shop.connect()
    synced(source)
    synced(source)
    assert Sighting.objects.count() == 2
    synced(source)
    assert Sighting.objects.count() == 2


def test_tells_its_figures_to_the_job(shop: Shop):
    shop.add(1, 2, 3)
    source = shop.connect()
    synced(source)
    shop.add(4)
    job = sync(source)
    assert (job.records_read, job.records_written, job.records_ignored, job.records_failed) == (4, 1, 3, 0)
    assert job.labels == {"source_connection": source.uid, "collection": shop.collection.uid}
    assert job.created_at == AT
