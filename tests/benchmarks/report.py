"""What the benchmarks found: printed and kept."""

from config.home import ROOT
from tests.benchmarks.contest import Result

FOLDER = ROOT / "docs" / "benchmarks"


def say(name: str, result: Result) -> None:
    print(f"\n{name}: {result.title}")  # noqa: T201
    for label, figure in result.figures.items():
        mark = "" if figure.most is None else f"   (at most {figure.most:g}{', MISSED' if figure.is_missed else ''})"
        print(f"  {label:<24}{figure.value:>10.2f}{mark}")  # noqa: T201
    for label, fact in result.facts.items():
        print(f"  {label:<24}{fact!s:>10}")  # noqa: T201


def keep(name: str, result: Result) -> None:
    pass


def write() -> None:
    pass
