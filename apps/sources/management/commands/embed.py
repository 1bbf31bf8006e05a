from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.sources.queries import embedders
from apps.sources.services import embedding


class Command(BaseCommand):
    help = "Begins to make vectors where they are missing or are another model's. Searches go on with what is there."

    def handle(self, *args: Any, **options: Any) -> None:
        if reason := embedders.reason_for_none():
            raise CommandError(reason)
        for collection in embedding.outdated():
            job = embedding.start_embedding(collection=collection, at=timezone.now())
            self.stdout.write(f"{collection.readable_id}: job {job.uid if job else ''}")
