"""Testing and browsing against the systems themselves."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.accounts.models import Organization
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connections.services import browsing
from apps.errors import Invalid
from apps.jobs.models import Job
from tests.apps.connections import servers
from tests.apps.connections.conftest import AT, Create, Finish, answer_of

System = tuple[str, dict[str, Any]]
every_system = pytest.mark.parametrize("system", ["postgresql", "mariadb", "sqlite"], indirect=True)
every_server = pytest.mark.parametrize("system", ["postgresql", "mariadb"], indirect=True)


@pytest.fixture
def system(request: pytest.FixtureRequest, organization: Organization, surroundings: Any) -> Iterator[System]:
    """A connector's name, and the values that lead to a system of that kind."""
    folder = surroundings.FILE_ROOTS[0] / organization.uid
    makers = {"postgresql": servers.postgresql, "mariadb": servers.mariadb, "sqlite": lambda: servers.sqlite(folder)}
    with makers[request.param]() as values:
        yield request.param, values


@pytest.fixture
def connection(system: System, create: Create) -> Connection:
    connector, values = system
    return create(connector, **values)


@pytest.fixture
def verdict(finish: Finish) -> Callable[[Connection], dict[str, Any]]:
    def verdict(connection: Connection) -> dict[str, Any]:
        answer = answer_of(finish(connections.start_test(connection=connection, at=AT)))
        connection.refresh_from_db()
        return answer

    return verdict


@pytest.fixture
def browse(connection: Connection, finish: Finish) -> Callable[..., Job]:
    def browse(**level: str) -> Job:
        return finish(connections.start_browse(connection=connection, at=AT, **level))

    return browse


@every_system
def test_lets_us_in(connection, verdict):
    assert verdict(connection)["ok"] is True
    assert not connection.is_offline


@every_system
def test_unsaved_values_let_us_in(system, create, finish):
    connector, values = system
    stored = create(connector, **values)
    job = connections.start_unsaved_test(
        organization_id=stored.organization_id, project_id=None, connector=stored.connector, values=values, at=AT
    )
    assert answer_of(finish(job))["ok"] is True


@pytest.mark.parametrize("system", ["mariadb"], indirect=True)
def test_a_wrong_password_takes_it_offline_and_the_right_one_brings_it_back(system, connection, verdict):
    connection = connections.change(connection=connection, values={"password": "CANARY-wrong"})
    answer = verdict(connection)
    assert (answer["ok"], answer["code"], connection.is_offline) == (False, "auth_failed", True)
    assert "CANARY" not in answer["message"]

    connection = connections.change(connection=connection, values={"password": system[1]["password"]})
    assert verdict(connection)["ok"] is True
    assert not connection.is_offline


@every_server
def test_an_unknown_user_takes_it_offline(system, create, verdict):
    connector, values = system
    connection = create(connector, **values | {"user": "nobody_we_know"})
    assert (verdict(connection)["code"], connection.is_offline) == ("auth_failed", True)


@pytest.mark.parametrize(
    ("system", "change"),
    [
        ("postgresql", {"database": "no_such_database"}),
        ("mariadb", {"database": "no_such_database"}),
        ("sqlite", {"path": "no-such-file.db"}),
    ],
    indirect=["system"],
)
def test_an_unknown_database_takes_it_offline(system, create, verdict, change):
    connector, values = system
    connection = create(connector, **values | change)
    answer = verdict(connection)
    assert answer["ok"] is False
    assert answer["code"] in {"unknown_database", "permission_denied", "auth_failed"}
    assert connection.is_offline


@every_server
def test_a_server_that_is_away_is_no_reason_to_go_offline(system, create, verdict):
    connector, values = system
    with socket.socket() as bound:  # a port that is taken, and that nobody listens on
        bound.bind(("127.0.0.1", 0))
        connection = create(connector, **values | {"port": bound.getsockname()[1]})
        answer = verdict(connection)
    assert (answer["ok"], answer["code"], connection.is_offline) == (False, "unreachable", False)


# Browsing


@every_system
def test_browsing_goes_down_level_by_level(connection, browse):
    catalogs = answer_of(browse())["catalogs"]
    catalog = next(each for each in catalogs if each in (connection.settings.get("database"), ""))
    schemas = answer_of(browse(catalog=catalog))["schemas"]
    schema = next(each for each in schemas if each in ("public", "main", catalog))
    assert answer_of(browse(catalog=catalog, schema=schema)) == {"tables": [{"name": "orders"}]}
    columns = answer_of(browse(catalog=catalog, schema=schema, table="orders"))["columns"]
    shown = [(column["name"], column["type"], column["nullable"], column["key"]) for column in columns]
    assert shown[1:] == [("total", "decimal", True, False), ("note", "text", True, False)]
    assert (shown[0][:2], shown[0][3]) == (("id", "integer"), True)
    assert (columns[1]["precision"], columns[1]["scale"]) == (8, 2)
    assert columns[1]["native"].replace(" ", "").lower() in {"numeric(8,2)", "decimal(8,2)"}


@pytest.mark.parametrize("system", ["postgresql"], indirect=True)
def test_a_column_says_all_that_is_known_of_it(browse):
    columns = answer_of(browse(schema="public", table="orders"))["columns"]
    assert columns[1] == {
        "name": "total",
        "type": "decimal",
        "precision": 8,
        "scale": 2,
        "native": "numeric(8,2)",
        "nullable": True,
        "key": False,
        "generated": False,
        "default": None,
        "comment": "with tax",
    }
    assert columns[2]["default"] == "'none'::text"


@every_system
def test_an_unknown_table_fails_the_job_and_leaves_the_connection(connection, browse):
    schema = {"postgresql": "public", "sqlite": "main"}.get(
        connection.connector.name, connection.settings.get("database")
    )
    job = browse(schema=schema, table='a"; drop table orders;--')
    assert (job.state, job.error_code) == ("failed", "unknown_table")
    connection.refresh_from_db()
    assert not connection.is_offline
    assert answer_of(browse(schema=schema))["tables"] == [{"name": "orders"}]


@pytest.mark.parametrize("system", ["mariadb"], indirect=True)
def test_a_refused_sign_in_takes_the_connection_offline(connection, finish):
    connection = connections.change(connection=connection, values={"password": "CANARY-wrong"})
    job = finish(connections.start_browse(connection=connection, at=AT))
    assert (job.state, job.error_code) == ("failed", "auth_failed")
    connection.refresh_from_db()
    assert (connection.is_offline, connection.offline_reason) == (True, job.error_message)


def test_what_cannot_be_browsed_is_refused_at_once(create):
    with pytest.raises(Invalid) as refusal:
        connections.start_browse(connection=create(), at=AT)
    assert refusal.value.code == "cannot_browse"
    assert not Job.objects.exists()


def test_the_runner_of_browsing_is_the_one_that_jobs_know(settings):
    assert settings.JOB_RUNNERS[browsing.KIND]["path"] == f"{browsing.run.__module__}.{browsing.run.__name__}"
