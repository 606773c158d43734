"""Which volumes of a network a figure shows, and how they hang together.

A layer is shown when it makes another volume of what flows in, or computes one anew: the input,
convolutions, pools, dense layers, joins and blocks.  What only changes the values of a volume
(activations, normalisations, dropout) is shown by none of its own: its volume is there already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import is_symbolic, known
from shapecalc.draw.styles import family
from shapecalc.errors import SpecErrors
from shapecalc.graph import Input, without_values
from shapecalc.layers.conv import Windowed
from shapecalc.layers.fields import per_side
from shapecalc.layers.transposed import Transposed
from shapecalc.output.columns import shown_rows
from shapecalc.output.view import View

if TYPE_CHECKING:
    from shapecalc.draw.blanks import Blanks
    from shapecalc.report import Report, Row


class Solid(NamedTuple):
    """A volume that is shown: of a layer or of a block, with the shown ones that it reads.

    `kernel` is what its units see of the one before: (height, width); none of a block.  `after` are
    the layers that work on it where it stands.
    """

    row: Row
    kind: str
    sources: tuple[int, ...]
    kernel: tuple[int, int] | None = None
    after: tuple[str, ...] = ()

    @property
    def is_vector(self) -> bool:
        """Tell whether it is a row of units without sides."""
        return not self.row.output.sides

    @property
    def is_open(self) -> bool:
        """Tell whether an extent has no number, so that the box has no size of its own."""
        return any(map(is_symbolic, (*self.row.output.sides, self.row.output.channels)))

    @property
    def height(self) -> int:
        """The side that is drawn upright."""
        sides = self.row.output.sides
        return known(sides[-2] if len(sides) > 1 else sides[0]) if sides else 1

    @property
    def width(self) -> int:
        """The side that is drawn away from the reader; a signal has none."""
        sides = self.row.output.sides
        return known(sides[-1]) if len(sides) > 1 else 1

    @property
    def channels(self) -> int:
        """Channels, or units."""
        return known(self.row.output.channels)

    @property
    def parts(self) -> int:
        """How many layers that are no mere activations a block holds; 1 of a layer."""
        if self.row.layer is not None:
            return 1
        return sum(family(type(row.layer)) in _BUILDING for row in self.row.members)


#: What a block is made of.
_BUILDING = ("conv", "dense", "pool", "attention", "recurrent")


#: How a picture of too many parts gets fewer.
FEWER = "fold blocks: leave out --depth, or --depth 1; what is in no block folds once it is in one"


def must_have_numbers(report: Report, what: str) -> None:
    """Require numbers of a network that is drawn by its sizes.  Raises `SpecErrors` (E121)."""
    problems = without_values(report.graph, what)
    if problems:
        raise SpecErrors(list(problems))


def rows_to_draw(report: Report, depth: int | None = None) -> tuple[Row, ...]:
    """Return the rows as the table folds them: by default blocks, and rounds that are alike."""
    view = View(depth=depth)
    return shown_rows(report, view, 1 if depth is None else depth, rounds=depth is None)[0]


def solids_of(
    report: Report, depth: int | None = None, blanks: Blanks | None = None
) -> tuple[Solid, ...]:
    """Return the volumes that a figure shows, in the order of the layers."""
    solids: list[Solid] = []
    own = blanks.asked if blanks is not None else frozenset()
    owner: dict[str, int] = {}  # of each layer: the shown volume that holds its result
    for row in rows_to_draw(report, depth):
        sources = tuple(dict.fromkeys(owner[name] for name in row.sources))
        if row.name not in own and _stays(row, sources, len(solids) - 1):
            (at,) = sources
            solids[at] = solids[at]._replace(after=(*solids[at].after, row.name))
        else:
            at = len(solids)
            solids.append(Solid(row, kind_of(row), sources, _kernel(row)))
        owner.update(dict.fromkeys((layer.name for layer in row.layers), at))
    if blanks is not None:
        return tuple(solid._replace(row=blanks.row(solid.row)) for solid in solids)
    return tuple(solids)


def _stays(row: Row, sources: tuple[int, ...], last: int) -> bool:
    """Tell whether a layer's volume is that of its source, or a piece of it on its way along."""
    if row.layer is None or len(sources) != 1 or len(row.sources) != 1:
        return False
    home = family(type(row.layer))
    if home == "reshape" and sources != (last,):
        return True
    return home in _STAYING and row.inputs == (row.output,)


#: Families whose layers may leave a volume's extents as they are, and compute it by element.
_STAYING = ("norm", "activation", "reshape", "join", "opaque")


def kind_of(row: Row) -> str:
    """Return the kind of a layer, or of the layer that works most in a block."""
    if row.layer is not None:
        return "input" if isinstance(row.layer, Input) else family(type(row.layer))
    most = max(row.members, key=lambda member: known(member.macs))
    return kind_of(most if most.macs != 0 else row.members[0])


def _kernel(row: Row) -> tuple[int, int] | None:
    """Return the window of what flows in that a unit sees; a transposed one has none."""
    if not isinstance(row.layer, Windowed) or isinstance(row.layer, Transposed):
        return None
    sides = per_side(row.layer.kernel, len(row.inputs[0].sides), "kernel")
    return (known(sides[-2]), known(sides[-1])) if len(sides) > 1 else (known(sides[0]), 1)
