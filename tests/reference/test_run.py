"""A network forward and backward: what is kept, freed, overwritten, shared, added up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc import reference as execute
from shapecalc.errors import SpecErrors
from shapecalc.layers.merge import Add
from shapecalc.reference.memory import owner
from shapecalc.verify.judge import verify
from tests.paths import NETWORKS

BRANCHES = """
input: 5x7x2
layers:
  - conv: {name: a, filters: 3, kernel: 3, pad: 1}
  - relu: {name: cut}
  - conv: {name: b, filters: 3, kernel: 1}
  - add: {name: sum, from: [cut, .]}
  - dense: {name: out, units: 4}
"""

X = np.zeros((1, 2, 5, 7))

SHARED = """
inputs: {left: 5x7x2, right: 5x7x2}
layers:
  - conv: {name: one, filters: 3, kernel: 3, from: left}
  - conv: {name: two, filters: 3, kernel: 3, from: right, share: one}
  - multiply: {from: [one, two]}
  - tanh
"""


def test_what_is_drawn_depends_on_the_seed_alone() -> None:
    graph = shapecalc.loads(BRANCHES)
    one, again = execute.run(graph, seed=3), execute.run(graph, seed=3)
    assert np.array_equal(one.outputs["out"], again.outputs["out"])
    assert not np.array_equal(one.outputs["out"], execute.run(graph, seed=4).outputs["out"])
    for name, array in execute.allocate(graph, seed=3).items():
        assert np.array_equal(array, one.parameters[name])


def test_given_inputs_and_weights_give_what_was_drawn() -> None:
    graph = shapecalc.loads(BRANCHES)
    done = execute.run(graph, seed=3, keep=["input"])
    again = execute.run(graph, {"input": done.values["input"]}, done.parameters, seed=9)
    assert np.array_equal(done.outputs["out"], again.outputs["out"])


def test_a_given_input_is_not_written_over() -> None:
    x = np.full((2, 3, 4), -1.0, np.float32)
    done = execute.run(shapecalc.loads("input: 4x1x3\nlayers: [relu]"), {"input": x[..., None]})
    assert (x == -1).all()
    assert (done.outputs["relu1"] == 0).all()


def test_arrays_of_other_shapes_are_refused() -> None:
    graph = shapecalc.loads(BRANCHES)
    with pytest.raises(ValueError, match="input takes N x 2 x 5 x 7, not 1 x 5 x 7 x 2"):
        execute.run(graph, {"input": np.zeros((1, 5, 7, 2))})
    with pytest.raises(ValueError, match=r"a\.weight is 3 x 2 x 3 x 3, not 3 x 3"):
        execute.run(graph, weights={"a.weight": np.zeros((3, 3))})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"inputs": {"inptu": X}}, "the network has no input inptu; did you mean 'input'?"),
        (
            {"weights": {"a.weihgt": X}},
            "the network has no array a.weihgt; did you mean 'a.weight'?",
        ),
        ({"keep": ["q"]}, "the network has no layer q; there are input, a, cut, b, sum"),
        ({"inputs": {"input": 3.0}}, "input takes N x 2 x 5 x 7, not a single number"),
    ],
)
def test_unknown_names_are_refused(given: Any, told: str) -> None:
    with pytest.raises(execute.UnfitError) as refused:
        execute.run(shapecalc.loads(BRANCHES), **given)
    assert str(refused.value) == told


def test_inputs_come_in_batches_of_one_size() -> None:
    graph, x = shapecalc.loads(SHARED), np.zeros((3, 2, 5, 7))
    assert execute.run(graph, {"left": x}).outputs["tanh1"].shape == (3, 3, 3, 5)
    with pytest.raises(execute.UnfitError, match="the inputs hold different numbers of examples"):
        execute.run(graph, {"left": x, "right": x[:2]})


def test_backward_needs_what_was_kept_and_knows_the_outputs() -> None:
    graph = shapecalc.loads(BRANCHES)
    with pytest.raises(execute.UnfitError, match='run with keep="all"'):
        execute.backward(execute.run(graph))
    with pytest.raises(execute.UnfitError, match="the network has no output sum; there are out"):
        execute.backward(execute.run(graph, keep="all"), {"sum": X})


def test_what_cannot_be_run_is_refused_or_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Add, "requires", lambda *_: ())
    graph = shapecalc.loads(BRANCHES.replace("kernel: 1", "kernel: 2"))
    with pytest.raises(SpecErrors, match="E505: sum cannot be run: 5x7x3 and 4x6x3"):
        execute.run(graph)
    told = {}
    done = execute.run(graph, failed=lambda node, why: told.update({node.path: why}))
    assert told["out"] == "not run, as sum cannot be"
    assert done.outputs == {}
    assert list(done.arrays) == ["input", "a", "cut", "b"]


def test_symbols_are_refused_at_the_door() -> None:
    graph = shapecalc.loads("input: HxWx2\nlayers: [conv: {filters: 3, kernel: 3}]")
    refused = "a run needs numbers, but H and W have no value"
    for door in (execute.run, execute.allocate, lambda each: verify(shapecalc.summarize(each))):
        with pytest.raises(SpecErrors, match=refused):
            door(graph)


def test_symbols_with_values_are_numbers() -> None:
    text = "input: HxWx2\nlet: {k: free}\nlayers: [conv: {filters: k, kernel: [2, k], pad: [0, k]}]"
    graph = shapecalc.loads(text, settings={"H": 7, "W": 4, "k": 3})
    assert execute.run(graph).outputs["conv1"].shape == (1, 3, 6, 8)


def test_activations_are_freed_and_written_over_where_no_one_reads_them() -> None:
    graph = shapecalc.loads(BRANCHES)
    seen = {}

    def watch(step: execute.Step) -> None:
        seen[step.node.path] = (step.memory // 4, owner(step.output))

    done = execute.run(graph, watch=watch)
    a, both = 5 * 7 * 3, 5 * 7 * (3 + 2)
    assert [memory for memory, _ in seen.values()] == [70, both, a, 2 * a, 3 * a, a + 4]
    assert seen["cut"][1] is seen["a"][1]
    assert done.values.keys() == {"out"}
    assert done.peak == 4 * 3 * a


def test_a_map_read_as_another_while_it_is_still_needed_counts_once() -> None:
    """Stored channels first it takes a copy; the peak is that of one buffer, as of any view."""
    text = """
