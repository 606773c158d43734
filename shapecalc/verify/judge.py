"""A whole report beside a run of its network: every law, layer by layer."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.algebra import known
from shapecalc.api import report_of
from shapecalc.errors import SpecErrors
from shapecalc.graph import Input
from shapecalc.layers.fields import Rational
from shapecalc.layers.shape import Map, Vector
from shapecalc.reference.arrays import extents, in_domain
from shapecalc.reference.example import on_paper
from shapecalc.reference.layer import count, forward, random_arrays, slots
from shapecalc.reference.probe import probe, slopes
from shapecalc.reference.run import draw_inputs, reason, run
from shapecalc.reference.weighted import recorded
from shapecalc.report import named_deployed, named_doubts
from shapecalc.report.apply import RefusedError, apply
from shapecalc.text.shown import Shapes, Shown
from shapecalc.verify import laws
from shapecalc.verify.own_weights import compare_with_runtime, own_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    from shapecalc.algebra import Dim
    from shapecalc.graph import Graph, Node
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.run import Step
    from shapecalc.report import Report, Row
    from shapecalc.report.apply import Facts
    from shapecalc.verify.own_weights import RuntimeOutcome

#: The laws, in the order in which they are shown: name -> what is compared.
LAWS = {
    "shape": "the extents of the array that came out",
    "arrays": "the weights, biases and buffers that were allocated",
    "MACs": "the multiply-accumulates of the matrix products that were done",
    "operations": "additions, multiplications and all others, counted by the numbers themselves"
    " on a small copy of the layer",
    "reach": "what every unit sees: which changes of the copy's input it notices",
    "gradient": "backward beside central differences, for linear layers the adjoint identity,"
    " on the same copy in float64",
}


#: Weights are drawn so often before a unit is said not to notice what it should.
DRAWS = 4


class JudgedLayer(NamedTuple):
    """What the laws say of a layer: nothing, a disagreement, or None where one was not asked."""

    row: Row
    outcomes: dict[str, str | None]


@dataclass(frozen=True)
class Verdict(Shown):
    """The outcome for a network.

    `peak` is the most bytes of activations that were alive; None where not all could be run.
    """

    shapes = Shapes(
        "a verdict",
        table="verify.verdicts.tabulate",
        records="verify.verdicts.verdict_records",
    )
    report: Report
    judged: tuple[JudgedLayer, ...]
    peak: int | None
    seed: int
    weights: str = ""
    """What of a model file's own weights it was run with; nothing where all are random."""
    runtime: RuntimeOutcome | None = None

    @property
    def weights_words(self) -> str:
        """Say what the network was run with."""
        return self.weights or f"random weights, seed {self.seed}"

    @property
    def stated_peak(self) -> int:
        """The bytes that the report states, four to a float32."""
        return 4 * known(self.report.totals.peak)

    @property
    def peak_outcome(self) -> str | None:
        """What is to be said of the peak: nothing, a disagreement, or None where there is none."""
        if self.peak is None or self.peak == self.stated_peak:
            return None if self.peak is None else ""
        return f"{self.peak:,} bytes, by the report {self.stated_peak:,}"

    @property
    def disagreements(self) -> list[str]:
        """Every disagreement, with the layer's name."""
        disagreements = [
            f"{layer.row.name}: {outcome}"
            for layer in self.judged
            for outcome in layer.outcomes.values()
            if outcome
        ]
        if self.peak_outcome:
            disagreements.append(f"activations, peak: {self.peak_outcome}")
        if self.runtime is not None and self.runtime.outcome:
            disagreements.append(self.runtime.outcome)
        return disagreements

    @property
    def held(self) -> int:
        """How many laws were asked and hold."""
        laws_held = sum(
            outcome == "" for layer in self.judged for outcome in layer.outcomes.values()
        )
        agrees = self.runtime is not None and self.runtime.outcome == ""
        return laws_held + (self.peak_outcome == "") + agrees


class Verdicts(Shown, tuple[Verdict, ...]):
    """The outcomes for several networks."""

    __slots__ = ()
    shapes = Verdict.shapes

    @property
    def doubts(self) -> tuple[str, ...]:
        return named_doubts([verdict.report for verdict in self])

    @property
    def deployed(self) -> tuple[str, ...]:
        return named_deployed([verdict.report for verdict in self])


