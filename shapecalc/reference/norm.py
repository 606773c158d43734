"""Normalisations to mean 0 and variance 1, and batch normalisation by running statistics."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, Norm
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, Slot, bias_slot, column, places, scale_slot
from shapecalc.reference.example import SIDES, copied, shape_like
from shapecalc.reference.formula import ArrayFormula, Term, entry, place_names, single
from shapecalc.reference.tally import add_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values

    Own = Callable[[Axes], Axes]
    """Which weights serve an element at a place."""

#: What is added to a variance so that nothing is divided by 0.
EPSILON = 1e-5


@registry.slots(BatchNorm, LayerNorm, GroupNorm, InstanceNorm)
def slots(layer: Any, x: Array) -> dict[str, Slot]:  # noqa: ANN401
    """A scale and a shift per channel, or per element; batch normalisation's statistics."""
    everything = isinstance(layer, LayerNorm) and layer.over == "all"
    shape = x.shape[1:] if everything else (x.shape[1] // heads_of(layer),)
    needed = {}
    if layer.affine and layer.scale:
        needed["weight"] = scale_slot(shape)
    if layer.affine and layer.shift:
        needed["bias"] = bias_slot(shape)
    if isinstance(layer, BatchNorm) and layer.statistics:
        needed["running_mean"] = bias_slot(shape)._replace(trained=False, letter="M")
        needed["running_var"] = scale_slot(shape)._replace(trained=False, letter="V")
    return needed


def heads_of(layer: Any) -> int:  # noqa: ANN401
    """Return how many parts the channels fall into that have weights in common."""
    return known(layer.heads) if isinstance(layer, LayerNorm) else 1


def in_heads(x: Array, heads: int) -> Array:
    """Lay the heads of the channels along an axis of their own."""
    return x.reshape(len(x), heads, -1, *x.shape[2:])


def for_all_heads(values: Array, x: Array) -> Array:
    """Repeat what is a head's, and lay it along the channels of `x`."""
    return column(np.tile(values, x.shape[1] // len(values)), x)


def sets(layer: Any, x: Array) -> tuple[Array, Axes]:  # noqa: ANN401
    """Arrange the elements, and name the axes along which they share a mean."""
    if isinstance(layer, GroupNorm):
        return x.reshape(len(x), layer.groups, -1), (2,)
    if isinstance(layer, LayerNorm):
        if layer.over == "all":
            return x, tuple(range(1, x.ndim))
        return in_heads(x, heads_of(layer)), (2,)
    if isinstance(layer, BatchNorm):
        return x, places(x)
    return x, tuple(range(2, x.ndim))


def standard(layer: Any, x: Array) -> tuple[Array, Array, Axes]:  # noqa: ANN401
    """Return the normalised elements in their sets, 1/deviation, and the axes of a set."""
    elements, axes = sets(layer, x)
    centred = elements - elements.mean(axes, keepdims=True)
    inverse = 1 / np.sqrt(np.square(centred).mean(axes, keepdims=True) + EPSILON)
    return centred * inverse, inverse, axes


def _along(values: Array, x: Array) -> Array:
    """Lay a value per channel, or per element, along `x`."""
    return for_all_heads(values, x) if values.ndim == 1 else values


def fixed(layer: Any, arrays: Arrays) -> tuple[Array, Array]:  # noqa: ANN401
    """Fold running statistics, scale and shift into one factor and one shift per channel."""
    factor = 1 / np.sqrt(arrays["running_var"] + EPSILON)
    shift = -arrays["running_mean"] * factor
    if "weight" in arrays:
        factor, shift = factor * arrays["weight"], shift * arrays["weight"]
    return factor, shift + arrays["bias"] if "bias" in arrays else shift


@registry.forward(BatchNorm, LayerNorm, GroupNorm, InstanceNorm)
def forward(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Normalise, then scale and shift; with running statistics all of that is one line."""
    if "running_mean" in arrays:
        factor, shift = fixed(layer, arrays)
        y = x * column(factor, x)
        y += column(shift, x)
        return y
    y = standard(layer, x)[0].reshape(x.shape)
    if "weight" in arrays:
        y *= _along(arrays["weight"], x)
    if "bias" in arrays:
        y += _along(arrays["bias"], x)
    return y


@registry.backward(BatchNorm, LayerNorm, GroupNorm, InstanceNorm)
def backward(layer: Any, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:  # noqa: ANN401
    """Go back through scale and shift, then through deviation and mean where they follow from x."""
    running = "running_mean" in arrays
    if running:
        inverse = 1 / np.sqrt(column(arrays["running_var"], x) + EPSILON)
        normal = (x - column(arrays["running_mean"], x)) * inverse
    else:
        normal, inverse, axes = standard(layer, x)
    trained, inner = {}, gradient
    if "weight" in arrays:
        trained["weight"] = _gathered(layer, gradient * normal.reshape(x.shape))
        inner = gradient * _along(arrays["weight"], x)
    if "bias" in arrays:
        trained["bias"] = _gathered(layer, gradient)
    if running:
        return Gradients((inner * inverse,), trained)
    inner = inner.reshape(normal.shape)
    back = inner - inner.mean(axes, keepdims=True)
    back -= normal * (inner * normal).mean(axes, keepdims=True)
    return Gradients(((back * inverse).reshape(x.shape),), trained)


def _gathered(layer: Any, values: Array) -> Array:  # noqa: ANN401
    """Add up what belongs to one weight: of a channel, which all heads have, or of an element."""
    if isinstance(layer, LayerNorm) and layer.over == "all":
        total: Array = values.sum(0)
        return total
    return by_channel_of_a_head(values, heads_of(layer))


def by_channel_of_a_head(values: Array, heads: int) -> Array:
    """Add up over the batch, all places and the heads."""
    total: Array = values.sum(places(values)).reshape(heads, -1).sum(0)
    return total


@registry.counted(BatchNorm, LayerNorm, GroupNorm, InstanceNorm)
def counted(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Mean, centred, variance, scaled; with running statistics a factor and a shift."""
    if "running_mean" in arrays:
        factor, shift = fixed(layer, arrays)
        scaled: Array = x * column(factor, x) + column(shift, x)
        return scaled
    elements, axes = sets(layer, x)
    extent = prod(elements.shape[axis] for axis in axes)
    mean = add_up(elements, axes, x) / extent
    centred = elements - mean
    variance = add_up(centred * centred, axes, x) / extent
    y: Array = (centred * (1 / _root(variance + EPSILON))).reshape(x.shape)
    if "weight" in arrays:
        y = y * _along(arrays["weight"], x)
    return y + _along(arrays["bias"], x) if "bias" in arrays else y


_root = np.frompyfunc(lambda v: v.sqrt(), 1, 1)

# -- formulas --------------------------------------------------------------------------------------


@registry.formula(BatchNorm, LayerNorm, GroupNorm, InstanceNorm)
def formulas(layer: Any, x: Array) -> Formulas:  # noqa: ANN401
    """Write the formulas of a normalisation: z is normalised, r the scale, h the gradient of z."""
    fixed = isinstance(layer, BatchNorm) and layer.statistics
    at = place_names(x.ndim - 2)
    place, share = ", ".join(at), _weights_share(layer, at)
    size = x.shape[1] // heads_of(layer)
    index = "c" if size == x.shape[1] else f"c mod {size}"
    w, b = (f"{letter}[{', '.join((index, *share[1:]))}]" for letter in "wb")

    def own(at: Axes) -> Axes:
        """Return the place of the weights that serve an element."""
        return (at[0] % size, *at[1 : len(share)])

    mean, var = ("M[c]", "V[c]") if fixed else (f"mean over {_set(layer, x)}", "variance")
    within = f"1/sqrt({var} + {EPSILON:g})" + ("" if fixed else " over the same")
    by_letter: Formulas = {
        "r": single("r", "c" if fixed else at, within, entry("r")),
        "z": single("z", at, f"(x[{place}] - {mean}) * r[{'c' if fixed else place}]", _of_z(fixed)),
    }
    scaled, shifted = layer.affine and layer.scale, layer.affine and layer.shift
    if scaled or shifted:
        text = f"{w} * z[{place}]" if scaled else f"z[{place}]"
        text += f" + {b}" if shifted else ""
        by_letter["y"] = ArrayFormula("y", at, text, "", _of_y(own, scaled, shifted))
        heads = [] if size == x.shape[1] else ["all heads"]
        over = ", ".join([*heads, *(i for i in at if i not in share)])
        arrays = [("w", "gz")] * scaled + [("b", "g")] * shifted
        for letter, factors in arrays:
            product = " * ".join(f"{factor}[{place}]" for factor in factors)
            text = f"sum over {over} of {product}" if over else product
            by_letter[letter] = ArrayFormula(letter, share, text, "", _over(own, factors))
    else:
        by_letter["y"] = single("y", at, f"z[{place}]", entry("z"))
    back = (f"{w} * g[{place}]", _of_h(own)) if scaled else (f"g[{place}]", entry("g"))
    by_letter["h"] = single("h", at, *back, "h is the gradient of z.")
    by_letter["x"] = _of_norm_input(layer, x, at, fixed=fixed)
    return by_letter


def _weights_share(layer: Any, at: str) -> str:  # noqa: ANN401
    return at if isinstance(layer, LayerNorm) and layer.over == "all" else "c"


def _of_norm_input(layer: Any, x: Array, at: str, *, fixed: bool) -> ArrayFormula:  # noqa: ANN401
    place = ", ".join(at)
    if fixed:
        note = (
            "As at inference, where M and V are running statistics.  In training they are the"
            " batch's own, and the gradient goes through them as well: dL/dx = r * (h - mean of h"
            " - z * mean of h*z), the means over the batch and all positions of a channel."
        )
        return single(
            "x", at, f"h[{place}] * r[c]",
            lambda values, p: Term((float(values["h"][p]), float(values["r"][p[0]]))), note,
        )  # fmt: skip

    def back(values: Values, p: Axes) -> Term:
        h, z = values["h"], values["z"]
        shift, turn = (_mean_in_set(layer, array)[p] for array in (h, h * z))
        return Term((float(values["r"][p]), (float(h[p]), -shift, -float(z[p]) * turn)))

    text = f"r[{place}] * (h[{place}] - mean of h - z[{place}] * mean of h*z)"
    note = f"Means over {_set(layer, x)}: they follow from x, so each element acts on all."
    return single("x", at, text, back, note)


def _set(layer: Any, x: Array) -> str:  # noqa: ANN401
    """Say which elements share a mean."""
    if isinstance(layer, GroupNorm):
        return f"the {x.shape[1] // layer.groups} channels of a group" + (
            " and all positions" if x.ndim > 2 else ""
        )
    if isinstance(layer, InstanceNorm):
        return "all positions of a channel"
    if isinstance(layer, BatchNorm):
        return "the batch" + (" and all positions" if x.ndim > 2 else "")
    if layer.over == "all":
        return "everything"
    return "the channels of a position" if heads_of(layer) == 1 else "the channels of a head"


def _mean_in_set(layer: Any, values: Array) -> Array:  # noqa: ANN401
    """Give every element of an example its set's mean."""
    elements, axes = sets(layer, values[None])
    means: Array = np.broadcast_to(elements.mean(axes, keepdims=True), elements.shape)
    return means.reshape(values.shape)


@registry.on_the_way(BatchNorm, LayerNorm, GroupNorm, InstanceNorm)
def on_the_way(layer: Any, arrays: Arrays, x: Array, y: Array, g: Array) -> dict[str, Array]:  # noqa: ANN401
    """Return what a normalisation computes on the way: r, z and h of an example."""
    if "running_mean" in arrays:
        r = 1 / np.sqrt(arrays["running_var"] + EPSILON)
        ones = (1,) * (x.ndim - 2)
        z = (x[0] - arrays["running_mean"].reshape(-1, *ones)) * r.reshape(-1, *ones)
    else:
        normal, inverse, _ = standard(layer, x)
        z = normal.reshape(x.shape)[0]
        r = np.broadcast_to(inverse, normal.shape).reshape(x.shape)[0]
    if "weight" not in arrays:
        return {"r": r, "z": z, "h": g[0]}
    w = arrays["weight"]
    return {"r": r, "z": z, "h": (g * _along(w, x))[0]}


def _of_z(fixed: bool) -> Callable[[Values, Axes], Term]:
    def term(values: Values, at: Axes) -> Term:
        r = float(values["r"][at[:1] if fixed else at])
        x = float(values["x"][at])
        mean = float(values["M"][at[0]]) if fixed else x - float(values["z"][at]) / r
        return Term(((x, -mean), r))

    return term


def _of_y(own: Own, scaled: bool, shifted: bool) -> Callable[[Values, Axes], list[Term]]:
    def terms(values: Values, at: Axes) -> list[Term]:
        z = float(values["z"][at])
        product = Term((float(values["w"][own(at)]), z) if scaled else (z,))
        return [product, Term((float(values["b"][own(at)]),))] if shifted else [product]

    return terms


def _of_h(own: Own) -> Callable[[Values, Axes], Term]:
    return lambda values, at: Term((float(values["w"][own(at)]), float(values["g"][at])))


def _over(own: Own, factors: str) -> Callable[[Values, Axes], list[Term]]:
    def terms(values: Values, at: Axes) -> list[Term]:
        mine = [place for place in np.ndindex(*values["g"].shape) if own(place) == at]
        return [Term(tuple(float(values[f][place]) for f in factors)) for place in mine]

    return terms


@registry.paper_copy(Norm)
def paper_copy(layer: Norm, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two channels."""
    return layer, (shape_like(inputs[0], SIDES, 2, 4),)


@registry.paper_copy(LayerNorm)
def layer_paper_copy(layer: LayerNorm, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep three channels, of up to two heads: two numbers would be -1 and 1."""
    return in_few_heads(layer, inputs[0])


def in_few_heads(layer: Any, shape: Shape) -> tuple[Layer, tuple[Shape, ...]]:  # noqa: ANN401
    """Keep three channels of one head, or of two."""
    heads = min(known(layer.heads), 2)
    channels, units = (3, 4) if heads == 1 else (6, 6)
    return copied(layer, heads=heads), (shape_like(shape, (1, 2, 1), channels, units),)


@registry.paper_copy(GroupNorm)
def group_paper_copy(layer: GroupNorm, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two groups of two channels."""
    groups = min(layer.groups, 2)
    return copied(layer, groups=groups), (shape_like(inputs[0], (1, 2, 1), 2 * groups, 2 * groups),)