input: 4x6x3
layers:
  - conv: {name: a, filters: 4, kernel: 1}
  - reshape: {name: read, shape: [6, 8, 2]}
  - conv: {filters: 80, kernel: 1}
  - global_avgpool
  - conv: {name: again, filters: 2, kernel: 1, from: a}
outputs: [global_avgpool1, again]
"""
    verdict = verify(shapecalc.summarize(shapecalc.loads(text)))
    a, convolved, pooled = 4 * 6 * 4, 6 * 8 * 80, 80
    assert verdict.peak == verdict.stated_peak == 4 * (a + convolved + pooled)


def test_everything_is_kept_on_request_and_then_nothing_is_written_over() -> None:
    done = execute.run(shapecalc.loads(BRANCHES), keep="all")
    assert set(done.values) == {"input", "a", "cut", "b", "sum", "out"}
    assert (done.values["a"] < 0).any()
    assert (done.values["cut"] >= 0).all()


@pytest.mark.parametrize("text", [BRANCHES, SHARED], ids=["branches", "shared"])
def test_gradients_add_up_as_differences_say(text: str) -> None:
    graph = shapecalc.loads(text)
    done = execute.run(graph, seed=5, batch=2, dtype=np.float64, keep="all")
    (path,) = done.outputs
    random = np.random.default_rng(1)
    weight = random.normal(size=done.outputs[path].shape)
    back = execute.backward(done, {path: weight})
    names = [node.path for node in graph.nodes if not node.inputs]
    given = {name: done.values[name] for name in names} | done.parameters
    for name, gradient in (back.inputs | back.parameters).items():
        direction = random.normal(size=gradient.shape)
        ends = []
        for step in (1e-5, -1e-5):
            moved = given | {name: given[name] + step * direction}
            inputs = {each: moved.pop(each) for each in names}
            (y,) = execute.run(graph, inputs, moved, dtype=np.float64).outputs.values()
            ends.append((y * weight).sum())
        assert (gradient * direction).sum() == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)


def test_shared_weights_are_one_array() -> None:
    done = execute.run(shapecalc.loads(SHARED))
    assert done.parameters.keys() == {"one.weight", "one.bias"}
    assert done.arrays["two"]["weight"] is done.arrays["one"]["weight"]


def test_a_layer_that_nothing_follows_from_gets_no_gradient() -> None:
    text = "input: 3\noutputs: [kept]\nlayers:\n  - dense: {name: kept, units: 2}\n"
    graph = shapecalc.loads(text + "  - side: {left: [dense: {name: lost, units: 4}]}\n")
    back = execute.backward(execute.run(graph, keep="all"))
    assert not back.parameters["left/lost.weight"].any()
    assert back.parameters["kept.weight"].any()


SHIPPED = ["lenet5", "lenet5-1998", "lenet5-literal", "mnist-cnn", "alexnet", "googlenet-train"]
LATER = ["dcgan", "mobilenet-v2", "squeezenet", "tiny-yolo-v2"]
OTHERS = ["dcgan-generator.yaml", "two-input.yaml"]


@pytest.mark.parametrize("name", [*SHIPPED, *LATER, *OTHERS])
def test_whole_networks_have_the_shapes_macs_and_peak_of_their_reports(name: str) -> None:
    path = NETWORKS / name if name.endswith(".yaml") else name
    report = shapecalc.summarize(path)
    shapes = {}
    with execute.recorded() as products:
        done = execute.run(
            report.graph, watch=lambda step: shapes.update({step.node.path: step.output.shape[1:]})
        )
    outputs = {row.name: row.output for row in report.rows}
    assert shapes == {name: (each.channels, *each.sides) for name, each in outputs.items()}
    assert sum(product.macs for product in products) == report.totals.macs
    assert done.peak == 4 * report.totals.peak
    trained = sum(array.size for array in done.parameters.values())
    assert trained == report.totals.params + report.totals.buffers
    for output in done.outputs.values():
        assert np.isfinite(output).all()
