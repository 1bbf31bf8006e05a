"""The import contracts of pyproject.toml: kept, and a breach of each, planted in a copy of the tree, is caught."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BREACHES = [
    # contract, file (a new one if it is not there), what is added to it
    ("1-engine-is-pure", "engine/sync/run.py", "import django.conf"),
    ("1-engine-is-pure", "engine/toolkit/breach.py", "from apps import errors"),
    ("2-config", "apps/jobs/runners.py", "from config import env"),
    ("3-apps-look-down", "apps/jobs/queue.py", "from apps.flows import models"),
    ("3-apps-look-down", "apps/connections/api/celigo/pings.py", "import apps.flows.api.celigo.flows"),
    ("3-apps-look-down", "apps/breach/__init__.py", "SURPRISE = 1"),
    ("4-rooms", "apps/flows/models.py", "from apps.flows import queries"),
    ("4-rooms", "apps/jobs/queries.py", "from apps.jobs import queue"),
    ("4-rooms", "apps/connections/services/editing.py", "import apps.connections.api.celigo.pings"),
    ("4-rooms", "apps/flows/helpers.py", "SURPRISE = 1"),
    ("5a-dialects-celigo", "apps/flows/api/celigo/runs.py", "import apps.dialects.databite"),
    ("5a-dialects-databite", "apps/flows/api/databite.py", "import apps.dialects.celigo.paging"),
    ("5a-dialects-databasin", "apps/dialects/databasin.py", "import apps.dialects.sources"),
    ("5a-dialects-dbsync", "apps/dialects/dbsync.py", "import apps.dialects.databasin"),
    ("5a-dialects-sources", "apps/dialects/sources/envelope.py", "import apps.dialects.dbsync"),
    ("5b-drf-at-the-door", "apps/jobs/services/states.py", "import rest_framework.exceptions"),
    ("5b-drf-at-the-door", "apps/accounts/queries.py", "import django_ratelimit.core"),
    ("6-celery", "apps/flows/services/starting.py", "import celery"),
    ("7-clients", "apps/connections/queries.py", "import psycopg"),
    ("7-clients", "engine/sync/run.py", "import sqlalchemy"),
    ("7b-http-through-the-guard", "engine/drivers/sql/breach.py", "import socket"),
    ("7b-http-through-the-guard", "apps/jobs/queue.py", "import urllib.request"),
    ("8a-drivers-are-strangers", "engine/drivers/files/__init__.py", "import engine.drivers.sql.errors"),
    ("8b-registry-only", "engine/registry.py", "import engine.drivers.sql.errors"),
    ("9-no-cycles", "apps/dialects/paths.py", "import apps.dialects.errors"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    for name in ("apps", "engine", "config"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def lint(tree: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", *arguments]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True)


def test_all_are_kept(tree: Path) -> None:
    result = lint(tree)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("contract", "file", "breach"), BREACHES)
def test_a_breach_is_caught(contract: str, file: str, breach: str, tree: Path) -> None:
    path = tree / file
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{breach}\n")
    try:
        result = lint(tree, "--contract", contract)
    finally:
        if before is None:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
        else:
            path.write_text(before)
    assert "BROKEN" in result.stdout, result.stdout
    assert result.returncode != 0


def test_every_contract_is_tried() -> None:
    ids = {
        line.split('"')[1] for line in (ROOT / "pyproject.toml").read_text().splitlines() if line.startswith("id = ")
    }
    assert {contract for contract, _, _ in BREACHES} == ids
