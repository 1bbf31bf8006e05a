"""Every field of every model is sent to every endpoint that writes; what is not the client's to say stays as it is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Field, Model

from tests.api.endpoint import Endpoint, filled
from tests.api.endpoints import ENDPOINTS
from tests.api.world import World
from tests.conftest import Cast, ClientOf

THEIRS = "feedfacefeedfacefeedface"
LONG_AGO = "2001-01-01T00:00:00.000Z"
WRITING = [each for each in ENDPOINTS if isinstance(each.body, dict) and each.scope and each.method in {"POST", "PUT"}]

CLIENTS_OWN = {"name", "description", "settings", "schedule", "interval", "timezone", "type", "filter", "mapping"}
CLIENTS_OWN |= {"pageSize", "externalId", "export"}
"""Fields of models that some endpoint takes under the same name."""


def model_fields() -> dict[str, Any]:
    """A wrong value for each field of each of our models, by its name here and in Celigo's spelling."""
    sent: dict[str, Any] = {}
    for model in ours():
        for field in model._meta.get_fields():
            if isinstance(field, Field):
                sent |= dict.fromkeys((field.name, field.attname, camel(field.name)), wrong(field))
    sent |= {"_id": THEIRS, "_userId": THEIRS, "_sourceId": THEIRS, "lastModified": LONG_AGO, "offline": True}
    return {name: value for name, value in sent.items() if name not in CLIENTS_OWN}


def ours() -> Iterator[type[Model]]:
    return (model for model in apps.get_models() if model.__module__.startswith("apps."))


def wrong(field: "Field[Any, Any]") -> Any:
    kind = field.get_internal_type()
    if kind == "DateTimeField":
        return LONG_AGO
    if kind in {"BooleanField"}:
        return True
    if kind in {"JSONField"}:
        return {"wrong": THEIRS}
    return THEIRS if kind in {"CharField", "TextField", "EmailField"} else 4711


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


@pytest.mark.parametrize("endpoint", WRITING, ids=str)
def test_what_is_not_the_clients_to_say_stays_as_it_is(
    endpoint: Endpoint, cast: Cast, world: World, client_of: ClientOf
) -> None:
    plain = endpoint.call(client_of(cast.editor), world.uids)
    assert plain.status_code == endpoint.status
    body = model_fields() | filled(endpoint.body, world.uids)
    response = endpoint.call(client_of(cast.editor), world.uids, body)
    assert response.status_code in {endpoint.status, 409}, response.content  # a run that waits already is the same one
    assert THEIRS not in response.content.decode()
    for model in ours():
        assert not planted(model), model


def planted(model: type[Model]) -> list[str]:
    """The columns of the model's rows that hold what was sent."""
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    rows = list(model._default_manager.values())
    return [name for row in rows for name, value in row.items() if THEIRS in str(value) or value in (4711, long_ago)]
