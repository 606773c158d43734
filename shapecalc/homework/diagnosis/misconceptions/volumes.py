"""Misconceptions about output volumes, S1 to S28."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from shapecalc.algebra import known
from shapecalc.homework.diagnosis.misconceptions.model import Case, CellExample, Misconception
from shapecalc.homework.diagnosis.working import Side, Sides, sides_of
from shapecalc.layers.conv import Conv, Windowed
from shapecalc.layers.merge import Concat
from shapecalc.layers.pool import Pool
from shapecalc.layers.reshape import Flatten, PadLayer
from shapecalc.layers.transposed import Transposed

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.window import Window

_DILATED = "input: 56x56x8\nlayers: [conv: {filters: 16, kernel: 3, pad: 1, dilation: 2}]\n"
_TRANSPOSED = "input: 7x7x8\nlayers: [transposed: {filters: 5, kernel: 4, stride: 2, pad: 1}]\n"
_TRANSPOSED_3 = "input: 7x7x8\nlayers: [transposed: {filters: 5, kernel: 3, stride: 2, pad: 1}]\n"
_PADDED = "input: 15x15x8\nlayers: [pad: 2]\n"
_FLATTEN = "input: 6x6x256\nlayers: [flatten, dense: 4096]\n"
_AT_224 = "extends: alexnet.yaml\ninput: 224x224x3\n"


def _sides(
    change: Callable[[Side], Side | None],
) -> Callable[[Case, Sides], Sides | None]:
    """Make a rule that changes every side of a layer with a window."""

    def rule(case: Case, right: Sides) -> Sides | None:
        if not isinstance(case.layer, Windowed) or isinstance(case.layer, Transposed):
            return None
        changed = [change(side) for side in right.sides]
        sides = tuple(side for side in changed if side is not None)
        return right._replace(sides=sides) if sides and len(sides) == len(changed) else None

    return rule


def _of_pools(
    change: Callable[[Side], Side | None],
) -> Callable[[Case, Sides], Sides | None]:
    return lambda case, right: _sides(change)(case, right) if isinstance(case.layer, Pool) else None


def _unpadded(side: Side) -> Side | None:
    return side._replace(pad=0, result=None) if side.pad and side.stride == 1 else None


def _unpadded_strided(side: Side) -> Side | None:
    return side._replace(pad=0, result=None) if side.pad and side.stride > 1 else None


def _grown(side: Side) -> Side | None:
    return side._replace(n=224, pad=4, rounding="none") if side.n == 227 and not side.pad else None


def _divided(side: Side, rounding: Literal["floor", "ceil"]) -> Side:
    """Divide a side by the stride, whatever the kernel is."""
    n, stride = side.n, side.stride
    result = n // stride if rounding == "floor" else -(-n // stride)
    by = f"{rounding}({n}/{stride})" if stride > 1 else ""
    return side._replace(result=result, by=by)


def _channels(count: Callable[[Case], int]) -> Callable[[Case, Sides], Sides | None]:
    """Make a rule that gives a convolution other output channels."""
    return lambda case, right: (
        right._replace(channels=count(case)) if isinstance(case.layer, Conv) else None
    )


def _halved(case: Case, right: Sides) -> Sides | None:
    return right._replace(channels=right.channels // 2) if isinstance(case.layer, Pool) else None


def _as_conv(case: Case, right: Sides) -> Sides | None:
    layer = case.layer
    if not isinstance(layer, Transposed):
        return None
    moves = layer.moves(case.row.inputs[0])
    sides = tuple(
        Side(
            n, known(m.kernel), known(m.stride), known(m.before) + known(m.after), known(m.dilation)
        )
        for n, m in zip(case.entering, moves, strict=True)
    )
    return right._replace(sides=sides)


def _transposed(
    side: Callable[[int, Window], int],
) -> Callable[[Case, Sides], Sides | None]:
    """Make a rule for the sides of a transposed convolution."""

    def rule(case: Case, right: Sides) -> Sides | None:
        if not isinstance(case.layer, Transposed):
            return None
        moves = case.layer.moves(case.row.inputs[0])
        results = [side(n, move) for n, move in zip(case.entering, moves, strict=True)]
        if min(results) < 1:
            return None
        return right._replace(sides=tuple(Side(n, result=n) for n in results))

    return rule


def _unfolded(n: int, move: Window, pads: int) -> int:
    """Return a transposed convolution's side for some rows of padding in all, taken off."""
    reach = known(move.dilation) * (known(move.kernel) - 1) + 1
    return (n - 1) * known(move.stride) + reach - pads


