"""A sweep as a drawing: one column over the longest axis, a line for each value of the others."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from shapecalc.analysis.sweep.pictures import (
    Series,
    axis_of,
    missing_points,
    series_of,
    spans,
)
from shapecalc.analysis.sweep.table import heading
from shapecalc.draw import FILES
from shapecalc.draw.converted import must_be_convertible
from shapecalc.draw.metrics import fitted, room
from shapecalc.draw.picture import Box, Drawing, Path, Text, bounds, line
from shapecalc.draw.styles import SERIES
from shapecalc.errors import refuse
from shapecalc.output.cells import UNITS, unit_for
from shapecalc.output.text import wrap
from shapecalc.text import Origin, Source
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.analysis.sweep.columns import SweepColumn
    from shapecalc.analysis.sweep.result import Sweep
    from shapecalc.draw import FileKind
    from shapecalc.draw.picture import Shape, Step

#: What lines are plotted into, the plane of the points, in pixels.
_WIDE, _HIGH = 620.0, 340.0
_MARGIN = 20.0
_TITLE, _LABEL, _SMALL = 16.0, 12.0, 11.0
#: A point's mark.
_DOT = 5.0
#: Signs in a line of what is said under the plane.
_PROSE = 100


def file_kind_of(path: str) -> FileKind:
    """Return the format of a picture's file.

    Raises `SpecErrors`: E302 for a suffix that no picture has, E354 without its converter.
    """
    kinds = [kind for kind in FILES.values() if kind.writer]
    kind = next((kind for kind in kinds if path.lower().endswith(kind.suffixes)), None)
    if kind is None:
        origin = Origin(Source(f"--plot {path}", path))
        hint = f"use {' or '.join(known.suffixes[0] for known in kinds)}"
        raise refuse("E302", f"'{path}' has no suffix of a picture", origin, hint)
    if kind.name in ("png", "pdf"):
        must_be_convertible(kind.name)
    return kind


def must_be_no_picture(path: str) -> None:
    """Refuse a picture where a table is written.  Raises `SpecErrors` (E302)."""
    if path.lower().endswith((".svg", ".png", ".pdf")):
        message = f"'{path}' is a picture, and -o writes the table"
        origin = Origin(Source(f"--output {path}", path))
        raise refuse("E302", message, origin, f"--plot {path} draws a column into it")


def plot(sweep: Sweep, measure: SweepColumn) -> Drawing:
    """Draw a column.  Raises `SpecErrors` (E355) for too many lines."""
    lines = series_of(sweep, measure, len(SERIES))
    name = one_line(sweep.plan.ground.spec.name) or "network"
    along = axis_of(sweep)
    title = f"{name}: {measure.title} over {along.name}"
    most = max((y for series in lines for y in series.y if y is not None), default=0)
    ticks = _ticks(0, max(most, 1), 6)
    unit = "exact" if measure.shaped or measure.extent else unit_for("auto", [ticks[-1]])
    numbers = [f"{tick / UNITS[unit][0]:,.6g}" for tick in ticks]
    left = _MARGIN + max(room(text, _SMALL) for text in numbers) + 8
    top = _MARGIN + _TITLE + 34
    plane = _Plane(lines, left, top, max(ticks[-1], most))
    view = sweep.plan.view._replace(units=unit)
    shapes: list[Shape] = [
        Text(_MARGIN, _MARGIN + _TITLE - 2, title, _TITLE, kind="strong"),
        Text(_MARGIN, top - 14, heading(measure, view), _LABEL, kind="muted"),
        *plane.grid(ticks, numbers),
    ]
    for series, kind in zip(lines, SERIES, strict=False):
        shapes += plane.drawn(series, kind)
    meaning = f", {along.meaning.split(';')[0]}" if along.meaning else ""
    words = f"{along.name}{meaning}"
    shapes.append(Text(left + _WIDE / 2, top + _HIGH + 38, words, _LABEL, "middle", "muted"))
    below = [*wrap(missing_points(sweep), _PROSE)]
    for at, text in enumerate(below):
        shapes.append(Text(_MARGIN, top + _HIGH + 62 + 15 * at, text, _SMALL, kind="muted"))
    legend = list(_legend(lines, left + _WIDE + 20, top + 10))
    right = max(left + _WIDE + 20, *(bounds(shape).right for shape in legend), 0)
    longest = max([room(title, _TITLE, bold=True), *(room(text, _SMALL) for text in below)])
    return Drawing(
        max(right, _MARGIN + longest) + _MARGIN,
        top + _HIGH + 50 + 15 * len(below) + _MARGIN,
        title,
        _description(lines, most),
        (*shapes, *legend),
    )


class _Plane:
    """The plane of the points: where values are drawn."""

    def __init__(self, lines: Sequence[Series], left: float, top: float, most: int) -> None:
        self.left, self.top, self.most = left, top, most
        self.low = min(series.x[0] for series in lines)
        self.high = max(series.x[-1] + series.stairs for series in lines)

    def x(self, value: float) -> float:
        """Return where a value lies along the plane."""
        return self.left + _WIDE * (value - self.low) / max(self.high - self.low, 1)

    def y(self, value: float) -> float:
        """Return where a value lies upwards."""
        return self.top + _HIGH * (1 - value / self.most)

    def grid(self, ticks: Sequence[int], numbers: Sequence[str]) -> Iterator[Shape]:
        """Draw the lines that values are read from, and their numbers."""
        for tick, text in zip(ticks, numbers, strict=True):
            y = self.y(tick)
            yield line((self.left, y), (self.left + _WIDE, y), kind="muted-line")
            yield Text(self.left - 6, y + 4, text, _SMALL, "end", "muted")
        for tick in _ticks(self.low, self.high, 8):
            if self.low <= tick <= self.high:
                x, bottom = self.x(tick), self.top + _HIGH
                yield line((x, bottom), (x, bottom + 5), kind="muted-line")
                yield Text(x, bottom + 19, f"{tick:,}", _SMALL, "middle", "muted")

    def drawn(self, series: Series, kind: str) -> Iterator[Shape]:
        """Draw stairs as stairs; points with values of x between them as points on lines.

        What has more points than the plane has pixels is drawn by the span of every pixel.
        """
        if len(series.x) > _WIDE:
            steps = tuple(self._spanned(series))
        else:
            steps = tuple(self._stairs(series) if series.stairs else self._straight(series))
        if steps:
            yield Path(steps, kind, title=series.label)
        if series.stairs or len(series.x) > _WIDE / 8:
            return
        for x, y in zip(series.x, series.y, strict=True):
            if y is not None:
                at = self.x(x) - _DOT / 2, self.y(y) - _DOT / 2
                yield Box(*at, _DOT, _DOT, f"{kind}-dot", title=f"{x:,}: {y:,}", radius=_DOT / 2)

    def _stairs(self, series: Series) -> Iterator[Step]:
        before: int | None = None
        for x, y in zip(series.x, series.y, strict=True):
            if y is not None:
                yield ("M" if before is None else "L", self.x(x), self.y(y))
                yield ("L", self.x(x + 1), self.y(y))
            before = y

    def _straight(self, series: Series) -> Iterator[Step]:
        points = list(zip(series.x, series.y, strict=True))
        for (x, y), (next_x, next_y) in pairwise(points):
            if y is not None and next_y is not None:
                yield ("M", self.x(x), self.y(y))
                yield ("L", self.x(next_x), self.y(next_y))

    def _spanned(self, series: Series) -> Iterator[Step]:
        before = False
        start, end = self.x(series.x[0]), self.x(series.x[-1] + series.stairs)
        columns = max(1, int(end - start))
        for column, span in enumerate(spans(series, columns)):
            if span is not None:
                x = start + column
                first, *others = span
                yield ("L" if before else "M", x, self.y(first))
                yield from (("L", x, self.y(value)) for value in others)
            before = span is not None


def _ticks(low: int, high: int, most: int) -> list[int]:
    """Return round numbers over a range, at most so many or so.

    >>> _ticks(0, 447, 6), _ticks(67, 210, 8)
    ([0, 100, 200, 300, 400, 500], [60, 80, 100, 120, 140, 160, 180, 200, 220])
    """
    step = 1
    factors = (2, 5, 10)
    base = 1
    while (high - low) / step > most:
        step = base * factors[0]
        factors = (*factors[1:], factors[0])
        if factors[0] == 2:
            base *= 10
    return list(range(low // step * step, -(-high // step) * step + 1, step))


def _legend(lines: Sequence[Series], x: float, y: float) -> Iterator[Shape]:
    if len(lines) == 1 and not lines[0].label:
        return
    for at, (series, kind) in enumerate(zip(lines, SERIES, strict=False)):
        middle = y + 20 * at
        yield line((x, middle - 4), (x + 22, middle - 4), kind=kind)
        yield Text(x + 29, middle, fitted(series.label, _SMALL, 220), _SMALL)


def _description(lines: Sequence[Series], most: int) -> str:
    """Say in words where lines begin and end, and what the most is."""
    parts = []
    for series in lines:
        points = [(x, y) for x, y in zip(series.x, series.y, strict=True) if y is not None]
        if points:
            (x, y), (last_x, last_y) = points[0], points[-1]
            label = f"{series.label}: " if series.label else ""
            parts.append(f"{label}{y:,} at {x:,} to {last_y:,} at {last_x:,}")
    return f"{'; '.join(parts) or 'No point exists'}. The most is {most:,}."
