"""PyTorch beside the referee: the same values and gradients, to 1e-10 in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from draw import layers, tables
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from judge import AnyLayer, answer, need
from twin import twin

import shapecalc
from shapecalc import reference as execute
from shapecalc.graph import Input
from shapecalc.layers import BUILTIN, layer_class
from shapecalc.layers.fields import Padding
from shapecalc.layers.shape import Map, Shape
from shapecalc.reference.layer import backward, forward, random_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor, nn
else:
    torch = need("torch")

import twin_others
import twin_windows

from tests.kinds import WINDOWED

assert twin_others  # the two register their twins
assert twin_windows

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]


patient = settings(deadline=None, suppress_health_check=list(HealthCheck))

#: How near values and gradients must be, relative to the largest of an array.
NEAR = 1e-10
#: PyTorch's hard sigmoid goes back by a 1/6 that it keeps in float32, whatever flows.
NEAR_BACK = {"hard_sigmoid": 1e-7}


@pytest.fixture(autouse=True)
def _in_float64():
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)  # for such small layers more only get in each other's way
    yield
    torch.set_default_dtype(dtype)
    torch.set_num_threads(threads)


def same(ours: Any, theirs: Tensor | None, near: float = NEAR) -> bool:
    """Compare two arrays, relative to the largest element."""
    other = np.zeros_like(ours) if theirs is None else theirs.detach().numpy()
    assert ours.shape == other.shape
    finite = np.isfinite(ours)
    if not (finite == np.isfinite(other)).all():
        return False
    gap = np.abs(np.where(finite, ours, 0) - np.where(finite, other, 0)).max(initial=0)
    return bool(gap <= near * (1 + np.abs(other[finite]).max(initial=0)))


def named(module: nn.Module) -> dict[str, Tensor]:
    """Return a twin's arrays by our names."""
    arrays = dict(module.named_parameters()) | dict(module.named_buffers())
    return {
        "bias" if name.rsplit(".", 1)[-1] == "bias" else name: array
        for name, array in arrays.items()
        if name != "num_batches_tracked"
    }


def fill(module: nn.Module, arrays: Mapping[str, Any]) -> dict[str, Tensor]:
    """Give a twin our arrays."""
    theirs = named(module)
    assert theirs.keys() == arrays.keys()
    for name, array in arrays.items():
        theirs[name].data.copy_(torch.tensor(array))
    return theirs


def differ(layer: AnyLayer, *shapes: Shape, seed: int, wrong: AnyLayer = None) -> list[str]:
    """List what differs between the referee's layer and its twin (or that of another layer)."""
    random = np.random.default_rng(seed)
    inputs = tuple(3 * random.normal(size=(2, shape.channels, *shape.sides)) for shape in shapes)
    arrays = random_arrays(layer, *inputs, random=random)
    y = forward(layer, arrays, *inputs)
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    module = twin(wrong or layer, *tensors).eval()
    theirs = fill(module, arrays)
    output = module(*tensors)
    found = [] if same(y, output) else ["output"]
    gradient = random.normal(size=y.shape)
    back = backward(layer, arrays, inputs, y, gradient)
    output.backward(torch.tensor(gradient))
    near = NEAR_BACK.get(layer.type, NEAR)
    for number, (ours, other) in enumerate(zip(back.inputs, tensors, strict=True), 1):
        if not same(ours, other.grad, near):
            found.append(f"gradient of input {number}")
    assert back.arrays.keys() == {name for name in theirs if theirs[name].requires_grad}
    for name, ours in back.arrays.items():
        if not same(ours, theirs[name].grad, near):
            found.append(f"gradient of {name}")
    return found


@pytest.mark.parametrize("word", BUILTIN)
def test_any_layer_computes_what_pytorch_does(word: str) -> None:
    @settings(patient, max_examples=150 if word in WINDOWED else 40)
    @given(drawn=layers(word), seed=st.integers(0, 999))
    def holds(drawn: tuple[AnyLayer, tuple[Any, ...]], seed: int) -> None:
        layer, shapes = drawn
        if answer(layer, *shapes) is None:
            reject()
        assert differ(layer, *shapes, seed=seed) == []

    holds()


@settings(patient, max_examples=60)
@given(drawn=tables(), seed=st.integers(0, 999))
def test_any_table_of_connections_computes_what_pytorch_does(
    drawn: tuple[AnyLayer, tuple[Shape, ...]], seed: int
) -> None:
    layer, shapes = drawn
    if answer(layer, *shapes) is None:
        reject()
    assert differ(layer, *shapes, seed=seed) == []


NETWORKS = ["lenet5-1998", "alexnet-owt", "googlenet-train", "resnet18", "mnist-cnn"]


