from io import StringIO

import pytest
from django.core.management import call_command

from apps.connections.services.values import READERS
from apps.connectors import queries, services
from apps.connectors.models import Connector
from apps.errors import NotFound
from engine import registry

pytestmark = pytest.mark.django_db
DATABASES = ["mariadb", "mysql", "postgresql", "sqlite"]
SOURCES = ["bigquery", "clickhouse", "databricks", "duckdb", "mssql", "oracle", "redshift", "snowflake", "trino"]
FILE_STORES = ["folder", "ftp", "http_files", "s3", "sftp"]
SHIPPED = sorted([*DATABASES, *SOURCES, *FILE_STORES])


@pytest.fixture(autouse=True)
def empty_catalogue():
    Connector.objects.all().delete()


def test_brings_every_connector():
    assert services.load_catalogue() == len(SHIPPED)
    assert list(Connector.objects.order_by("name").values_list("name", flat=True)) == SHIPPED
    assert set(Connector.objects.values_list("driver", flat=True)) <= set(registry.DRIVERS)


def test_changes_nothing_the_second_time():
    services.load_catalogue()
    before = list(Connector.objects.order_by("id").values())
    assert services.load_catalogue() == 0
    assert list(Connector.objects.order_by("id").values()) == before


def test_mends_what_differs_and_keeps_what_the_operator_decided():
    services.load_catalogue()
    Connector.objects.filter(name="mysql").update(label="Old", is_enabled=False)
    assert services.load_catalogue() == 1
    connector = Connector.objects.get(name="mysql")
    assert (connector.label, connector.is_enabled) == ("MySQL", False)


def test_the_command_says_what_it_did():
    output = StringIO()
    call_command("load_catalogue", stdout=output)
    assert output.getvalue() == f"The catalogue is up to date; {len(SHIPPED)} connectors were new or had changed.\n"


def test_the_command_can_be_silent():
    output = StringIO()
    call_command("load_catalogue", verbosity=0, stdout=output)
    assert (output.getvalue(), Connector.objects.count()) == ("", len(SHIPPED))


def test_a_connector_is_found_by_name_unless_switched_off():
    services.load_catalogue()
    assert queries.connector("sqlite").label == "SQLite"
    Connector.objects.filter(name="sqlite").update(is_enabled=False)
    for name in ("sqlite", "dbase"):
        with pytest.raises(NotFound) as refusal:
            queries.connector(name)
        assert refusal.value.field == "connector"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_connector_reads_writes_browses_and_a_database_is_queried(name):
    services.load_catalogue()
    can = ("reads", "browses") if name in ("http_files", *SOURCES) else ("reads", "writes", "browses")
    can += ("queries",) if name in (*DATABASES, *SOURCES) else ()
    assert queries.capabilities(queries.connector(name)) == can


@pytest.mark.parametrize("name", SHIPPED)
def test_every_field_of_a_connector_can_be_read(name):
    services.load_catalogue()
    spec = queries.spec(queries.connector(name))
    assert spec.fields
    assert {field.type for field in spec.fields} <= set(READERS)
    assert any(field.bound for field in spec.fields)
