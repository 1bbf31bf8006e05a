"""Under whom the servers run: PostgreSQL refuses root, so root's servers run as `nobody`."""

import os
import pwd
import shutil
from functools import cache
from pathlib import Path

STATE = Path("/var/lib/crossdock")
"""What root's servers own, as nobody cannot enter root's private folders."""


@cache
def servers() -> tuple[int, int] | None:
    """The user and group to run servers under; None for our own."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def give(path: Path) -> None:
    """Hands a file or folder to the servers' account."""
    if account := servers():
        os.chown(path, *account)


def make_folder(path: Path) -> None:
    """A folder for the servers alone."""
    path.mkdir(mode=0o700, exist_ok=True)
    give(path)


def can_run(program: Path) -> bool:
    """Whether the servers' account reaches `program` and may run it."""
    if servers() is None:
        return True
    return all(folder.stat().st_mode & 0o001 for folder in program.parents) and program.stat().st_mode & 0o005 == 0o005


def copy_for_servers(folders: list[Path], target: Path) -> None:
    """Copies whole folders into `target`, readable by all. A copy that another process finished first is as good."""
    if target.exists():
        return
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    for folder in folders:
        shutil.copytree(folder, unfinished / folder.name)
    for path in [unfinished, *unfinished.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        unfinished.rename(target)
    except OSError:
        shutil.rmtree(unfinished)