def verify(
    network: str | PathLike[str] | Mapping[str, Any] | Graph | Report,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    fold_batchnorm: bool = False,
    seed: int = 0,
    gradients: bool = False,
    progress: Callable[[], object] = lambda: None,
) -> Verdict:
    """Run a network and compare what was done with what its report says.

    Shapes, arrays, matrix products and the peak of memory are those of the whole network, with
    random weights or the model file's own, one example, float32; where ONNX Runtime is installed it
    runs an ONNX file, too, and its outputs are compared.  Operations of every kind, and
    gradients if asked for, are judged on a small copy of each layer.  A layer that cannot be run,
    though its rule took it, disagrees with its rule, and so do all that depend on it.  `progress`
    is called after every layer.  `settings`, `input` and `fold_batchnorm` are those of `summarize`.
    """
    report = report_of(network, settings=settings, input=input, fold_batchnorm=fold_batchnorm)
    rows = {row.name: row for row in report.rows}
    judged: dict[str, JudgedLayer] = {}
    copies: dict[tuple[Layer, tuple[Shape, ...]], dict[str, str | None]] = {}
    lost: list[str] = []

    with recorded() as products:

        def watch(step: Step) -> None:
            row = rows[step.node.path]
            outcomes: dict[str, str | None] = dict.fromkeys(LAWS)
            outcomes["shape"] = laws.shape_law(step.output, row.output)
            if not isinstance(step.layer, Input):
                outcomes["arrays"] = laws.weight_law(
                    slots(step.layer, *step.inputs), row.parameters
                )
                outcomes["MACs"] = laws.product_law(products, row.work)
                products.clear()
                key = (step.layer, row.inputs)
                if key not in copies:
                    copies[key] = _judge_small(*key, seed, gradients=gradients)
                    products.clear()
                outcomes |= copies[key]
            judged[row.name] = JudgedLayer(row, outcomes)
            progress()

        def failed(node: Node, why: str) -> None:
            judged[node.path] = JudgedLayer(rows[node.path], dict.fromkeys(LAWS) | {"shape": why})
            lost.append(node.path)
            products.clear()
            progress()

        own = own_weights(report)
        inputs = draw_inputs(report.graph, seed=seed) if own else None
        weights = own.arrays if own else None
        with np.errstate(all="ignore") if own else nullcontext():
            done = run(report.graph, inputs, weights, seed=seed, watch=watch, failed=failed)
    layers = tuple(judged.values())
    if lost or own is None:
        return Verdict(
            report, layers, None if lost else done.peak, seed, own.words(seed) if own else ""
        )
    runtime = compare_with_runtime(own, done, inputs or {})
    return Verdict(report, layers, done.peak, seed, own.words(seed), runtime)


def _judge_small(
    layer: Layer, inputs: tuple[Shape, ...], seed: int, *, gradients: bool
) -> dict[str, str | None]:
    """Judge a layer's small copy; that it cannot be run is a disagreement as well."""
    try:
        return _counted_small(layer, inputs, seed, gradients=gradients)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever it breaks at is what there is to say)
        return {"operations": f"a small copy cannot be run: {reason(error)}"}


def _counted_small(
    layer: Layer, inputs: tuple[Shape, ...], seed: int, *, gradients: bool
) -> dict[str, str | None]:
    """Count the operations of a layer's small copy, and go back through it."""
    copy, shapes, facts = small_copy(layer, inputs)
    random = np.random.default_rng(seed)
    distinct = (_distinct(random, (1, *extents(shape))) for shape in shapes)
    arrays_in = tuple(in_domain(copy, x, 1) for x in distinct)
    arrays = random_arrays(copy, *arrays_in, random=random)
    plain, operations = count(copy, arrays, *arrays_in)
    differences = [
        laws.work_law(operations, facts.work),
        laws.value_law(forward(copy, arrays, *arrays_in), plain),
    ]
    outcomes: dict[str, str | None] = {"operations": "; ".join(filter(None, differences))}
    outcomes["reach"] = judged_reach(copy, arrays, arrays_in, shapes, facts, random)
    if gradients:
        measured = slopes(copy, arrays, *arrays_in, random=random)
        outcomes["gradient"] = laws.gradient_law(measured)
    return outcomes


def judged_reach(
    layer: Layer,
    arrays: Mapping[str, Any],
    inputs: tuple[Any, ...],
    shapes: tuple[Shape, ...],
    facts: Facts,
    random: Any,  # noqa: ANN401
) -> str | None:
    """Compare what units notice with what the rules say they see.

    What a layer sees is no matter of its weights, yet with some that are drawn a recurrent layer
    forgets its first rows below rounding: what disagrees must do so with `DRAWS` of them.
    """
    outcome: str | None = ""
    for _ in range(DRAWS):
        noticed = probe(layer, arrays, inputs, random)
        outcome = laws.reach_law(noticed, layer, facts.window, shapes, facts.output)
        if not outcome:
            return outcome
        arrays = random_arrays(layer, *inputs, random=random)
    return outcome


