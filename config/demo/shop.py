"""The demo's two systems, databases `shop` and `warehouse` of a server of their own, and what goes on in the shop."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.db.utils import ConnectionHandler

from config import home
from config.embedded import DemoServer, start_demo

TABLES = """
CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name text NOT NULL,
  city text NOT NULL,
  country char(2) NOT NULL,
  since date NOT NULL,
  is_newsletter boolean NOT NULL
);
CREATE TABLE products (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sku varchar(20) NOT NULL UNIQUE,
  title text NOT NULL,
  price numeric(10,2) NOT NULL,
  attributes jsonb NOT NULL
);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number text NOT NULL UNIQUE,
  customer_id bigint NOT NULL REFERENCES customers,
  status text NOT NULL,
  total numeric(10,2) NOT NULL,
  currency char(3) NOT NULL,
  is_gift boolean NOT NULL,
  shipping jsonb NOT NULL,
  note text,
  placed_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE TABLE order_lines (
  order_id bigint NOT NULL REFERENCES orders,
  line integer NOT NULL,
  product_id bigint NOT NULL REFERENCES products,
  quantity integer NOT NULL,
  price numeric(10,2) NOT NULL,
  PRIMARY KEY (order_id, line)
);
"""

# setseed makes everybody's shop the same one
CUSTOMERS = """
SELECT setseed(0.42);
INSERT INTO customers (email, name, city, country, since, is_newsletter)
SELECT lower(first || '.' || last) || n || '@example.com', first || ' ' || last, place[1], place[2],
       current_date - (random() * 1500)::int, random() < 0.4
FROM (
  SELECT n,
    (ARRAY['Ada','Björn','Chloé','Dmitri','Emma','Fatima','Goran','Hanna','Inés','Jürgen','Kenji','Lucía'])
      [1 + (random() * 11)::int] AS first,
    (ARRAY['Adler','Bakker','Costa','Dubois','Eriksen','Fischer','García','Haddad','Ivanov','Jansen','Kovač','Lindqvist'])
      [1 + (random() * 11)::int] AS last,
    string_to_array((ARRAY['Berlin|DE','Lyon|FR','Porto|PT','Kraków|PL','Malmö|SE','Zürich|CH','Sevilla|ES','Gent|BE'])
      [1 + (random() * 7)::int], '|') AS place
  FROM generate_series(1, 12000) AS n
) AS people;
"""
PRODUCTS = """
INSERT INTO products (sku, title, price, attributes)
SELECT 'SKU-' || lpad(n::text, 5, '0'), initcap(colour || ' ' || thing), round((5 + random() * 195)::numeric, 2),
       jsonb_build_object('colour', colour, 'weight_g', 50 + (random() * 4000)::int)
FROM (
  SELECT n,
    (ARRAY['red','blue','green','black','white','amber','olive'])[1 + (random() * 6)::int] AS colour,
    (ARRAY['mug','lamp','desk','backpack','notebook','kettle','chair','blanket'])[1 + (random() * 7)::int] AS thing
  FROM generate_series(1, 600) AS n
) AS things;
"""
HISTORY = """
INSERT INTO orders (number, customer_id, status, total, currency, is_gift, shipping, note, placed_at, updated_at)
SELECT 'SO-' || (100000 + n), c.id,
       (ARRAY['paid','packed','shipped','delivered','delivered','delivered','returned'])[1 + (random() * 6)::int],
       round((10 + random() * 490)::numeric, 2), 'EUR', random() < 0.1,
       jsonb_build_object('city', c.city, 'country', c.country, 'express', random() < 0.2),
       CASE WHEN random() < 0.05 THEN 'Please ring twice: “2nd floor”' END,
       placed_at, placed_at + random() * interval '1 hour'
FROM (
  SELECT n, 1 + (random() * 11999)::int AS customer,
         now() - interval '2 hours' - ((120000 - n) * interval '4 minutes') AS placed_at
  FROM generate_series(1, 120000) AS n
) AS day JOIN customers c ON c.id = day.customer;
"""
LINES = """
INSERT INTO order_lines (order_id, line, product_id, quantity, price)
SELECT o.id, l.line, p.id, 1 + (o.id + l.line) % 4, p.price
FROM orders o CROSS JOIN generate_series(1, 2) AS l(line)
JOIN products p ON p.id = 1 + (o.id * 7 + l.line * 131) % 600
WHERE l.line <= 1 + o.id % 2;
"""
# what happens between two looks: a few new orders, a few parcels on their way
TRADE = """
INSERT INTO orders (number, customer_id, status, total, currency, is_gift, shipping, placed_at, updated_at)
SELECT 'SO-' || (100000 + top.id + n), 1 + (random() * 11999)::int, 'paid', round((10 + random() * 490)::numeric, 2),
       'EUR', false, '{"city": "Berlin", "country": "DE", "express": true}', now(), now()
FROM generate_series(1, 40) AS n, (SELECT max(id) AS id FROM orders) AS top;
UPDATE orders SET status = 'shipped', updated_at = now()
WHERE id IN (SELECT id FROM orders WHERE status = 'packed' ORDER BY id DESC LIMIT 60);
"""


@dataclass(frozen=True)
class System:
    """One of the demo's databases, as a connection's settings name it."""

    host: str
    port: int
    database: str
    user: str
    password: str


def open_systems() -> tuple[System, System]:
    """The shop and the warehouse, made and filled when they are not there yet; the shop goes on trading."""
    server = start_demo()
    systems = tuple(_system(server, name) for name in ("shop", "warehouse"))
    with _cursor(server, "postgres") as cursor:
        for system in systems:
            _make(cursor, system)
    shop, warehouse = systems
    with _cursor(server, shop.database, as_user=shop) as cursor:
        cursor.execute("SELECT to_regclass('orders') IS NOT NULL")
        is_open = cursor.fetchone()[0]
        for statements in [TRADE] if is_open else [TABLES, CUSTOMERS, PRODUCTS, HISTORY, LINES]:
            cursor.execute(statements)
        if not is_open:
            cursor.execute("ANALYZE")
    return shop, warehouse


def _system(server: DemoServer, name: str) -> System:
    password = home.kept(f"DEMO_{name.upper()}_PASSWORD", lambda: secrets.token_urlsafe(24))
    return System(server.host, server.port, name, name, password)


def _make(cursor: CursorWrapper, system: System) -> None:
    """The role and the database; the names and the password are ours and hold no quote."""
    name = system.database
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
    verb = "ALTER" if cursor.fetchone() else "CREATE"
    cursor.execute(f"{verb} ROLE {name} LOGIN PASSWORD '{system.password}'")
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    if not cursor.fetchone():
        cursor.execute(f"CREATE DATABASE {name} OWNER {name} ENCODING 'UTF8' TEMPLATE template0")
        cursor.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")


@contextmanager
def _cursor(server: DemoServer, database: str, as_user: System | None = None) -> Iterator[CursorWrapper]:
    login = as_user or server
    settings: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database,
        "HOST": server.host,
        "PORT": str(server.port),
        "USER": login.user,
        "PASSWORD": login.password,
    }
    connection = ConnectionHandler({"default": settings})["default"]
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()
