"""All tests, in two processes side by side: the engine's need neither Django's database nor each other's, and most of
what the others do is waiting. Shows the one while it runs, and then what the other said."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from config import home

ENGINE = "tests/engine"


def main() -> int:
    with tempfile.TemporaryFile("w+") as said:
        engine = start("engine", [ENGINE], said)
        others = start("others", [f"--ignore={ENGINE}"], None)
        codes = [others.wait(), engine.wait()]
        said.seek(0)
        shutil.copyfileobj(said, sys.stdout)
    return int(any(codes))


def start(name: str, arguments: list[str], output: IO[str] | None) -> subprocess.Popen[str]:
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
