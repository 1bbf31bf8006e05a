"""All tests, in two processes side by side, each with embedded servers of its own: much of what tests do is waiting.
Shows the one while it runs, and then what the other said. Over servers that are given there is one process: they would
share a database."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from config import home

BESIDE = ("tests/engine", "tests/faults", "tests/config")


def main() -> int:
    if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
        return start("all", [], None).wait()
    with tempfile.TemporaryFile("w+") as said:
        beside = start("beside", BESIDE, said)
        others = start("others", [f"--ignore={folder}" for folder in BESIDE], None)
        codes = [others.wait(), beside.wait()]
        said.seek(0)
        shutil.copyfileobj(said, sys.stdout)
    return int(any(codes))


def start(name: str, arguments: Sequence[str], output: IO[str] | None) -> subprocess.Popen[str]:
    """Each has a state folder of its own, and so its own servers."""
    state = Path(os.environ.get("CROSSDOCK_HOME") or home.ROOT / ".crossdock") / f"test-{name}"
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-o", f"cache_dir=.pytest_cache/{name}", *arguments],
        env={**os.environ, "CROSSDOCK_HOME": str(state)},
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        text=True,
    )


if __name__ == "__main__":
    sys.exit(main())
