"""Formulas of dense layers, joins, and of what moves elements, forward and backward."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra.dim import known
from shapecalc.reference.arrays import spread, spread_pairs
from shapecalc.reference.formula import (
    PLACES,
    POSITIONS,
    Formula,
    Index,
    Ref,
    Term,
    plain,
    ref,
    single,
    summed,
)
from shapecalc.reference.reshape import blend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.layers.dense import Dense, Rbf
    from shapecalc.layers.reshape import (
        ChannelShuffle,
        Crop,
        PadLayer,
        Permute,
        Reshape,
        Upsample,
    )
    from shapecalc.reference.arrays import Array, Axes
    from shapecalc.reference.formula import Values

    Formulas = dict[str, Formula]

ROW = "x stands in one row, channel by channel, each row by row."


def of_dense(layer: Dense, x: Array) -> Formulas:
    """Write the formulas of a matrix product."""
    units, elements = known(layer.units), prod(x.shape[1:])
    weight, note = ref("w", "fc"), ROW if x.ndim > 2 else ""
    outer = "Every weight gets the gradient of its unit times its input: an outer product."
    back = "The way back is the product with the transposed matrix."
    found = {
        "y": summed("y", "f", (weight, ref("x", "c")), {"c": elements},
                    plus=ref("b", "f") if layer.bias else None, note=note),
        "w": summed("w", "fc", (ref("g", "f"), ref("x", "c")), {}, note=outer),
        "x": summed("x", "c", (ref("g", "f"), weight), {"f": units}, note=back),
    }  # fmt: skip
    return found | ({"b": summed("b", "f", (ref("g", "f"),), {})} if layer.bias else {})


def of_rbf(layer: Rbf, x: Array) -> Formulas:
    """Write the formulas of squared distances; w are the codes, which are not trained."""
    elements, units = prod(x.shape[1:]), known(layer.units)

    def distance(values: Values, at: Axes) -> list[Term]:
        parts = [(float(values["x"][c]), -float(values["w"][at[0], c])) for c in _range(values)]
        return [Term((each, each)) for each in parts]

    def back(values: Values, at: Axes) -> list[Term]:
        x = float(values["x"][at])
        rows = zip(values["g"], values["w"][:, at[0]], strict=True)
        return [Term((2, float(g), (x, -float(w)))) for g, w in rows]

    note = f"w are the codes; they are fixed.{' ' + ROW if x.ndim > 2 else ''}"
    over = f"c from 0 to {elements - 1}"
    return {
        "y": Formula("y", "f", f"sum over {over} of (x[c] - w[f, c])^2", note, distance),
        "x": Formula("x", "c", f"sum over f from 0 to {units - 1} of 2 * g[f] * (x[c] - w[f, c])",
                     "", back),
    }  # fmt: skip


def _range(values: Values) -> range:
    return range(values["w"].shape[1])


# -- joins --------------------------------------------------------------------------------------


def _names(xs: Sequence[Array]) -> list[str]:
    return [f"x{number}" for number, _ in enumerate(xs, 1)] if len(xs) > 1 else ["x"]


def _at(rank: int) -> str:
    return f"c{PLACES[:rank]}"


def of_add(layer: object, *xs: Array) -> Formulas:
    """Write the formulas of a sum: the gradient goes to every operand."""
    at, names = _at(xs[0].ndim - 2), _names(xs)
    place = ", ".join(at)

    def output(values: Values, at: Axes) -> list[Term]:
        return [Term((float(values[name][at]),)) for name in names]

    note = "A sum hands its gradient to every operand unchanged: why shortcuts let deep nets learn."
    found = {
        "y": Formula("y", at, " + ".join(f"{name}[{place}]" for name in names), "", output),
    }
    for name in names:
        found[name] = summed(name, at, (ref("g", at),), {}, note=note)
    return found


def of_concat(layer: object, *xs: Array) -> Formulas:
    """Write the formulas of channels side by side: every operand gets those that are its own."""
    names, counts = _names(xs), [x.shape[1] for x in xs]
    rest, found, first = PLACES[: xs[0].ndim - 2], {}, 0
    at = f"c{rest}"

    def output(values: Values, at: Axes) -> Term:
        channel = at[0]
        for name in names:
            if channel < len(values[name]):
                return Term((float(values[name][(channel, *at[1:])]),))
            channel -= len(values[name])
        raise AssertionError(f"no operand has channel {at[0]}")

    ends = [sum(counts[: n + 1]) for n, _ in enumerate(counts)]
    told = ", ".join(
        f"{name}[{', '.join((f'c - {end - count}' if end > count else 'c', *rest))}]"
        f" where c < {end}"
        for name, end, count in zip(names, ends, counts, strict=True)
    )
    found["y"] = single("y", at, f"the first of {told}", output)
    for name, count in zip(names, counts, strict=True):
        shifted = Ref("g", (Index((("c", 1, 1),), first), *plain(rest)))
        note = "Every operand gets the gradient of its own channels."
        found[name] = summed(name, at, (shifted,), {}, note=note)
        first += count
    return found


def of_multiply(layer: object, *xs: Array) -> Formulas:
    """Write the formulas of a product: an operand's gradient is g times the others."""
    names, rank = _names(xs), max(x.ndim for x in xs) - 2
    at = _at(rank)
    shapes = [(*x.shape[1:], *(1,) * (rank + 2 - x.ndim)) for x in xs]
    whole = tuple(max(each) for each in zip(*shapes, strict=True))

    def indices(shape: Axes, own: Array) -> list[str]:
        kept = zip(at, shape, whole, strict=True)
        named = [letter if n == most else "0" for letter, n, most in kept]
        return named[: own.ndim - 1]

    written = {
        name: f"{name}[{', '.join(indices(shape, x))}]"
        for name, shape, x in zip(names, shapes, xs, strict=True)
    }

    def lookup(values: Values, name: str, place: Axes) -> float:
        array = values[name]
        sides = zip(place, array.shape, strict=False)
        return float(array[tuple(p if n > 1 else 0 for p, n in sides)])

    def output(values: Values, place: Axes) -> Term:
        return Term(tuple(lookup(values, name, place) for name in names))

    found = {"y": single("y", at, " * ".join(written.values()), output)}
    for name, shape, x in zip(names, shapes, xs, strict=True):
        others = [other for other in names if other != name]
        stretched = [i for i, n, most in zip(at, shape, whole, strict=True) if n != most]
        text = " * ".join((f"g[{', '.join(at)}]", *(written[other] for other in others)))
        if stretched:
            text = f"sum over {', '.join(stretched)} of {text}"
        note = "Where an operand was stretched its gradients add up." if stretched else ""
        back = _product_back(name, others, lookup)
        left = "".join(indices(shape, x))
        found[name] = Formula(name, left, text, note, back)
    return found


