"""Put the laws to a fault: which law catches it, after how many examples."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException

import shapecalc
from shapecalc import reference as execute
from shapecalc.reference.layer import backward, count, forward
from shapecalc.reference.probe import slopes
from shapecalc.verify import laws
from shapecalc.verify.judge import verify
from tests.kinds import MAXIMA
from tests.mutation.fault import planted
from tests.verify import trial as trials_of_laws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.mutation.fault import Fault

    Laws: TypeAlias = Iterator[tuple[str, Callable[[], object]]]
    """Name and law, which says something where it is broken."""

#: An example has at most so many multiply-accumulates.
MOST = 3_000

#: Networks with branches, shared weights, views, and layers in place where the most is alive.
NETWORKS = (
    """
inputs: {left: 9x7x2, right: 9x7x2}
layers:
  - conv: {name: one, filters: 3, kernel: 3, from: left}
  - relu: {name: cut}
  - conv: {name: two, filters: 3, kernel: 3, from: right, share: one}
  - tanh: {name: bent}
  - multiply: {from: [cut, bent, two]}
  - dense: 5
""",
    "input: 9x7x2\nlayers: [conv: {filters: 5, kernel: 3, pad: 1}, relu, dense: 4, softmax]",
    "input: 5x7x9\nlayers: [flatten, dense: 3]",
    """
input: 5x7x2
layers:
  - conv: {name: a, filters: 3, kernel: 3, pad: 1}
  - dropout
  - add: {from: [a, .]}
  - relu: {from: a}
