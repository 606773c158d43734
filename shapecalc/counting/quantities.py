"""Quantities of a layer that counting conventions multiply and add, each with its name.

A rule of a profile is written with these names: ``macs + bias_adds``.  Most are what the layer's
own rules say; some are what one tool takes in their place, right or wrong, and say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra import is_number, known, product
from shapecalc.counting.products import filled, inside
from shapecalc.errors import RuleError
from shapecalc.layers.axes import chosen, sets_along
from shapecalc.layers.conv import Windowed
from shapecalc.layers.fields import pads_per_side, per_side
from shapecalc.layers.window import padding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.algebra import Dim
    from shapecalc.layers.axes import Axis
    from shapecalc.report import Row


class Quantity(NamedTuple):
    """An amount that every layer has, maybe 0.

    `term` is what it explains of a total; without one the layer's own `term` tells.
    """

    meaning: str
    of: Callable[[Row], Dim]
    term: str = ""


def kind(row: Row) -> str:
    """Name what a rule is for: the layer's type, with a suffix where a field makes it another kind.

    ``conv:table`` has partial connections; `SUFFIXES` says it in words.
    """
    layer = row.layer
    if getattr(layer, "connections", None) is not None:
        return f"{row.type}:table"
    if getattr(layer, "bias", None) == "per_position":
        return f"{row.type}:untied"
    if row.type == "transposed" and getattr(layer, "groups", 1) > 1:
        return "transposed:grouped"
    if row.type == "dense" and layer.over == "channels":  # type: ignore[union-attr]
        return "dense:positions"
    if not getattr(layer, "statistics", True):
        return f"{row.type}:batch"
    return row.type


#: What a suffix of a kind says in words.
SUFFIXES = {
    ":table": "with partial connections",
    ":untied": "with a bias for every position",
    ":grouped": "in groups",
    ":batch": "without running statistics",
    ":positions": "at every position",
}


def kind_text(row: Row) -> str:
    """Name a layer's kind in words."""
    word, colon, suffix = kind(row).partition(":")
    return f"{word} {SUFFIXES[colon + suffix]}" if colon else word


def _parameters(row: Row, role: str) -> Dim:
    return sum(parameter.size for parameter in row.parameters if parameter.role == role)


def _has(row: Row, role: str) -> bool:
    return any(parameter.role == role for parameter in row.parameters)


def _positions(row: Row) -> Dim:
    return product(row.output.sides)


def _taps(row: Row) -> Dim:
    """Return the elements of a kernel."""
    kernel = getattr(row.layer, "kernel", None)
    return product(per_side(kernel, len(row.output.sides), "kernel")) if kernel is not None else 0


def _side_taps(row: Row) -> Dim:
    """Return a square kernel's extent, or the elements of another one, for every output."""
    kernel = set(getattr(row.layer, "kernel", ()))
    return (kernel.pop() if len(kernel) == 1 else _taps(row)) * row.output.size


def _sides(row: Row) -> Iterable[tuple[Dim, Dim]]:
    """Return the sides of a pool's input, each with that of its output."""
    return zip(row.inputs[0].sides, row.output.sides, strict=True) if row.inputs else ()


def _rough_windows(row: Row) -> Dim:
    """Return output elements times windows of n//o, or where o does not divide n, n mod o + 1."""
    return product(_rough_window(n, o) for n, o in _sides(row)) * row.output.size


def _rough_window(n: Dim, o: Dim) -> Dim:
    if o == 1:
        return n
    if isinstance(n, int) and isinstance(o, int):
        return n % o + 1 if n % o else n // o
    message = (
        f"windows of {n} among {o} are counted by whether {o} divides {n}: it must be a number"
    )
    raise RuleError("E121", message, hint=_GIVE)


_GIVE = "give the symbols values, or use another profile"


