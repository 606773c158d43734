"""Every law bites: a rule or a referee that is wrong in one point is caught by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.layers import layer_class
from shapecalc.layers.base import Parameter, Work
from shapecalc.layers.fields import Padding
from shapecalc.layers.shape import Map, Vector
from shapecalc.reference import registry
from shapecalc.reference.arrays import Slot
from shapecalc.reference.layer import count
from shapecalc.reference.probe import probe, slopes
from shapecalc.verify.laws import (
    gradient_law,
    product_law,
    reach_law,
    shape_law,
    weight_law,
    work_law,
)
from tests.verify.trial import Trial, do, make, put

if TYPE_CHECKING:
    from collections.abc import Callable

CONV = {"filters": 6, "kernel": (3, 2), "stride": (2, 3), "groups": 3, "pad": Padding(((1, 0),))}


def judged(word: str, shape: Map | Vector, **fields: Any) -> list[str]:
    """Return what the laws say of a layer: shape, weights, products, operations, gradient."""
    trial = put(make(word, **fields), (shape,), 0, 10**6)
    assert trial is not None
    outcome, row = do(trial), trial.row
    one = put(make(word, **fields), (shape,), 0, 10**6, 1)
    assert one is not None
    _, operations = count(one.layer, one.arrays, *one.inputs)
    return [
        shape_law(outcome.output, row.output),
        weight_law(outcome.slots, row.parameters),
        product_law(outcome.products, row.work, len(outcome.output)),
        work_law(operations, row.work),
        gradient(trial),
    ]


def gradient(trial: Trial) -> str:
    return gradient_law(
        slopes(trial.layer, trial.arrays, *trial.inputs, random=np.random.default_rng(1))
    )


def test_what_is_right_is_not_caught() -> None:
    assert judged("conv", Map((8, 11), 9), **CONV) == [""] * 5


# -- wrong rules --------------------------------------------------------------------------------


def one_less(layer: Any, *inputs: Any) -> Map:
    return Map(tuple(n - 1 for n in layer.positions(inputs[0])), layer.filters)


def ungrouped(layer: Any, shape: Any) -> Parameter:
    return Parameter("weight", (layer.filters, shape.channels, *layer.kernel))


def by_output(layer: Any, inputs: Any, output: Any) -> Work:
    kernel = layer.weights(*inputs)[0].size
    return Work(macs=kernel * output.sides[0] * output.sides[1], bias_adds=output.size)


WRONG_RULES: dict[str, tuple[str, str, Callable[..., Any], list[int]]] = {
    "a lost + 1": ("conv", "output", one_less, [0, 2, 3]),
    "a forgotten group": ("conv", "_kernel", ungrouped, [1, 2, 3]),
    "no bias adds": (
        "conv",
        "work",
        lambda _, __, y: Work(macs=9 // 3 * 6 * 3 * 2 * y.sides[0] * y.sides[1]),
        [3],
    ),
    "a transposed convolution by its output": ("transposed", "work", by_output, [2, 3]),
}


@pytest.mark.parametrize("what", WRONG_RULES)
def test_a_wrong_rule_is_caught(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    word, rule, wrong, laws = WRONG_RULES[what]
    fields = CONV if word == "conv" else {"filters": 5, "kernel": (3, 2), "stride": (2,)}
    monkeypatch.setattr(layer_class(word), rule, wrong)
    told = judged(word, Map((8, 11), 9), **fields)
    assert [number for number, each in enumerate(told) if each] == laws


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("InputSpan((-before,)", "InputSpan((1 - before,)"),  # a row too few
        ("InputSpan((-before,), (last,)", "InputSpan((-before,), (last + 1,)"),
        ("window.stride, -1, dilation)", "window.stride, -1, 1)"),  # the gaps between taps
        ("window.stride, -1", "1, -1"),
    ],
)
def test_a_wrong_reach_is_caught(right: str, wrong: str) -> None:
    from tests.mutation.fault import Fault, planted

    trial = put(make("conv", **CONV, dilation=(2, 1)), (Map((8, 11), 9),), 0, 10**6, 1)
    assert trial is not None

    def law() -> str:
        window = trial.layer.window(*trial.row.inputs)
        noticed = probe(trial.layer, trial.arrays, trial.inputs, trial.random)
        return reach_law(noticed, trial.layer, window, trial.row.inputs, trial.row.output)

    assert law() == ""
    with planted(Fault("", "conv", "layers.window:reach", right, wrong)):
        assert law().startswith("unit ")


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ([], "arrays weight, bias, by the rule none"),
        ([("weight", (6, 3, 3), "weight")], "arrays weight, bias, by the rule weight"),
        (
            [("weight", (6, 3, 3), "weight"), ("bias", (7,), "bias")],
            "bias 6, by the rule 7",
        ),
        (
            [("weight", (6, 3, 3), "buffer"), ("bias", (6,), "bias")],
            "weight is trained, by the rule it is not",
        ),
    ],
)
def test_wrong_arrays_are_told(parameters: list[Any], told: str) -> None:
    slots = {"weight": Slot((6, 3, 3), 0, 1), "bias": Slot((6,), 0, 1)}
    assert weight_law(slots, [Parameter(*each) for each in parameters]) == told


def test_wrong_shapes_and_counts_are_told() -> None:
    assert shape_law(np.zeros((2, 3, 5, 7)), Map((5, 6), 3)) == "output 5x7x3, by the rule 5x6x3"
    assert shape_law(np.zeros((2, 3)), Vector(3)) == ""
    _, done = count(make("relu"), {}, np.ones((1, 5)))
    assert work_law(done, Work(compares=4, adds=1)) == (
        "adds 0, by the rule 1; compares 5, by the rule 4"
    )


# -- a wrong referee ----------------------------------------------------------------------------


def scaled(back: Any) -> Any:
    return back._replace(inputs=tuple(1.001 * x for x in back.inputs))


def shifted(back: Any) -> Any:
    return back._replace(inputs=tuple(np.roll(x, 1, -1) for x in back.inputs))


def forgotten(back: Any) -> Any:
    return back._replace(arrays=back.arrays | {"bias": 0 * back.arrays["bias"]})


def turned(back: Any) -> Any:
    return back._replace(arrays=back.arrays | {"weight": back.arrays["weight"][..., ::-1]})


@pytest.mark.parametrize("wrong", [scaled, shifted, forgotten, turned])
def test_a_wrong_backward_is_caught(
    wrong: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    conv = layer_class("conv")
    right = registry.backward_to_all.needed(conv)
    monkeypatch.setitem(registry.backward_to_all, conv, lambda *given: wrong(right(*given)))
    told = judged("conv", Map((8, 11), 9), **CONV)
    assert told[:4] == [""] * 4
    assert told[4].startswith("slope of ")
