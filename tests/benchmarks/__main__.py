"""Runs the benchmarks, prints what they found and writes it to docs/benchmarks.

    make bench                     everything
    make bench ONLY=bytes,upsert   some of it; what the others found last stays in the table
    make bench ROWS=100000         with smaller tables (default: 1,000,000); ROUNDS=5: with more rounds (default: 3)
    make bench PEERS=1             with other programs, too, which are installed below .crossdock/peers
    make bench INTO=/tmp/tried     keeps what was found somewhere else

The state folder is .crossdock/bench, whose servers are as durable as everybody's: speed is measured, not pretended.
"""

import os
import sys
from pathlib import Path

from config.home import ROOT
from tests.own_database import own_database

os.environ.setdefault("CROSSDOCK_HOME", str(ROOT / ".crossdock" / "bench"))
os.environ["CROSSDOCK_EMBEDDED"] = "1"  # with "test" the servers are not durable
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


def main() -> None:
    import django

    django.setup()
    from tests.benchmarks import report
    from tests.benchmarks.catalogue import BENCHMARKS, PEERS
    from tests.benchmarks.rig import MissingError, RunError, standing

    known, usual = BENCHMARKS | PEERS, BENCHMARKS | (PEERS if os.environ.get("PEERS", "0") != "0" else {})
    names = [name for name in os.environ.get("ONLY", "").split(",") if name] or list(usual)
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"There is no benchmark {unknown[0]}; there are {', '.join(known)}.")
    rows, rounds = int(os.environ.get("ROWS", "1000000")), int(os.environ.get("ROUNDS", "3"))
    folder = Path(os.environ.get("INTO") or ROOT / "docs" / "benchmarks")
    failed = []
    with own_database(), standing(rows=rows, rounds=rounds) as rig:
        for name in names:
            rig.hire_worker()
            try:
                report.keep(name, known[name](rig), folder)
            except (MissingError, RunError) as error:
                failed.append(name)
                print(f"\n{name} is left out. {error}")  # noqa: T201
    report.write(folder)
    if failed:
        sys.exit(f"Left out: {', '.join(failed)}")


if __name__ == "__main__":
    main()
