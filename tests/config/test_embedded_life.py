"""The embedded servers start once, serve every process, survive kills, and stop with their last user."""

import signal

import psycopg
import pytest
import redis

from tests.config.conftest import CONTROL, Home, all_end, eventually, is_running

FORKING_CONTROL = (
    CONTROL
    + """
    if os.fork():
        os._exit(0)
"""
)


def connect(answer: dict) -> psycopg.Connection:
    return psycopg.connect(
        host=answer["HOST"],
        port=answer["PORT"],
        dbname=answer["NAME"],
        user=answer["USER"],
        password=answer["PASSWORD"],
        autocommit=True,
    )


def can_connect(answer: dict) -> bool:
    try:
        connect(answer).close()
    except psycopg.OperationalError:
        return False
    return True


def test_serves_every_process_and_stops_with_the_last(home: Home) -> None:
    first, second = home.use(), home.use()
    assert first.answer == second.answer
    servers = home.servers()

    first.leave()
    assert all(is_running(server) for server in servers)
    with connect(second.answer) as connection, redis.Redis.from_url(second.answer["REDIS"]) as valkey:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert valkey.ping()

    second.leave()
    assert all_end(servers)


def test_takes_a_killed_user_for_gone(home: Home) -> None:
    user = home.use()
    assert "HOST" in user.answer
    servers = home.servers()

    user.kill()

    assert all_end(servers)


def test_takes_a_forked_child_for_a_user(home: Home) -> None:
    parent = home.use(FORKING_CONTROL)
    assert "HOST" in parent.answer
    servers = home.servers()

    parent.process.wait()
    assert can_connect(parent.answer)

    parent.leave()
    assert all_end(servers)


def test_makes_one_database_for_simultaneous_first_users(home: Home) -> None:
    users = [home.use() for _ in range(6)]

    assert all(user.answer == users[0].answer for user in users)
    assert (home.path / "control" / "postgres.log").read_text().count("creating configuration files") == 1
    assert home.postmaster().parent().children()[0] == home.postmaster()


def test_keeps_data_from_one_start_to_the_next(home: Home) -> None:
    user = home.use()
    with connect(user.answer) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    servers = home.servers()
    user.leave()
    assert all_end(servers)

    with connect(home.use().answer) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


@pytest.mark.parametrize("server", [0, 1], ids=["PostgreSQL", "Valkey"])
def test_starts_a_killed_server_again(home: Home, server: int) -> None:
    answer = home.use().answer
    killed = home.servers()[1 + server]

    killed.kill()
    assert all_end([killed])

    assert eventually(lambda: can_connect(answer))
    with redis.Redis.from_url(answer["REDIS"]) as valkey:
        assert eventually(lambda: answers(valkey))


def answers(valkey: redis.Redis) -> bool:
    try:
        return bool(valkey.ping())
    except redis.ConnectionError:
        return False


def test_replaces_a_killed_keeper(home: Home) -> None:
    first = home.use()
    assert "HOST" in first.answer
    before = home.servers()

    before[0].kill()
    second = home.use()

    assert can_connect(second.answer)
    assert all_end(before)
    after = home.servers()
    first.leave()
    second.leave()
    assert all_end(after)


def test_stops_servers_whose_keeper_was_killed(home: Home) -> None:
    user = home.use()
    assert "HOST" in user.answer
    servers = home.servers()

    servers[0].kill()

    assert all_end(servers)


def test_starts_after_everything_was_killed(home: Home) -> None:
    first = home.use()
    assert "HOST" in first.answer
    for server in home.servers():
        server.send_signal(signal.SIGKILL)
    first.kill()

    assert can_connect(home.use().answer)
