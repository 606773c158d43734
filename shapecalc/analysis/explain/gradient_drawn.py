"""Gradients as a drawing: an entry of each array, with all that its sum reads coloured."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.analysis.explain.worked_example import (
    matrices_of,
    numbers_text,
    small_one,
    without_example,
)
from shapecalc.draw.bars import MARGIN, NAME, SMALL, TITLE
from shapecalc.draw.metrics import room
from shapecalc.draw.picture import Box, Cluster, Drawing, Text, bounds, line
from shapecalc.errors import refuse
from shapecalc.output.text import wrap
from shapecalc.text import Origin
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.analysis.explain.model import Subject
    from shapecalc.draw.picture import Shape
    from shapecalc.reference.arrays import Array
    from shapecalc.reference.example import Example

#: Matrices stand beside each other in so much room, and texts have lines of so many characters.
_WIDE, _PROSE = 760.0, 116
#: An entry: its least width, its height, and beside its number.
_LEAST, _HIGH, _BESIDE = 22.0, 19.0, 9.0
#: Between matrices of one array, between arrays, and above a matrix for its name.
_NEAR, _APART, _ABOVE = 10.0, 26.0, 15.0
#: The result stands behind an arrow of this length.
_ARROW = 22.0

#: How entries are drawn by what their array is, with the words of the legend.
_ROLES = {
    "entry-input": "input",
    "entry-weights": "weights, biases",
    "entry-gradient": "gradient g of the output",
    "entry-before": "computed before",
    "entry-made": "what is computed here",
}


class _Matrix(NamedTuple):
    """A matrix to be drawn: its name, its numbers, and the kind of each entry."""

    name: str
    texts: list[list[str]]
    kinds: list[list[str]]

    @property
    def cell(self) -> float:
        """How wide an entry is."""
        widest = max(room(text, SMALL, bold=True) for row in self.texts for text in row)
        return max(_LEAST, widest + _BESIDE)

    @property
    def width(self) -> float:
        return max(self.cell * len(self.texts[0]), room(self.name, SMALL))

    @property
    def height(self) -> float:
        return _ABOVE + _HIGH * len(self.texts)

    def shapes(self, x: float, y: float) -> Iterator[Shape]:
        """Draw it with the upper left corner of its name at a point; coloured entries last."""
        yield Text(x, y + _ABOVE - 5, self.name, SMALL, kind="muted")
        placed = [
            (kind, text, x + column * self.cell, y + _ABOVE + row * _HIGH)
            for row, (texts, kinds) in enumerate(zip(self.texts, self.kinds, strict=True))
            for column, (text, kind) in enumerate(zip(texts, kinds, strict=True))
        ]
        for kind, _, left, top in sorted(placed, key=lambda entry: entry[0] != "entry"):
            yield Box(left, top, self.cell, _HIGH, kind)
        for kind, text, left, top in placed:
            letters = "muted" if kind == "entry" else "strong"
            yield Text(left + self.cell - _BESIDE / 2, top + 13, text, SMALL, "end", letters)


def gradient_drawn(subject: Subject) -> Drawing:
    """Draw the worked example of a layer: one entry of each formula, with what its sum reads.

    Raises `SpecErrors` (E303) where nothing is worked through.
    """
    why_not = without_example(subject)
    if why_not:
        origin = Origin(subject.report.graph.spec.source)
        raise refuse("E303", f"{subject.row.name} has no worked example", origin, why_not)
    from shapecalc.reference.example import example  # NumPy, for what nothing else here needs

    worked = example(subject.layer, *subject.inputs)
    network = one_line(subject.report.name) or "network"
    title = f"{one_line(subject.row.name)} of {network}: gradient"
    about = f"On a small one, {small_one(worked, subject)}.  L is the sum of g*y."
    shapes: list[Shape] = [Text(MARGIN, MARGIN + TITLE - 2, title, TITLE, kind="strong")]
    below, y = _lines(about, MARGIN + TITLE + 17)
    shapes += below
    panels = [_panel(worked, of) for of in worked.formulas]
    shapes += _legend({kind for panel in panels for kind in panel.kinds}, y + 8)
    y += 38
    for panel in panels:
        cluster, y = panel.placed(y)
        shapes.append(cluster)
        y += 34
    right = max(bounds(shape).right for shape in shapes)
    words = " ".join((about, *(panel.words for panel in panels)))
    return Drawing(right + MARGIN, y - 34 + MARGIN, title, words, tuple(shapes))


def _lines(text: str, y: float, kind: str = "muted") -> tuple[list[Text], float]:
    """Write a text in lines; return them, and the base line of the last."""
    rows = wrap(text, _PROSE)
    placed = [Text(MARGIN, y + 14 * at, row, SMALL, kind=kind) for at, row in enumerate(rows)]
    return placed, y + 14 * (len(rows) - 1)


def _legend(kinds: set[str], y: float) -> Iterator[Shape]:
    x = MARGIN
    for kind, words in _ROLES.items():
        if kind in kinds:
            yield Box(x, y, 12, 12, kind)
            yield Text(x + 18, y + 10, words, SMALL, kind="muted")
            x += 18 + room(words, SMALL) + 16


class _Panel(NamedTuple):
    """An entry that is worked out: its rule, its sum, what that reads, and the array it is of."""

    rule: str
    total: str
    reads: tuple[tuple[_Matrix, ...], ...]
    makes: tuple[_Matrix, ...]

    @property
    def kinds(self) -> set[str]:
        matrices = (*(matrix for array in self.reads for matrix in array), *self.makes)
        return {kind for matrix in matrices for row in matrix.kinds for kind in row}

    @property
    def words(self) -> str:
        return f"{self.total}."

    def placed(self, y: float) -> tuple[Cluster, float]:
        """Draw it from y on; return where it ends."""
        shapes: list[Shape] = []
        head, y = _lines(self.rule, y + NAME, "strong")
        shapes += head
        matrices, y = _beside(self.reads, self.makes, y + 8)
        shapes += matrices
        below, y = _lines(self.total, y + 18, "text")
        return Cluster((*shapes, *below), title=self.total), y


def _panel(worked: Example, of: str) -> _Panel:
    """Work out which entries are read, and which is made."""
    from shapecalc.reference.watched import elements_read, marked

    formula, at = worked.formulas[of], worked.places[of]
    reads = elements_read(formula, worked.values, at)
    result = (worked.values | worked.gradients)[of]
    return _Panel(
        f"{formula.entry} = {formula.text}",
        " = ".join(worked.lines[of]),
        tuple(
            _matrices(letter, worked.values[letter], marks, _role(letter))
            for letter, marks in reads.items()
            if letter != formula.name  # some that are computed before are no sum of others
        ),
        _matrices(formula.name, result, marked(result, at), "entry-made"),
    )


def _role(letter: str) -> str:
    """Return the kind of an array's entries that are read."""
    from shapecalc.reference.formula import BACK, FORWARD

    if letter in (*FORWARD, *BACK):
        return "entry-before"
    return {"x": "entry-input", "g": "entry-gradient"}.get(letter[0], "entry-weights")


