"""Records get their vectors, and are found by what they mean."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.sources.models import Collection, Record, Stream, VectorSpace
from apps.sources.queries.search import Answer, nearest, search
from apps.sources.queries.vectors import VectorStanding, standing
from apps.sources.services import embedding, embedding_filling, embedding_spaces
from apps.sources.services import streams as stream_services
from config.home import ROOT
from engine.schema import Kind
from tests.apps.jobs.conftest import eventually, expire_lease
from tests.apps.sources.library import Library
from tests.apps.sources.recall import measured
from tests.apps.sources.shop import AT
from tests.faults.machine import database_url

pytest.importorskip("wordllama", reason="WordLlama has no wheel for this platform")

COLUMNS = {"id": Kind.INTEGER, "title": Kind.TEXT, "body": Kind.TEXT, "price": Kind.DECIMAL}
ROWS = [
    {"id": 1, "title": "Refunds", "body": "Refunds are paid to your account within five days.", "price": "1.00"},
    {"id": 2, "title": "Office", "body": "Our office has new chairs and a coffee machine.", "price": "2.00"},
    {"id": 3, "title": "Breakdown", "body": "A vehicle's engine fails to turn over in cold weather.", "price": "3.00"},
]
MODEL = "wordllama/l2_supercat"


@pytest.fixture
def library(transactional_db: None) -> Library:
    return Library(Organization.objects.create(name="Acme"))


@pytest.fixture
def articles(library: Library) -> Stream:
    return library.stream("articles", COLUMNS, ROWS)


def embed(collection: Collection) -> Job:
    job = embedding.start_embedding(collection=collection, at=AT)
    assert job is not None
    return attempt(job)


def attempt(job: Job) -> Job:
    """One of the job, by the real machine."""
    claimed = jobs.claim(job_id=job.id, worker="test")
    assert claimed is not None
    jobs.run(claimed)
    job.refresh_from_db()
    return job


def find(collection: Collection, query: str, **more: Any) -> list[int]:
    return ids(search(collection=collection, query=query, **more))


def ids(answer: Answer) -> list[int]:
    return [result.fields["id"] for result in answer.results]


def rows(space: VectorSpace) -> list[tuple[int, int, int]]:
    """(record, chunk, version) of all its vectors."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT record_id, chunk, version FROM {space.table} ORDER BY 1, 2")
        return cursor.fetchall()


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(embedding_spaces.TABLES)
        return sorted(name for (name,) in cursor.fetchall())


def test_finds_what_says_the_same_in_other_words(library: Library, articles: Stream) -> None:
    assert find(library.collection, "how do I get my money back") == []

    job = embed(library.collection)

    assert (job.state, job.error_message, job.records_written) == ("completed", "", 3)
    assert find(library.collection, "how do I get my money back") == [1]
    assert find(library.collection, "the car will not start") == [3]
    assert find(library.collection, "quarterly revenue forecast") == []


def test_says_how_far_the_vectors_are(library: Library, articles: Stream) -> None:
    assert standing(library.collection) == VectorStanding("filling")
    embed(library.collection)
    assert standing(library.collection) == VectorStanding("ready", 100, MODEL, 256)

    library.put(articles, [{"id": 4, "title": "New", "body": "Something else.", "price": None}])

    assert standing(library.collection) == VectorStanding("filling", 75, MODEL, 256)
    answer = search(collection=library.collection, query="the car will not start")
    assert ids(answer) == [3]
    assert [(warning.code, warning.message) for warning in answer.warnings] == [
        ("vectors_incomplete", "75 % of the records can be found by their meaning so far.")
    ]


def test_follows_what_changes_and_what_goes(library: Library, articles: Stream) -> None:
    embed(library.collection)
    library.put(articles, [{**ROWS[1], "body": "The printer is jammed and prints nothing."}])
    Record.objects.filter(key="3").delete()
    Stream.objects.filter(id=articles.id).update(record_count=2)

    job = embed(library.collection)

    space = VectorSpace.objects.get()
    first, second = Record.objects.order_by("id").values_list("id", flat=True)
    assert rows(space) == [(first, 0, 1), (second, 0, 2)]
    assert (space.record_count, space.passage_count, job.records_written) == (2, 2, 1)
    assert find(library.collection, "paper stuck in the machine") == [2]
    assert standing(library.collection).percent == 100


def test_makes_nothing_twice(library: Library, articles: Stream) -> None:
    embed(library.collection)

    assert embed(library.collection).records_written == 0
    assert VectorSpace.objects.get().record_count == 3


