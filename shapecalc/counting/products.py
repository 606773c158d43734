"""Products of convolutions that some tools take in place of the multiply-accumulates.

XLA leaves out the products that meet a zero of the padding; TensorFlow fills the sides of a dilated
convolution up to multiples of the dilation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import ceil_div, larger, product
from shapecalc.errors import refuse
from shapecalc.layers.conv import Windowed
from shapecalc.layers.transposed import Transposed
from shapecalc.layers.window import cut_before, padding, taps_inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.algebra import Dim
    from shapecalc.report import Row


def inside(row: Row) -> Dim:
    """Count the multiply-accumulates that meet an element of the input, and no padding.

    Of a transposed convolution they are those that reach an element of the output.  Raises
    `SpecErrors` (E121) for a kernel of symbols: its taps are looked at one by one.
    """
    layer = row.layer
    if not isinstance(layer, Windowed) or not layer.weighted:
        return row.work.macs
    moves, positions = layer.moves(row.inputs[0]), row.output.sides
    if not all(isinstance(move.kernel, int) for move in moves):
        why = "what meets padding is counted tap by tap"
        message = f"{row.name}: {why}, so kernel must be a number"
        hint = "give its symbols values with --set, or count under another profile"
        raise refuse("E121", message, None, hint)
    sides = row.inputs[0].sides
    if isinstance(layer, Transposed):  # the same pairs, seen from the other end
        cuts = map(cut_before, moves, layer.extra_rows(len(sides)))
        met = [
            taps_inside(o, n, move, before)
            for n, o, move, before in zip(sides, positions, moves, cuts, strict=True)
        ]
    else:
        met = [
            taps_inside(n, o, move, padding(n, move)[0])
            for n, o, move in zip(sides, positions, moves, strict=True)
        ]
    first, rest = _kernels(row)
    taps = product(move.kernel for move in moves)
    return first // taps * product(met) + rest * product(positions)


def filled(row: Row) -> Dim:
    """Count the multiply-accumulates added where a dilation does not divide the padded sides."""
    layer = row.layer
    if not isinstance(layer, Windowed) or not layer.weighted or isinstance(layer, Transposed):
        return 0
    more: list[Dim] = []
    for n, o, move in zip(
        row.inputs[0].sides, row.output.sides, layer.moves(row.inputs[0]), strict=True
    ):
        padded = n + sum(padding(n, move))
        more.append(o + move.dilation * ceil_div(padded, move.dilation) - padded)
    return _kernels(row)[0] * (product(more) - product(row.output.sides))


def _kernels(row: Row) -> tuple[Dim, Dim]:
    """Return the elements of the kernel that moves, and of one behind it that sees a position."""
    sizes: Sequence[Dim] = [array.size for array in row.parameters if array.role == "weight"]
    return sizes[0], larger(sum(sizes[1:]), 0)
