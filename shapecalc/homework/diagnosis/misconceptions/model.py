"""A misconception: a wrong rule with a name, what it does, why it is not so, and an example."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shapecalc.algebra import known
from shapecalc.homework.diagnosis.working import Factors, Sides, filters_of, kernel_of, sides_of
from shapecalc.layers.conv import Windowed

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.homework.assignment.conventions import Conventions
    from shapecalc.layers.base import Layer
    from shapecalc.report import Report, Row


class Case(NamedTuple):
    """What a wrong rule may look at: a row, by the key or by the student's own values.

    `report` is the network by the key, `at` the row's place in it; -1 for blocks and sums, whose
    `members` are the rows inside.
    """

    row: Row
    column: str
    conventions: Conventions
    report: Report
    at: int = -1
    members: tuple[Row, ...] = ()

    def __hash__(self) -> int:
        """Take what tells cases of one homework apart; the whole network would take long."""
        row = self.row
        return hash((row.name, self.column, row.inputs, row.output))

    @property
    def layer(self) -> Layer | None:
        """The layer."""
        return self.row.layer

    @property
    def inner(self) -> tuple[Case, ...]:
        """The cases of the rows inside."""
        at = {row.name: place for place, row in enumerate(self.report.rows)}
        return tuple([self._replace(row=row, at=at[row.name], members=()) for row in self.members])

    @property
    def entering(self) -> tuple[int, ...]:
        """The sides of what flows in."""
        return sides_of(self.row.inputs[0]) if self.row.inputs else ()

    @property
    def ci(self) -> int:
        """The channels that flow in."""
        return known(self.row.inputs[0].channels) if self.row.inputs else 0

    @property
    def co(self) -> int:
        """The filters or units; of other layers the channels that flow out."""
        return filters_of(self.row)

    @property
    def sides(self) -> tuple[int, ...]:
        """The sides of the output."""
        return sides_of(self.row.output)

    @property
    def units(self) -> int:
        """The output's elements."""
        return known(self.row.output.size)

    @property
    def kernel(self) -> tuple[int, ...]:
        """The kernel, per side."""
        return kernel_of(self.row)

    @property
    def groups(self) -> int:
        """The groups of a convolution."""
        return int(getattr(self.layer, "groups", 1)) if isinstance(self.layer, Windowed) else 1

    def earlier(self) -> Row | None:
        """Return the layer with a window before this one."""
        for row in reversed(self.report.rows[: max(self.at, 0)]):
            if isinstance(row.layer, Windowed):
                return row
        return None


class CellExample(NamedTuple):
    """A cell with its right and its wrong value, as a test types them.

    `spec` is a shipped network, or the text of a small one.
    """

    spec: str
    layer: str
    column: str
    right: str
    wrong: str


#: From a case and the right working to the wrong one; None where the rule does not apply.
CountRule: TypeAlias = "Callable[[Case, Factors], Factors | tuple[Factors, ...] | None]"
VolumeRule: TypeAlias = "Callable[[Case, Sides], Sides | tuple[Sides, ...] | None]"


class Misconception(NamedTuple):
    """An entry of the catalogue.

    `done` says what was probably done, in the past tense; `why` why it is not so.  Both are whole
    sentences and hold no number of the key.  `columns` are those where it shows.  `convention`: it
    is another convention and no mistake.  `instead`: something else was put in the place of the
    whole calculation, so that no other mistake is made within it.  A rule of None is found while
    reading.
    """

    id: str
    name: str
    columns: tuple[str, ...]
    done: str
    why: str
    rule: CountRule | VolumeRule | None
    examples: tuple[CellExample, ...]
    convention: bool = False
    instead: bool = False


PARAMS = ("params", "weights")
OPERATIONS = ("macs", "flops")
