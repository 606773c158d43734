"""A network at all points of one wiring: propagated once, with numbers that are recorded.

Where what a sweep runs over changes more than sizes (strides, pads from 0 on), no formula is
sought.  The rules compute once with what stands for the values of all points (`algebra.tape`), and
a point exists where all that they require holds.  What the rules cannot be asked for so many at
once is left to `again`: the network wired and propagated for the numbers of the point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shapecalc.algebra.tape import Recorded, Tape, range_of
from shapecalc.errors import Complaints, SpecErrors
from shapecalc.graph import UnequalRoundsError
from shapecalc.layers.base import field_bounds
from shapecalc.layers.shape import as_list
from shapecalc.report.compute import recorded_report
from shapecalc.report.propagate import at_numbers, refusals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.analysis.sweep.axes import Axis, Ground
    from shapecalc.graph import Alike
    from shapecalc.layers.base import Requirement
    from shapecalc.report import Report

#: The numbers of a point for what is recorded, a layer each, by its node.
AtPoint: TypeAlias = "dict[int, dict[Dim, int]]"


class Check(NamedTuple):
    """What a layer requires; `early` where it is refused already as the layer's field is read.

    It is not asked for at points where there are 0 of the layer.
    """

    node: int
    need: Requirement
    early: bool
    times: Dim


class Asked(NamedTuple):
    """Whether numbers of `rounds` are to be recorded, too, and whether anyone asks for `fields`."""

    rounds: bool
    fields: bool


class Taped(NamedTuple):
    """What was recorded, and what must hold at a point for it to exist.

    The receptive fields are what the report says where all `doubts` hold: else it is in doubt.
    Each node is there so many `times`.  `symbols` are what stands for the names' values.
    """

    report: Report
    checks: tuple[Check, ...]
    doubts: tuple[Requirement, ...]
    times: tuple[Dim, ...]
    symbols: Mapping[str, Recorded]

    @property
    def alike(self) -> Alike | None:
        """What of the network stands for several rounds."""
        return self.report.graph.alike

    def is_numbered(self, path: str, *, later: bool = False) -> bool:
        """Tell whether what a path names depends on how many rounds there are.

        With `later` what the first round holds is named by what it is called in that.
        """
        if self.alike is None:
            return False
        paths = self.alike.later if later else self.alike.numbered
        levels = path.split("/")
        return any("/".join(levels[:end]) in paths for end in range(1, len(levels) + 1))

    def parts_of(self, node: int) -> list[Recorded]:
        """List what a layer's complaint depends on: its fields and the shapes that flow in."""
        row = self.report.rows[node]
        assert row.layer is not None
        dims = [need.value for need in field_bounds(row.layer)]
        dims += [dim for shape in row.inputs for dim in as_list(shape)]
        numbered = any(self.is_numbered(path, later=True) for path in (row.name, *row.sources))
        if self.alike is not None and (numbered or self.times[node] != 1):
            dims += [rounds.times for rounds in self.alike.rounds]
        return list(dict.fromkeys(dim for dim in dims if isinstance(dim, Recorded)))

    def refusal(self, values: AtPoint) -> SpecErrors | None:
        """Say what layers refuse for numbers; None where one of them does not."""
        graph, problems = self.report.graph, Complaints()
        for node, numbers in values.items():
            row = self.report.rows[node]
            if any(self.is_numbered(path, later=True) for path in (row.name, *row.sources)):
                return None
            refused = refusals(graph, node, *at_numbers(self.report.rows[node], numbers))
            if not refused:
                return None
            for problem, about in refused:
                problems.add(problem, about)
        return SpecErrors(problems.in_order())


def record(ground: Ground, values: Mapping[str, int], free: Sequence[Axis], asked: Asked) -> Taped:
    """Wire a ground at values of some axes, and propagate with the values of the others recorded.

    Raises `SpecErrors` where the rules refuse that, or every point, and `UnequalRoundsError` where
    numbers of rounds cannot be recorded.
    """
    if not asked.rounds:
        return _recorded(ground, values, free, None, asked)
    apart: frozenset[object] = frozenset()
    while True:
        try:
            return _recorded(ground, values, free, apart, asked)
        except UnequalRoundsError as error:  # the first of them, which others may not be like
            if error.statement is None or error.statement in apart:
                raise
            apart |= {error.statement}


def _recorded(
    ground: Ground,
    values: Mapping[str, int],
    free: Sequence[Axis],
    apart: frozenset[object] | None,
    asked: Asked,
) -> Taped:
    tape = Tape()
    bounds = {axis.symbol: (axis.lowest, axis.highest) for axis in free}
    graph = ground.wire(values, lambda name: tape.symbol(name, *bounds[name]), apart)
    report, needs, sure, times = recorded_report(graph, fields=asked.fields)
    nodes = {node.path: index for index, node in enumerate(graph.nodes)}
    checks = []
    for path, need in needs:
        if _surely(need):
            continue
        layer = report.rows[nodes[path]].layer
        assert layer is not None
        own = [(bound.value, bound.bound) for bound in field_bounds(layer)]
        early = (need.value, need.bound) in own
        checks.append(Check(nodes[path], need, early, times[nodes[path]]))
    doubts = {need[:3]: need for need in sure if not _surely(need)}
    symbols = {name: tape.symbol(name, *ends) for name, ends in bounds.items()}
    return Taped(report, tuple(checks), tuple(doubts.values()), times, symbols)


def _surely(need: Requirement) -> bool:
    """Tell whether the ranges of two numbers show that a requirement holds."""
    low, high = range_of(need.value - need.bound)
    return low >= 0 if need.relation == "at least" else low == high == 0
