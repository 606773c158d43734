"""The figure of a sheet, with what is asked left blank; that of a solution has its numbers.

On the sheet only those volumes have numbers that the sheet itself gives: the inputs', and cells
that are filled in.  What others are would be an answer, or would lead to one without any rule: a
rectifier's volume is that of the convolution before it.  Boxes are then of one size, as one to
scale could be measured.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from shapecalc.draw.blanks import Blanks
from shapecalc.draw.graph.scene import graph
from shapecalc.draw.solids import kind_of
from shapecalc.draw.svg import svg_element, to_svg
from shapecalc.draw.tikz import to_tikz_figure
from shapecalc.draw.volumes import volumes
from shapecalc.output.markdown import escaped
from shapecalc.output.table import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapecalc.draw.picture import Drawing
    from shapecalc.homework.assignment.model import Homework
    from shapecalc.report import Report, Row

#: What draws the pictures that a teacher may ask for.
_DRAW: dict[str, Callable[..., Drawing]] = {"volumes": volumes, "graph": graph}
#: Quantities that are read off a volume, or counted from it alone.
_OF_VOLUMES = ("output", "units", "memory")


def drawings(homework: Homework, *, solution: bool) -> Iterator[tuple[str, Drawing]]:
    """Yield the figure of each network, by its name among several."""
    if not homework.picture:
        return
    draw = _DRAW[homework.picture]
    several = bool(homework.networks)
    depth = homework.depth - 1 if several and homework.depth else homework.depth
    for name, report in (homework.networks or {"": homework.report}).items():
        blanks = None if solution else _blanks(homework, report, f"{name}/" if several else "")
        yield name, draw(report, depth=depth, blanks=blanks)


def _blanks(homework: Homework, report: Report, inside: str) -> Blanks:
    """Return what a sheet leaves blank of a network whose rows are named below `inside`."""
    cells = [cell for cell in homework.cells if cell.layer.startswith(inside)]
    asked = {cell.layer.removeprefix(inside) for cell in cells if cell.is_asked}
    if any(cell.is_asked and cell.quantity.key in _OF_VOLUMES for cell in homework.cells):
        given = {row.name for row in report.rows if row.type == "input"}
        given |= {
            cell.layer.removeprefix(inside)
            for cell in cells
            if cell.filled_in and cell.quantity.key == "output"
        }
        for row in report.rows:
            if _only_values(row) and row.name not in asked and given.issuperset(row.sources):
                given.add(row.name)
    else:
        given = {name.removeprefix(inside) for name in homework.rows}
    return Blanks(frozenset(given), frozenset(asked))


def _only_values(row: Row) -> bool:
    """Tell whether a layer works on the values of a volume alone."""
    return row.layer is not None and kind_of(row) in ("activation", "norm")


def blocks(homework: Homework, *, solution: bool) -> Iterator[Picture]:
    """Yield the figures for a page."""
    for name, drawing in drawings(homework, solution=solution):
        yield Picture((), partial(svg_element, drawing, prefix=f"{name or homework.picture}-"))


class PictureFile(NamedTuple):
    """A picture in a file of its own: its name, what it is of, and its text."""

    name: str
    title: str
    svg: str

    @property
    def link(self) -> str:
        """How Markdown shows it."""
        return f"![{escaped(self.title)}]({quote(self.name)})"


def files(homework: Homework, stem: str, *, solution: bool) -> Iterator[PictureFile]:
    """Yield the figures that lie beside a file of a name."""
    for name, drawing in drawings(homework, solution=solution):
        yield PictureFile(f"{stem}{f'-{name}' if name else ''}.svg", drawing.title, to_svg(drawing))


def in_latex(homework: Homework, *, solution: bool) -> Iterator[str]:
    """Yield the figures as parts of a document in LaTeX."""
    for _, drawing in drawings(homework, solution=solution):
        yield "\n" + to_tikz_figure(drawing)