def _whole_windows(row: Row) -> Dim:
    """Return output elements times windows of n//o."""
    return product(n // o for n, o in _sides(row)) * row.output.size


def _mean_windows(row: Row) -> Dim:
    """Return output elements times windows of n/o, plus 1, as floating point has it.

    Where every o divides its n that is inputs + outputs.
    """
    shape = row.inputs[0] if row.inputs else row.output
    sides = list(_sides(row))
    if all(o == 1 for _, o in sides):
        return shape.size + row.output.size
    window = 1.0
    for n, o in sides:
        if not isinstance(n, int) or not isinstance(o, int):
            message = f"windows of {n} among {o} are rounded down: it must be a number"
            raise RuleError("E121", message, hint=_GIVE)
        window *= n / o
    return int((window + 1) * known(row.output.size))


def _by_strides(row: Row) -> Dim:
    if not isinstance(row.layer, Windowed):
        return 0
    strides = product(per_side(row.layer.steps(), len(row.output.sides), "stride"))
    return 2 * _parameters(row, "weight") * _positions(row) // strides


def _ungrouped(row: Row, amount: Dim) -> Dim:
    return amount if getattr(row.layer, "groups", 1) == 1 else 0


def _kernels_of_filters(row: Row) -> Dim:
    filters, groups = getattr(row.layer, "filters", 0), getattr(row.layer, "groups", 1)
    return row.output.size * (filters // groups) * _taps(row)


def _bias_adds_as_if_convolved(row: Row) -> Dim:
    layer: Any = row.layer
    sides = row.inputs[0].sides if row.inputs else ()
    if not _has(row, "bias"):
        return 0
    rank = len(sides)
    fields = [
        per_side(getattr(layer, name), rank, name) for name in ("kernel", "stride", "dilation")
    ]
    places = 1
    for n, k, s, d, (before, _) in zip(sides, *fields, pads_per_side(layer.pad, rank), strict=True):
        places *= (n + 2 * before - d * (k - 1) - 1) // s + 1
    channels: Dim = row.output.channels // layer.groups
    return channels * places


def _pooled_by_stride(row: Row) -> Dim:
    steps = getattr(row.layer, "steps", None)
    if steps is None:  # a global pool of MatConvNet is a pool with stride 1
        return row.output.size
    return row.output.size * product(per_side(steps(), len(row.output.sides), "stride"))


def _framed_inputs(row: Row) -> Dim:
    """Count what flows into a pool of PyTorch, which takes only a like padding at both ends.

    Any other padding, and an overhang that its rounding does not know, is put around the input by
    itself, so that the pool finds more elements there.
    """
    if not row.inputs:
        return 0
    shape, layer = row.inputs[0], row.layer
    if not isinstance(layer, Windowed):
        return shape.size
    moves = layer.moves(shape)
    frame = [padding(n, move) for n, move in zip(shape.sides, moves, strict=True)]
    if layer.pad.mode == "same" and not all(is_number(end) for ends in frame for end in ends):
        message = "whether padding `same` is alike at both ends depends on the sides: they must be"
        raise RuleError("E121", f"{message} numbers", hint=_GIVE)
    alike = all(before == after for before, after in frame)
    if alike and layer.rounds() in ("floor", "ceil"):
        return shape.size
    if layer.rounds() != "floor":
        sides = zip(shape.sides, moves, frame, row.output.sides, strict=True)
        frame = [(a, (o - 1) * move.stride + move.extent - a - n) for n, move, (a, _), o in sides]
    return shape.channels * product(
        n + before + after for n, (before, after) in zip(shape.sides, frame, strict=True)
    )


def _sets(row: Row) -> Dim:
    over: tuple[Axis, ...] = getattr(row.layer, "over", ("channels",))
    return sets_along(chosen(over, row.output), row.output)


def _if(row: Row, condition: bool) -> Dim:
    return row.output.size if condition else 0


MACS, BIASES = "MACs", "bias adds"

#: Every quantity by its name.
QUANTITIES: dict[str, Quantity] = {
    "macs": Quantity(
        "multiply-accumulates of convolutions, dense and recurrent layers, and products of"
        " activations",
        lambda row: row.work.macs,
        MACS,
    ),
    "bias_adds": Quantity("additions of biases", lambda row: row.work.bias_adds, BIASES),
    "multiplies": Quantity("other multiplications", lambda row: row.work.multiplies),
    "adds": Quantity("other additions", lambda row: row.work.adds),
    "compares": Quantity("comparisons", lambda row: row.work.compares),
    "divisions": Quantity("divisions", lambda row: row.work.divisions),
    "exponentials": Quantity(
        "exponentials, logarithms, powers, roots", lambda row: row.work.exponentials
    ),
    "inputs": Quantity("input elements", lambda row: row.inputs[0].size if row.inputs else 0),
    "framed_inputs": Quantity(
        "input elements of a pool, with the padding around them if its two ends are not alike,"
        " which PyTorch's pools do not take",
        _framed_inputs,
    ),
    "outputs": Quantity("output elements", lambda row: row.output.size),
    "scaled": Quantity(
        "output elements, if the layer has a trained scale",
        lambda row: _if(row, _has(row, "weight")),
    ),
    "shifted": Quantity(
        "output elements, if the layer has a trained shift",
        lambda row: _if(row, _has(row, "bias")),
    ),
    "scaled_roots": Quantity(
        "roots of a normalisation, if the layer has a trained scale",
        lambda row: row.work.exponentials if _has(row, "weight") else 0,
    ),
    "nearest": Quantity(
        "output elements, if they repeat the nearest input",
        lambda row: _if(row, getattr(row.layer, "mode", "") == "nearest"),
    ),
    "bilinear": Quantity(
        "output elements, if they blend inputs linearly",
        lambda row: _if(row, getattr(row.layer, "mode", "") == "bilinear"),
    ),
    "nearest_sides": Quantity(
        "number of sides, if the output repeats the nearest input",
        lambda row: len(row.output.sides) if getattr(row.layer, "mode", "") == "nearest" else 0,
    ),
    "channels": Quantity("output channels", lambda row: row.output.channels),
    "positions": Quantity("output positions, without the channels", _positions),
    "sides": Quantity("number of sides", lambda row: len(row.output.sides)),
    "outputs_by_sides": Quantity(
        "output elements x number of sides", lambda row: row.output.size * len(row.output.sides)
    ),
    "sets": Quantity("sets of elements that sum to 1", _sets),
    "weights": Quantity("trained weights", lambda row: _parameters(row, "weight")),
    "biases": Quantity("trained biases", lambda row: _parameters(row, "bias")),
    "stored_weights": Quantity(
        "trained weights, shared ones once", lambda row: row.weights, "weights"
    ),
    "stored_biases": Quantity("trained biases, shared ones once", lambda row: row.biases, "biases"),
    "stored_buffers": Quantity(
        "what is stored but not trained, shared once", lambda row: row.buffers, "running statistics"
    ),
    "neighbours": Quantity(
        "output elements x neighbouring channels of a response normalisation",
        lambda row: row.output.size * getattr(row.layer, "size", 0),
    ),
    "rim": Quantity(
        "zeros around the channels of a response normalisation",
        lambda row: (getattr(row.layer, "size", 1) - 1) * _positions(row),
    ),
    "weights_by_outputs": Quantity(
        "weights x output positions: a transposed convolution as if it were none",
        lambda row: _parameters(row, "weight") * _positions(row),
        MACS,
    ),
    "weights_by_outputs_ungrouped": Quantity(
        "weights x groups x output positions: a transposed convolution in groups as if it had none",
        lambda row: _parameters(row, "weight") * getattr(row.layer, "groups", 1) * _positions(row),
        MACS,
    ),
    "kernels_of_filters": Quantity(
        "output elements x filters of a group x kernel: a transposed convolution with its filters"
        " for its channels",
        _kernels_of_filters,
        MACS,
    ),
    "macs_inside": Quantity(
        "multiply-accumulates that meet no padding, and of a transposed convolution those that are"
        " not cut away",
        inside,
        MACS,
    ),
    "macs_filled": Quantity(
        "multiply-accumulates at positions added until the dilation divides the padded sides, if"
        " the layer has no groups",
        lambda row: _ungrouped(row, filled(row)),
        MACS,
    ),
    "macs_ungrouped": Quantity(
        "multiply-accumulates, if the layer has no groups",
        lambda row: _ungrouped(row, row.work.macs),
        MACS,
    ),
    "products_by_strides": Quantity(
        "2 x weights x output positions / strides, rounded down: a transposed convolution by its"
        " output",
        _by_strides,
        MACS,
    ),
    "macs_grouped_twice": Quantity(
        "multiply-accumulates of a transposed convolution, its filters divided by the groups twice",
        lambda row: row.work.macs // getattr(row.layer, "groups", 1),
        MACS,
    ),
    "bias_adds_as_if_convolved": Quantity(
        "filters of a group x the positions that a plain convolution would have",
        _bias_adds_as_if_convolved,
        BIASES,
    ),
    "side_taps": Quantity(
        "output elements x extent of a square kernel (not its square), or elements of another one",
        _side_taps,
    ),
    "rough_windows": Quantity(
        "output elements x windows of n//o per side, or n mod o + 1 where o does not divide n",
        _rough_windows,
    ),
    "mean_windows": Quantity(
        "output elements x (windows of n/o per side + 1), rounded down as floating point has it:"
        " inputs + outputs or 1 less",
        _mean_windows,
    ),
    "whole_windows": Quantity(
        "output elements x windows of n//o per side, rounded down", _whole_windows
    ),
    "pooled_by_stride": Quantity("output elements x the stride of every side", _pooled_by_stride),
}

#: What a total calls the work of layers that have no `term` for it.
OTHER = "other arithmetic"
