"""A column of a sweep as a picture: PNG or SVG, by matplotlib."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any

from shapecalc.analysis.sweep.series import axis_of, not_drawn, series_of
from shapecalc.errors import refuse
from shapecalc.text import Origin, Source
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from shapecalc.analysis.sweep.columns import SweepColumn
    from shapecalc.analysis.sweep.result import Sweep
    from shapecalc.analysis.sweep.series import Series

#: The pictures, by their suffixes.
SUFFIXES = (".png", ".svg")
#: More lines cannot be told apart.
LINES = 10


def suffix_of(path: str) -> str:
    """Return a picture's suffix.

    Raises `SpecErrors`: E302 for another one, E354 without matplotlib.
    """
    suffix = next((known for known in SUFFIXES if path.lower().endswith(known)), None)
    if suffix is None:
        origin = Origin(Source(f"--plot {path}", path))
        hint = f"use {' or '.join(SUFFIXES)}"
        raise refuse("E302", f"'{path}' has no suffix of a picture", origin, hint)
    if find_spec("matplotlib") is None:
        hint = "pip install 'shapecalc-convnets[plot]', or --chart for a picture in the terminal"
        message = "a picture needs matplotlib, which is not installed"
        raise refuse("E354", message, hint=hint)
    return suffix


def picture(sweep: Sweep, measure: SweepColumn, suffix: str) -> bytes:
    """Draw a column.  Raises `SpecErrors` (E355) for too many lines."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter

    lines = series_of(sweep, measure, LINES)
    figure = Figure(figsize=(8, 4.8), layout="constrained")
    axes = figure.subplots()
    for line in lines:
        _draw(axes, line)
    name = one_line(sweep.plan.ground.spec.name) or "network"
    along = axis_of(sweep)
    axes.set_title(f"{name}: {measure.title} over {along.name}", loc="left", fontweight="bold")
    axes.set_xlabel(f"{along.name}, {along.meaning.split(';')[0]}" if along.meaning else along.name)
    in_bytes = measure.kind.name == "bytes"
    axes.set_ylabel(measure.title)
    unit, separator = ("B", " ") if in_bytes else ("", "")
    axes.yaxis.set_major_formatter(EngFormatter(unit, sep=separator))
    axes.set_ylim(bottom=0)
    axes.margins(x=0.02)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if lines[0].label:
        axes.legend(frameon=False)
    missing = not_drawn(sweep)
    if missing:
        figure.supxlabel(missing, fontsize=8, color="0.4")
    target = BytesIO()
    # Neither the time nor random names, so that the same sweep gives the same file.
    metadata: dict[str, Any] = {"Date": None} if suffix == ".svg" else {}
    with mpl.rc_context({"svg.hashsalt": "shapecalc"}):
        figure.savefig(target, format=suffix[1:], dpi=150, metadata=metadata)
    return target.getvalue()


def _draw(axes: Any, line: Series) -> None:  # noqa: ANN401  (matplotlib's)
    """Draw stairs as stairs; points with values of x between them as points on straight lines."""
    x = line.x
    y = [float("nan") if value is None else float(value) for value in line.y]
    if line.stairs:
        axes.plot([*x, x[-1] + 1], [*y, y[-1]], drawstyle="steps-post", label=line.label)
    else:
        axes.plot(x, y, marker="o", markersize=4, linewidth=1, label=line.label)
