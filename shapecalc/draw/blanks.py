"""A network of which something is asked: what a picture of it must not tell stands as a `?`.

A picture is drawn of rows from which the numbers were taken, so that none can be read from it: not
from a label or a title, and not from how large something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.expr import symbol
from shapecalc.layers.base import Work
from shapecalc.layers.shape import Map, Vector
from shapecalc.report import Totals

if TYPE_CHECKING:
    from shapecalc.layers.shape import Shape
    from shapecalc.report import Report, Row

#: What stands for an extent that is asked.
BLANK = symbol("?")


class Blanks(NamedTuple):
    """What is left blank: all costs, and all volumes but those of rows that are `given`.

    Rows that are `asked` are shown even where they leave extents alone: that is for the reader to
    find out.
    """

    given: frozenset[str]
    asked: frozenset[str] = frozenset()

    def row(self, row: Row) -> Row:
        """Take a row's numbers out; what it does stays."""
        return row._replace(
            inputs=tuple(map(self._shape, row.inputs, row.sources)),
            output=self._shape(row.output, row.name),
            parameters=(),
            weights=0,
            biases=0,
            buffers=0,
            connections=None,
            work=Work(),
            activations=0,
            overwritten=0,
            field=None,
            note="",
            fields=row.does,
            members=tuple(map(self.row, row.members)),
            frozen=0,
            live=0,
            kv_cache=0,
        )

    def _shape(self, shape: Shape, name: str) -> Shape:
        """Return a row's volume; if it is not given, one with as many extents."""
        if name in self.given:
            return shape
        if isinstance(shape, Vector):
            return Vector(BLANK)
        return Map((BLANK,) * len(shape.sides), BLANK)

    def report(self, report: Report) -> Report:
        """Take the numbers of all rows out."""
        none = Totals(
            weights=0,
            biases=0,
            buffers=0,
            connections=0,
            work=Work(),
            activations=0,
            overwritten=0,
            peak=0,
        )
        return report.with_rows(tuple(map(self.row, report.rows)), none)