def _product_back(
    name: str, others: list[str], lookup: Callable[[Values, str, Axes], float]
) -> Callable[[Values, Axes], list[Term]]:
    def back(values: Values, at: Axes) -> list[Term]:
        found, own, g = [], values[name], values["g"]
        for place in np.ndindex(*g.shape):
            mine = tuple(p if n > 1 else 0 for p, n in zip(place, own.shape, strict=False))
            if mine == at:
                rest = tuple(lookup(values, other, place) for other in others)
                found.append(Term((float(g[place]), *rest)))
        return found

    return back


# -- what moves elements ------------------------------------------------------------------------


def _row(at: str, sides: Axes) -> Index:
    """Count an element's place in a row, channel by channel, each row by row."""
    factors = [prod(sides[axis:]) for axis, _ in enumerate(at)]
    return Index(tuple((name, times, 1) for name, times in zip(at, factors, strict=True)))


def of_flatten(layer: object, x: Array) -> Formulas:
    """Write the formulas of a map in one row."""
    at = _at(x.ndim - 2)
    row = _row(at, x.shape[2:])
    text = f"x[{', '.join(at)}] where n = {row}"
    return {
        "y": single("y", "n", text, _reread("x", "y", by_channel=True)),
        "x": summed("x", at, (Ref("g", (row,)),), {}, note="The gradient is put back in place."),
    }


def of_reshape(layer: Reshape, x: Array) -> Formulas:
    """Say in which order the elements are read."""
    target = tuple(map(known, layer.shape))
    by_channel = x.ndim == 2 or len(target) == 1
    told = "channel by channel, each row by row" if by_channel else "row by row, channels last"
    extents = "x".join(map(str, target))
    return {
        "y": single("y", f"c{POSITIONS[: len(target) - 1]}",
                    f"those of x, {told}, read as {extents}",
                    _reread("x", "y", by_channel=by_channel)),
        "x": single("x", _at(x.ndim - 2), f"those of g, {told}, read in the shape of x",
                    _reread("g", "x", by_channel=by_channel)),
    }  # fmt: skip


def _reread(source: str, target: str, *, by_channel: bool) -> Callable[[Values, Axes], Term]:
    """Find an element of `target` in `source`, which holds the same in the same order."""

    def ordered(entries: Axes) -> Axes:
        return entries if by_channel else (*entries[1:], entries[0])

    def term(values: Values, at: Axes) -> Term:
        array, shape = values[source], ordered(values[target].shape)
        number = sum(p * prod(shape[axis:]) for axis, p in enumerate(ordered(at), 1))
        row = array if by_channel else np.moveaxis(array, 0, -1)
        return Term((float(row.reshape(-1)[number]),))

    return term


def of_permute(layer: Permute, x: Array) -> Formulas:
    """Write the formulas of axes in another order."""
    rank = x.ndim - 2
    names = (*PLACES[:rank], "c")  # as shapes are written, channels last
    order = layer.order
    moved = [names[axis] for axis in order]
    put = {axis: place for place, axis in enumerate(order)}
    there = (*POSITIONS[:rank], "c")
    back = [there[put[axis]] for axis in range(rank + 1)]
    at = f"c{POSITIONS[:rank]}"
    note = "The gradient's axes are put back."
    return {
        "y": summed("y", at, (ref("x", back[-1] + "".join(back[:-1])),), {}),
        "x": summed("x", f"c{PLACES[:rank]}", (ref("g", moved[-1] + "".join(moved[:-1])),), {},
                    note=note),
    }  # fmt: skip