def _distinct(random: Any, shape: tuple[int, ...]) -> Any:  # noqa: ANN401
    """Return numbers from -8 to 8, no two alike, on both sides of the rectifiers' corners."""
    size = int(np.prod(shape))
    return ((random.permutation(size) - size // 2 + 0.37) * (16 / max(size, 160))).reshape(shape)


# -- small copies: fewer channels, filters and positions, which can be counted by hand -------------


#: Fields that may shrink, with how far; what has groups keeps them.
FEW = {"filters": 2, "units": 4, "multiplier": 2}
#: Sizes shrink to these where they are larger, an odd one to an odd one.
GIANTS = {"kernel": 64, "stride": 32, "dilation": 8, "size": 16, "to": 16, "factor": 16}
#: What a pad adds at an end, or a crop takes away, shrinks to this.
RIM = 8
#: Of a join so many operands stay.
MOST_OPERANDS = 6
#: The sides tried, smallest first; every further side is one longer, so that extents differ.
SIDES = (4, 6, 9, 13, 19, 28, 42, 64, 96)


def small_copy(layer: Layer, inputs: tuple[Shape, ...]) -> tuple[Layer, tuple[Shape, ...], Facts]:
    """Return a copy that moves and groups like the layer, small inputs, and what the rules say.

    Windows, strides, padding and groups stay, if they are no giants, and so do tables of
    connections; where the layer's output has more than one position
    along a side, the copy's has, too.  A layer that cannot shrink comes back as it is.
    """
    if layer.inputs is None:
        inputs = inputs[:MOST_OPERANDS]  # each of a join's operands is treated like the others
    whole = apply(layer, inputs)
    fields = {field.name: getattr(layer, field.name) for field in layer.fields()}
    if "shape" in fields:
        return layer, inputs, whole
    if layer.indexes:
        copy, shapes = on_paper(layer, *inputs)
        return copy, shapes, apply(copy, shapes)
    groups = fields.get("groups", 1) or 1
    table = fields.get("connections") is not None
    for name in () if table else FEW.keys() & fields.keys():
        fields[name] = _few(fields[name], groups if name == "filters" else 1, FEW[name])
    _shrink_giants(fields)
    copy = type(layer)(**fields)
    for side in SIDES:
        shapes = tuple(_shrunk(shape, side, fields, groups, table=table) for shape in inputs)
        try:
            facts = apply(copy, shapes)
        except (RefusedError, SpecErrors):
            continue
        pairs = zip(facts.output.sides, whole.output.sides, strict=True)
        if all(known(few) > 1 or known(many) == 1 for few, many in pairs):
            return copy, shapes, facts
    try:  # operands that fit each other shrink together, to what an example on paper has
        copy, shapes = on_paper(layer, *inputs)
        return copy, shapes, apply(copy, shapes)
    except (RefusedError, SpecErrors):
        return layer, inputs, whole


def _shrink_giants(fields: dict[str, Any]) -> None:
    """Shrink what is larger than a small copy may have it; padding shrinks with the kernel."""
    before = fields.get("kernel")
    for name, most in GIANTS.items():
        if isinstance(fields.get(name), tuple):
            fields[name] = tuple(_no_giant(n, most) for n in fields[name])
    if "kernel" not in fields:
        for name in ("pad", "crop"):
            _shrink_rim(fields, name, RIM)
    elif fields["kernel"] != before:
        _shrink_rim(fields, "pad", min(fields["kernel"]) // 2)


def _no_giant(size: Dim | Rational, most: int) -> int | Rational:
    """Return a size, or a large one cut to an even or odd one as it is itself."""
    if isinstance(size, Rational):
        return size if size.times <= most * size.over else most
    return min(known(size), most - known(size) % 2)


def _shrink_rim(fields: dict[str, Any], name: str, most: int) -> None:
    if (rim := fields.get(name)) is not None:
        pairs = tuple((min(known(a), most), min(known(b), most)) for a, b in rim.pairs)
        fields[name] = rim._replace(pairs=pairs)


def _few(count: int, groups: int, few: int) -> int:
    return groups * min(count // groups, few)


def _shrunk(shape: Shape, side: int, fields: dict[str, Any], groups: int, *, table: bool) -> Shape:
    """Shrink a shape: some positions, and channels enough for groups or neighbours."""
    neighbours = fields["size"] if isinstance(fields.get("size"), int) else 1  # lrn's
    channels = _few(known(shape.channels), groups, max(3, neighbours + 2) if groups == 1 else 2)
    if table:
        channels = known(shape.channels)
    if isinstance(shape, Vector):
        return Vector(channels)
    return Map(tuple(min(known(n), side + axis) for axis, n in enumerate(shape.sides)), channels)