def _matrices(name: str, array: Array, marks: Array, kind: str) -> tuple[_Matrix, ...]:
    """Lay the matrices of an array out; entries that are marked are of a kind."""
    return tuple(
        _Matrix(
            f"{name}{part}",
            numbers_text(rows)[0],
            [[kind if mark else "entry" for mark in row] for row in marked],
        )
        for (part, rows), (_, marked) in zip(matrices_of(array), matrices_of(marks), strict=True)
    )


def _beside(
    reads: Sequence[Sequence[_Matrix]], makes: Sequence[_Matrix], y: float
) -> tuple[list[Shape], float]:
    """Draw matrices beside each other, in lines where there is no room; the result comes last."""
    shapes: list[Shape] = []
    x, bottom = MARGIN, y
    for array in (*reads, makes):
        first = True
        for matrix in array:
            lead = _ARROW + 12 if array is makes and first and reads else 0.0
            gap = 0.0 if x == MARGIN else _APART if first else _NEAR
            if x + gap + lead + matrix.width > MARGIN + _WIDE and x > MARGIN:
                x, y, gap = MARGIN, bottom + 10, 0.0
            x += gap
            if lead:
                middle = y + _ABOVE + _HIGH / 2
                shapes.append(line((x, middle), (x + _ARROW, middle), arrow=True))
                x += lead
            shapes += matrix.shapes(x, y)
            x += matrix.width
            bottom = max(bottom, y + matrix.height)
            first = False
    return shapes, bottom
