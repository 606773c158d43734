"""What a training step computes: forward, both gradients of the backward pass, and the update.

Exact, as multiply-accumulates of convolutions and dense layers, counted dense.  The gradient of the
weights pairs every input with every output gradient that it met, and the gradient of the input
every weight: as many multiply-accumulates as the forward pass each.  The gradient of an input is
needed only where something before it is trained, so the first convolution goes without.

What training and inference keep in memory, for a batch and a type of element, follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import Dim, product
from shapecalc.api import report_of
from shapecalc.errors import refuse
from shapecalc.layers.base import Work
from shapecalc.report.fold import levels_of
from shapecalc.text import Origin, Source, Span
from shapecalc.text.shown import Shapes, Shown
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from shapecalc.graph import Graph
    from shapecalc.output.view import View
    from shapecalc.report import Report, Row


def training_cost(
    network: str | PathLike[str] | Graph | Report,
    optimizer: str = "momentum",
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    free: Iterable[str] = (),
) -> Training:
    """Compute what a training step of a network costs: forward, both gradients and the update.

    `network` is a report, a loaded network, or a spec by its path or name, which `settings`,
    `input` and `free` go with as in `summarize`; `optimizer` is sgd, momentum or adam.  Raises
    `SpecErrors` for unknown words (E303), and with everything that is wrong with the network.
    """
    chosen = _optimizer_named(optimizer)
    return step(report_of(network, settings=settings, input=input, free=free), chosen)


class Optimizer(NamedTuple):
    """What an update computes per parameter, and how many numbers it keeps of each."""

    name: str
    label: str
    work: Work
    kept: int


#: The optimizers by name.  An update is counted as written in the source; schedules and decay are
#: not part of it.
OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
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


def _optimizer_named(word: str) -> Optimizer:
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
        records="analysis.training.table.records",
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
        return Work._make(number * params for number in self.optimizer.work)

    def levels(self, depth: int) -> list[Cost]:
        """Return the costs of the levels of the paths at a depth; 0: of every layer."""
        levels = levels_of(self.report, depth, range(len(self.costs)))
        return [together(path, [self.costs[i] for i in level]) for path, level in levels.items()]


def together(name: str, costs: tuple[Cost, ...] | list[Cost]) -> Cost:
    """Add costs up."""
    return Cost(
        name,
        params=sum(cost.params for cost in costs),
        forward=sum(cost.forward for cost in costs),
        input_gradient=sum(cost.input_gradient for cost in costs),
        weight_gradient=sum(cost.weight_gradient for cost in costs),
        first=any(cost.first for cost in costs),
    )


def step(report: Report, optimizer: Optimizer) -> Training:
    """Compute what a training step of a network costs."""
    trained: list[bool] = []  # whether a layer, or one before it, has trained parameters
    costs = []
    for row, node in zip(report.rows, report.graph.nodes, strict=True):
        before = any(trained[index] for index in node.inputs)
        own = any(parameter.role != "buffer" for parameter in row.parameters)
        trained.append(before or own)
        costs.append(_cost(row, trained_before=before))
    return Training(report, optimizer, tuple(costs))


def _cost(row: Row, *, trained_before: bool) -> Cost:
    backward = row.macs if trained_before else _inner(row)
    first = not trained_before and row.macs != 0
    return Cost(row.name, row.params, row.macs, backward, row.macs, first)


def _inner(row: Row) -> Dim:
    """Return what still needs a gradient inside a layer: between a separable convolution's two."""
    inside = [parameter for parameter in row.parameters if parameter.name == "pointwise.weight"]
    return sum(parameter.size for parameter in inside) * product(row.output.sides)


class Kept(NamedTuple):
    """Numbers that are kept: which, how many, the bytes, and whether that is an estimate."""

    key: str
    label: str
    number: Dim
    bytes: Dim
    estimate: bool = False


#: Why the memory of training is an estimate.
ESTIMATE = (
    "every stored output is kept for the backward pass; gradients of activations, masks, indices,"
    " workspaces and what an allocator holds back come on top"
)


def kept(plan: Training, view: View) -> tuple[Kept, ...]:
    """List what a training step keeps, and what inference does.

    Parameters, their gradients, the optimizer's state and the peak of inference are exact; that
    all activations are kept in training is an estimate.
    """
    totals, optimizer = plan.report.totals, plan.optimizer
    trained = view.trained(totals)
    activations = view.activations(totals)
    params = Kept("params", "parameters", totals.params, trained)
    buffers = Kept("buffers", "buffers", totals.buffers, view.bytes(totals.buffers, "buffers"))
    parts = (
        params,
        Kept("gradients", "gradients of parameters", totals.params, trained),
        Kept(
            "optimizer_state",
            f"optimizer state ({optimizer.name})",
            optimizer.kept * totals.params,
            optimizer.kept * trained,
        ),
        buffers,
        Kept(
            "activations",
            "activations, all",
            activations * view.batch,
            view.memory(activations),
            estimate=True,
        ),
    )
    peak = Kept(
        "peak_activations",
        "activations, peak (inference)",
        totals.peak * view.batch,
        view.memory(totals.peak),
    )
    return (
        *parts,
        _together("training", "training, at least", parts, estimate=True),
        peak,
        _together("inference", "inference, parameters and peak", (params, buffers, peak)),
    )


def _together(key: str, label: str, parts: Iterable[Kept], *, estimate: bool = False) -> Kept:
    numbers = [(part.number, part.bytes) for part in parts]
    number, size = (sum(column) for column in zip(*numbers, strict=True))
    return Kept(key, label, number, size, estimate)