def test_answers_nothing_of_what_was_cleared(library: Library, articles: Stream) -> None:
    embed(library.collection)

    with transaction.atomic():
        stream_services.clear([articles])

    assert find(library.collection, "the car will not start") == []
    embed(library.collection)
    space = VectorSpace.objects.get()
    assert (rows(space), space.record_count, space.passage_count) == ([], 0, 0)


def test_finds_live_records_among_many_that_are_not(library: Library, articles: Stream) -> None:
    old = library.stream("old", COLUMNS, [{**ROWS[2], "id": 100 + place} for place in range(300)])
    embed(library.collection)

    stream_services.drop([old], at=AT)

    assert find(library.collection, "the car will not start") == [3]


def test_filters_what_it_finds_by_meaning(library: Library, articles: Stream) -> None:
    embed(library.collection)

    cheap = [{"field": "price", "operator": "lt", "value": 3}]

    assert find(library.collection, "the car will not start", filter_list=cheap) == []
    assert find(library.collection, "money back", filter_list=cheap) == [1]


def test_finds_the_passage_of_a_long_text(library: Library) -> None:
    filler = "The weather was mild and the fields were green. " * 200
    refunds = "Refunds are paid to your bank account within five days of the return. "
    money = "Money that you paid is sent back to the card or the account that it came from, without any fee. "
    body = f"{filler}{refunds * 2}{money * 2}{filler}"
    library.stream("manual", COLUMNS, [{"id": 9, "title": "Manual", "body": body, "price": None}])
    embed(library.collection)

    [result] = search(collection=library.collection, query="getting my money back").results

    assert VectorSpace.objects.get().passage_count > 50
    assert "Money that you paid is sent back" in result.content
    assert len(result.content) < 800


def test_knows_that_a_record_without_words_was_looked_at(library: Library) -> None:
    library.stream("numbers", {"id": Kind.INTEGER, "price": Kind.DECIMAL}, [{"id": 1, "price": "5.00"}])

    embed(library.collection)

    assert standing(library.collection) == VectorStanding("ready", 100, MODEL, 256)
    assert embed(library.collection).records_written == 0


def test_takes_the_text_columns_alone(library: Library, articles: Stream) -> None:
    library.source.config = {"textColumns": ["title"]}
    library.source.save()

    embed(library.collection)

    assert find(library.collection, "the car will not start") == []
    assert find(library.collection, "vehicle malfunction, breakdown") == [3]


