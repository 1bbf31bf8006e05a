"""Where this checkout keeps its state: keys and passwords that are made at first start and never leave the machine."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config import env

ROOT = Path(__file__).resolve().parent.parent


def folder() -> Path:
    """`.crossdock/` in the checkout, or CROSSDOCK_HOME; made for its owner alone."""
    path = Path(env.text("CROSSDOCK_HOME") or ROOT / ".crossdock")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o077:  # made as another's parent, or by hand
            path.chmod(0o700)
    except OSError as error:
        raise ImproperlyConfigured(f"{path}: {error.strerror}; CROSSDOCK_HOME chooses another folder") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{path} cannot be written; CROSSDOCK_HOME chooses another folder")
    return path


def kept(name: str, make: Callable[[], str]) -> str:
    """The secret called `name`, made by `make` when it is first asked for. Two first askers get the same one."""
    if "DYNO" in os.environ:
        raise ImproperlyConfigured(f"{name} is not set, and this machine's disk does not outlive a restart: set it")
    path = folder() / name
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{name}-", delete=False) as file:
            file.write(make())
        try:
            os.link(file.name, path)  # unlike a rename, it fails when another process was first
        except FileExistsError:
            pass
        finally:
            Path(file.name).unlink()
    return path.read_text().strip()
