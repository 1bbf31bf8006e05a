"""Where a connection may lead: whatever is written into its settings, nothing forbidden is connected to or opened."""

import socket
import sqlite3
from typing import Any, NoReturn

import psycopg
import pytest

from apps.accounts.models import Organization
from apps.connections import services as connections
from apps.connections.models import Connection
from engine.errors import ConfigError
from tests.apps.connections import servers
from tests.apps.connections.conftest import AT, Finish, answer_of

SERVER = {"host": "", "database": "d", "user": "u", "password": "CANARY-p"}
DENIED = [
    "127.0.0.1",
    "127.1.2.3",
    "127.1",
    "0",
    "0.0.0.0",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "localhost",
    "LOCALHOST",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "metadata.google.internal",
]
MALFORMED = [
    "/var/run/postgresql",
    "@socket",
    "127.0.0.1,10.0.0.1",
    "x host=127.0.0.1",
    "user@127.0.0.1",
    "http://127.0.0.1/",
    "127.0.0.1\\@good.example",
    "127.0.0.1#",
    "127.0.0.1%00",
    "x" * 2_000,
]


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was connected to, by any library: nothing is let through."""
    seen: list[Any] = []

    def refuse(*arguments: Any, **options: Any) -> NoReturn:
        seen.append((arguments, options))
        raise OSError("The test lets nothing out")

    own = psycopg.connect  # Django's connections to our own database bring a context
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(
        psycopg, "connect", lambda *given, **options: (own if "context" in options else refuse)(*given, **options)
    )
    return seen


@pytest.mark.parametrize("host", DENIED)
@pytest.mark.parametrize("connector", ["postgresql", "mariadb"])
def test_no_host_leads_inside(create, settings, connects, connector, host):
    settings.EGRESS_ALLOW = []
    refusal = refusal_of(create(connector, **SERVER | {"host": host}))
    assert (refusal.code, refusal.message) == (
        "destination_not_allowed",
        "Connecting to this destination is not allowed.",
    )
    assert connects == []


@pytest.mark.parametrize("host", MALFORMED)
@pytest.mark.parametrize("connector", ["postgresql", "mariadb"])
def test_what_is_no_host_leads_nowhere(create, connects, connector, host):
    assert refusal_of(create(connector, **SERVER | {"host": host})).code == "invalid_host"
    assert connects == []


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "2852039166", "::ffff:169.254.169.254", "100.100.100.200", "fd00:ec2::254"]
)
def test_whatever_is_allowed_the_metadata_of_clouds_is_not(create, settings, connects, host):
    settings.EGRESS_ALLOW = ["0.0.0.0/0", "::/0"]
    assert refusal_of(create("postgresql", **SERVER | {"host": host})).code == "destination_not_allowed"
    assert connects == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "::ffff:127.0.0.1"])
def test_our_own_servers_are_never_reached(create, settings, connects, host):
    settings.EGRESS_ALLOW = ["0.0.0.0/0", "::/0"]
    settings.EGRESS_DENY = [("127.0.0.1", 6432)]
    connection = create("postgresql", **SERVER | {"host": host, "port": 6432})
    assert refusal_of(connection).code == "destination_not_allowed"
    assert connects == []


def test_a_test_answers_what_was_refused(create, finish, settings, connects):
    settings.EGRESS_ALLOW = []
    connection = create("postgresql", **SERVER | {"host": "localhost"})
    assert verdict_on(connection, finish)[0] == "destination_not_allowed"
    connection.refresh_from_db()
    assert connection.is_offline
    assert connects == []


def test_a_network_opened_for_one_organization_stays_closed_for_others(create, finish, settings, organization):
    settings.EGRESS_ALLOW = []
    Organization.objects.filter(id=organization.id).update(allowed_networks=["127.0.0.0/8"])
    stranger = Organization.objects.create(name="Other")
    with servers.postgresql() as values:
        mine, theirs = create("postgresql", **values), create("postgresql", **values)
        Connection.objects.filter(id=theirs.id).update(organization=stranger)
        assert verdict_on(mine, finish)[0] == ""
        assert verdict_on(theirs, finish)[0] == "destination_not_allowed"


def test_unsaved_values_pass_the_same_guard(create, finish, settings, connects):
    settings.EGRESS_ALLOW = []
    connection = create("postgresql", **SERVER | {"host": "db.example"})
    job = connections.start_unsaved_test(
        organization_id=connection.organization_id,
        project_id=None,
        connector=connection.connector,
        values=SERVER | {"host": "127.0.0.1"},
        at=AT,
    )
    assert answer_of(finish(job))["code"] == "destination_not_allowed"
    assert connects == []


# Files


@pytest.fixture
def folder(organization: Organization, surroundings: Any) -> Any:
    """The organisation's folder, with another organisation's beside it that holds a database."""
    root = surroundings.FILE_ROOTS[0]
    (root / "other").mkdir(parents=True)
    with sqlite3.connect(root / "other" / "private.db") as file:
        file.execute("CREATE TABLE t (a)")
    file.close()
    (root / organization.uid).mkdir()
    return root / organization.uid


@pytest.mark.parametrize(
    "path",
    [
        "../other/private.db",
        "x/../../other/private.db",
        "./../other/private.db",
        "{root}/other/private.db",
        "file:{root}/other/private.db",
        "link.db",
        "linked/private.db",
        "circle.db",
        "..",
        ".",
        "/etc/passwd",
        "/dev/zero",
        "/proc/self/environ",
        "~/private.db",
        "..%2fother%2fprivate.db",
        ":memory:",
        "x" * 1_900,
    ],
)
def test_no_path_leads_out_of_the_organizations_folder(create, finish, folder, path):
    (folder / "link.db").symlink_to(folder.parent / "other" / "private.db")
    (folder / "linked").symlink_to(folder.parent / "other")
    (folder / "circle.db").symlink_to(folder / "circle.db")
    typed = path.format(root=folder.parent)
    code, message = verdict_on(create("sqlite", path=typed), finish)
    assert code in {"path_not_allowed", "unknown_database"}
    assert str(folder.parent) not in message.replace(typed, "")


def refusal_of(connection: Connection) -> ConfigError:
    with pytest.raises(ConfigError) as refusal, connections.opened(connection) as driver:
        driver.check()
    return refusal.value


def verdict_on(connection: Connection, finish: Finish) -> tuple[str, str]:
    answer = answer_of(finish(connections.start_test(connection=connection, at=AT)))
    return answer["code"], answer["message"]
