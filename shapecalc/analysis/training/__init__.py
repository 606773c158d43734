"""What a training step computes: forward, both gradients of the backward pass, and the update.

Exact, as multiply-accumulates of convolutions, dense layers and products, counted dense.  The
gradient of the weights pairs every input with every output gradient that it met, and the gradient
of the input every weight: as many multiply-accumulates as the forward pass each.  The gradient of
an input is needed only where something before it is trained, so the first convolution goes without;
a recurrent layer needs that of its state all the same, which its own weights have made.  The
gradient of weights is needed only where these are trained: what is frozen (`trainable: false`)
hands its output's gradient on to a trained layer before it, and needs none where there is none.
A product of activations has no weights, but two inputs, the gradient of each as costly as itself.

What training and inference keep in memory, for a batch and a type of element, follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import Dim, add_up, largest, product
from shapecalc.api import report_of
from shapecalc.errors import refuse
from shapecalc.layers.base import Work
from shapecalc.layers.recurrent import Recurrent
from shapecalc.report.fold import fold, is_next_round, levels_of, round_row, runs_of
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
    fold_batchnorm: bool = False,
) -> Training:
    """Compute what a training step of a network costs: forward, both gradients and the update.

    `network` is a report, a loaded network, or a spec by its path or name, which `settings`,
    `input` and `free` go with as in `summarize`; `optimizer` is sgd, momentum or adam.  Raises
    `SpecErrors` for unknown words (E303), for a network as deployed (E323: `fold_batchnorm`), and
    with everything that is wrong with the network.
    """
    chosen = _optimizer_named(optimizer)
    report = report_of(
        network, settings=settings, input=input, free=free, fold_batchnorm=fold_batchnorm
    )
    if report.graph.spec.deployed:
        raise refuse("E323", _UNFOLDED, Origin(report.graph.spec.source), _LEAVE_OUT)
    return step(report, chosen)


_UNFOLDED = (
    "training folds no batch normalisation: its statistics are those of the batch, anew in every"
    " step, and no constants that could go into the weights"
)
_LEAVE_OUT = "leave out --fold-batchnorm (fold_batchnorm in Python); `summarize` takes it"


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

    `first`: nothing before it is trained, so its input needs no gradient.  `frozen`: it has
    parameters, its own or shared ones, that are not trained.  `reached`: it has trained ones, or
    something before it has, so the backward pass gets there.
    """

    layer: str
    params: Dim
    forward: Dim
    input_gradient: Dim
    weight_gradient: Dim
    first: bool = False
    frozen: bool = False
    reached: bool = True
    trainable: Dim = 0
    counted: bool = True
    """Whether it is known what the layer computes, or something of what a level does."""

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
        """The operations of one update of the trained parameters, whatever the batch."""
        trained = self.report.totals.trainable
        return Work._make(number * trained for number in self.optimizer.work)

    def levels(self, depth: int) -> list[Cost]:
        """Return the costs of the levels of the paths at a depth; 0: of every layer."""
        levels = levels_of(self.report, depth, range(len(self.costs)))
        return [together(path, [self.costs[i] for i in level]) for path, level in levels.items()]

    def shown(self, view: View, depth: int, *, rounds: bool = False) -> tuple[list[Cost], int, int]:
        """Return the costs of the levels that a view shows; how many it takes, and how many are.

        With `rounds`, those of a repeat's rounds that are alike, and cost the same, are put into
        one.
        """
        levels = self.levels(depth)
        if view.choice is None and not (rounds and self.report.graph.groups):
            return levels, len(levels), len(levels)
        pairs = list(zip(levels, fold(self.report, depth), strict=True))
        if view.choice is not None:
            from shapecalc.output.row_choice import chosen

            pairs = list(chosen((self.report,), pairs, lambda pair: pair[1:], view.choice, depth))
        runs = runs_of(pairs, self._goes_on) if rounds else [[pair] for pair in pairs]
        return [self._of_run(run) for run in runs], len(pairs), len(levels)

    def _goes_on(self, before: tuple[Cost, Row], pair: tuple[Cost, Row]) -> bool:
        same = before[0]._replace(layer="") == pair[0]._replace(layer="")
        return same and is_next_round(self.report, before[1], pair[1])

    def _of_run(self, run: list[tuple[Cost, Row]]) -> Cost:
        if len(run) == 1:
            return run[0][0]
        name = round_row(self.report, [row for _, row in run]).name
        return together(name, [cost for cost, _ in run])


def together(name: str, costs: tuple[Cost, ...] | list[Cost]) -> Cost:
    """Add costs up."""
    return Cost(
        name,
        params=sum(cost.params for cost in costs),
        forward=sum(cost.forward for cost in costs),
        input_gradient=sum(cost.input_gradient for cost in costs),
        weight_gradient=sum(cost.weight_gradient for cost in costs),
        first=any(cost.first for cost in costs),
        frozen=any(cost.frozen for cost in costs),
        reached=any(cost.reached for cost in costs),
        trainable=sum(cost.trainable for cost in costs),
        counted=any(cost.counted for cost in costs),
    )


def step(report: Report, optimizer: Optimizer) -> Training:
    """Compute what a training step of a network costs."""
    reached: list[bool] = []  # whether a layer, or one before it, has trained parameters
    costs = []
    for row, node in zip(report.rows, report.graph.nodes, strict=True):
        before = any(reached[index] for index in node.inputs)
        own = any(parameter.role != "buffer" for parameter in row.parameters)
        reached.append(before or (own and node.trained))
        if row.parameters or row.macs == 0:
            cost = _cost(row, trained_before=before, trained=node.trained or not own)
        else:
            cost = _product_cost(row, sum(reached[index] for index in node.inputs))
        costs.append(
            cost._replace(reached=reached[-1], trainable=row.trainable, counted=row.is_counted)
        )
    return Training(report, optimizer, tuple(costs))


