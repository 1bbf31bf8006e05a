"""What `manage.py` does before anything is installed, as far as it needs no network."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import install
from tests.config.conftest import ROOT


def make_python(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_needs_only_the_standard_library() -> None:
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import config.install"

    subprocess.run([sys.executable, "-IS", "-c", script], check=True)


def test_makes_no_venv_where_all_is_installed(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    for name in ("manage.py", "requirements-dev.txt", "config/__init__.py", "config/install.py"):
        shutil.copy(ROOT / name, tmp_path / name)

    subprocess.run([sys.executable, tmp_path / "manage.py", "install"], check=True)

    assert not (tmp_path / ".venv").exists()


def test_picks_the_newest_python_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_python(tmp_path, "python3.14", "echo 'not installed' >&2; exit 127")
    newest = make_python(tmp_path, "python3.13", "echo 3 13")
    make_python(tmp_path, "python3.12", "echo 3 12")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(make_python(tmp_path, "python3", "echo 3 9")))

    assert install.newest_python() == ((3, 13), str(newest))


def test_says_what_to_install_where_no_python_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(make_python(tmp_path, "python3", "echo 3 9")))

    with pytest.raises(
        install.InstallError, match=r"needs one of Python 3\.14, 3\.13, 3\.12, 3\.11 with its venv module"
    ):
        install.newest_python()


def test_installs_again_when_the_lock_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, stamp = tmp_path / "lock", tmp_path / "stamp"
    lock.write_text("django==5.2\n")
    monkeypatch.setattr(install, "LOCK", lock)
    monkeypatch.setattr(install, "STAMP", stamp)
    monkeypatch.setattr(install, "PYTHON", Path(sys.executable))
    assert not install.is_up_to_date()

    stamp.write_text(install.fingerprint())
    assert install.is_up_to_date()

    lock.write_text("django==5.3\n")
    assert not install.is_up_to_date()


def test_pins_the_installer_with_its_hashes() -> None:
    first, *hashes = install.locked("uv").splitlines()

    assert re.fullmatch(r"uv==[\d.]+ \\", first)
    assert hashes
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes)


def test_leaves_the_servers_out_where_they_have_no_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(f"\n{name}==" in install.wanted_here() for name in install.SERVERS)

    monkeypatch.setattr(install.platform, "machine", lambda: "riscv64")
    wanted = install.wanted_here()

    assert not any(f"\n{name}==" in wanted for name in install.SERVERS)
    missing = set(install.LOCK.read_text().splitlines()) - set(wanted.splitlines())
    left_out = (*install.SERVERS, install.MODEL)
    assert missing == {line for name in left_out for line in install.locked(name).splitlines()}
