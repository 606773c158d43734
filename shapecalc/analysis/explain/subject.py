"""What a lesson is about: a layer or a block of a report, found by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import Problem, SpecErrors
from shapecalc.report.fold import fold
from shapecalc.text import Origin
from shapecalc.text.words import did_you_mean, listed_briefly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.output.view import View
    from shapecalc.report import Report, Row

#: So many names are listed in a message.
LISTED = 12
#: What the elements of a map are called, by the number of its sides.
_PIXELS = {1: "position", 2: "pixel", 3: "voxel"}


class Subject(NamedTuple):
    """A row of a report, how the report is looked at, and its other rows by their names."""

    report: Report
    row: Row
    view: View
    rows: Mapping[str, Row]

    @property
    def layer(self) -> Layer:
        """The layer."""
        assert self.row.layer is not None, "a block is explained by its parts"
        return self.row.layer

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """What flows in."""
        return self.row.inputs

    @property
    def output(self) -> Shape:
        """What flows out."""
        return self.row.output

    @property
    def pixel(self) -> str:
        """What an element of the input's sides is called."""
        return _PIXELS.get(max((len(shape.sides) for shape in self.inputs), default=2), "pixel")

    def parts(self) -> tuple[Subject, ...]:
        """Return what a block is made of: its layers, and the blocks in it."""
        inside = f"{self.row.name}/"
        rows = fold(self.report, inside.count("/") + 1)
        return tuple(self._replace(row=row) for row in rows if row.name.startswith(inside))


def find(report: Report, name: str, view: View) -> Subject:
    """Find a layer or a block by its path, or by the end of it when only one has that.

    Raises `SpecErrors`: E310 when there is none, E311 when there are several.
    """
    held = {path for row in report.rows for path in _above(row.name)}
    names = (*(row.name for row in report.rows), *filter(held.__contains__, report.graph.groups))
    paths = [path for path in names if path == name]
    if not paths:
        wanted = name.lower()
        paths = [path for path in names if f"/{path.lower()}".endswith(f"/{wanted}")]
    paths = list(dict.fromkeys(paths))
    if len(paths) != 1:
        raise SpecErrors([_several(report, name, paths) if paths else _none(report, name, names)])
    (path,) = paths
    rows = {row.name: row for row in report.rows}
    if path in rows:
        return Subject(report, rows[path], view, rows)
    folded = fold(report, path.count("/") + 1)
    return Subject(report, next(row for row in folded if row.name == path), view, rows)


def every(report: Report, view: View) -> tuple[Subject, ...]:
    """Return every layer of a report."""
    rows = {row.name: row for row in report.rows}
    return tuple(Subject(report, row, view, rows) for row in report.rows)


def _above(path: str) -> list[str]:
    """Return the paths of the blocks that a layer stands in."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _none(report: Report, name: str, names: tuple[str, ...]) -> Problem:
    origin = Origin(report.graph.spec.source)
    if name in report.graph.groups:
        message = f"'{name}' holds no layers: what flows in flows out"
        return Problem("E310", message, origin, hint="explain the layer before it")
    ends = dict.fromkeys(path.rpartition("/")[2] for path in names)
    hint = did_you_mean(name, dict.fromkeys((*names, *ends)))
    if not hint:
        top = tuple(dict.fromkeys(path.split("/")[0] for path in names))
        hint = f"it has {listed_briefly(top, LISTED)}"
    message = f"{report.name or 'the network'} has no layer and no block '{name}'"
    return Problem("E310", message, origin, hint=hint)


def _several(report: Report, name: str, paths: list[str]) -> Problem:
    message = f"{len(paths)} layers are called '{name}'"
    return Problem(
        "E311",
        message,
        Origin(report.graph.spec.source),
        hint=f"say which: {listed_briefly(tuple(paths), LISTED)}",
        facts=(("candidates", paths),),
    )
