"""Making, naming and removing collections."""

import re
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import count

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.errors import Invalid
from apps.sources.models import Collection, Language, SourceConnection
from apps.sources.services import editing
from apps.sources.services.starting import stop_sync

LONGEST_NAME, LONGEST_DESCRIPTION = 200, 10_000
LONGEST_ID = 70
"""Of a readable id, without the number behind it."""
UNNAMED = "collection"
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def create_collection(
    *,
    organization_id: int,
    project_id: int | None,
    name: str,
    description: str = "",
    language: str = Language.ENGLISH,
) -> Collection:
    """Its readable id comes from its name, with a number where another one has it. Raises Invalid."""
    collection = Collection(
        organization_id=organization_id,
        project_id=project_id,
        name=_name(name),
        description=_description(description),
        language=_language(language),
    )
    collection.readable_id = _free(collection)
    while not _insert(collection):
        collection.readable_id = _free(collection)
    return collection


def change_collection(*, collection: Collection, name: str | None = None, description: str | None = None) -> Collection:
    """What is given changes, the readable id never does: clients know it. Raises Invalid."""
    if name is not None:
        collection.name = _name(name)
    if description is not None:
        collection.description = _description(description)
    collection.save(update_fields=["name", "description", "updated_at"])
    return collection


def remove_collection(*, collection: Collection, at: datetime) -> int:
    """With all that is in it; how many records went. Nobody sees any of it from now on, and the purge of its last
    source connection takes its row away. Raises Conflict `sync_in_progress`."""
    removed = 0
    with transaction.atomic():
        row = Collection.objects.select_for_update().get(id=collection.id)
        row.removed_at = at
        row.save(update_fields=["removed_at", "updated_at"])
        sources = list(SourceConnection.everything.filter(collection=row).order_by("id"))
        for each in sources:
            if each.removed_at is None:
                removed += editing.remove(source_connection=each, delete_data=True, at=at).deleted
            else:
                removed += editing.clear(source_connection=each, at=at)
        if not sources:
            row.delete()
    return removed


def stop_syncs(*, collection: Collection, seconds: float) -> None:
    """Cancels whatever is active in it and waits. Raises Conflict `sync_in_progress` for what has not ended in time."""
    deadline = time.monotonic() + seconds
    for each in SourceConnection.objects.filter(collection=collection):
        stop_sync(source_connection=each, seconds=max(0.0, deadline - time.monotonic()))


def readable(name: str) -> str:
    """ "Product docs" -> "product-docs"; never anything that reads like another kind of id."""
    text = slugify(name).replace("_", "-")
    text = re.sub("-+", "-", text)[:LONGEST_ID].strip("-")
    return f"{UNNAMED}-{text}" if UUID.fullmatch(text) else text or UNNAMED


def _free(collection: Collection) -> str:
    """The readable id of its name that nobody in the organisation has at this moment."""
    text = readable(collection.name)
    rows = Collection.objects.filter(organization_id=collection.organization_id, readable_id__startswith=text)
    taken = set(rows.values_list("readable_id", flat=True))
    return next(each for each in _numbered(text) if each not in taken)


def _numbered(text: str) -> Iterator[str]:
    """The text, then text-2, text-3 …"""
    yield text
    yield from (f"{text}-{number}" for number in count(2))


def _insert(collection: Collection) -> bool:
    """Whether nobody in the organisation took its readable id meanwhile."""
    try:
        with transaction.atomic():
            collection.save(force_insert=True)
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        if constraint != "one_collection_per_readable_id":
            raise
        return False
    return True


def _name(name: str) -> str:
    if not name.strip():
        raise Invalid("A name is required.", code="missing_required_field", field="name")
    if len(name) > LONGEST_NAME or CONTROL.search(name):
        raise Invalid(f"A name is one line of at most {LONGEST_NAME} characters.", field="name")
    return name.strip()


def _description(text: str) -> str:
    if len(text) > LONGEST_DESCRIPTION or UNSTORABLE.search(text):
        raise Invalid(f"A description has at most {LONGEST_DESCRIPTION:,} characters.", field="description")
    return text


def _language(language: str) -> Language:
    if language not in Language.values:
        raise Invalid(f"language is one of {', '.join(Language.values)}.", field="language")
    return Language(language)
