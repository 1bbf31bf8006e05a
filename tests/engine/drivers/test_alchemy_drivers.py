"""What each driver over SQLAlchemy makes of its settings. Clients that are not installed here are not tried."""

import ipaddress
import json
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.engine import make_url

from engine import registry
from engine.contract import Interruptible, Request
from engine.drivers.sql.alchemy.errors import COMMON, Reports
from engine.drivers.sql.alchemy.redshift import RedshiftSession
from engine.drivers.sql.alchemy.selects import Qualified, Texts, empty, source
from engine.drivers.sql.select import named
from engine.errors import ConfigError, CredentialsError, TransientError
from engine.schema import Column, Kind, Query, Table, Type
from engine.toolkit.egress import Egress
from engine.toolkit.surroundings import Surroundings
from tests.engine.drivers import alchemy_systems
from tests.engine.drivers.conformance import numbered, rows_of
from tests.engine.drivers.systems import LOOPBACK, postgresql

KEY = json.dumps(
    {
        "client_email": "reader@shop.iam.gserviceaccount.com",
        "private_key": "CANARY-key",
        "token_uri": "http://169.254.169.254/token",
        "universe_domain": "example.com",
    }
)
HOSTED = {"host": "db.example", "database": "shop", "user": "reader"}
SETTINGS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("mssql", "oracle", "redshift", "trino", "clickhouse"), HOSTED),
    "snowflake": {"account": "org-shop", "database": "SHOP", "user": "reader"},
    "bigquery": {"database": "shop-1234"},
    "databricks": {"host": "dbc-1.cloud.databricks.com", "http_path": "/sql/1.0/warehouses/1", "database": "main"},
}
SECRETS = {"password": "CANARY-password", "token": "CANARY-token", "service_account": KEY}


def driver(name: str, egress: Egress = LOOPBACK, **settings: Any) -> Any:
    asked = {**SETTINGS[name], **settings}
    return registry.driver_class(name)(asked, SECRETS, Surroundings(egress))


def is_installed(name: str) -> bool:
    return not registry.missing(name)


