"""Misconceptions about operations and memory, F1 to F15."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from shapecalc.algebra import known
from shapecalc.homework.diagnosis.misconceptions.model import (
    OPERATIONS,
    Case,
    CellExample,
    Misconception,
)
from shapecalc.homework.diagnosis.working import Factors
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense
from shapecalc.layers.pool import Pool
from shapecalc.layers.product import Matmul

if TYPE_CHECKING:
    from collections.abc import Callable

_ATTENTION = "input: 20x64\nlayers: [attention: {heads: 4}]\n"


def _conv(
    change: Callable[[Case, Factors], Factors | None],
) -> Callable[[Case, Factors], Factors | None]:
    """Make a rule for convolutions."""
    return lambda case, right: change(case, right) if isinstance(case.layer, Conv) else None


def _other_scale(case: Case, right: Factors) -> Factors | None:
    """Take operations for multiply-accumulates, or the other way round."""
    if not right.value:
        return None
    return right._replace(scale=() if right.scale == (2,) else (2, *right.scale))


def _with_biases(case: Case, right: Factors) -> Factors | None:
    adds = known(case.row.work.bias_adds)
    if adds and right.filters == (case.co,):
        adds = prod((*right.filters, *right.places))  # at the places that are counted
    return right._replace(plus=(adds,)) if adds else None


def _minus_one(case: Case, right: Factors) -> Factors | None:
    if case.conventions.flops_per_mac != 2 or not isinstance(case.layer, Conv | Dense):
        return None
    terms = prod((*right.kernel, *right.depth))
    return right._replace(kernel=(2 * terms - 1,), depth=(), scale=())


def _one_side(case: Case, right: Factors) -> Factors | None:
    return right._replace(places=right.places[:1]) if len(right.places) > 1 else None


def _ungrouped(case: Case, right: Factors) -> Factors | None:
    return right._replace(depth=(case.ci,)) if case.groups > 1 else None


def _again(case: Case, right: Factors) -> Factors | None:
    if not isinstance(case.layer, Dense) or not case.entering:
        return None
    return right._replace(places=case.entering)


def _compared(case: Case, right: Factors) -> Factors | None:
    if not isinstance(case.layer, Pool) or right.value:
        return None
    return Factors(kernel=case.kernel, places=case.sides, filters=(case.co,))


def _memory(case: Case, right: Factors) -> tuple[Factors, ...] | None:
    if case.column != "memory":
        return None
    with_params = right._replace(plus=(case.conventions.element * known(case.row.params),))
    return right._replace(scale=()), with_params


def _without_products(case: Case, _: Factors) -> Factors | None:
    kept = [row for row in case.members if not isinstance(row.layer, Matmul)]
    if len(kept) == len(case.members) or case.conventions.operations != "macs":
        return None
    factor = case.conventions.flops_per_mac if case.column == "flops" else 1
    return Factors(plus=(factor * sum(known(row.macs) for row in kept),))


# fmt: off
WRONG_OPERATIONS: tuple[Misconception, ...] = (
    Misconception("F1", "FLOPs and MACs were confused", OPERATIONS,
        "Every multiplication and addition was counted by itself, or each pair as one.",
        "A multiply-accumulate is one multiplication and one addition: FLOPs are 2 x MACs.",
        _other_scale,
        (CellExample("alexnet", "conv2", "macs", "447,897,600", "895,795,200"),
         CellExample("alexnet", "conv2", "flops", "895,795,200", "447,897,600")), convention=True),
    Misconception("F2", "the bias additions were counted", OPERATIONS,
        "The additions of the biases were counted as well.",
        "The sheet counts multiply-accumulates without them.",
        _with_biases,
        (CellExample("alexnet", "conv2", "macs", "447,897,600", "448,084,224"),), convention=True),
    Misconception("F3", "one addition less per output was counted", ("flops",),
        "K products were counted with K - 1 additions.",
        "The sheet counts 2 operations per multiply-accumulate: the sum starts at 0.",
        _minus_one,
        (CellExample("alexnet", "conv2", "flops", "895,795,200", "895,608,576"),
         CellExample("alexnet", "fc6", "flops", "75,497,472", "75,493,376")), convention=True),
    Misconception("F4", "the input's sides were used", OPERATIONS,
        "The sides of the input were used as the number of places.",
        "A filter is applied once for every place of the output.",
        _conv(lambda case, right: right._replace(places=case.entering)),
        (CellExample("alexnet", "conv1", "macs", "105,415,200", "1,795,682,592"),)),
    Misconception("F5", "the places were forgotten", OPERATIONS,
        "The weights were counted, each once.",
        "Every weight is used at every place of the output.",
        _conv(lambda _, right: right._replace(places=())),
        (CellExample("alexnet", "conv2", "macs", "447,897,600", "614,400"),)),
    Misconception("F6", "one side of the places was counted", OPERATIONS,
        "The places were counted along one side only.",
        "The output has as many places as the product of its sides.",
        _conv(_one_side),
        (CellExample("alexnet", "conv2", "macs", "447,897,600", "16,588,800"),)),
    Misconception("F7", "the input's depth was forgotten", OPERATIONS,
        "The channels that flow in were left out.",
        "A filter multiplies at every channel of what it looks at.",
        _conv(lambda _, right: right._replace(depth=())),
        (CellExample("alexnet", "conv2", "macs", "447,897,600", "4,665,600"),)),
    Misconception("F8", "the filters were forgotten", OPERATIONS,
        "The operations of one filter were counted.",
        "Every filter is applied at every place.",
        _conv(lambda _, right: right._replace(filters=())),
        (CellExample("alexnet", "conv2", "macs", "447,897,600", "1,749,600"),)),
    Misconception("F9", "the kernel was used once", OPERATIONS,
        "The kernel's extent was multiplied in once.",
        "A kernel has a height and a width: k x k multiplications per channel.",
        _conv(lambda case, right: right._replace(kernel=case.kernel[:1])),
        (CellExample("alexnet", "conv2", "macs", "447,897,600", "89,579,520"),)),
    Misconception("F10", "the groups were forgotten", OPERATIONS,
        "The layer was counted as if it had no groups.",
        "In g groups a filter sees only the channels of its own group.",
        _conv(_ungrouped),
        (CellExample("alexnet-2012", "conv2", "macs", "223,948,800", "447,897,600"),)),
    Misconception("F11", "the dense layer was multiplied with the places again", OPERATIONS,
        "The area of the input was multiplied in once more.",
        "A dense layer uses every weight once.",
        _again,
        (CellExample("alexnet", "fc6", "macs", "37,748,736", "1,358,954,496"),)),
    Misconception("F12", "the pool's comparisons were counted", OPERATIONS,
        "The elements that the pool looks at were counted.",
        "The sheet counts multiply-accumulates only; a comparison is none.",
        _compared,
        (CellExample("alexnet", "pool1", "macs", "0", "629,856"),), convention=True, instead=True),
    Misconception("F13", "the cost of training was given", OPERATIONS,
        "The number was multiplied by 3, as for a step of training.",
        "The sheet asks for one pass forward.",
        lambda _, right: right._replace(scale=(3, *right.scale)) if right.value else None,
        (CellExample("alexnet", "conv2", "flops", "895,795,200", "2,687,385,600"),)),
    Misconception("F14", "the memory was counted in another way", ("memory",),
        "The elements were counted, not their bytes; or the parameters were added.",
        "The sheet asks for the bytes of the layer's output.",
        _memory,
        (CellExample("alexnet", "conv1", "memory", "1,161,600", "290,400"),)),
    Misconception("F15", "the products of activations were left out", OPERATIONS,
        "Only the layers with weights were counted.",
        "Queries are multiplied with keys, and what comes of it with values, without any weights.",
        _without_products,
        (CellExample(_ATTENTION, "total", "macs", "378,880", "327,680"),
         CellExample(_ATTENTION, "attention1", "flops", "757,760", "655,360")), instead=True),
)
# fmt: on
