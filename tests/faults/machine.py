"""Crossdock's own processes over a test's database: a broker, dispatchers, workers, each of which a test may break."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
from django.db import connection
from redis import Redis

from apps.jobs.queue import PATIENCE
from config.celery import app
from config.embedded import programs
from config.home import ROOT

LEASE_SECONDS = 3
CAN_SHIFT_CLOCKS = shutil.which("cc") is not None


class Broker:
    """A Valkey on a socket of its own, with nothing on disk: what it forgets is forgotten."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "v.sock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([str(programs.valkey()), *options], stdout=subprocess.DEVNULL)
        eventually(self.socket.exists)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.socket.unlink(missing_ok=True)
        self.process = None

    def forget(self) -> None:
        """FLUSHALL: every hint and every queue is gone, and the connections stay."""
        with Redis(unix_socket_path=str(self.socket), socket_timeout=5) as client:
            client.flushall()

    def waiting(self, *, queue: str) -> int:
        """How many hints nobody has taken yet."""
        with Redis(unix_socket_path=str(self.socket), socket_timeout=5) as client:
            return int(client.llen(queue))

    def publish(self, job_ids: Iterable[int], *, queue: str) -> None:
        """Hints, as the dispatcher sends them. Raises OperationalError when nobody answers."""
        url = f"redis+socket://{self.socket}?virtual_host=0"
        with app.connection_for_write(url, transport_options=PATIENCE) as connection:
            for job_id in job_ids:
                app.send_task("jobs.run", kwargs={"job_id": job_id}, queue=queue, connection=connection, retry=False)

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)


class Machine:
    """Starts processes in groups of their own and kills every one of them at the end. `more`: their environment's."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.folder = folder
        self.more = more
        self.broker = Broker(folder)
        self.running: list[subprocess.Popen[bytes]] = []
        self.names: dict[int, str] = {}
        """Workers by process id, as jobs name them."""

    def worker(self, *, clock: int = 0) -> subprocess.Popen[bytes]:
        """With two slots for syncs and one more process. `clock`: by how many seconds its wall clock is off."""
        name = f"w{len(self.names) + 1}@test"
        queues = ["--queues", "interactive,sync", "--hostname", name, "--without-gossip", "--without-mingle"]
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", *queues]
        process = self.start(*self._under_clock(clock), *command)
        self.names[process.pid] = name
        return process

    def dispatcher(self, *, clock: int = 0) -> subprocess.Popen[bytes]:
        return self.start(*self._under_clock(clock), sys.executable, "manage.py", "dispatch")

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{len(self.running)}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment(), stdout=log, stderr=log, start_new_session=True
            )
        self.running.append(process)
        return process

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url(),
            "REDIS_URL": self.broker.url,
            "EGRESS_ALLOW": "127.0.0.0/8",
            "EGRESS_OWN": "1",  # the systems of a test may lie on the server that holds the test's own database
            "JOB_LEASE_SECONDS": str(LEASE_SECONDS),
            **self.more,
        }

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL to the whole group, as the kernel does when memory runs out."""
        if process.poll() is None:  # else its number may be somebody else's by now
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def freeze(self, process: subprocess.Popen[bytes]) -> None:
        """SIGSTOP to the whole group; `thaw` lets it go on as if no time had passed."""
        os.killpg(process.pid, signal.SIGSTOP)

    def thaw(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGCONT)

    def pool(self, process: subprocess.Popen[bytes]) -> list[psutil.Process]:
        """A worker's processes that run jobs."""
        return psutil.Process(process.pid).children()

    def memory(self, process: subprocess.Popen[bytes]) -> int:
        """The largest resident set among the process and its children, in bytes."""
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        return max(member.memory_info().rss for member in family)

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def _under_clock(self, offset: int) -> list[str]:
        """What comes before a command. No library that is to be had leaves Python its timers, so this one is ours."""
        if not offset:
            return []
        library = self.folder / "clock.so"
        if not library.exists():
            source = Path(__file__).with_name("clock.c")
            subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
        return ["env", f"LD_PRELOAD={library}", f"CLOCK_OFFSET={offset}"]

    def close(self) -> None:
        for process in self.running:
            self.kill(process)
        self.broker.stop()


def database_url(*, through: int | None = None) -> str:
    """The test's own database, for other processes; `through`: a port of this machine that leads there."""
    values = connection.settings_dict
    login = f"{quote(values['USER'])}:{quote(values['PASSWORD'])}" if values["USER"] else ""
    if through is not None:
        return f"postgresql://{login}@127.0.0.1:{through}/{quote(values['NAME'])}"
    query = urlencode({"host": values["HOST"]})
    port = f":{values['PORT']}" if values["PORT"] else ""
    return f"postgresql://{login}@localhost{port}/{quote(values['NAME'])}?{query}"


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
