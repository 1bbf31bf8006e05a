"""What the benchmarks found: printed, kept in results.json, and told from there in a README."""

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks import plots
from tests.benchmarks.catalogue import BENCHMARKS, PEERS, SEARCHES
from tests.benchmarks.contest import CLIENT, CPU, MEMORY, WALL, Figure, Result

TEMPLATE = Path(__file__).with_name("README.template.md")
COUNTS, FIGURES = ("rows", "rows a second"), (WALL, CPU, CLIENT, MEMORY)
COLUMNS = COUNTS + FIGURES
Kept = dict[str, Any]
"""A Result as JSON."""


def keep(name: str, result: Result, folder: Path) -> None:
    """Says it, and keeps it at once: what comes later may fail."""
    _say(name, result)
    folder.mkdir(parents=True, exist_ok=True)
    results = kept(folder)
    results[name] = {**asdict(result), "at": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine()}
    in_order = {name: results[name] for name in BENCHMARKS | PEERS if name in results}
    (folder / "results.json").write_text(json.dumps(in_order, indent=1, ensure_ascii=False) + "\n")


def kept(folder: Path) -> dict[str, Kept]:
    file = folder / "results.json"
    return json.loads(file.read_text()) if file.exists() else {}


def write(folder: Path) -> None:
    """The README and its plots, from what is kept."""
    results = kept(folder)
    peers = {name: result for name, result in results.items() if name in PEERS}
    ours = {name: result for name, result in results.items() if name not in PEERS}
    moving = {name: result for name, result in ours.items() if CLIENT in result["figures"]}
    searches = {name: result for name, result in ours.items() if name in SEARCHES}
    jobs = {name: result for name, result in ours.items() if name not in moving and name not in searches}
    text = TEMPLATE.read_text()
    for mark, lines in (
        ("moving", _moving_table(moving)),
        ("jobs", _jobs_table(jobs)),
        ("searches", _jobs_table(searches)),
        ("peers", _peers_table(peers)),
        ("about", _about(results)),
        ("machines", sorted({f"{result['at']}: {result['machine']}." for result in results.values()})),
    ):
        text = text.replace(f"<!-- {mark} -->", "\n".join(lines))
    (folder / "README.md").write_text(text)
    plots.draw(ours, folder)


@cache
def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}"
    )


def _say(name: str, result: Result) -> None:
    print(f"\n{name}: {result.title}")  # noqa: T201
    for label, figure in result.figures.items():
        mark = "" if figure.most is None else f"   (at most {figure.most:g}{', MISSED' if figure.is_missed else ''})"
        print(f"  {label:<44}{figure.value:>10.2f}{mark}")  # noqa: T201
    for label, fact in result.facts.items():
        print(f"  {label:<44}{fact!s:>10}")  # noqa: T201


def _moving_table(results: dict[str, Kept]) -> list[str]:
    lines = [f"| | lane | {' | '.join(COLUMNS)} |", f"|---|---|{'---:|' * len(COLUMNS)}"]
    for result in results.values():
        facts = result["facts"]
        lane = f"**{facts['lane']}** (not {facts['meant for']})" if "meant for" in facts else facts["lane"]
        lines.append(f"| {result['title']} | {lane} | {' | '.join(_cells(result))} |")
    return lines


def _jobs_table(results: dict[str, Kept]) -> list[str]:
    lines = ["| | | |", "|---|---|---:|"]
    for result in results.values():
        for number, (label, figure) in enumerate(result["figures"].items()):
            lines.append(f"| {'' if number else result['title']} | {label} | {_shown(figure)} |")
    return lines


def _peers_table(results: dict[str, Kept]) -> list[str]:
    if not results:
        return ["Not run yet: `make bench PEERS=1`."]
    lines = [f"| | {' | '.join(COLUMNS)} |", f"|---|{'---:|' * len(COLUMNS)}"]
    for result in results.values():
        title = result["title"] if result["figures"] else f"{result['title']}: could not be installed"
        lines.append(f"| {title} | {' | '.join(_cells(result))} |")
    return lines


def _cells(result: Kept) -> list[str]:
    """For COLUMNS."""
    facts, figures = result["facts"], result["figures"]
    counts = [f"{facts[name]:,}" if name in facts else "" for name in COUNTS]
    return counts + [_shown(figures.get(label)) for label in FIGURES]


def _about(results: dict[str, Kept]) -> list[str]:
    return [f"- `{name}`, {result['title']}: {result['about']}." for name, result in results.items()]


def _shown(kept_figure: dict[str, Any] | None) -> str:
    if kept_figure is None:
        return ""
    figure = Figure(**kept_figure)
    value = f"{figure.value:,.2f}" if figure.value < 10 else f"{figure.value:,.0f}"
    if figure.most is None:
        return value
    return f"**{value}** (> {figure.most:g})" if figure.is_missed else f"{value} (≤ {figure.most:g})"
