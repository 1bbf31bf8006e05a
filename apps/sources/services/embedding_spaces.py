"""The tables of vectors: one for each space, so that a space is dropped in an instant and its index covers it alone."""

from contextlib import suppress

from django.db import DatabaseError, OperationalError, connection, transaction

from apps.jobs.services import Work
from apps.sources.models import Collection, VectorSpace
from apps.sources.queries.embedders import space_model
from apps.sources.queries.vectors import pgvector, reason_for_no_table
from engine.embedding.contract import Embedder
from engine.errors import TransientError

INDEXED_FROM = 50_000
"""Passages. Fewer are all compared in some 15 ms, exactly; an index finds nearly all, and costs writing."""
LEAST_MEMORY, MOST_MEMORY = 64, 1024
"""Megabytes. An index that does not fit while it is built is built many times slower."""
BYTES_OF_LINKS = 500
"""Of a passage in the index, besides its vector."""
LONGEST_BUILD = 6 * 3600
"""Seconds."""

# Plain: vectors that stand beside their row are compared twice as fast as those that are fetched from elsewhere.
# A record without any words has one passage without a vector, so that it is known to have been looked at.
TABLE = """
CREATE TABLE {table} (
  record_id bigint NOT NULL, chunk integer NOT NULL, version integer NOT NULL, start integer NOT NULL,
  stop integer NOT NULL, embedding halfvec({dimension}), PRIMARY KEY (record_id, chunk)
);
ALTER TABLE {table} ALTER COLUMN embedding SET STORAGE PLAIN
"""
INDEX = "CREATE INDEX IF NOT EXISTS {table}_nearest ON {table} USING hnsw (embedding halfvec_cosine_ops)"
BUILDING = f"""
SET LOCAL statement_timeout = '{LONGEST_BUILD}s'; SET LOCAL lock_timeout = '{LONGEST_BUILD}s';
SET LOCAL maintenance_work_mem = '{{memory}}MB'; SET LOCAL max_parallel_maintenance_workers = {{workers}}
"""
# Else the server goes on for a worker that was killed, and the next one waits for it; not every system can tell
WATCHING = """
SELECT set_config(name, '5s', true) FROM pg_settings
WHERE name = 'client_connection_check_interval' AND version() LIKE '%linux%'
"""
TOO_LITTLE = "53"
"""How errors begin that say that memory or room is short."""
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
            cursor.execute("SELECT to_regclass(%s) IS NULL", [space.table])
            if cursor.fetchone()[0]:
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
    """By several processes, which share memory; where a container has too little to be shared, by one."""
    try:
        _build_with(space, workers=2)
    except OperationalError as error:
        if not str(getattr(error.__cause__, "sqlstate", "")).startswith(TOO_LITTLE):
            raise
        _build_with(space, workers=0)


def _build_with(space: VectorSpace, *, workers: int) -> None:
    needed = space.passage_count * (2 * space.dimension + BYTES_OF_LINKS) // 2**20
    memory = max(LEAST_MEMORY, min(needed, MOST_MEMORY))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BUILDING.format(memory=memory, workers=workers))
        cursor.execute(WATCHING)
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
