"""Models written as ONNX: checked by its own package, run with our executor's weights.

Random layers run in float64 in the package's evaluator, networks in float32 in ONNX Runtime, each
with every layer's value as an output.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from draw import layers, tables
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from judge import AnyLayer, answer, need
from networks import small_networks
from small import small

import shapecalc
from shapecalc import reference as execute
from shapecalc.errors import SpecErrors
from shapecalc.graph import Input
from shapecalc.layers import BUILTIN
from shapecalc.spec.find import shipped
from shapecalc.writers.onnx import model
from shapecalc.writers.onnx_layers import SPELLINGS
from shapecalc.writers.onnx_net import DOUBLE, FLOAT
from tests.kinds import WINDOWED

if TYPE_CHECKING:
    from many import Found

    from shapecalc.report import Report

onnx = need("onnx")
runtime = need("onnxruntime")
evaluator = need("onnx.reference")
op_run = need("onnx.reference.op_run")

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

patient = settings(deadline=None, suppress_health_check=list(HealthCheck))
#: How near values must be, relative to the largest of an array: of double precision, of doubles
#: beside numbers of single precision, and of single precision.
NEAR, ATTRIBUTE, SINGLE = 1e-10, 1e-6, 1e-4
#: Types of which a number is an attribute, which has single precision, or one of the evaluator's.
IN_ATTRIBUTES = frozenset({
    "batchnorm", "layernorm", "groupnorm", "instancenorm", "lrn", "leaky_relu", "elu",
    "hard_sigmoid", "hard_swish", "gelu", "geglu",
})  # fmt: skip
#: Types that the package's evaluator gets wrong: groups of a transposed convolution, pads of a
#: maximum that differ, a mean whose window hangs over without padding, a maximum of one element.
MISJUDGED = frozenset({
    "transposed", "maxpool", "adaptive_maxpool", "avgpool", "adaptive_avgpool", "global_maxpool",
})  # fmt: skip
#: A network in which single precision loses so many digits that double precision has to judge.
DEEP = ("maxvit-t",)


class LRN(op_run.OpRun):
    """The evaluator's own normalises the first N channels only, N the number of examples."""

    def _run(self, x: Any, alpha: Any, beta: Any, bias: Any, size: Any) -> Any:
        square = np.zeros_like(x)
        channels = x.shape[1]
        for c in range(channels):
            first, last = max(0, c - (size - 1) // 2), min(channels, c + size // 2 + 1)
            square[:, c] = (x[:, first:last] ** 2).sum(1)
        return ((x / (bias + alpha / size * square) ** beta).astype(x.dtype),)


def loaded(report: Report, arrays: Any, element: int) -> tuple[Any, frozenset[str]]:
    """Return a model that is checked, and which layers' values have their channels last."""
    made = model(report, arrays, element)
    proto = onnx.load_from_string(b"".join(made.pieces))
    onnx.checker.check_model(proto, full_check=True)
    assert inferred(proto) == []
    return proto, made.last


def extents(info: Any) -> list[Any]:
    return [dim.dim_value or dim.dim_param for dim in info.type.tensor_type.shape.dim]


def inferred(proto: Any) -> list[str]:
    """List the values that shape inference, which is told nothing of ours, gives other extents."""
    bare = onnx.ModelProto()
    bare.CopyFrom(proto)
    del bare.graph.value_info[:]
    for info in bare.graph.output:
        info.type.tensor_type.ClearField("shape")
    found = onnx.shape_inference.infer_shapes(bare, strict_mode=True, data_prop=True).graph
    shapes = {info.name: extents(info) for info in (*found.value_info, *found.output)}
    return [
        f"{info.name}: {shapes.get(info.name)}, stated {extents(info)}"
        for info in (*proto.graph.value_info, *proto.graph.output)
        if shapes.get(info.name, [])[1:] != extents(info)[1:]
    ]


def unlike(
    report: Report, seed: int = 0, element: int = DOUBLE, near: float | None = None
) -> list[str]:
    """List what differs between our run of a network and that of its model."""
    kind = np.float64 if element == DOUBLE else np.float32
    has_inputs = any(isinstance(row.layer, Input) for row in report.rows)
    batch = 2 if has_inputs else 1
    ours = execute.run(report, seed=seed, batch=batch, dtype=kind, keep="all")
    proto, last = loaded(report, ours.parameters, element)
    known = {info.name for info in proto.graph.output}
    proto.graph.output.extend(info for info in proto.graph.value_info if info.name not in known)
    feeds = {}
    for info in proto.graph.input:
        x = ours.values[info.name]
        x = np.moveaxis(x, 1, -1) if info.name in last else x
        whole = info.type.tensor_type.elem_type == onnx.TensorProto.INT64
        feeds[info.name] = np.ascontiguousarray(x.astype(np.int64 if whole else kind))
    names = [row.name for row in report.rows if not isinstance(row.layer, Input)]
    gap = near or (SINGLE if element == FLOAT else NEAR)
    if near is None and element == DOUBLE:
        single = IN_ATTRIBUTES.intersection(row.type for row in report.rows)
        gap = ATTRIBUTE if single else NEAR
    return [
        name
        for name, y in zip(names, ran(proto, names, feeds, element), strict=True)
        if not same(ours.values[name], np.moveaxis(y, -1, 1) if name in last else y, gap)
    ]


def ran(proto: Any, names: list[str], feeds: dict[str, Any], element: int) -> list[Any]:
    if element == DOUBLE:
        judge = evaluator.ReferenceEvaluator(proto, new_ops=[LRN])
        results: list[Any] = judge.run(names, feeds)
        return results
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(proto.SerializeToString(), options)
    results = session.run(names, feeds)
    assert isinstance(results, list)
    return results


def same(ours: Any, theirs: Any, near: float) -> bool:
    if ours.shape != theirs.shape:
        return False
    finite = np.isfinite(ours)
    if not (finite == np.isfinite(theirs)).all():
        return False
    gap = np.abs(np.where(finite, ours, 0) - np.where(finite, theirs, 0)).max(initial=0)
    return bool(gap <= near * (1 + np.abs(theirs[finite]).max(initial=0)))


def test_every_type_is_spelled() -> None:
    assert SPELLINGS.keys() == BUILTIN.keys()


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_networks_model_is_the_network(name: str) -> None:
    element = DOUBLE if name in DEEP else FLOAT
    assert unlike(small(name), element=element, near=SINGLE) == []


WORDS = tuple(BUILTIN)


def set_up() -> Any:
    """Nothing has to be set."""
    return nullcontext()


def judged(report: Report | None, seed: int, element: int) -> Found:
    return None if report is None or is_refused(report) else unlike(report, seed, element)


def layer_tried(drawn: tuple[AnyLayer, tuple[Any, ...]], seed: int) -> Found:
    """Try a layer in both precisions, as far as there is a judge."""
    report = answer(drawn[0], *drawn[1])
    found = judged(report, seed, FLOAT)
    if found is None or drawn[0].type in MISJUDGED:
        return found
    return [*found, *(judged(report, seed, DOUBLE) or [])]


def network_tried(report: Report, seed: int) -> Found:
    return judged(report, seed, FLOAT)


@pytest.mark.parametrize("word", WORDS)
def test_any_layers_model_is_the_layer_in_onnx_runtime(word: str) -> None:
    every(word, FLOAT)


@pytest.mark.parametrize("word", [word for word in WORDS if word not in MISJUDGED])
def test_any_layers_model_is_the_layer_in_double_precision(word: str) -> None:
    every(word, DOUBLE)


def is_refused(report: Report) -> bool:
    """Tell whether a network has a window of padding alone."""
    try:
        model(report)
    except SpecErrors as error:
        return "nothing but padding" in str(error)
    return False


def every(word: str, element: int) -> None:
    @settings(patient, max_examples=40 if word in WINDOWED else 20)
    @given(drawn=layers(word), seed=st.integers(0, 999))
    def holds(drawn: tuple[AnyLayer, tuple[Any, ...]], seed: int) -> None:
        found = judged(answer(drawn[0], *drawn[1]), seed, element)
        if found is None:
            reject()
        assert found == []

    holds()


@settings(patient, max_examples=30)
@given(drawn=tables(), seed=st.integers(0, 999))
def test_any_table_of_connections_is_the_layer(drawn: Any, seed: int) -> None:
    report = answer(drawn[0], *drawn[1])
    if report is None:
        reject()
    assert unlike(report, seed) == []


@settings(patient, max_examples=60)
@given(report=small_networks(), seed=st.integers(0, 999))
def test_any_small_networks_model_is_the_network(report: Report, seed: int) -> None:
    found = network_tried(report, seed)
    if found is None:
        reject()
    assert found == []


NET = {"input": "7x9x3", "layers": ["conv3-5", "relu", {"dense": 4}]}


def test_a_wrong_operation_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unlike(shapecalc.summarize(NET)) == []
    monkeypatch.setitem(SPELLINGS, "relu", SPELLINGS["tanh"])
    assert unlike(shapecalc.summarize(NET)) == ["relu1", "fc1"]


def test_a_wrong_extent_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SPELLINGS, "relu", SPELLINGS["global_avgpool"])
    with pytest.raises((AssertionError, onnx.shape_inference.InferenceError)):
        unlike(shapecalc.summarize(NET))


def test_a_file_without_weights_runs() -> None:
    report = shapecalc.summarize("lenet5")
    proto = onnx.load_from_string(b"".join(model(report).pieces))
    onnx.checker.check_model(proto, full_check=True)
    x = np.random.default_rng(0).standard_normal((3, 1, 32, 32)).astype(np.float32)
    (y,) = ran(proto, ["softmax1"], {"input": x}, FLOAT)
    assert y.shape == (3, 10)
    assert np.allclose(y.sum(1), 1)
