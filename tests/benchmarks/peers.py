"""Other programs that carry a table from PostgreSQL to PostgreSQL, each in an environment of its own: dlt, and a Singer
tap with its target."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from config.home import ROOT
from tests.benchmarks import tables
from tests.benchmarks.contest import Marks, Result, contest
from tests.benchmarks.lanes import AGAINST, copied
from tests.benchmarks.meter import Cost, pipeline
from tests.benchmarks.rig import SOURCE, TARGET, Rig, RunError

PLACE = ROOT / ".crossdock" / "peers"
ONLY_WHAT_RAN = Marks(memory=None)
DLT = ("dlt[postgres,sql_database]==1.31.0", "connectorx==0.4.6", "pandas", "pyarrow", "sqlalchemy<2.1")
TAP, SINGER_TARGET = ("meltanolabs-tap-postgres==0.10.0",), ("meltanolabs-target-postgres==0.8.1",)


def dlt(rig: Rig) -> Result:
    title, rows = "dlt 1.31.0, connectorx to CSV", rig.rows // 5
    script = Path(__file__).with_name("peer_dlt.py")
    if (place := _installed("dlt", DLT)) is None:
        return _absent(title, rows)
    settings = {
        "SOURCE_URL": _url(rig, SOURCE),
        "TARGET_URL": _url(rig, TARGET),
        "DLT_DATA_DIR": str(rig.machine.folder / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
    commands = [[str(place / "python"), str(script)]]
    return _contest(rig, title, rows, lambda: _run(rig, commands, settings), "dlt")


def singer(rig: Rig) -> Result:
    title, rows = "Singer: tap-postgres 0.10.0, target-postgres 0.8.1", rig.rows // 20
    tap, target = _installed("tap", TAP), _installed("target", SINGER_TARGET)
    if tap is None or target is None:
        return _absent(title, rows)
    tables.part(rig, rows)
    login = {**rig.login(SOURCE), "filter_schemas": ["public"]}
    reading = [str(tap / "tap-postgres"), "--config", _file(rig, "tap", login)]
    found = subprocess.run([*reading, "--discover"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    catalog = {"streams": [_selected(each) for each in json.loads(found.stdout)["streams"] if _is_part(each)]}
    bare = {"use_copy": True, "add_record_metadata": False, "activate_version": False}
    login = {**rig.login(TARGET), "default_target_schema": "singer", **bare}
    commands = [
        [*reading, "--catalog", _file(rig, "catalog", catalog)],
        [str(target / "target-postgres"), "--config", _file(rig, "target", login)],
    ]
    return _contest(rig, title, rows, lambda: _run(rig, commands, {}), "singer")


def _contest(rig: Rig, title: str, rows: int, theirs: Callable[[], Cost], schema: str) -> Result:
    """`schema`: where they put the table."""
    tables.part(rig, rows)

    def run() -> Cost:
        cost = theirs()
        with rig.connect(TARGET) as target:
            found = target.execute(f"SELECT count(*) FROM {schema}.part".encode()).fetchone()
        if found != (rows,):
            raise RunError(f"{title}: {found} of {rows} rows arrived.")
        return cost

    def prepare() -> None:
        rig.execute(TARGET, *(f"DROP SCHEMA IF EXISTS {name} CASCADE" for name in (schema, f"{schema}_staging")))
        tables.without_target(rig)

    return contest(
        title=title,
        about=_about(rows),
        rows=rows,
        rounds=rig.rounds,
        ours=run,
        limit=lambda: copied(rig, "part"),
        marks=ONLY_WHAT_RAN,
        prepare=prepare,
    )


def _absent(title: str, rows: int) -> Result:
    return Result(title, f"{_about(rows)}; it could not be installed here", {})


def _about(rows: int) -> str:
    return f"a full refresh of {rows:,} rows of 12 columns; against {AGAINST}"


def _installed(name: str, packages: Sequence[str]) -> Path | None:
    """Where its programs are; None where it cannot be installed."""
    place, uv = PLACE / name, str(Path(sys.executable).with_name("uv"))
    stamp = place / "installed"
    if not stamp.exists() or stamp.read_text() != "\n".join(packages):
        python = str(place / "bin" / "python")
        try:
            subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)], check=True)
            installing = (uv, "pip", "install", "--quiet", "--system-certs", "--python", python)
            subprocess.run([*installing, *packages], check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        stamp.write_text("\n".join(packages))
    return place / "bin"


def _run(rig: Rig, commands: Sequence[Sequence[str]], settings: dict[str, str]) -> Cost:
    log = rig.machine.folder / "peer.txt"
    environment = {"PATH": os.environ["PATH"], "HOME": str(rig.machine.folder), **settings}
    try:
        return pipeline(commands, environment, rig.database_server, log=log)
    except subprocess.CalledProcessError as error:
        raise RunError(f"It did not run.\n{log.read_text(errors='replace')[-2000:]}") from error


def _is_part(stream: dict[str, object]) -> bool:
    return stream["table_name"] == "part"


def _selected(stream: dict[str, list[dict[str, dict[str, object]]]]) -> dict[str, object]:
    for each in stream["metadata"]:
        each["metadata"]["selected"] = True
    return {**stream}


def _file(rig: Rig, name: str, content: object) -> str:
    file = rig.machine.folder / f"{name}.json"
    file.write_text(json.dumps(content))
    return str(file)


def _url(rig: Rig, database: str) -> str:
    server = rig.server
    return f"postgresql://{quote(server.user)}:{quote(server.password)}@{server.host}:{server.port}/{database}"
