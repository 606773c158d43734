"""Programs written for Keras 3, run by it on JAX with our executor's weights: the same values."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from draw import layers
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from judge import AnyLayer, answer, need
from networks import small_networks

import shapecalc
from shapecalc import reference as execute
from shapecalc.algebra import known
from shapecalc.errors import SpecErrors
from shapecalc.graph import Input
from shapecalc.layers import JOINS
from shapecalc.spec.find import shipped
from shapecalc.writers.keras import written
from shapecalc.writers.keras_layers import SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.report import Report, Row

os.environ["KERAS_BACKEND"] = "jax"
jax = need("jax")
keras = need("keras")
dtypes = need("keras.src.backend.common.dtypes")

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

patient = settings(deadline=None, suppress_health_check=list(HealthCheck))
#: How near values must be, relative to the largest of an array.
NEAR = 1e-10


@pytest.fixture(autouse=True)
def _in_float64(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # On JAX, Keras turns what float64 is promoted to into float32 by this table: batch
    # normalisation, means and tanh would have 7 digits in the midst of 16.
    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
    before = keras.backend.floatx(), jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    keras.backend.set_floatx("float64")
    yield
    keras.backend.set_floatx(before[0])
    jax.config.update("jax_enable_x64", before[1])
    keras.backend.clear_session()


def built(text: str) -> Any:
    """Build the network of a program."""
    space: dict[str, Any] = {"__name__": "written"}
    exec(compile(text, "written.py", "exec"), space)
    return space["build"]()


def last(y: Any) -> Any:
    """Move the channels to the end."""
    return np.moveaxis(y, 1, -1)


def unlike(report: Report, seed: int = 0) -> list[str]:
    """List what differs between our run of a network and that of its program."""
    made = written(report)
    model = built(made.text)
    found = unlike_read(report, model)
    ours = execute.run(report, seed=seed, batch=2, dtype=np.float64, keep="all")
    if model.count_params() != report.totals.params + report.totals.buffers:
        found.append(f"parameters: {model.count_params()}")
    arrays = dict(made.laid(ours.parameters))
    known_layers = {layer.name: layer for layer in model.layers}
    for layer in model.layers:
        numbers = range(len(layer.weights))
        own = (arrays.pop(f"{layer.name}/{number}") for number in numbers)
        layer.set_weights([np.asarray(array) for array in own])
    assert not arrays
    watched = {}
    for index, row in enumerate(report.rows):
        layer = known_layers.get(row.name.replace("/", "."))
        if layer is None or isinstance(row.layer, Input) or is_shared(report, index):
            continue
        watched[row.name] = layer.output
    names = [row.name for row in report.rows if isinstance(row.layer, Input)]
    ends = zip(sorted(report.graph.outputs), model.outputs, strict=True)
    outputs = {report.rows[index].name: y for index, y in ends}
    probe = keras.Model(model.inputs, {**watched, **outputs})
    results = probe([last(ours.values[name]) for name in names], training=False)
    for name, y in results.items():
        mine, theirs = last(ours.values[name]), np.asarray(y)
        finite = np.isfinite(mine)
        near = NEAR * (1 + np.abs(mine[finite]).max(initial=0))
        alike = mine.shape == theirs.shape
        if not alike or not np.allclose(mine, theirs, rtol=0, atol=near, equal_nan=True):
            found.append(name)
    return found


#: What moves places and computes nothing, or is put in front of a layer.
MOVING = ("input", "pad", "crop", "permute", "reshape", "flatten", "identity", "pad_channels")
#: Types that Keras has under the name of another one.
AS_READ = {
    "depthwise": "conv",
    "hardtanh": "clip",
    "global_avgpool": "mean",
    "instancenorm": "groupnorm",
}


def unlike_read(report: Report, model: Any) -> list[str]:
    """List what differs in the program's model as our reader of Keras sees it."""
    try:
        other = shapecalc.summarize(shapecalc.from_keras(model))
    except SpecErrors as error:  # a window of Caffe's that sees nothing but the padding
        codes = {problem.code for problem in error.problems}
        rounds = any(getattr(row.layer, "rounding", "floor") != "floor" for row in report.rows)
        nothing = codes == {"E009"} and not computing(report)
        return [] if nothing or (rounds and codes == {"E203"}) else [str(error)]
    words = ("params", "buffers", "frozen", "macs")
    found = [
        f"{word}: {getattr(other.totals, word)}"
        for word in words
        if getattr(report.totals, word) != getattr(other.totals, word)
    ]
    several = any(getattr(row.layer, "layers", 1) > 1 for row in report.rows)
    if not several and not any(row.type == "separable" for row in report.rows):
        found += [f"{row}" for row in (computing(other) - computing(report))]
        found += [f"lost: {row}" for row in (computing(report) - computing(other))]
    return found


