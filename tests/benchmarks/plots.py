"""Pictures of the results that can be read on a light page and on a dark one."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.benchmarks.contest import CLIENT, CPU, WALL

INK, OURS, ALSO, MARK = "#7d8794", "#3b82c4", "#e08a3c", "#d1495b"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "crossdock",  # the same figures make the same file
    "font.family": "sans-serif",
    "font.size": 10,
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), INK),
}
WIDTH = 8.0
"""Inches."""

Results = dict[str, dict[str, Any]]


def draw(results: Results, folder: Path) -> None:
    """The plots whose benchmarks have been run."""
    with mpl.rc_context(STYLE):
        if limited := {name: result for name, result in results.items() if WALL in result["figures"]}:
            _save(_bars(limited, (WALL, CPU), "times the limit", line=1), folder / "moving.svg")
        if moving := {name: result for name, result in results.items() if CLIENT in result["figures"]}:
            _save(_bars(moving, (CLIENT,), "µs of the worker's CPU for each row"), folder / "client.svg")
        if "starts" in results:
            _save(_starts(results["starts"]["runs"]["ours"][0]["ms"]), folder / "starts.svg")


def _bars(results: Results, labels: tuple[str, ...], unit: str, *, line: float | None = None) -> Figure:
    """A group of bars for each result; a mark is a short stroke across its bar."""
    figure, axes = _axes(height=0.9 + 0.24 * len(results) * (len(labels) + 0.8))
    thickness = 0.8 / len(labels)
    widest = max(result["figures"][label]["value"] for result in results.values() for label in labels)
    for number, label in enumerate(labels):
        for place, result in enumerate(results.values()):
            found, at = result["figures"][label], place + (number - (len(labels) - 1) / 2) * thickness
            name = label if place == 0 else None
            axes.barh(at, found["value"], thickness * 0.9, color=(OURS, ALSO)[number], label=name)
            most = found["most"] or 0.0
            is_close = 0 < most - found["value"] < widest / 10  # the mark would cross the number
            axes.text(most if is_close else found["value"], at, f" {found['value']:.1f}", va="center", fontsize=9)
            if most:
                axes.vlines(most, at - thickness / 2, at + thickness / 2, color=MARK, linewidth=2)
    axes.vlines([], 0, 0, color=MARK, linewidth=2, label="mark")
    if line is not None:
        axes.axvline(line, color=INK, linewidth=1, linestyle=":")
    axes.set_yticks(range(len(results)), [result["title"] for result in results.values()])
    axes.invert_yaxis()
    axes.margins(x=0.08, y=0.01)
    axes.set_xlabel(unit)
    _legend(figure, columns=len(labels) + 1)
    return figure


def _starts(waits: list[float]) -> Figure:
    figure, axes = _axes(height=2.6)
    shares = [100 * (place + 1) / len(waits) for place in range(len(waits))]
    axes.step(
        sorted(waits), shares, where="post", color=OURS, linewidth=2, label=f"runs; the slowest: {max(waits):,.0f} ms"
    )
    stroke = {"marker": "|", "markersize": 14, "markeredgewidth": 2, "color": MARK, "linestyle": "none"}
    axes.plot((100, 300), (50, 95), **stroke, label="marks: 100 ms for 50 %, 300 ms for 95 %")
    axes.set(xlabel="ms from POST … run to running", ylabel="% of the runs", ylim=(0, 101))
    axes.set_xlim(0, 1.1 * max(300.0, sorted(waits)[int(0.98 * len(waits))]))  # one straggler would squeeze all others
    _legend(figure, columns=2)
    return figure


def _legend(figure: Figure, *, columns: int) -> None:
    """Above the axes, where no bar and no curve can cross it."""
    figure.legend(frameon=False, loc="outside upper right", ncols=columns)


def _axes(*, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.patch.set_alpha(0)
    return figure, axes


def _save(figure: Figure, file: Path) -> None:
    figure.savefig(file, transparent=True, metadata={"Date": None})
