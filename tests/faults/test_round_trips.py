"""Every common type from one kind of database to the other and back: the same, or as docs/drivers say."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pymysql
import pytest
from django.utils import timezone

from apps.accounts.models import Organization
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import services as connectors
from apps.connectors.models import Connector
from apps.flows import services as flows
from apps.jobs import services as jobs
from apps.jobs.models import Job, JobEvent, RecordError
from config.database_url import parse
from tests.faults.scenario import at, make_connection

pytestmark = pytest.mark.usefixtures("transactional_db")

ODD = 'Odd "Name" `x`, größer'

POSTGRESQL = """
CREATE TABLE "{odd}" (
  "select" bigint PRIMARY KEY,
  "a""b" text, "UPPER" varchar(40), "größe" char(5),
  small smallint, whole integer, exact numeric(20,6), money_ numeric(12,2), single real, double_ double precision,
  yes boolean, day date, clock time(6), moment timestamp(6), instant timestamptz(6),
  id_ uuid, document jsonb, raw bytea
);
INSERT INTO "{odd}" VALUES
  (1, 'Zoë, 日本語 😀', E'tab\\tline\\nback\\\\slash', 'abc', -32768, -2147483648, 12345678901234.567890, -0.01,
   1.5, 2.2250738585072014e-308, true, '2024-02-29', '23:59:59.999999', '2024-02-29 12:00:00.123456',
   '2024-06-01 12:00:00.123456+02', '0b5aa5e4-6b5f-4a30-9c5e-2f4b8f1a2b3c', '{{"a": [1, null, "ü"]}}', '\\x00ff5c27'),
  (9223372036854775807, '', '''quoted"', '', 32767, 2147483647, 0, 9999999999.99,
   -3.25, 1.7976931348623157e308, false, '0001-01-01', '00:00:00', '1970-01-01 00:00:00',
   '1999-12-31 23:59:59+00', '00000000-0000-0000-0000-000000000000', '[]', ''),
  (-5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
"""

MARIADB = """
CREATE TABLE `{odd}` (
  `select` bigint PRIMARY KEY,
  `a"b` text, `UPPER` varchar(40), `größe` char(5), big bigint unsigned, small smallint, tiny tinyint,
  whole int unsigned, exact decimal(20,6), single float, double_ double,
  yes tinyint(1), day date, clock time(6), moment datetime(6),
  kind enum('a','b'), several set('x','y'), document json, raw varbinary(20), blob_ longblob, long_ longtext, year_ year
) DEFAULT CHARSET utf8mb4;
INSERT INTO `{odd}` VALUES
  (1, 'Zoë, 日本語 😀', 'tab\\tline\\nback\\\\slash', 'abc', 18446744073709551615, -32768, -128, 4294967295,
   12345678901234.567890, 1.5, 1.7976931348623157e308, 1, '2024-02-29', '23:59:59.999999', '2024-02-29 12:00:00.123456',
   'a', 'x,y', '{{"a": [1, null, "ü"]}}', x'00ff5c27', x'00', 'long', 2024),
  (9223372036854775807, '', '\\'quoted"', '', 0, 32767, 127, 0, 0, -3.25, 0, 0, '1000-01-01', '00:00:00',
   '1970-01-01 00:00:00', 'b', '', '[]', '', '', '', 1999),
  (-5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL);
"""


class Maria:
    """A database of its own on the external MariaDB."""

    def __init__(self) -> None:
        url = os.environ.get("TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/test")
        self.login = parse(url.replace("mysql://", "postgresql://"))
        self.name = f"cd_{uuid4().hex[:8]}"

    def connect(self, database: str | None) -> Any:
        return pymysql.connect(
            host=self.login["HOST"],
            port=int(self.login["PORT"] or 3306),
            user=self.login["USER"],
            password=self.login["PASSWORD"],
            database=database,
            charset="utf8mb4",
            autocommit=True,
        )

    def run(self, script: str, database: str | None = None) -> list[Any]:
        with self.connect(database) as connection, connection.cursor() as cursor:
            for statement in filter(str.strip, script.split(";\n")):
                cursor.execute(statement)
            return list(cursor.fetchall())


@pytest.fixture
def maria() -> Iterator[Maria]:
    maria = Maria()
    try:
        maria.run(f"CREATE DATABASE {maria.name} CHARACTER SET utf8mb4")
    except pymysql.OperationalError:
        if os.environ.get("CI"):
            raise
        pytest.skip("no MariaDB at TEST_MARIADB_URL")
    yield maria
    maria.run(f"DROP DATABASE {maria.name}")


@pytest.fixture
def organization(transactional_db: None) -> Organization:
    connectors.load_catalogue()
    return Organization.objects.create(name="Round trips", allowed_networks=["127.0.0.0/8"])


def maria_connection(organization: Organization, maria: Maria) -> Connection:
    return connections.create(
        organization_id=organization.id,
        project_id=None,
        connector=Connector.objects.get(name="mariadb"),
        name="MariaDB",
        values={
            "host": maria.login["HOST"],
            "port": int(maria.login["PORT"] or 3306),
            "database": maria.name,
            "user": maria.login["USER"],
            **({"password": maria.login["PASSWORD"]} if maria.login["PASSWORD"] else {}),
        },
    )


def carry(source: Connection, target: Connection, table: str, to: str, *, mode: str = "replace") -> Job:
    owner = {"organization_id": source.organization_id, "project_id": None}
    export = flows.create_export(**owner, values={"name": "Out", "connection": source, "source": {"table": table}})
    values = {"name": "In", "connection": target, "target": {"table": to}, "mode": mode}
    if mode == "upsert":
        values["key"] = ["select"]
    import_ = flows.create_import(**owner, values=values)
    steps = {"generators": [{"export": export}], "processors": [{"destination": import_}]}
    flow = flows.create_flow(**owner, values={"name": "Trip", **steps}, at=timezone.now())
    job = jobs.claim(job_id=flows.run_flow(flow=flow, at=timezone.now()).id, worker="test")
    assert job is not None
    jobs.run(job)
    job.refresh_from_db()
    told = list(JobEvent.objects.filter(job=job).values_list("message", flat=True))
    refused = list(RecordError.objects.filter(job=job).values_list("code", "message"))
    assert (job.state, job.error_code, job.error_message, refused) == ("completed", "", "", []), told
    return job


@pytest.mark.parametrize("mode", ["replace", "append", "upsert"])
def test_postgresql_through_mariadb(
    organization: Organization, systems: tuple[str, str], maria: Maria, mode: str
) -> None:
    with at(systems[0]) as source:
        source.execute(POSTGRESQL.format(odd=ODD.replace('"', '""')).encode())
    first, second = (make_connection(organization, database) for database in systems)
    middle = maria_connection(organization, maria)

    carry(first, middle, ODD, ODD, mode=mode)
    carry(middle, second, ODD, "back", mode=mode)

    quoted = '"' + ODD.replace('"', '""') + '"'
    with at(systems[0]) as source, at(systems[1]) as target:
        before = source.execute(f'SELECT * FROM {quoted} ORDER BY "select"'.encode()).fetchall()
        after = target.execute(b'SELECT * FROM back ORDER BY "select"').fetchall()
    assert len(before) == len(after) == 3
    for one, other in zip(before, after, strict=True):
        for index, (wanted, got) in enumerate(zip(one, other, strict=True)):
            assert same(wanted, got), (index, wanted, got)


@pytest.mark.parametrize("mode", ["replace", "append", "upsert"])
def test_mariadb_through_postgresql(
    organization: Organization, systems: tuple[str, str], maria: Maria, mode: str
) -> None:
    maria.run(MARIADB.format(odd=ODD.replace("`", "``")), maria.name)
    middle = make_connection(organization, systems[0])
    outside = maria_connection(organization, maria)

    carry(outside, middle, ODD, ODD, mode=mode)
    carry(middle, outside, ODD, "back", mode=mode)

    quoted = "`" + ODD.replace("`", "``") + "`"
    before = maria.run(f"SELECT * FROM {quoted} ORDER BY `select`", maria.name)
    after = maria.run("SELECT * FROM back ORDER BY `select`", maria.name)
    assert len(before) == len(after) == 3
    for one, other in zip(before, after, strict=True):
        for index, (wanted, got) in enumerate(zip(one, other, strict=True)):
            assert same(wanted, got), (index, wanted, got)


def same(wanted: Any, got: Any) -> bool:
    """Equal, but for what the documented mapping changes: a fixed text's padding, where JSON has its spaces, and that
    a moment with a zone is the same moment in UTC without one."""
    if isinstance(wanted, str) and isinstance(got, str):
        return wanted.rstrip(" ") == got.rstrip(" ") or wanted.replace(" ", "") == got.replace(" ", "")
    if isinstance(wanted, datetime) and wanted.tzinfo:
        return wanted.astimezone(UTC).replace(tzinfo=None) == got
    return bool(wanted == got)