def _cost(row: Row, *, trained_before: bool, trained: bool) -> Cost:
    whole = row.macs - _of_first_states(row)
    if not trained:
        backward = whole if trained_before else 0
        return Cost(row.name, row.params, row.macs, backward, 0, frozen=True)
    backward = whole if trained_before else _inner(row)
    first = not trained_before and row.macs != 0
    return Cost(row.name, row.params, row.macs, backward, row.macs, first)


def _product_cost(row: Row, factors: int) -> Cost:
    """Cost a product of activations: the gradient of a factor is a product with the other one.

    Only the factors that something trained lies before need theirs.
    """
    return Cost(row.name, 0, row.macs, factors * row.macs, 0)


def _inner(row: Row) -> Dim:
    """Return what still needs a gradient inside a layer.

    Between a separable convolution's two, and of a recurrent layer from step to step and from layer
    to layer: all but what its first layer reads.
    """
    weights = [parameter for parameter in row.parameters if parameter.role == "weight"]
    if isinstance(row.layer, Recurrent):
        places = product(row.inputs[0].sides)
        inside = [p for p in weights if not p.name.startswith("weight_ih_l0")]
    else:
        places = product(row.output.sides)
        inside = [p for p in weights if p.name == "pointwise.weight"]
    return sum(parameter.size for parameter in inside) * places - _of_first_states(row)


def _of_first_states(row: Row) -> Dim:
    """Return the products of the gradients of a recurrent layer's first states, which are no one's.

    Before its first step a state is 0, and nothing has made it: no gradient goes there.
    """
    if not isinstance(row.layer, Recurrent):
        return 0
    states = (array for array in row.parameters if array.name.startswith("weight_hh"))
    return sum(array.size for array in states)


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
#: What is kept where the backward pass ends above frozen layers.
ABOVE = (
    "stored outputs of layers that the backward pass reaches, and what flows into these, are kept;"
    " gradients of activations, masks, indices, workspaces and what an allocator holds back come on"
    " top"
)


def ends_above(plan: Training) -> bool:
    """Tell whether frozen layers lie before all that is trained, so that no gradient goes there."""
    return any(cost.frozen and not cost.reached for cost in plan.costs)


def _stored(plan: Training, view: View) -> Dim:
    """Count the outputs that are kept for the backward pass: all, or those above frozen layers.

    Of recurrent layers that is also what they hand on from step to step.  A layer in place writes
    over the output of the layer before, so both are one.
    """
    report = plan.report
    within = add_up(
        _within(row) for row, cost in zip(report.rows, plan.costs, strict=True) if cost.reached
    )
    if not ends_above(plan):
        return view.activations(report.totals) + within
    needed = [cost.reached for cost in plan.costs]
    for index in reversed(range(len(needed))):
        layer, inputs = report.rows[index].layer, report.graph.nodes[index].inputs
        written_over = layer is not None and layer.inplace and not view.count_inplace
        if plan.costs[index].reached or (needed[index] and written_over):
            for source in inputs:
                needed[source] = True
    return within + add_up(
        view.activations(row) for row, kept in zip(report.rows, needed, strict=True) if kept
    )


def _within(row: Row) -> Dim:
    """Count what is kept inside a layer: a recurrent layer's outputs at steps and in layers."""
    return row.layer.within(*row.inputs) if isinstance(row.layer, Recurrent) else 0


def kept(plan: Training, view: View) -> tuple[Kept, ...]:
    """List what a training step keeps, and what inference does.

    Parameters, their gradients, the optimizer's state and the peak of inference are exact; that
    all activations are kept in training is an estimate.
    """
    report, optimizer = plan.report, plan.optimizer
    totals = report.totals
    trained = add_up(view.trained(row) for row in report.rows if row.frozen == 0)
    activations = _stored(plan, view)
    all_or_some = "above what is frozen" if ends_above(plan) else "all"
    params = Kept("params", "parameters", totals.params, view.trained(totals))
    state = Kept(
        "optimizer_state",
        f"optimizer state ({optimizer.name})",
        optimizer.kept * totals.trainable,
        optimizer.kept * trained,
    )
    buffers = Kept("buffers", "buffers", totals.buffers, view.arrays(totals, "buffers"))
    parts = (
        params,
        Kept("gradients", "gradients of parameters", totals.trainable, trained),
        state,
        buffers,
        Kept(
            "activations",
            f"activations, {all_or_some}",
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
    training = _together("training", "training, at least", parts, estimate=True)
    inference = _together("inference", "inference, parameters and peak", (params, buffers, peak))
    if ends_above(plan):  # what is frozen is computed with the optimizer's state in memory, too
        training = training._replace(
            number=largest([training.number, inference.number + state.number]),
            bytes=largest([training.bytes, inference.bytes + state.bytes]),
        )
    return (
        *parts,
        training,
        peak,
        inference,
    )


def _together(key: str, label: str, parts: Iterable[Kept], *, estimate: bool = False) -> Kept:
    numbers = [(part.number, part.bytes) for part in parts]
    number, size = (sum(column) for column in zip(*numbers, strict=True))
    return Kept(key, label, number, size, estimate)
