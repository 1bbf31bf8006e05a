"""While many search all the time: what was cleared or removed is in no answer to a search that began afterwards."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Organization
from apps.connectors import services as connectors
from apps.sources import services as sources
from apps.sources.models import Collection, SourceConnection
from tests.faults.machine import Machine
from tests.faults.web import Web

pytestmark = pytest.mark.faults

SECONDS = 12
SEARCHERS = 4
RECORDS = 50


@dataclass
class Seen:
    """Searches as (began at, numbers of the rounds whose records were answered), rounds by when they were over."""

    searches: list[tuple[float, set[int]]] = field(default_factory=list)
    over: dict[int, float] = field(default_factory=dict)
    failed: list[Any] = field(default_factory=list)

    def stale(self) -> list[tuple[float, set[int]]]:
        """Answers with records that were gone before they were asked for."""
        found = []
        for began, rounds in self.searches:
            gone = {number for number in rounds if self.over.get(number, began) < began}
            found += [(began, gone)] if gone else []
        return found


def search_all_the_time(web: Web, collection: Collection, seen: Seen, stop: threading.Event) -> None:
    body = {"collectionId": f"col_{collection.uid}", "query": "walrus", "limit": 100}
    while not stop.is_set():
        began = time.monotonic()
        answer = web.call("POST", "/api/v1/search", body)
        if answer.status != 200:
            seen.failed.append(answer)
            continue
        seen.searches.append((began, {result["metadata"]["fields"]["round"] for result in answer.document["results"]}))


def fill(source: SourceConnection, number: int) -> None:
    records = [{"id": f"{number}-{place}", "content": "walrus", "round": number} for place in range(RECORDS)]
    sources.push(source_connection=source, records=records, at=timezone.now())


def act_all_the_time(web: Web, collection: Collection, seen: Seen) -> None:
    """Rounds of records that come and are, by turns, cleared and removed with their source connection."""
    end, number = time.monotonic() + SECONDS, 0
    source = sources.create_push(collection=collection, name="Pushed")
    while time.monotonic() < end:
        number += 1
        fill(source, number)
        time.sleep(0.05)
        path = f"/api/v1/source-connections/sc_{source.uid}"
        if number % 3:
            answer = web.call("DELETE", f"{path}/data")
        else:
            answer = web.call("DELETE", f"{path}?deleteData=true")
            source = sources.create_push(collection=collection, name="Pushed")
        seen.over[number] = time.monotonic()
        assert answer.status == 200, answer


def test_no_search_that_began_after_a_clear_answers_what_was_cleared(
    machine: Machine, say: Callable[[str], None]
) -> None:
    connectors.load_catalogue()
    machine.more |= {"EMBEDDER": "none", "RATE_LIMITS": "0"}
    organization = Organization.objects.create(name="Faults")
    collection = sources.create_collection(organization_id=organization.id, project_id=None, name="Searched")
    web, seen, stop = Web(machine, organization), Seen(), threading.Event()
    threads = [
        threading.Thread(target=search_all_the_time, args=(web, collection, seen, stop)) for _ in range(SEARCHERS)
    ]
    for thread in threads:
        thread.start()
    try:
        act_all_the_time(web, collection, seen)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    met = set().union(*(rounds for _, rounds in seen.searches))
    say(f"{len(seen.searches)} searches, {len(seen.over)} rounds, of which {len(met)} were found")
    assert [answer.document for answer in seen.failed][:3] == []
    assert seen.stale() == []
    assert len(met) > len(seen.over) / 2
