"""Programs written for Keras 3, run by it on JAX with our executor's weights: the same values."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from draw import layers
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from judge import AnyLayer, answer, need
from networks import small_networks
from read_back import computing, unlike_rows, unlike_totals

import shapecalc
from shapecalc import reference as execute
from shapecalc.algebra import known
from shapecalc.errors import SpecErrors
from shapecalc.graph import Input
from shapecalc.spec.find import shipped
from shapecalc.writers.keras import written
from shapecalc.writers.keras_layers import SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from many import Found

    from shapecalc.report import Report

os.environ["KERAS_BACKEND"] = "jax"
jax = need("jax")
keras = need("keras")
dtypes = need("keras.src.backend.common.dtypes")

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

patient = settings(deadline=None, suppress_health_check=list(HealthCheck))
#: How near values must be, relative to the largest of an array.
NEAR = 1e-10


@contextmanager
def set_up() -> Iterator[None]:
    """Compute in double precision.

    On JAX, Keras turns what float64 is promoted to into float32 by a table: batch normalisation,
    means and tanh would have 7 digits in the midst of 16.
    """
    before = keras.backend.floatx(), jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    keras.backend.set_floatx("float64")
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
        yield
    keras.backend.set_floatx(before[0])
    jax.config.update("jax_enable_x64", before[1])
    keras.backend.clear_session()


@pytest.fixture(autouse=True)
def _in_float64() -> Iterator[None]:
    with set_up():
        yield


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


def unlike_read(report: Report, model: Any) -> list[str]:
    """List what differs in the program's model as our reader of Keras sees it."""
    try:
        other = shapecalc.summarize(shapecalc.from_keras(model))
    except SpecErrors as error:  # a window of Caffe's that sees nothing but the padding
        codes = {problem.code for problem in error.problems}
        rounds = any(getattr(row.layer, "rounding", "floor") != "floor" for row in report.rows)
        nothing = codes == {"E009"} and not computing(report)
        return [] if nothing or (rounds and codes == {"E203"}) else [str(error)]
    several = any(getattr(row.layer, "layers", 1) > 1 for row in report.rows)
    written_out = several or any(row.type == "separable" for row in report.rows)
    rows = [] if written_out else unlike_rows(report, other)
    return [*unlike_totals(report, other), *rows]


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


WORDS = tuple(SPELLINGS)


def layer_tried(drawn: tuple[AnyLayer, tuple[Any, ...]], seed: int) -> Found:
    report = answer(drawn[0], *drawn[1])
    return None if report is None else network_tried(report, seed)


def network_tried(report: Report, seed: int) -> Found:
    keras.backend.clear_session()
    return unlike(report, seed) if wording(report) else None


@pytest.mark.parametrize("word", WORDS)
def test_any_layer_s_program_is_the_layer(word: str) -> None:
    @settings(patient, max_examples=12)
    @given(drawn=layers(word), seed=st.integers(0, 999))
    def holds(drawn: tuple[AnyLayer, tuple[Any, ...]], seed: int) -> None:
        found = layer_tried(drawn, seed)
        if found is None:
            reject()
        assert found == []

    holds()


@settings(patient, max_examples=30)
@given(report=small_networks(), seed=st.integers(0, 999))
def test_any_small_network_s_program_is_the_network(report: Report, seed: int) -> None:
    found = network_tried(report, seed)
    if found is None:
        reject()
    assert found == []


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
