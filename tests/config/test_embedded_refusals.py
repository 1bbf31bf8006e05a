"""What the embedded servers say when they cannot run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import EmbeddedError, programs
from config.embedded.cluster import Cluster
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


def test_gives_up_on_a_server_that_cannot_start_again(home: Home) -> None:
    assert "HOST" in home.use().answer
    servers = home.servers()
    (home.served() / "postgres" / "global" / "pg_control").unlink()

    servers[1].kill()

    assert all_end(servers)
    assert "could not find the database system" in refusal(home)


def test_refuses_the_folder_of_another_version(home: Home) -> None:
    start_and_leave(home)
    (home.served() / "postgres" / "PG_VERSION").write_text("15\n")

    assert f"{home.served() / 'postgres'} was made by PostgreSQL 15, and this is PostgreSQL 18" in refusal(home)


def test_leaves_nothing_half_made_by_an_interrupted_first_start(home: Home) -> None:
    start_and_leave(home)
    data = home.served() / "postgres"
    data.rename(data.with_name("postgres.unfinished"))
    (data.with_name("postgres.unfinished") / "PG_VERSION").unlink()

    assert "HOST" in home.use().answer
    assert not data.with_name("postgres.unfinished").exists()


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [("DYNO", "web.1", "a dyno's disk"), ("CROSSDOCK_EMBEDDED", "0", "CROSSDOCK_EMBEDDED forbids")],
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


def test_refuse_sockets_in_a_folder_that_others_can_enter(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    cluster = Cluster("control", tmp_path, is_throwaway=True)
    cluster.make_folders()
    request.addfinalizer(lambda: shutil.rmtree(cluster.served))
    cluster.sockets.chmod(0o755)

    with pytest.raises(EmbeddedError, match=f"{cluster.sockets} is open to others"):
        cluster.make_folders()