def _pads(move: Window) -> int:
    return known(move.before) + known(move.after)


def _padded(ends: int, depth: int) -> Callable[[Case, Sides], Sides | None]:
    """Make a rule for a layer that pads by the same at all ends: at so many, and of the depth."""

    def rule(case: Case, right: Sides) -> Sides | None:
        grown = {out - n for n, out in zip(case.entering, case.sides, strict=False)}
        if not isinstance(case.layer, PadLayer) or len(grown) != 1 or (pad := grown.pop()) % 2:
            return None
        sides = tuple(Side(n, result=n + ends * pad // 2) for n in case.entering)
        return right._replace(sides=sides, channels=case.ci + depth * pad // 2)

    return rule


def _concat(case: Case, right: Sides) -> tuple[Sides, ...] | None:
    row = case.members[-1] if case.members else case.row
    if not isinstance(row.layer, Concat):
        return None
    channels = [known(shape.channels) for shape in row.inputs]
    return tuple(
        right._replace(channels=n)
        for n in dict.fromkeys((max(channels), channels[-1], channels[0]))
    )


def _flattened(
    count: Callable[[tuple[int, ...], int], int],
) -> Callable[[Case, Sides], Sides | None]:
    def rule(case: Case, right: Sides) -> Sides | None:
        if not isinstance(case.layer, Flatten) or len(case.entering) != 2:
            return None
        return right._replace(channels=count(case.entering, case.ci))

    return rule


def _flat_dropped(case: Case, right: Sides) -> tuple[Sides, ...] | None:
    if not isinstance(case.layer, Flatten) or len(case.entering) != 2:
        return None
    height, width = case.entering
    return right._replace(channels=width * case.ci), right._replace(channels=height * width)


def _swapped(case: Case, right: Sides) -> Sides | None:
    return right._replace(first=True) if sides_of(case.row.output) else None


_OUT = ("output",)

# fmt: off
WRONG_VOLUMES: tuple[Misconception, ...] = (
    Misconception("S1", "the + 1 was forgotten", _OUT,
        "The + 1 at the end of the formula was left out.",
        "(n - k + 2p)/s counts the steps between windows; there is one window more than steps.",
        _sides(lambda side: side._replace(plus=0, result=None)),
        (CellExample("alexnet", "conv1", "output", "55x55x96", "54x54x96"),
         CellExample("alexnet", "conv3", "output", "13x13x384", "12x12x384"))),
    Misconception("S2", "the + 1 stood inside the division", _OUT,
        "The + 1 was added before dividing by the stride.",
        "The first window counts as a whole one, so 1 is added after the division.",
        _sides(lambda side: side._replace(plus=0, inside=1, result=None)
               if side.stride > 1 else None),
        (CellExample("alexnet", "conv1", "output", "55x55x96", "54x54x96"),)),
    Misconception("S3", "the stride was ignored", _OUT,
        "The window was moved by 1, and not by the stride.",
        "With stride s only every s-th place has an output, so the room is divided by s.",
        _sides(lambda side: side._replace(stride=1, result=None) if side.stride > 1 else None),
        (CellExample("alexnet", "conv1", "output", "55x55x96", "217x217x96"),)),
    Misconception("S4", "the padding was forgotten", _OUT,
        "The padding was left out.",
        "Zeros around the input are room for the window too: n grows by 2p.",
        _sides(_unpadded),
        (CellExample("alexnet", "conv2", "output", "27x27x256", "23x23x256"),
         CellExample("alexnet", "conv3", "output", "13x13x384", "11x11x384"))),
    Misconception("S5", "the padding was counted once", _OUT,
        "The padding was counted at one end only.",
        "Padding p stands at both ends of a side: n grows by 2p.",
        _sides(lambda side: side._replace(pad=side.pad // 2, result=None)
               if side.pad > 1 else None),
        (CellExample("alexnet", "conv2", "output", "27x27x256", "25x25x256"),
         CellExample("alexnet", "conv3", "output", "13x13x384", "12x12x384"))),
    Misconception("S6", "rounded up where the layer rounds down", _OUT,
        "The division was rounded up.",
        "This layer drops a last window that does not fit: it rounds down.",
        _sides(lambda side: side._replace(rounding="ceil") if side.rounding == "floor" else None),
        (CellExample("googlenet", "conv1", "output", "112x112x64", "113x113x64"),)),
    Misconception("S7", "rounded down where the layer rounds up", _OUT,
        "The division was rounded down.",
        "This layer keeps a last, partial window: it rounds up.",
        _sides(lambda side: side._replace(rounding="floor", result=None)
               if side.rounding == "ceil" else None),
        (CellExample("googlenet", "pool1", "output", "56x56x64", "55x55x64"),
         CellExample("googlenet", "pool2", "output", "28x28x192", "27x27x192"),
         CellExample("googlenet", "pool3", "output", "14x14x480", "13x13x480"),
         CellExample("googlenet", "pool4", "output", "7x7x832", "6x6x832"))),
    Misconception("S8", "a fraction was kept", _OUT,
        "The division was not rounded.",
        "There are no parts of a window: the layer's rounding applies.",
        _sides(lambda side: side._replace(rounding="none", result=None)),
        (CellExample(_AT_224, "conv1", "output", "54x54x96", "54.25x54.25x96"),)),
    Misconception("S9", "224 with padding 2 was used", _OUT,
        "The numbers of another version of the network were used: an input of 224 with padding 2.",
        "The input here is the one that the sheet states, and this layer has no padding.",
        _sides(_grown),
        (CellExample("alexnet", "conv1", "output", "55x55x96", "55.25x55.25x96"),)),
    Misconception("S10", "padding 'same' was assumed", _OUT,
        "The side was divided by the stride and rounded up, as with padding 'same'.",
        "That holds only when the padding is chosen for it; here it is the one stated.",
        _sides(lambda side: _divided(side, "ceil")),
        (CellExample("alexnet", "conv1", "output", "55x55x96", "57x57x96"),)),
    Misconception("S11", "the side was divided by the stride", _OUT,
        "The side was divided by the stride; the kernel was left out.",
        "The window must lie inside: the kernel's extent is taken off before dividing.",
        _sides(lambda side: _divided(side, "floor") if side.stride > 1 else None),
        (CellExample("alexnet", "conv1", "output", "55x55x96", "56x56x96"),)),
    Misconception("S12", "the pool's stride was taken to be its kernel", _OUT,
        "The pool was moved by its own width.",
        "The stride is stated by itself; these windows overlap.",
        _of_pools(lambda side: side._replace(stride=side.kernel, result=None)
                  if side.stride != side.kernel else None),
        (CellExample("alexnet", "pool1", "output", "27x27x96", "18x18x96"),
         CellExample("alexnet", "pool2", "output", "13x13x256", "9x9x256"),
         CellExample("alexnet", "pool3", "output", "6x6x256", "4x4x256"))),
    Misconception("S13", "the pool changed the depth", _OUT,
        "The channels were halved by the pool.",
        "A pool works on every channel by itself: as many come out as went in.",
        _halved,
        (CellExample("alexnet", "pool1", "output", "27x27x96", "27x27x48"),)),
    Misconception("S14", "the output got the input's depth", _OUT,
        "The channels that flow in were taken for those that come out.",
        "Every filter makes one channel, so the depth is the number of filters.",
        _channels(lambda case: case.ci),
        (CellExample("alexnet", "conv2", "output", "27x27x256", "27x27x96"),)),
    Misconception("S15", "a map for every pair of channels", _OUT,
        "The channels in were multiplied with the filters.",
        "A filter adds up over all channels that flow in and makes one map.",
        _channels(lambda case: case.ci * case.co),
        (CellExample("alexnet", "conv2", "output", "27x27x256", "27x27x24576"),)),
    Misconception("S16", "the dilation was ignored", _OUT,
        "The kernel was counted without its dilation.",
        "A dilated kernel covers d*(k - 1) + 1.",
        _sides(lambda side: side._replace(dilation=1, result=None) if side.dilation > 1 else None),
        (CellExample(_DILATED, "conv1", "output", "54x54x16", "56x56x16"),)),
    Misconception("S17", "a transposed convolution was taken for a convolution", _OUT,
        "The formula of a convolution was used.",
        "A transposed convolution goes the other way: (n - 1)*s + k - 2p.",
        _as_conv,
        (CellExample(_TRANSPOSED, "transposed1", "output", "14x14x5", "3x3x5"),)),
    Misconception("S18", "concatenated channels were not added", _OUT,
        "The channels of one branch were taken for those of all.",
        "Concatenation puts the branches' channels one behind the other: they add up.",
        _concat,
        (CellExample("googlenet", "inception_3a", "output", "28x28x256", "28x28x128"),)),
    Misconception("S19", "flattening added the axes", _OUT,
        "The area and the channels were added.",
        "Flattening writes all elements in one row: all sides x channels.",
        _flattened(lambda sides, channels: sides[0] * sides[1] + channels),
        (CellExample(_FLATTEN, "flatten1", "output", "9216", "292"),)),
    Misconception("S20", "flattening dropped an axis", _OUT,
        "One axis was left out of the product.",
        "Flattening writes all elements in one row: all sides x channels.",
        _flat_dropped,
        (CellExample(_FLATTEN, "flatten1", "output", "9216", "1536"),
         CellExample(_FLATTEN, "flatten1", "output", "9216", "36"))),
    Misconception("S21", "the channels stand first", _OUT,
        "The extents were written with the channels before the sides.",
        "The sheet asks for another order; the numbers are the same.",
        _swapped,
        (CellExample("alexnet", "conv1", "output", "55x55x96", "96x55x55"),), convention=True),
    Misconception("S22", "the batch is part of the volume", _OUT,
        "The batch was written as an axis.",
        "A volume is that of one example.",
        None,
        (CellExample("alexnet", "conv1", "output", "55x55x96", "torch.Size([1, 96, 55, 55])"),),
        convention=True),
    Misconception("S23", "the padding of a layer with a stride was forgotten", _OUT,
        "The padding was left out.",
        "A layer with a stride may be padded too: n grows by 2p before the division.",
        _sides(_unpadded_strided),
        (CellExample("googlenet", "conv1", "output", "112x112x64", "109x109x64"),)),
    Misconception("S24", "a transposed convolution's padding was taken off once", _OUT,
        "The padding was taken off at one end only.",
        "A transposed convolution loses its padding at both ends: (n - 1)*s + k - 2p.",
        _transposed(lambda n, move: _unfolded(n, move, _pads(move) // 2)),
        (CellExample(_TRANSPOSED, "transposed1", "output", "14x14x5", "15x15x5"),)),
    Misconception("S25", "a transposed convolution's padding was added", _OUT,
        "The padding was added.",
        "The padding of a transposed convolution is what its output loses at both ends.",
        _transposed(lambda n, move: _unfolded(n, move, -_pads(move))),
        (CellExample(_TRANSPOSED, "transposed1", "output", "14x14x5", "18x18x5"),)),
    Misconception("S26", "a transposed convolution was taken to multiply by its stride", _OUT,
        "The side was multiplied by the stride.",
        "That is so only where kernel and padding fit: (n - 1)*s + k - 2p.",
        _transposed(lambda n, move: n * known(move.stride)),
        (CellExample(_TRANSPOSED_3, "transposed1", "output", "13x13x5", "14x14x5"),)),
    Misconception("S27", "rows of padding were put at one end", _OUT,
        "The padding was added once to each side.",
        "Padding stands at both ends of a side: n grows by 2p.",
        _padded(1, 0),
        (CellExample(_PADDED, "pad1", "output", "19x19x8", "17x17x8"),)),
    Misconception("S28", "the channels were padded, too", _OUT,
        "The padding was added to the depth as well.",
        "Rows and columns are put around every channel; their number stays.",
        lambda case, right: tuple(
            wrong
            for ends, depth in ((2, 2), (1, 1))
            if (wrong := _padded(ends, depth)(case, right)) is not None
        ),
        (CellExample(_PADDED, "pad1", "output", "19x19x8", "19x19x12"),
         CellExample(_PADDED, "pad1", "output", "19x19x8", "17x17x10"))),
)
# fmt: on