def leading_to(address: str, looked_up: list[str]) -> Egress:
    def resolve(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return [address]

    return Egress(resolve=resolve)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("address", ["10.0.0.5", "169.254.169.254", "127.0.0.1"])
def test_goes_nowhere_inside_a_network_that_is_not_open(name, address):
    looked_up: list[str] = []
    with pytest.raises(ConfigError) as refusal:
        driver(name, leading_to(address, looked_up)).dialing()
    assert refusal.value.code == "destination_not_allowed"
    assert len(looked_up) == 1
    assert looked_up[0].endswith(("db.example", "org-shop.snowflakecomputing.com", "googleapis.com", "databricks.com"))


@pytest.mark.parametrize(
    ("name", "odd", "code"),
    [
        ("snowflake", {"account": "evil.example/"}, "invalid_setting"),
        ("snowflake", {"account": "127.0.0.1#"}, "invalid_setting"),
        ("databricks", {"host": "databricks.com.evil.example"}, "invalid_host"),
        ("databricks", {"http_path": "/sql?x=\r\nHost: evil"}, "invalid_setting"),
        ("bigquery", {"database": "shop/../x"}, "invalid_setting"),
        ("trino", {"sslmode": "disable", "host": "127.0.0.1"}, "invalid_setting"),
        ("mssql", {"sslmode": "prefer"}, "invalid_setting"),
        ("oracle", {"host": "(DESCRIPTION=(ADDRESS=(HOST=127.0.0.1)(PORT=1)))"}, "unknown_host"),
        ("clickhouse", {"host": "127.0.0.1:9000/?x"}, "invalid_host"),
    ],
)
def test_refuses_settings_that_lead_elsewhere(name, odd, code):
    with pytest.raises(ConfigError) as refusal:
        driver(name, **odd).dialing()
    assert refusal.value.code == code


def test_takes_of_a_key_file_only_who_it_is():
    key = driver("bigquery")._key()
    assert key == {
        "type": "service_account",
        "token_uri": "https://oauth2.googleapis.com/token",
        "client_email": "reader@shop.iam.gserviceaccount.com",
        "private_key": "CANARY-key",
    }
    bigquery = registry.driver_class("bigquery")
    for wrong in ("", "[]", "{}", "CANARY"):
        with pytest.raises(ConfigError) as refusal:
            bigquery(SETTINGS["bigquery"], {"service_account": wrong}, Surroundings(LOOPBACK)).dialing()
        assert refusal.value.code == "invalid_setting"
        assert "CANARY" not in str(refusal.value)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_has_a_field(name):
    found = registry.driver_class(name)
    fields = {field.name: field for field in found.spec.fields}
    assert set(SETTINGS[name]) <= set(fields)
    assert {name for name, field in fields.items() if field.secret} <= {*SECRETS, "private_key"}
    assert [name for name, field in fields.items() if field.bound]
    assert issubclass(found, Interruptible)


def test_may_try_again_where_nobody_answers():
    for name in filter(is_installed, ("mssql", "oracle", "redshift", "trino", "clickhouse")):
        for mode in ("disable", "verify-full"):
            found = driver(name, host="127.0.0.1", port=1, sslmode=mode)
            found.secrets = {} if mode == "disable" else SECRETS
            with closing(found), pytest.raises(TransientError) as refusal:
                found.check()
            assert refusal.value.code == "unreachable", name


COLUMNS = [Column("100%s :x", Type(Kind.INTEGER)), Column("b", Type(Kind.TEXT))]


@pytest.mark.parametrize("name", list(filter(is_installed, [*SETTINGS, "duckdb"])))
def test_statements_suit_the_dialect(name):
    dialect_class = make_url(f"{registry.driver_class(name).dialect}://").get_dialect()
    dialect = dialect_class(dbapi=dialect_class.import_dbapi())
    first, second = map(named, COLUMNS)
    paged = select(first, second).select_from(source(Table("a.b", "s.c"))).where(first > bindparam("after_0"))
    compiled = paged.order_by(first).limit(5).compile(dialect=dialect)
    text = str(compiled)
    quoted = [dialect.identifier_preparer.quote_identifier(part) for part in ("s.c", "a.b")]
    assert ".".join(quoted) in text
    assert text.index("ORDER BY") > text.index("WHERE")
    assert any(word in text for word in ("LIMIT", "TOP", "FETCH FIRST", "ROWNUM"))
    wrapped = str(empty(Query("SELECT ':x' AS a -- it's;"), 0).compile(dialect=dialect))
    assert "\nSELECT ':x' AS a -- it's;\n" in wrapped.replace("%%", "%") or "SELECT ':x' AS a" in wrapped


def test_a_part_of_a_name_cannot_end_its_quotes():
    dialect = make_url("postgresql+psycopg://").get_dialect()()
    compiled = str(select(named(COLUMNS[1])).select_from(Qualified('a"b', "c")).compile(dialect=dialect))
    assert '"a""b"."c"' in compiled
    moment = named(COLUMNS[1]).op(">")(bindparam("since", type_=Texts("timestamp(6)")))
    assert " AS timestamp(6))" in str(moment.compile(dialect=dialect))


class Behind(alchemy_systems.Postgresql):
    """Passes over its rows as Redshift's are, which has PostgreSQL's cursors."""

    def session(self, connection: Any) -> RedshiftSession:
        return RedshiftSession(connection)


def test_passes_over_rows_by_a_cursor_of_the_servers():
    with postgresql() as system:
        table = system.make("orders", numbered(*range(10)))
        found = Behind(system.settings, system.secrets, system.surroundings)
        with closing(found):
            assert rows_of(found.read(Request(table, page_rows=4))) == numbered(*range(10))
            request = Request(table, cursor="id", since=6, page_rows=4)
            assert rows_of(found.read(request)) == numbered(6, 7, 8, 9)
            assert rows_of(found.read(Request(Query("SELECT '100%' AS share, id FROM orders WHERE id < 1")))) == [
                {"share": "100%", "id": 0}
            ]


@pytest.mark.parametrize(
    ("words", "kind", "code"),
    [
        ("Login failed for user 'sa'", CredentialsError, "auth_failed"),
        ("certificate verify failed: self-signed", ConfigError, "tls_failed"),
        ("[Errno -2] Name or service not known", ConfigError, "unknown_host"),
        ("Connection refused", TransientError, "unreachable"),
        ("User has insufficient privileges", ConfigError, "permission_denied"),
        ("Database 'X' does not exist", ConfigError, "unknown_database"),
        ("Table 'shop.orders' does not exist", ConfigError, "unknown_table"),
        ("canceling statement due to timeout", TransientError, "timeout"),
        ("something odd", TransientError, "connection_lost"),
    ],
)
def test_tells_failures_apart_by_their_words(words, kind, code):
    error = Reports().translate(OSError(words))
    assert (type(error), error.code) == (kind, code)
    assert COMMON


@pytest.mark.parametrize(
    "words",
    [
        "syntax error at https://internal.example:8443/x",
        "syntax error near 10.1.2.3",
        "table x not found at db-7.corp.internal",
        "syntax error: reader@shop",
        "table x not found on db7.corp:1433",
    ],
)
def test_tells_nobody_an_address(words):
    error = Reports().translate(OSError(words))
    assert words not in error.message
    assert error.message.startswith(("The database refused the statement", "A table does not exist"))


def test_hosts_are_looked_up_by_the_guard_alone():
    egress = Egress(allow=(ipaddress.ip_network("10.0.0.0/8"),), resolve=lambda _host, _port: ["10.0.0.5"])
    for name in ("redshift", "trino", "clickhouse", "oracle"):
        assert callable(driver(name, egress, sslmode="verify-full").dialing())