def _shifted(shifts: Sequence[int], forward: str, backward: str) -> Formulas:
    rank = len(shifts)
    to = [Index(((i, 1, 1),), -n) for i, n in zip(POSITIONS, shifts, strict=False)]
    back = [Index(((u, 1, 1),), n) for u, n in zip(PLACES, shifts, strict=False)]
    return {
        "y": summed("y", f"c{POSITIONS[:rank]}", (Ref("x", (*plain("c"), *to)),), {}, note=forward),
        "x": summed("x", f"c{PLACES[:rank]}", (Ref("g", (*plain("c"), *back)),), {}, note=backward),
    }


def of_pad(layer: PadLayer, x: Array) -> Formulas:
    """Write the formulas of zeros around a map."""
    starts = [before for before, _ in spread_pairs(layer.pad.pairs, x)]
    return _shifted(starts, "x is 0 outside the input.", "What is before the rim is cut off.")


def of_crop(layer: Crop, x: Array) -> Formulas:
    """Write the formulas of a part of a map."""
    if layer.to is not None:
        sizes = zip(x.shape[2:], spread(layer.to, x), strict=True)
        starts = [(n - size) // 2 for n, size in sizes]
    else:
        starts = [before for before, _ in spread_pairs(layer.crop.pairs, x)] if layer.crop else []
    note = "g is 0 outside the output: nothing comes back to what was cut off."
    return _shifted([-n for n in starts], "", note)


def of_upsample(layer: Upsample, x: Array) -> Formulas:
    """Write the formulas of repeated or blended elements; A1, A2 are the matrices that blend."""
    rank, factors = x.ndim - 2, spread(layer.factor, x)
    places, inputs = POSITIONS[:rank], PLACES[:rank]
    if layer.mode == "nearest":
        source = [Index(((i, 1, n),)) for i, n in zip(places, factors, strict=True)]
        met = dict(zip(inputs, source, strict=True))
        counts = [n * f for n, f in zip(x.shape[2:], factors, strict=True)]
        over = dict(zip(places, counts, strict=True))
        note = "Every element gets the sum of the gradients of its copies."
        return {
            "y": summed("y", f"c{places}", (Ref("x", (*plain("c"), *source)),), {}),
            "x": summed("x", f"c{inputs}", (ref("g", f"c{places}"),), over, met, note=note),
        }
    blends = [
        ref(f"A{axis}", f"{i}{u}")
        for axis, (i, u) in enumerate(zip(places, inputs, strict=True), 1)
    ]
    sides = dict(zip(inputs, x.shape[2:], strict=True))
    larger = {i: n * f for i, n, f in zip(places, x.shape[2:], factors, strict=True)}
    share = " and ".join(
        f"{each} of {u} in {i} is max(1 - |({i} + 1/2)/{f} - 1/2 - {u}|, 0)"
        for each, i, u, f in zip(blends, places, inputs, factors, strict=True)
    )
    y = summed("y", f"c{places}", (*blends, ref("x", f"c{inputs}")), sides,
               note=f"The share {share}; beyond the ends the last element counts.")  # fmt: skip
    x_ = summed("x", f"c{inputs}", (*blends, ref("g", f"c{places}")), larger,
                note="The gradient goes back by the same shares.")  # fmt: skip
    return {"y": _with_shares(y), "x": _with_shares(x_)}


def _with_shares(formula: Formula) -> Formula:
    """Leave out the terms of elements that have no share."""

    def terms(values: Values, at: Axes) -> list[Term]:
        return [term for term in formula.terms(values, at) if all(term.factors[:-1])]

    return formula._replace(terms=terms)


def of_channel_shuffle(layer: ChannelShuffle, x: Array) -> Formulas:
    """Write the formulas of channels taken from every group in turn."""
    rest, groups = PLACES[: x.ndim - 2], layer.groups
    each = x.shape[1] // groups

    def moved(source: str, hands: int) -> Callable[[Values, Axes], Term]:
        def term(values: Values, at: Axes) -> Term:
            array = values[source]
            channel = at[0] % hands * (len(array) // hands) + at[0] // hands
            return Term((float(array[(channel, *at[1:])]),))

        return term

    def text(letter: str, hands: int, deck: int) -> str:
        return f"{letter}[{', '.join((f'{deck}*(c mod {hands}) + c // {hands}', *rest))}]"

    return {
        "y": single("y", f"c{rest}", text("x", groups, each), moved("x", groups)),
        "x": single("x", f"c{rest}", text("g", each, groups), moved("g", each),
                    "The groups are collected again."),
    }  # fmt: skip


def matrices(layer: Upsample, x: Array) -> dict[str, Array]:
    """Return the matrices that blend, by their letters."""
    pairs = enumerate(spread(layer.factor, x), 1)
    return {f"A{axis}": blend(x.shape[1 + axis], factor, layer.mode) for axis, factor in pairs}
