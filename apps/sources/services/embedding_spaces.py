"""The tables of vectors: one for each space, so that a space is dropped in an instant and its index covers it alone."""

from contextlib import suppress

from django.db import DatabaseError, OperationalError, connection, transaction

from apps.jobs.services import Work
from apps.sources.models import Collection, VectorSpace
from apps.sources.queries.embedders import space_model
from apps.sources.queries.vectors import pgvector, reason_for_no_table
from engine.embedding.contract import Embedder
from engine.errors import TransientError

INDEXED_FROM = 20_000
"""Passages. All of fewer are compared in some milliseconds, exactly; an index finds nearly all, and costs writing."""
BUILD_MEMORY = "256MB"
LONGEST_BUILD = 6 * 3600
"""Seconds."""

# Plain: vectors that stand beside their row are compared twice as fast as those that are fetched from elsewhere.
# A record without any words has one passage without a vector, so that it is known to have been looked at.
TABLE = """
CREATE TABLE IF NOT EXISTS {table} (
  record_id bigint NOT NULL, chunk integer NOT NULL, version integer NOT NULL, start integer NOT NULL,
  stop integer NOT NULL, embedding halfvec({dimension}), PRIMARY KEY (record_id, chunk)
);
ALTER TABLE {table} ALTER COLUMN embedding SET STORAGE PLAIN
"""
INDEX = "CREATE INDEX IF NOT EXISTS {table}_nearest ON {table} USING hnsw (embedding halfvec_cosine_ops)"
BUILDING = f"SET LOCAL statement_timeout = '{LONGEST_BUILD}s'; SET LOCAL maintenance_work_mem = '{BUILD_MEMORY}'"
TABLES = r"SELECT tablename FROM pg_tables WHERE schemaname = current_schema AND tablename ~ '^sources_vector_[0-9]+$'"


def missing_extension() -> str:
    """Why there can be no vectors in this database, as a sentence; "" where pgvector is there, or was to be had."""
    _, is_installed = pgvector()
    if not is_installed and not reason_for_no_table():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
        except DatabaseError:
            return "The database's owner must install pgvector in it: CREATE EXTENSION vector."
    return reason_for_no_table()


def ensure_space(work: Work, collection: Collection, embedder: Embedder) -> VectorSpace:
    """The space of the embedder's model, with its table. The first one of a collection answers searches at once, while
    it is filled; a later one takes over when it is full."""
    space = VectorSpace(collection=collection, model=space_model(embedder), dimension=embedder.dimension)

    def make() -> None:
        nonlocal space
        space, _ = VectorSpace.objects.get_or_create(
            collection=collection,
            model=space.model,
            dimension=space.dimension,
            defaults={"is_current": not collection.vector_spaces.exists()},
        )
        with connection.cursor() as cursor:
            cursor.execute(TABLE.format(table=space.table, dimension=space.dimension))

    work.store(make)
    return space


def ensure_index(work: Work, space: VectorSpace) -> None:
    """Nobody but this job writes to the table, so that it may be locked against writing while it is built."""
    if space.is_indexed:
        return
    database = connection.connection
    patience, database.patience = database.patience, LONGEST_BUILD
    try:
        with work.long_statement(), work.stop.interruptible(database.cancel):
            _build(space)
    except OperationalError as error:
        raise TransientError("The index over the vectors was not finished.", code="index_interrupted") from error
    finally:
        database.patience = patience
    work.store(lambda: VectorSpace.objects.filter(id=space.id).update(is_indexed=True))


def _build(space: VectorSpace) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BUILDING)
        cursor.execute(INDEX.format(table=space.table))


def analyze(space: VectorSpace) -> None:
    """So that the database knows at once how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {space.table}")


def make_current(work: Work, space: VectorSpace) -> None:
    """Searches ask it from now on."""

    def swap() -> None:
        VectorSpace.objects.filter(collection_id=space.collection_id).exclude(id=space.id).update(is_current=False)
        VectorSpace.objects.filter(id=space.id).update(is_current=True)

    work.store(swap)


def drop_others(space: VectorSpace | None) -> None:
    """Drops the other spaces of its collection, and tables whose space is gone. One that is in use is left to the next
    time."""
    if space is not None:
        VectorSpace.objects.filter(collection_id=space.collection_id, is_current=False).delete()
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        tables = {name for (name,) in cursor.fetchall()}
    kept = {each.table for each in VectorSpace.objects.only("id")}
    for table in sorted(tables - kept):
        with suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
