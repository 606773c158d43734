"""Misconceptions about the parameters of blocks and of the whole network, P33 to P35."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import known
from shapecalc.homework.diagnosis.misconceptions.model import PARAMS, CellExample, Misconception
from shapecalc.homework.diagnosis.working import Factors, kernel_of
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense
from shapecalc.layers.pool import Pool

if TYPE_CHECKING:
    from shapecalc.homework.diagnosis.misconceptions.model import Case


def _without_reductions(case: Case, right: Factors) -> Factors | None:
    """Count the convolutions that are no 1x1 beside others, each on the block's own input."""
    convs = [row for row in case.members if isinstance(row.layer, Conv)]
    wide = {row.name.rpartition("/")[0] for row in convs if max(kernel_of(row)) > 1}
    if not wide or not case.row.inputs:
        return None
    depth, total = known(case.row.inputs[0].channels), 0
    pools = {row.name.rpartition("/")[0] for row in case.members if isinstance(row.layer, Pool)}
    for row in convs:
        branch = row.name.rpartition("/")[0]
        if branch in pools or (branch in wide and max(kernel_of(row)) == 1):
            continue
        product = Factors(kernel_of(row), (depth,), (known(row.output.channels),))
        biased = case.column == "params" and case.conventions.bias
        total += product.value + (known(row.biases) if biased else 0)
    return Factors(plus=(total,))


def _without_dense(case: Case, right: Factors) -> Factors | None:
    if case.row.name != "total":
        return None
    kept = [row for row in case.members if not isinstance(row.layer, Dense)]
    weights = sum(known(row.weights) for row in kept)
    with_biases = case.conventions.bias and case.column == "params"
    biases = sum(known(row.biases) for row in kept) if with_biases else 0
    return Factors(plus=(weights, biases)) if len(kept) < len(case.members) else None


def _no_biases(case: Case, right: Factors) -> Factors | None:
    if case.row.name != "total" or case.column != "params" or not case.conventions.bias:
        return None
    return Factors(plus=(sum(known(row.weights) for row in case.members),))


# fmt: off
WRONG_SUMS: tuple[Misconception, ...] = (
    Misconception("P33", "the 1x1 reductions were left out", PARAMS,
        "The wide convolutions were applied to the block's own input.",
        "1x1 convolutions thin the volume before the wide ones, and count themselves.",
        _without_reductions,
        (CellExample("googlenet", "inception_3a", "params", "163,696", "387,296"),), instead=True),
    Misconception("P34", "the total leaves out the dense layers", PARAMS,
        "Only the convolutions were added up.",
        "Dense layers have weights as well, often the most.",
        _without_dense,
        (CellExample("alexnet", "total", "params", "62,378,344", "3,747,200"),), instead=True),
    Misconception("P35", "the total is without biases", ("params",),
        "The biases of all layers were left out of the sum.",
        "Every filter and every unit has a bias, which the total counts.",
        _no_biases,
        (CellExample("alexnet", "total", "params", "62,378,344", "62,367,776"),), instead=True),
)
# fmt: on
