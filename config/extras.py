"""The client libraries of further databases: `manage.py install snowflake` brings them beside the locked packages, and
they come back whenever the lock has changed."""

import importlib.util
import re
import sys
import tomllib
from pathlib import Path

from config.install import ROOT, InstallError, fingerprint, run, say

CHOSEN = Path(sys.prefix) / "crossdock-extras.txt"
"""What is wanted, one a line."""
STAMP = Path(sys.prefix) / "crossdock-extras.stamp"
"""What is installed, and beside which lock."""


def add(names: list[str]) -> None:
    """Raises InstallError for a name that is no extra's."""
    unknown = sorted(set(names) - set(known()))
    if unknown:
        raise InstallError(f"There is no extra {unknown[0]!r}. Known: {', '.join(known())}.")
    CHOSEN.write_text("".join(f"{name}\n" for name in sorted({*chosen(), *names})))
    keep()


def keep() -> None:
    """Installs what was chosen, unless it is there already."""
    names = chosen()
    stamp = "\n".join([fingerprint(), *names])
    if not names or (STAMP.exists() and STAMP.read_text() == stamp):
        return
    say(f"Installing the extras {', '.join(names)}")
    run(*_installer(), "--constraint", str(_constraints()), *(line for name in names for line in known()[name]))
    STAMP.write_text(stamp)


def chosen() -> list[str]:
    return CHOSEN.read_text().split() if CHOSEN.exists() else []


def known() -> dict[str, list[str]]:
    """The packages of each extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found: dict[str, list[str]] = project["optional-dependencies"]
    return found


def _installer() -> tuple[str, ...]:
    if importlib.util.find_spec("uv"):
        return sys.executable, "-m", "uv", "pip", "install", "--quiet", "--system-certs", "--python", sys.executable
    return sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"


def _constraints() -> Path:
    """The lock's versions without its hashes: what an extra brings has none there."""
    path = CHOSEN.with_name("crossdock-constraints.txt")
    versions = re.findall(r"^[\w.-]+==[^\n\\]+", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    path.write_text("".join(f"{version.strip()}\n" for version in versions))
    return path