def test_swaps_to_another_model_while_searches_go_on(
    library: Library, articles: Stream, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed(library.collection)
    [old] = tables()
    settings.EMBEDDING = {**settings.EMBEDDING, "dimension": 128}
    seen = []
    remember = embedding_filling.Filling._remember

    def look_and_remember(self: Any, position: Any) -> None:
        seen.append((find(library.collection, "the car will not start"), standing(library.collection)))
        remember(self, position)

    monkeypatch.setattr(embedding_filling.Filling, "_remember", look_and_remember)
    assert embedding.outdated() == [library.collection]

    job = embed(library.collection)

    assert seen == [([3], VectorStanding("filling", 100, MODEL, 128))]
    assert (job.state, job.records_written) == ("completed", 3)
    space = VectorSpace.objects.get()
    assert (space.dimension, space.is_current) == (128, True)
    assert tables() == [space.table] != [old]
    assert find(library.collection, "the car will not start") == [3]
    assert embedding.outdated() == []


def test_asks_again_where_the_space_is_replaced_meanwhile(
    library: Library, articles: Stream, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed(library.collection)
    question = nearest.question

    def question_then_swap(asked: Any) -> Any:
        put = question(asked)
        if settings.EMBEDDING["dimension"] == 0:
            settings.EMBEDDING = {**settings.EMBEDDING, "dimension": 64}
            embed(library.collection)
        return put

    monkeypatch.setattr(nearest, "question", question_then_swap)

    assert find(library.collection, "the car will not start") == [3]
    assert VectorSpace.objects.get().dimension == 64


def test_builds_an_index_where_many_passages_are(
    library: Library, articles: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "INDEXED_FROM", 3)

    embed(library.collection)

    space = VectorSpace.objects.get()
    assert space.is_indexed
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s ORDER BY 1", [space.table])
        assert "USING hnsw (embedding halfvec_cosine_ops)" in "".join(text for (text,) in cursor.fetchall())
    assert find(library.collection, "the car will not start") == [3]


def test_hands_back_at_a_page_and_goes_on_behind_it(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_filling, "PAGE", 10)
    library.stream("many", COLUMNS, [{**ROWS[2], "id": place} for place in range(100, 150)])
    job = embedding.start_embedding(collection=library.collection, at=AT)
    assert job is not None
    remember = embedding_filling.Filling._remember

    def remember_and_ask(self: Any, position: Any) -> None:
        remember(self, position)
        if job.attempt <= 1:
            self._work.stop.show("drain")

    monkeypatch.setattr(embedding_filling.Filling, "_remember", remember_and_ask)
    claimed = jobs.claim(job_id=job.id, worker="test")
    assert claimed is not None
    jobs.run(claimed)
    job.refresh_from_db()
    assert (job.state, job.records_written, VectorSpace.objects.get().record_count) == ("running", 10, 10)

    job.attempt = 2
    job = attempt(job)

    assert (job.state, job.records_read, VectorSpace.objects.get().record_count) == ("completed", 40, 50)


@pytest.mark.slow
def test_resumes_after_its_process_was_killed(library: Library) -> None:
    library.stream("many", COLUMNS, [{**ROWS[2], "id": place} for place in range(30_000)])
    job = embedding.start_embedding(collection=library.collection, at=AT)
    assert job is not None
    command = [sys.executable, "-m", "tests.apps.sources.job_child", str(job.id)]
    child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": database_url()})
    try:
        assert eventually(lambda: VectorSpace.objects.filter(record_count__gte=1_000).exists(), 60)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    kept = VectorSpace.objects.get().record_count
    assert 1_000 <= kept < 30_000
    assert len(rows(VectorSpace.objects.get())) == kept
    expire_lease(job)

    job = attempt(job)

    assert (job.state, job.attempt) == ("completed", 2)
    assert job.records_written == 30_000 - kept
    space = VectorSpace.objects.get()
    found = rows(space)
    assert (len(found), space.record_count, space.passage_count) == (30_000, 30_000, 30_000)
    assert {record for record, *_ in found} == set(Record.objects.values_list("id", flat=True))


def test_starts_no_job_where_nothing_makes_vectors(library: Library, articles: Stream, settings: Settings) -> None:
    settings.EMBEDDING = {**settings.EMBEDDING, "name": "none"}

    assert embedding.start_embedding(collection=library.collection, at=AT) is None
    assert Job.objects.count() == 0
    assert standing(library.collection).state == "off"


def test_starts_one_job_at_a_time(library: Library) -> None:
    first, second = (embedding.start_embedding(collection=library.collection, at=AT) for _ in range(2))

    assert first is not None
    assert first == second


def test_drops_the_tables_of_collections_that_are_gone(library: Library, articles: Stream) -> None:
    embed(library.collection)
    other = Library(library.organization, name="Other")
    Collection.objects.filter(id=library.collection.id).delete()

    embed(other.collection)

    assert tables() == [VectorSpace.objects.get().table]


@pytest.mark.slow
def test_does_without_pgvector_where_the_server_has_none(postgresql: dict[str, Any]) -> None:
    url = "postgresql://{user}@{host}:{port}/{database}".format(**postgresql)
    command = [sys.executable, "-m", "tests.apps.sources.without_pgvector"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = orjson.loads(done.stdout)
    if told["has_pgvector"]:
        pytest.skip("the server at TEST_POSTGRES_URL has pgvector")

    reason = "The database does not have the extension pgvector."
    assert told == {
        "has_pgvector": False,
        "job": ["completed", ""],
        "log": [f"Records are found by words alone. {reason}"],
        "standing": ["unavailable", reason],
        "found": [3],
        "warnings": [["vectors_unavailable", f"Found by words alone. {reason}"]],
    }


@pytest.mark.slow
def test_finds_nearly_all_through_the_index_that_a_scan_finds(
    library: Library, say: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """10,000 vectors of texts of words drawn by chance, the ten nearest of 50 questions; the benchmark `recall` has
    ten times as many."""
    monkeypatch.setattr(embedding, "INDEXED_FROM", 5_000)
    recall, milliseconds, seconds = measured(library, count=10_000, questions=50)

    say(f"recall@10 {recall:.3f}, {milliseconds:.1f} ms a search, built in {seconds:.1f} s")
    assert recall >= 0.95


def test_the_command_begins_where_vectors_are_missing(
    library: Library, articles: Stream, capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    call_command("embed")
    [job] = Job.objects.all()
    assert capsys.readouterr().out == f"library: job {job.uid}\n"

    attempt(job)
    call_command("embed")
    assert Job.objects.count() == 1

    settings.EMBEDDING = {**settings.EMBEDDING, "name": "none"}
    with pytest.raises(CommandError, match="switched off"):
        call_command("embed")
