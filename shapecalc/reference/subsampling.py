"""LeNet's pool: sum of every window, a trained coefficient and a bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.layers.pool import Subsampling
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, Slot, bias_slot, column, places, scale_slot
from shapecalc.reference.formula import Ref, plain, ref, summed
from shapecalc.reference.moving import bias_formula, moves
from shapecalc.reference.padded import sliding_window, surround
from shapecalc.reference.pooling import add_up_windows, side_by_side, spread_back
from shapecalc.reference.product import matmul
from shapecalc.reference.tally import accumulators
from shapecalc.reference.weighted import add_bias, bias_gradient, counted_bias

if TYPE_CHECKING:
    from shapecalc.reference.arrays import Array, Arrays
    from shapecalc.reference.formula import Formulas


@registry.slots(Subsampling)
def subsampling_slots(layer: Subsampling, x: Array) -> dict[str, Slot]:
    """One coefficient and one bias per map."""
    return {"weight": scale_slot((x.shape[1],)), "bias": bias_slot((x.shape[1],))}


@registry.forward(Subsampling)
def subsampling_forward(layer: Subsampling, arrays: Arrays, x: Array) -> Array:
    """Multiply every window's sum by its map's coefficient and add the map's bias."""
    sliding = sliding_window(layer, x)
    total = side_by_side(surround(x, sliding), sliding, np.add)
    rows = total.reshape(*total.shape[:2], 1, -1)
    y = matmul(arrays["weight"].reshape(-1, 1, 1), rows)
    return add_bias(y.reshape(total.shape), arrays)


@registry.backward(Subsampling)
def subsampling_backward(
    layer: Subsampling, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> Gradients:
    """Go back through the coefficient, then to every element of a window."""
    sliding = sliding_window(layer, x)
    total = side_by_side(surround(x, sliding), sliding, np.add)
    trained = bias_gradient(gradient, arrays)
    trained["weight"] = (gradient * total).sum(places(x))
    coefficient = arrays["weight"].reshape(-1, *(1,) * (x.ndim - 2))
    return Gradients((spread_back(layer, x, sliding, gradient * coefficient),), trained)


@registry.counted(Subsampling)
def subsampling_counted(layer: Subsampling, arrays: Arrays, x: Array) -> Array:
    """Add up; one product in a sum of one; add the bias."""
    total = add_up_windows(layer, x)
    y = accumulators(total.shape, x) + total * column(arrays["weight"], x)
    return counted_bias(y, arrays)


@registry.formula(Subsampling)
def subsampling_formulas(layer: Subsampling, x: Array) -> Formulas:
    """Write the formulas of LeNet's trained pool."""
    move = moves(x, sliding_window(layer, x))
    places, inputs = "".join(move.places), "".join(move.meet)
    shown, g, w = (
        Ref("x", (*plain("c"), *move.meet.values())),
        ref("g", f"c{places}"),
        ref("w", "c"),
    )
    return {
        "y": summed("y", f"c{places}", (w, shown), move.kernel, plus=ref("b", "c"), note=move.note),
        "w": summed("w", "c", (g, shown), {**move.places, **move.kernel},
                    note="The coefficient is shared by a whole map, so its gradient sums over it."),
        "x": summed("x", f"c{inputs}", (g, w), {**move.places, **move.kernel}, move.meet),
        **bias_formula(True, move.places, "c"),
    }  # fmt: skip