""",
    # a side without padding where another has some, a window that begins at the very end
    "input: 10x11x2\nlayers:"
    " [maxpool: {kernel: [1, 2], stride: 2, pad: [0, 1], rounding: ceil_caffe}, dense: 3]",
)


class Caught(NamedTuple):
    """The laws that an example broke, and how many it took; none if the fault survives."""

    laws: tuple[str, ...]
    examples: int


class _Case:
    """A trial that Hypothesis does not write out."""

    def __init__(self, trial: Any) -> None:
        self.trial = trial


class _Broken(Exception):  # noqa: N818
    """Carries the laws that an example breaks."""


def catch(fault: Fault, examples: int = 1000, chance: int = 1) -> Caught:
    """Plant a fault and try random layers of its type, or the network."""
    with planted(fault):
        if fault.word == "network":
            for number, text in enumerate(NETWORKS, 1):
                broken = tuple(_broken(partial(_of_network, text)))
                if broken:
                    return Caught(broken, number)
            return Caught((), len(NETWORKS))
        return _tried(fault.word, examples, chance)


def _tried(word: str, examples: int, chance: int) -> Caught:
    seen: list[int] = []

    @seed(chance)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=trials_of_laws.trials(word, MOST).map(_Case))
    def holds(case: _Case) -> None:
        seen.append(1)
        broken = tuple(_broken(partial(_of_layer, case.trial)))
        if broken:
            raise _Broken(len(seen), broken)

    try:
        holds()
    except _Broken as caught:
        _, broken = caught.args
        return Caught(broken, len(seen) - 1)  # Hypothesis runs the one that fails once more
    except HypothesisException:
        raise
    except Exception:  # noqa: BLE001  (its rule takes a layer whose arrays cannot be allocated)
        return Caught(("runs",), len(seen) + 1)
    return Caught((), len(seen))


def _broken(asked: Callable[[], Laws]) -> Iterator[str]:
    """Name the laws that do not hold: those that say something, or that cannot be tried."""
    try:
        for name, law in asked():
            try:
                if law():
                    yield name
            except Exception:  # noqa: BLE001  (a layer that its rule takes must run)
                yield name
    except Exception:  # noqa: BLE001
        yield "runs"


def _of_layer(trial: Any) -> Laws:
    """List the laws of one layer; to be tried in order, as `runs` comes first."""
    layer, row, arrays, inputs = trial.layer, trial.row, trial.arrays, trial.inputs
    done = trials_of_laws.do(trial)
    one = tuple(x[:1] for x in inputs)
    yield "shape", lambda: laws.shape_law(done.output, row.output)
    yield "arrays", lambda: laws.weight_law(done.slots, row.parameters)
    yield "MACs", lambda: laws.product_law(done.products, row.work, len(done.output))
    plain, operations = count(layer, arrays, *one)
    yield "operations", lambda: laws.work_law(operations, row.work)
    yield "values", lambda: laws.value_law(forward(layer, arrays, *one), plain)
    yield (
        "gradient",
        lambda: laws.gradient_law(slopes(layer, arrays, *inputs, random=trial.random)),
    )
    yield "float32", lambda: _changes_type(trial)
    if layer.type in MAXIMA:
        yield "ties", lambda: _sends_elsewhere(trial)


def _changes_type(trial: Any) -> bool:
    """Tell whether a layer answers float32 with another type."""
    arrays = {name: each.astype(np.float32) for name, each in trial.arrays.items()}
    inputs = tuple(x.astype(np.float32) for x in trial.inputs)
    return forward(trial.layer, arrays, *inputs).dtype != np.float32


def _sends_elsewhere(trial: Any) -> bool:
    """Tell whether among equals another than the first in row-major order gets the gradient."""
    (x,), layer = trial.inputs, trial.layer
    falling = -np.arange(x[0, 0].size).reshape(x.shape[2:]) * np.ones_like(x)

    def sent(z: Any) -> Any:
        y = forward(layer, {}, z)
        return backward(layer, {}, (z,), y, np.ones_like(y)).inputs[0]

    return not np.array_equal(sent(np.ones_like(x)), sent(falling))


def _of_network(text: str) -> Laws:
    """List the laws of a whole network."""
    report = shapecalc.summarize(shapecalc.loads(text))
    graph = report.graph
    verdict = verify(report)
    yield "layers", lambda: any(any(each.outcomes.values()) for each in verdict.judged)
    yield "peak", lambda: verdict.peak_outcome
    kept = execute.run(graph, dtype=np.float64, batch=2, keep="all")
    yield "freed", lambda: _differ(execute.run(graph, dtype=np.float64, batch=2), kept)
    yield "pieces", lambda: _differ(_in_pieces(graph), kept)
    yield (
        "shared",
        lambda: any(
            kept.arrays[node.path] is not kept.arrays[graph.nodes[node.share].path]
            for node in graph.nodes
            if node.share is not None
        ),
    )
    yield "network gradient", lambda: _slopes_differ(graph, kept)


def _differ(one: execute.Run, other: execute.Run) -> bool:
    return any(not np.allclose(y, other.outputs[path]) for path, y in one.outputs.items())


def _in_pieces(graph: Any) -> execute.Run:
    """Run with columns written out a few positions at a time."""
    from shapecalc.reference import weighted

    whole, weighted.PIECE = weighted.PIECE, 300
    try:
        return execute.run(graph, dtype=np.float64, batch=2)
    finally:
        weighted.PIECE = whole


def _slopes_differ(graph: Any, kept: execute.Run, step: float = 1e-5) -> bool:
    """Tell whether backward disagrees with central differences of the whole network."""
    random = np.random.default_rng(1)
    path, *_ = kept.outputs
    weight = random.normal(size=kept.outputs[path].shape)
    back = execute.backward(kept, {path: weight})
    inputs = {name: kept.values[name] for name in back.inputs}
    for name, gradient in back.parameters.items():
        v = random.normal(size=gradient.shape)
        ends = []
        for h in (step, -step):
            moved = kept.parameters | {name: kept.parameters[name] + h * v}
            y = execute.run(graph, inputs, moved, dtype=np.float64).outputs[path]
            ends.append((y * weight).sum())
        if not np.isclose((gradient * v).sum(), (ends[0] - ends[1]) / (2 * step), rtol=1e-5):
            return True
    return False
