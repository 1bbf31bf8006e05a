"""What the embedded servers say when they cannot run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import EmbeddedError, programs
from tests.config.conftest import ROOT, Home, all_end


def start_and_leave(home: Home) -> None:
    user = home.use()
    assert "HOST" in user.answer
    servers = home.servers()
    user.leave()
    assert all_end(servers)


def refusal(home: Home) -> str:
    return home.use().answer["error"]


def test_says_which_folder_is_broken_and_what_the_log_says(home: Home) -> None:
    start_and_leave(home)
    (home.served() / "postgres" / "global" / "pg_control").unlink()

    message = refusal(home)

    assert f"The embedded PostgreSQL in {home.path / 'control'} did not start" in message
    assert f"The last lines of {home.path / 'control' / 'postgres.log'}:" in message
    assert "could not find the database system" in message


def test_refuses_the_folder_of_another_version(home: Home) -> None:
    start_and_leave(home)
    (home.served() / "postgres" / "PG_VERSION").write_text("15\n")

    assert f"{home.served() / 'postgres'} was made by PostgreSQL 15, and this is PostgreSQL 18" in refusal(home)


def test_leaves_nothing_half_made_by_an_interrupted_first_start(home: Home) -> None:
    user = home.use()
    assert "HOST" in user.answer
    servers = home.servers()
    user.leave()
    assert all_end(servers)
    data = home.served() / "postgres"
    data.rename(data.with_name("postgres.unfinished"))
    (data.with_name("postgres.unfinished") / "PG_VERSION").unlink()

    assert "HOST" in home.use().answer
    assert not data.with_name("postgres.unfinished").exists()


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [("DYNO", "web.1", "a dyno's disk"), ("CROSSDOCK_EMBEDDED", "0", "CROSSDOCK_EMBEDDED=0 forbids")],
)
def test_are_refused_where_they_must_not_run(tmp_path: Path, variable: str, value: str, reason: str) -> None:
    script = "from config import embedded; embedded.control_database()"
    environment = {**os.environ, "CROSSDOCK_HOME": str(tmp_path), variable: value}

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert "EmbeddedError: DATABASE_URL and REDIS_URL must be set" in done.stderr
    assert reason in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_ask_for_addresses_where_no_wheel_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_spec", lambda name: None)

    with pytest.raises(EmbeddedError, match="Set DATABASE_URL and REDIS_URL"):
        programs.postgres("postgres")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers have their files elsewhere")
class TestFilesOfRootsServers:
    def test_lie_where_nobody_can_reach_them(self, home: Home) -> None:
        assert "HOST" in home.use().answer

        assert home.served().parent == Path("/var/lib/crossdock")
        assert (home.served() / "belongs-to").read_text() == str(home.path / "control")

    def test_stay_when_the_checkout_moves(self, home: Home) -> None:
        start_and_leave(home)
        before = home.served()
        home.path = home.path.rename(home.path.with_name("moved"))

        assert "HOST" in home.use().answer
        assert home.served() == before

    def test_are_not_shared_with_a_copy_of_the_checkout(self, home: Home) -> None:
        start_and_leave(home)
        original, copy = home.path, home.path.with_name("copy")
        shutil.copytree(original, copy)
        home.path = copy

        assert f"{copy / 'control'} is a copy of {original / 'control'}" in refusal(home)
        home.path = original

    def test_are_put_aside_when_the_state_folder_was_removed(self, home: Home) -> None:
        start_and_leave(home)
        served = home.served()
        shutil.rmtree(home.path)

        assert "HOST" in home.use().answer
        (left,) = served.parent.glob(f"{served.name}.left-behind-*")
        shutil.rmtree(left)
