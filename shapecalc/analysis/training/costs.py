"""What a training step computes: forward, both gradients of the backward pass, and the update.

Exact, as multiply-accumulates of convolutions and dense layers, counted dense.  The gradient of the
weights pairs every input with every output gradient that it met, and the gradient of the input
every weight: as many multiply-accumulates as the forward pass each.  The gradient of an input is
needed only where something before it is trained, so the first convolution goes without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.dim import product
from shapecalc.errors import did_you_mean, refuse
from shapecalc.layers.work import Work
from shapecalc.report.fold import levels_of
from shapecalc.text.shown import Shapes, Shown
from shapecalc.text.source import Origin, Source, Span

if TYPE_CHECKING:
    from shapecalc.algebra.dim import Dim
    from shapecalc.report.model import Report, Row


class Optimizer(NamedTuple):
    """What an update computes per parameter, and how many numbers it keeps of each."""

    name: str
    label: str
    work: Work
    kept: int


#: The optimizers by name.  An update is counted as written in the source; schedules and decay are
#: not part of it.
OPTIMIZERS: dict[str, Optimizer] = {
    each.name: each
    for each in (
        Optimizer("sgd", "w - rate*g", Work(multiplies=1, adds=1), 0),
        Optimizer(
            "momentum",
            "SGD with momentum: v = momentum*v + g, then w - rate*v",
            Work(multiplies=2, adds=2),
            1,
        ),
        Optimizer(
            "adam",
            "Adam: two running means m and v, then w - rate*m/(sqrt(v) + eps), the corrections in"
            " the rate (Kingma, Ba 2015, section 2)",
            Work(multiplies=6, adds=4, divisions=1, exponentials=1),
            2,
        ),
    )
}


def optimizer_named(word: str) -> Optimizer:
    """Return an optimizer.  Raises `SpecErrors` (E303) for an unknown one."""
    if word in OPTIMIZERS:
        return OPTIMIZERS[word]
    hint = did_you_mean(word, OPTIMIZERS) or f"one of {', '.join(OPTIMIZERS)}"
    origin = Origin(Source(f"--optimizer {word}", word), Span(0, 0, 0, len(word)))
    raise refuse("E303", f"unknown optimizer '{word}'", origin, hint)


class Cost(NamedTuple):
    """Multiply-accumulates of a layer, or of a level of the paths, for one example.

    `first`: nothing before it is trained, so its input needs no gradient.
    """

    layer: str
    params: Dim
    forward: Dim
    input_gradient: Dim
    weight_gradient: Dim
    first: bool = False

    @property
    def backward(self) -> Dim:
        """Both gradients."""
        return self.input_gradient + self.weight_gradient

    @property
    def step(self) -> Dim:
        """Forward and backward."""
        return self.forward + self.backward


@dataclass(frozen=True)
class Training(Shown):
    """The costs of a step, a layer each; `optimizer` makes the update."""

    shapes = Shapes(
        "the cost of a training step",
        table="analysis.training.table.tabulate",
        records="analysis.training.records.records",
    )
    report: Report
    optimizer: Optimizer
    costs: tuple[Cost, ...]

    @property
    def total(self) -> Cost:
        """The costs of all layers; shared parameters are updated once."""
        return together("total", self.costs)

    @property
    def update(self) -> Work:
        """The operations of one update of all parameters, whatever the batch."""
        params = self.report.totals.params
        return Work._make(each * params for each in self.optimizer.work)

    def levels(self, depth: int) -> list[Cost]:
        """Return the costs of the levels of the paths at a depth; 0: of every layer."""
        levels = levels_of(self.report, depth, range(len(self.costs)))
        return [together(path, [self.costs[i] for i in each]) for path, each in levels.items()]


def together(name: str, costs: tuple[Cost, ...] | list[Cost]) -> Cost:
    """Add costs up."""
    return Cost(
        name,
        params=sum(each.params for each in costs),
        forward=sum(each.forward for each in costs),
        input_gradient=sum(each.input_gradient for each in costs),
        weight_gradient=sum(each.weight_gradient for each in costs),
        first=any(each.first for each in costs),
    )


def step(report: Report, optimizer: Optimizer) -> Training:
    """Compute what a training step of a network costs."""
    trained: list[bool] = []  # whether a layer, or one before it, has trained parameters
    costs = []
    for row, node in zip(report.rows, report.graph.nodes, strict=True):
        before = any(trained[index] for index in node.inputs)
        own = any(each.role != "buffer" for each in row.parameters)
        trained.append(before or own)
        costs.append(_cost(row, trained_before=before))
    return Training(report, optimizer, tuple(costs))


def _cost(row: Row, *, trained_before: bool) -> Cost:
    backward = row.macs if trained_before else _inner(row)
    first = not trained_before and row.macs != 0
    return Cost(row.name, row.params, row.macs, backward, row.macs, first)


def _inner(row: Row) -> Dim:
    """Return what still needs a gradient inside a layer: between a separable convolution's two."""
    inside = [each for each in row.parameters if each.name == "pointwise.weight"]
    return sum(each.size for each in inside) * product(row.output.sides)
