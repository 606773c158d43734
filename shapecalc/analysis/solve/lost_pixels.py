"""The questions `no loss` and `exact fit`: what every moving window leaves at the end of a side.

Windows with kernel extent e and stride s on a side of n with padding p stop where the next one
would not fit: (n + p - e) mod s is the rest that none of them covers.  Part of the rest may be
padding.  `no loss` asks that no pixel of a volume is in the rest, `exact fit` that there is none.
Where a stride is larger than its window, as many pixels as lie between two windows may be left.
`ceil` roundings and `same` padding cover every pixel; an exact fit then means that no window
hangs over, and that the extent is a multiple of the stride.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import larger
from shapecalc.analysis.solve.atoms import Atom
from shapecalc.layers.conv import Windowed
from shapecalc.layers.shape import SIDE_NAMES
from shapecalc.layers.transposed import Transposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra import Dim
    from shapecalc.layers.window import Window
    from shapecalc.report import Report, Row


class Rest(NamedTuple):
    """What a layer's windows leave of one side: `over` mod the stride, `after` of it padding."""

    row: Row
    side: str
    n: Dim
    window: Window

    @property
    def over(self) -> Dim:
        """What lies beside the first window, the padding included."""
        if self.window.mode == "same":
            return self.n
        return self.n + self.window.before + self.window.after - self.window.extent

    @property
    def drops(self) -> bool:
        """Whether what does not fill a window is left out."""
        return self.window.mode != "same" and self.window.rounding == "floor"

    @property
    def spare(self) -> Dim:
        """How much of the rest is padding, or no more than what is skipped between windows."""
        return self.window.after + larger(self.window.stride - self.window.extent, 0)

    @property
    def rest(self) -> Dim:
        """The pixels behind the last whole window."""
        return self.over - self.over // self.window.stride * self.window.stride

    def lost(self) -> int | None:
        """Return how many pixels of the volume no window sees, for numbers."""
        rest, spare = self.rest, self.spare
        if not self.drops:
            return 0
        return max(rest - spare, 0) if isinstance(rest, int) and isinstance(spare, int) else None


def rests(report: Report) -> Iterator[Rest]:
    """Yield the sides along which a window moves in steps of more than one."""
    for row in report.rows:
        if isinstance(row.layer, Windowed) and not isinstance(row.layer, Transposed):
            shape = row.inputs[0]
            words = SIDE_NAMES[len(shape.sides)]
            moves = row.layer.moves(shape)
            for side, n, window in zip(words, shape.sides, moves, strict=True):
                if window.stride > 1:
                    yield Rest(row, side, n, window)


def lossless(report: Report, number: int, *, exact: bool) -> list[Atom]:
    """Return what must hold that no pixel is lost, or that every window fits exactly."""
    atoms = []
    for rest in rests(report):
        stride, spare = rest.window.stride, rest.spare
        label = f"{rest.row.name} {rest.side}"
        layers = (rest.row.name,)
        if exact:
            atom = Atom(number, f"{label}: rest", rest.over, "divisible by", stride, layers)
            atoms.append(atom)
        elif rest.drops and not (isinstance(spare, int) and spare >= stride - 1):
            atoms.append(Atom(number, f"{label}: rest", rest.rest, "at most", spare, layers))
    return atoms


def skipped(report: Report) -> list[str]:
    """Say which layers step over pixels between their windows, at every size."""
    texts = {}
    for rest in rests(report):
        extent = rest.window.extent
        if isinstance(extent, int) and extent < rest.window.stride:
            texts[rest.row.name] = f"{rest.row.name} ({extent} of every {rest.window.stride})"
    return list(texts.values())
