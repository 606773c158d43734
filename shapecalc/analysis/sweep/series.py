"""What a picture of a sweep shows: lines of one column over one name, a line a combination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.errors import refuse
from shapecalc.text import Origin, Source
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.analysis.sweep.axes import Axis
    from shapecalc.analysis.sweep.columns import SweepColumn
    from shapecalc.analysis.sweep.plan import Plan
    from shapecalc.analysis.sweep.result import Sweep


#: So many reasons why points do not exist are named.
REASONS = 3


class Series(NamedTuple):
    """A line: points in rising order of x, y None where the network does not exist."""

    label: str
    x: list[int]
    y: list[int | None]

    @property
    def stairs(self) -> bool:
        """Whether no value of x lies between neighbours, so that nothing is made up by a step."""
        return len(self.x) > 1 and self.x[-1] - self.x[0] == len(self.x) - 1


def axis_of(sweep: Sweep) -> Axis:
    """Return the axis that runs along a picture: the one with most values."""
    return max(sweep.plan.ground.axes, key=lambda axis: len(axis.values))


def column_of(plan: Plan, name: str | None) -> SweepColumn:
    """Return the column that a picture shows: the one named, MACs, or the first number.

    `name` is one that `read_measures` knows.  Raises `SpecErrors` (E301) for one without a number.
    """
    numbers = [measure for measure in plan.measures if not measure.shaped]
    if name is None:
        named = [m for m in numbers if m.name == "macs"] or numbers
    else:
        word = name.strip().lower()
        named = [
            measure for measure in numbers if word in (measure.name.lower(), measure.title.lower())
        ]
        named = named or [m for m in numbers if m.name == f"{word}_activations"]
    if named:
        return named[0]
    message = (
        f"a picture shows one number, and '{name}' is none" if name else "no column is a number"
    )
    origin = Origin(Source(f"--y {name}", name)) if name else None
    hint = "an extent is one: --y conv1.height" if name else "add one, like --y macs"
    raise refuse("E301", message, origin, hint)


def series_of(sweep: Sweep, measure: SweepColumn, most: int) -> list[Series]:
    """Cut a column into lines.  Raises `SpecErrors` (E355) for more than `most` of them."""
    along = axis_of(sweep)
    others = [axis for axis in sweep.plan.ground.axes if axis is not along]
    count = len(sweep) // len(along.values)
    if count > most:
        names = " and ".join(axis.name for axis in others)
        message = f"{count:,} lines, one for each value of {names}, are too many for one picture"
        rule = f"at most {most}"
        origin = others[-1].over.origin
        hint = f"give {names} fewer values"
        raise refuse("E355", message, origin, hint, rule=rule)
    keys = zip(*(sweep.block.axes[axis.name].tolist() for axis in others), strict=True)
    lines: dict[tuple[Any, ...], list[tuple[int, int | None]]] = {}
    points = zip(sweep[along.name].tolist(), sweep[measure.name].tolist(), strict=True)
    for key, point in zip(keys if others else [()] * len(sweep), points, strict=True):
        lines.setdefault(key, []).append(point)
    return [_line(others, key, line) for key, line in lines.items()]


def _line(others: Iterable[Axis], key: tuple[int, ...], points: list[tuple[int, Any]]) -> Series:
    points.sort(key=lambda point: point[0])
    label = ", ".join(f"{axis.name} = {value:,}" for axis, value in zip(others, key, strict=True))
    return Series(label, [x for x, _ in points], [y for _, y in points])


def not_drawn(sweep: Sweep) -> str:
    """Say which points a picture lacks, and why; nothing where it has all."""
    missing = int((~sweep.exists).sum())
    if not missing:
        return ""
    notes = [note for note in dict.fromkeys(sweep.block.notes.tolist()) if note]
    shown = "; ".join(map(one_line, notes[:REASONS])) + ("; ..." if len(notes) > REASONS else "")
    return f"{missing:,} of {len(sweep):,} points not drawn: {shown}"