@pytest.mark.parametrize("name", NETWORKS)
def test_whole_networks_compute_what_pytorch_does(name: str) -> None:
    graph = shapecalc.load(name)
    done = execute.run(graph, seed=1, dtype=np.float64, keep="all")
    outputs: list[Tensor] = []
    arrays = {}
    for node, layer in zip(graph.nodes, done.layers.values(), strict=True):
        if isinstance(layer, Input):
            outputs.append(torch.tensor(done.values[node.path], requires_grad=True))
            continue
        inputs = [outputs[index] for index in node.inputs]
        module = twin(layer, *inputs).eval()
        theirs = fill(module, done.arrays[node.path])
        arrays |= {f"{node.path}.{each}": array for each, array in theirs.items()}
        outputs.append(module(*inputs))
        assert same(done.values[node.path], outputs[-1]), node.path
    random = np.random.default_rng(2)
    gradients = {path: random.normal(size=y.shape) for path, y in done.outputs.items()}
    back = execute.backward(done, gradients)
    total = sum(
        (outputs[index] * torch.tensor(gradients[graph.nodes[index].path])).sum()
        for index in graph.outputs
    )
    total.backward()
    assert same(back.inputs["input"], outputs[0].grad)
    for each, ours in back.parameters.items():
        assert same(ours, arrays[each].grad), each


# -- ONNX's reference evaluator -----------------------------------------------------------------

ONNX = ["conv", "transposed", "maxpool", "avgpool"]


@pytest.mark.parametrize("word", ONNX)
def test_onnx_s_reference_computes_the_same(word: str) -> None:
    """Where its semantics are ours: explicit padding, no rounding (its LRN is wrong).

    Two more of its faults are kept out.  Pools take `pads` for top, bottom, left, right, where the
    standard says top, left, bottom, right: so pads are even there.  A grouped transposed
    convolution slices the weights' channels by filters: so it has no groups.  PyTorch judges both.
    """
    reference = need("onnx.reference")
    from test_onnx import FLOAT, helper, node

    @settings(patient, max_examples=40)
    @given(data=st.data(), seed=st.integers(0, 99))
    def holds(data: st.DataObject, seed: int) -> None:
        pads = st.tuples(st.integers(0, 2), st.integers(0, 2)).map(lambda pair: Padding((pair,)))
        only: dict[str, Any] = {"bias": st.booleans(), "rounding": st.just("floor"), "pad": pads}
        if word == "transposed":
            only |= {"output_padding": st.none(), "groups": st.just(1)}
        if "pool" in word:
            only["pad"] = st.integers(0, 2).map(lambda n: Padding(((n, n),)))
        *sides, channels = data.draw(st.permutations(range(1, 12)))[:3]
        layer, (x,) = data.draw(layers(word, Map(tuple(sides), channels), only))
        if answer(layer, x) is None:
            reject()
        if word == "avgpool" and (layer.dilation != (1,) or not layer.count_include_pad):
            reject()
        random = np.random.default_rng(seed)
        value = random.normal(size=(1, x.channels, *x.sides)).astype(np.float32)
        arrays = random_arrays(layer, value, random=random)
        made, _ = node(layer, x)
        if word == "avgpool":
            made.attribute.append(helper.make_attribute("count_include_pad", 1))
        names = {"x": value, "w": arrays.get("weight"), "b": arrays.get("bias")}
        given_ = [
            helper.make_tensor_value_info(name, FLOAT, names[name].shape) for name in made.input
        ]
        graph = helper.make_graph(
            [made], "alone", given_, [helper.make_tensor_value_info("y", FLOAT, None)]
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
        (theirs,) = reference.ReferenceEvaluator(model).run(
            None, {name: names[name] for name in made.input}
        )
        ours = forward(layer, arrays, value)
        if np.isinf(ours).any():  # the maximum of padding alone, which is 0 there
            reject()
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)

    holds()


# -- bite tests ---------------------------------------------------------------------------------


def conv(**fields: Any) -> AnyLayer:
    right = {"filters": 6, "kernel": (3, 5), "pad": Padding(((1, 1), (2, 2))), "groups": 3}
    return layer_class("conv")(**right | fields)


def test_a_wrong_twin_is_caught() -> None:
    shape = Map((12, 14), 9)
    assert differ(conv(), shape, seed=1) == []
    shifted = Padding(((0, 2), (2, 2)))
    assert differ(conv(), shape, seed=1, wrong=conv(pad=shifted)) == [
        "output",
        "gradient of input 1",
        "gradient of weight",
    ]


def test_a_mean_with_another_divisor_is_caught() -> None:
    fields: dict[str, Any] = {"kernel": (3,), "pad": Padding(((1, 1),))}
    pool = layer_class("avgpool")
    wrong = pool(**fields, count_include_pad=False)
    assert differ(pool(**fields), Map((7, 10), 5), seed=1, wrong=wrong) == [
        "output",
        "gradient of input 1",
    ]
