"""The demo's organisation: number 1, with a project, an operator, three connections, three flows and a collection."""

import secrets
from dataclasses import dataclass

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Membership, Organization, Project, Role, User
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import services as connectors
from apps.connectors.models import Connector
from apps.errors import Conflict
from apps.flows import services as flows
from apps.flows.models import Export, Flow, Import
from apps.sources import services as sources
from apps.sources.models import SourceConnection
from config import home
from config.demo.shop import System

ORGANIZATION = "Demo"
EMAIL = "demo@crossdock.example"
ORDERS = "Orders to the warehouse"
SHELF = "Customers and products"
TITLES = {"public.customers": "name", "public.products": "title"}
"""What lands in the collection, and the column that names each record."""
ORDER_MAPPING = [
    {"generate": "order_id", "extract": "$.id"},
    {"generate": "order_number", "extract": "$.number"},
    {"generate": "customer_id", "extract": "$.customer_id"},
    {"generate": "status", "extract": "$.status"},
    {"generate": "amount", "extract": "$.total", "cast": "decimal(12,2)"},
    {"generate": "currency", "extract": "$.currency"},
    {"generate": "is_gift", "extract": "$.is_gift"},
    {"generate": "ship_to_city", "extract": "$.shipping.city", "dataType": "string"},
    {"generate": "ship_to_country", "extract": "$.shipping.country", "cast": "varchar(2)"},
    {"generate": "note", "extract": "$.note"},
    {"generate": "placed_at", "extract": "$.placed_at"},
    {"generate": "updated_at", "extract": "$.updated_at"},
]
CUSTOMER_MAPPING = [
    {"generate": "customer_id", "extract": "$.id"},
    {"generate": "full_name", "extract": "$.name"},
    {"generate": "email", "extract": "$.email"},
    {"generate": "city", "extract": "$.city"},
    {"generate": "country", "extract": "$.country"},
    {"generate": "customer_since", "extract": "$.since"},
]


@dataclass(frozen=True)
class Demo:
    """`password` is "" once the operator has chosen another."""

    orders: Flow
    shelf: SourceConnection
    email: str
    password: str


def load(shop: System, warehouse: System) -> Demo:
    """Makes what is missing. Raises Conflict when organisation number 1 is somebody else's."""
    connectors.load_catalogue()
    with transaction.atomic():
        organization = _organization()
        project, _ = Project.objects.get_or_create(
            organization=organization, internal_id="proj-001", defaults={"name": "Sample shop"}
        )
        password = _operator(organization)
        source = _connection(project, "Shop", shop)
        target = _connection(project, "Warehouse", warehouse)
        flow = Flow.objects.filter(organization=organization, name=ORDERS).first() or _flows(project, source, target)
        shelf = SourceConnection.objects.filter(organization=organization, name=SHELF).first() or _shelf(source)
    return Demo(flow, shelf, EMAIL, password)


def _organization() -> Organization:
    organization, is_new = Organization.objects.get_or_create(
        # its two systems listen on loopback, which no other organisation's connections may reach
        id=1,
        defaults={"name": ORGANIZATION, "allowed_networks": ["127.0.0.1/32"]},
    )
    if organization.name != ORGANIZATION:
        raise Conflict(f"Organisation number 1 is {organization.name!r} here: the demo needs a database of its own.")
    if is_new:
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('accounts_organization', 'id'), max(id))"
                " FROM accounts_organization"
            )
    return organization


def _operator(organization: Organization) -> str:
    password = home.kept("DEMO_PASSWORD", lambda: secrets.token_urlsafe(12))
    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        user = User.objects.create_superuser(EMAIL, password, name="Demo operator")
    Membership.objects.get_or_create(organization=organization, user=user, defaults={"role": Role.OWNER})
    return password if user.check_password(password) else ""


def _connection(project: Project, name: str, system: System) -> Connection:
    values = {
        "host": system.host,
        "port": system.port,
        "database": system.database,
        "user": system.user,
        "password": system.password,
    }
    present = Connection.objects.filter(organization=project.organization, name=name).first()
    if present is not None:  # the server may have had to take another port
        return connections.change(connection=present, values=values)
    return connections.create(
        organization_id=project.organization_id,
        project_id=project.id,
        connector=Connector.objects.get(name="postgresql"),
        name=name,
        values=values,
    )


def _flows(project: Project, source: Connection, target: Connection) -> Flow:
    orders = _flow(
        project,
        ORDERS,
        {
            "name": "New and changed orders",
            "connection": source,
            "type": Export.Type.DELTA,
            "source": {"schema": "public", "table": "orders"},
            "cursor": {"column": "updated_at", "overlap": 60},
        },
        {
            "name": "Warehouse orders",
            "connection": target,
            "target": {"schema": "public", "table": "orders"},
            "mode": Import.Mode.UPSERT,
            "key": ["order_id"],
            "mapping": ORDER_MAPPING,
        },
        {"cron": "*/15 * * * *", "timezone": "Europe/Berlin"},
    )
    _flow(
        project,
        "Customers, anew every night",
        {"name": "All customers", "connection": source, "source": {"schema": "public", "table": "customers"}},
        {
            "name": "Warehouse customers",
            "connection": target,
            "target": {"schema": "public", "table": "customers"},
            "mode": Import.Mode.REPLACE,
            "mapping": CUSTOMER_MAPPING,
        },
        {"cron": "30 2 * * *", "timezone": "Europe/Berlin"},
    )
    _flow(
        project,
        "Orders as a file, every morning",
        {"name": "All orders", "connection": source, "source": {"schema": "public", "table": "orders"}},
        {
            "name": "File of orders",
            "connection": _folder(project),
            "target": {"schema": "orders", "table": "orders-{date}.csv.gz"},
            "mode": Import.Mode.REPLACE,
        },
        {"cron": "0 6 * * *", "timezone": "Europe/Berlin"},
    )
    return orders


def _shelf(source: Connection) -> SourceConnection:
    """What there is to search."""
    collection = sources.create_collection(
        organization_id=source.organization_id,
        project_id=source.project_id,
        name="Shop",
        description="Customers and products of the sample shop.",
    )
    config = {"tables": list(TITLES), "titleColumn": TITLES, "schedule": {"cron": "0 * * * *", "timezone": "UTC"}}
    return sources.use_connection(
        collection=collection, connection=source, name=SHELF, config=config, at=timezone.now()
    )


def _folder(project: Project) -> Connection:
    return connections.create(
        organization_id=project.organization_id,
        project_id=project.id,
        connector=Connector.objects.get(name="folder"),
        name="Files",
        values={},
    )


def _flow(
    project: Project, name: str, export: dict[str, object], import_: dict[str, object], schedule: dict[str, str]
) -> Flow:
    owner = {"organization_id": project.organization_id, "project_id": project.id}
    generator = {"export": flows.create_export(**owner, values=export)}
    processor = {"destination": flows.create_import(**owner, values=import_)}
    values = {
        "name": name,
        "is_enabled": True,
        "generators": [generator],
        "processors": [processor],
        "schedule": schedule,
    }
    return flows.create_flow(**owner, values=values, at=timezone.now())
