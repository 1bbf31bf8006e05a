"""On a server of its own, DATABASE_URL: what becomes of vectors and of a search, as JSON."""

import os
import sys

import orjson

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from apps.accounts.models import Organization
    from apps.jobs import services as jobs
    from apps.sources.queries.search import search
    from apps.sources.queries.vectors import pgvector, standing
    from apps.sources.services import embedding
    from tests.apps.sources.library import Library
    from tests.apps.sources.shop import AT
    from tests.apps.sources.test_embedding import COLUMNS, ROWS

    call_command("migrate", verbosity=0)
    library = Library(Organization.objects.create(name="Acme"))
    library.stream("articles", COLUMNS, ROWS)
    job = embedding.start_embedding(collection=library.collection, at=AT)
    assert job is not None
    claimed = jobs.claim(job_id=job.id, worker="child")
    assert claimed is not None
    jobs.run(claimed)
    job.refresh_from_db()
    told, answer = standing(library.collection), search(collection=library.collection, query="engine failing")
    document = {
        "has_pgvector": bool(pgvector()[0]),
        "job": [job.state, job.error_message],
        "log": list(job.events.filter(level="warning").values_list("message", flat=True)),
        "standing": [told.state, told.reason],
        "found": [result.fields["id"] for result in answer.results],
        "warnings": [[warning.code, warning.message] for warning in answer.warnings],
    }
    sys.stdout.buffer.write(orjson.dumps(document))


if __name__ == "__main__":
    main()
