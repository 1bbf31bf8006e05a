"""The index of words holds the collection beside them, so that no collection pays for another's records."""

from django.db import connection

from apps.sources.queries.search import words
from apps.sources.queries.search.asking import LIVE, SETTINGS
from tests.apps.sources.shop import Shop, synced

MANY = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
INSERT INTO orders SELECT i, 'INV-' || (20000 + i), 'word' || i, i FROM n
"""
VALUES = {"collection": 1, "terms": "'word7'", "most": 100, "wanted": 10}


def test_looks_into_one_collection_of_the_index(shop: Shop) -> None:
    shop.execute(MANY)
    synced(shop.connect())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sources_record")
        cursor.execute(SETTINGS)
        cursor.execute(f"EXPLAIN {words.MATCHES.format(live=LIVE, condition='')}", VALUES)
        plan = [line.strip() for (line,) in cursor.fetchall()]
    scan = next(place for place, line in enumerate(plan) if "Index Scan on record_words" in line)
    assert plan[scan + 1].startswith("Index Cond: ((collection_id = '1'::bigint) AND (words @@")