def computing(report: Report) -> Counter[str]:
    """Count what the layers are and cost, but for those that only move places.

    A join of several operands with a constant is as many of Keras', one behind the other: of equal
    joins one is counted.  One of a single operand computes nothing.
    """
    counts = Counter(
        f"{AS_READ.get(row.type, row.type)} {extents(row)} {row.params} {row.buffers} {row.macs}"
        for row in report.rows
        if row.type not in MOVING and not is_empty_join(row)
    )
    return Counter({key: 1 if key.split()[0] in JOINS else n for key, n in counts.items()})


def is_empty_join(row: Row) -> bool:
    constants = [getattr(row.layer, side, None) for side in ("left", "right")]
    return row.type in JOINS and len(row.sources) == 1 and constants == [None, None]


def extents(row: Row) -> str:
    return "x".join(map(str, (*row.output.sides, row.output.channels)))


def is_shared(report: Report, index: int) -> bool:
    """Tell whether a layer is called more than once, and so has several results."""
    nodes = report.graph.nodes
    return nodes[index].share is not None or any(node.share == index for node in nodes)


def wording(report: Report) -> str:
    """Return the program, or nothing where it is refused."""
    try:
        return written(report).text
    except SpecErrors as error:
        if {problem.code for problem in error.problems} != {"E360"}:
            raise
        return ""


def small(name: str) -> Report:
    """Return a network with a small input where it exists at one."""
    full = shapecalc.summarize(name)
    shape = full.rows[0].output
    for side in (64, 99, 128):
        if len(shape.sides) == 2 and max(map(known, shape.sides)) > side:
            with suppress(SpecErrors):
                return shapecalc.summarize(name, input=f"{side}x{side}x{shape.channels}")
    return full


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_network_s_program_is_the_network(name: str) -> None:
    report = small(name)
    if not wording(report):
        pytest.skip("it has a layer that is refused")
    assert unlike(report) == []


@pytest.mark.parametrize("word", SPELLINGS)
def test_any_layer_s_program_is_the_layer(word: str) -> None:
    @settings(patient, max_examples=12)
    @given(drawn=layers(word), seed=st.integers(0, 999))
    def holds(drawn: tuple[AnyLayer, tuple[Any, ...]], seed: int) -> None:
        report = answer(drawn[0], *drawn[1])
        if report is None or not wording(report):
            reject()
        assert unlike(report, seed) == []

    holds()


@settings(patient, max_examples=30)
@given(report=small_networks(), seed=st.integers(0, 999))
def test_any_small_network_s_program_is_the_network(report: Report, seed: int) -> None:
    if not wording(report):
        reject()
    assert unlike(report, seed) == []


def test_a_branch_is_dropped_for_whole_examples() -> None:
    for extents in ("3x4x5", "5"):
        spec = {"input": extents, "layers": [{"stochastic_depth": 0.5}]}
        model = built(written(shapecalc.summarize(spec)).text)
        x = np.ones((64, *model.inputs[0].shape[1:]))
        kept = np.asarray(model(x, training=True)).reshape(64, -1)
        assert {frozenset(example) for example in kept} == {frozenset({0.0}), frozenset({2.0})}


def test_a_wrong_function_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    report = shapecalc.summarize({"input": "7x9x3", "layers": ["conv3-5", "relu", {"dense": 4}]})
    assert unlike(report) == []
    monkeypatch.setitem(SPELLINGS, "relu", SPELLINGS["tanh"])
    wrong = ["fc1", "lost: relu 7x9x5 0 0 0", "relu1", "tanh 7x9x5 0 0 0"]
    assert sorted(unlike(report)) == wrong
