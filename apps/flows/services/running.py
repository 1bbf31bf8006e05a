"""What runs a job of kind "flow": builds a chain for each track of the job's own snapshot of the flow, and moves them
one after the other."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from typing import Any

from django.utils import timezone

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.errors import NotFound
from apps.flows.models import Export, Flow, Import
from apps.flows.queries import steps_of
from apps.flows.services import retrying
from apps.flows.services.control import FlowControl, Step, make_rows
from apps.jobs.services import Work
from engine.contract import Driver, Mode, Request, Target
from engine.errors import ConfigError, CredentialsError
from engine.schema import Query, Table
from engine.sync.chain import Chain, Generator, WriteStep
from engine.sync.figures import Figures
from engine.sync.run import run as move

Open = Callable[[str], Any]


def run(work: Work) -> None:
    """Raises what the engine raises; a refused sign-in takes the connection offline first."""
    config = work.snapshot(lambda: _config(work.job.subject_id))
    rows = _connections(config, work.job.organization_id)
    opened: dict[str, tuple[Connection, Driver]] = {}
    with ExitStack() as stack:
        try:
            chains = build(config, lambda uid: _open(rows.get(uid), work, stack, opened))
            if work.params.get("retry"):
                retrying.run(work, chains, _steps(config))
            else:
                _move(chains, work, _steps(config))
        except CredentialsError as error:
            _take_offline(opened, error)
            raise


def build(config: dict[str, Any], open_: Open) -> list[Chain]:
    """The chains of a snapshot, by their tracks; `open_` gives the driver of a connection's uid."""
    steps = [*config["generators"], *config["processors"]]
    tracks = sorted({_track(step) for step in steps}) or [0]
    return [
        Chain(
            tuple(_generator(step, open_) for step in config["generators"] if _track(step) == track),
            tuple(_write_step(step, open_) for step in config["processors"] if _track(step) == track),
        )
        for track in tracks
    ]


def _track(step: dict[str, Any]) -> int:
    """Jobs that began before flows had tracks have none in their snapshots."""
    return int(step.get("track", 0))


def _move(chains: Sequence[Chain], work: Work, steps: list[Step]) -> None:
    """A chain that an earlier attempt finished is found finished, and passed by."""
    has_tracks = len(chains) > 1
    control = FlowControl(work, make_rows(work, steps, are_begun=not has_tracks))
    figures = Figures(chains=len(chains))
    for number, chain in enumerate(chains, 1):
        control.raise_if_stopped(may_hand_back=has_tracks)
        with control.track(number, chain) if has_tracks else nullcontext():
            move(chain, control, figures)


def _generator(step: dict[str, Any], open_: Open) -> Generator:
    source, cursor = step["source"], step["cursor"]
    request = Request(
        source=Query(source["query"]) if source.get("query") else _table(source),
        columns=tuple(step["columns"]),
        key=tuple(step["key"]),
        cursor=cursor.get("column", "") if step["type"] == Export.Type.DELTA else "",
        page_rows=step["page_size"],
        format=source.get("format", {}),
    )
    is_test = step["type"] == Export.Type.TEST
    return Generator(
        step["uid"],
        step["name"],
        open_(step["connection"]),
        request,
        overlap=cursor.get("overlap"),
        filter=step["filter"],
        limit=(step["limit"] or 1) if is_test else None,
        purpose="test" if is_test else "",
    )


def _write_step(step: dict[str, Any], open_: Open) -> WriteStep:
    place, mode = step["target"], Mode(step["mode"])
    target = Target(
        _table(place), mode, tuple(step["key"]), allow_empty=step["allow_empty"], format=place.get("format", {})
    )
    driver = open_(step["connection"])
    return WriteStep(
        step["uid"], step["name"], driver, target, step["mapping"], step["filter"], generation=step["generation"]
    )


def _table(value: dict[str, Any]) -> Table:
    return Table(value["table"], value.get("schema") or "", value.get("catalog") or "")


def _connections(config: dict[str, Any], organization_id: int) -> dict[str, Connection]:
    """Those that the snapshot names and are still there, by uid."""
    uids = {step["connection"] for role in ("generators", "processors") for step in config[role]}
    rows = Connection.objects.filter(uid__in=uids, organization_id=organization_id)
    return {row.uid: row for row in rows.select_related("organization", "connector")}


def _open(row: Connection | None, work: Work, stack: ExitStack, opened: dict[str, tuple[Connection, Driver]]) -> Driver:
    if row is None:
        raise ConfigError("A connection of this flow is gone.", code="unknown_connection")
    if row.uid not in opened:
        opened[row.uid] = (row, stack.enter_context(connections.opened(row, purpose=f"job {work.job.uid}")))
    return opened[row.uid][1]


def _take_offline(opened: dict[str, tuple[Connection, Driver]], error: CredentialsError) -> None:
    """Marks the connection offline whose driver was refused, without another sign-in: a third may lock the account."""
    for connection, driver in opened.values():
        if driver is error.driver or (error.driver is None and _is_refused(driver)):
            connections.mark_offline(connection=connection, reason=error.message, code=error.code, at=timezone.now())


def _is_refused(driver: Driver) -> bool:
    """Asks a driver that does not tell by itself."""
    try:
        driver.check()
    except CredentialsError:
        return True
    except Exception:  # noqa: BLE001 (whatever else is wrong with it, it is not its sign-in)
        return False
    return False


def _config(flow_id: int) -> dict[str, Any]:
    """The flow as plain JSON, without secrets."""
    flow = Flow.objects.filter(id=flow_id).first()
    if flow is None:
        raise NotFound("The flow of this job is gone.")
    config: dict[str, Any] = {"generators": [], "processors": []}
    for step in steps_of(flow):
        resource = step.export or step.destination
        assert resource is not None
        fields = _export(resource) if isinstance(resource, Export) else _import(resource)
        shared = {"uid": step.uid, "track": step.track, "generation": step.generation}
        shared |= {"name": resource.name, "resource": resource.uid}
        config[f"{step.role}s"].append({**fields, **shared, "connection": resource.connection.uid})
    return config


def _export(export: Export) -> dict[str, Any]:
    names = ("type", "source", "columns", "key", "cursor", "filter", "page_size", "limit")
    return {name: getattr(export, name) for name in names}


def _import(import_: Import) -> dict[str, Any]:
    names = ("target", "mode", "key", "mapping", "filter", "allow_empty")
    return {name: getattr(import_, name) for name in names}


def _steps(config: dict[str, Any]) -> list[Step]:
    roles = (("generators", "export"), ("processors", "import"))
    return [(step["uid"], role, step["resource"], step["name"]) for key, role in roles for step in config[key]]
