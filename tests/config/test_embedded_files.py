"""Where the embedded servers' files lie: in the state folder, or, as nobody cannot enter root's, in one for nobody."""

import os
import shutil
from pathlib import Path

import pytest

from config.embedded import account
from tests.config.conftest import Home, all_end
from tests.config.test_embedded_life import connect

IS_ROOT = os.geteuid() == 0


def keep_a_number(home: Home, number: int) -> None:
    user = home.use()
    with connect(user.answer) as connection:
        connection.execute(f"CREATE TABLE kept AS SELECT {number} AS number")
    servers = home.servers()
    user.leave()
    assert all_end(servers)


def kept_number(home: Home) -> int | None:
    with connect(home.use().answer) as connection:
        if connection.execute("SELECT to_regclass('kept')").fetchone() == (None,):
            return None
        return connection.execute("SELECT number FROM kept").fetchone()[0]


def test_lie_where_their_account_can_reach_them(home: Home) -> None:
    assert "HOST" in home.use().answer

    if IS_ROOT:
        assert home.served().parent == Path("/var/lib/crossdock")
        assert (home.served() / "belongs-to").read_text() == str(home.path / "control")
    else:
        assert home.served() == home.path / "control"


def test_sockets_have_short_names_in_long_folders(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    home = Home(tmp_path / ("long" * 20) / "home")
    request.addfinalizer(home.clear)

    with connect(home.use().answer) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_move_with_the_checkout(home: Home) -> None:
    keep_a_number(home, 7)
    home.path = home.path.rename(home.path.with_name("moved"))

    assert kept_number(home) == 7


def test_are_not_shared_with_a_copy_of_the_checkout(home: Home, request: pytest.FixtureRequest) -> None:
    keep_a_number(home, 7)
    copy = Home(home.path.with_name("copy"))
    request.addfinalizer(copy.clear)
    shutil.copytree(home.path, copy.path)

    if IS_ROOT:
        assert f"{copy.path / 'control'} is a copy of {home.path / 'control'}" in copy.use().answer["error"]
        (copy.path / "control" / "served-from").unlink()
        assert kept_number(copy) is None
    else:
        assert kept_number(copy) == 7
    with connect(copy.use().answer) as connection:
        connection.execute("CREATE TABLE another ()")
    with connect(home.use().answer) as connection:
        assert connection.execute("SELECT to_regclass('another')").fetchone() == (None,)


def test_begin_anew_when_the_state_folder_was_removed(home: Home) -> None:
    keep_a_number(home, 7)
    served = home.served()
    shutil.rmtree(home.path)

    assert kept_number(home) is None
    left_behind = list(served.parent.glob(f"{served.name}.left-behind-*"))
    assert len(left_behind) == (1 if IS_ROOT else 0)
    for folder in left_behind:
        shutil.rmtree(folder)


def test_programs_are_copied_for_an_account_that_cannot_reach_them(tmp_path: Path) -> None:
    wheel, target = tmp_path / "wheel", tmp_path / "copy"
    (wheel / "bin").mkdir(parents=True)
    program = wheel / "bin" / "server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    (wheel / "data").write_text("data")
    (wheel / "data").chmod(0o600)
    assert account.can_run(program) is not IS_ROOT

    account.copy_for_servers([wheel], target)

    assert (target / "wheel" / "bin" / "server").stat().st_mode & 0o777 == 0o755
    assert (target / "wheel" / "data").stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("copy")] == ["copy"]
