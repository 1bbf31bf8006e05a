"""What is named in a body is another organisation's just as what is named in a path."""

import json

import pytest

from tests.api.conftest import snapshot
from tests.api.databasin.endpoints import DATABASIN
from tests.api.endpoint import Endpoint, filled
from tests.api.world import World, make_world
from tests.conftest import Cast, ClientOf

NAMING = [endpoint for endpoint in DATABASIN if "{" in json.dumps(endpoint.body or {})[1:-1]]


def test_there_are_bodies_that_name_rows() -> None:
    assert len(NAMING) >= 10, NAMING


@pytest.mark.parametrize("endpoint", NAMING, ids=str)
def test_a_strangers_row_in_a_body_is_not_there(
    endpoint: Endpoint, cast: Cast, world: World, client_of: ClientOf
) -> None:
    theirs, before = make_world(cast.globex), snapshot()
    answer = endpoint.call(client_of(cast.stranger), theirs.uids, body=filled(endpoint.body, world.uids))
    assert answer.status_code == 404, answer.content
    assert snapshot() == before
