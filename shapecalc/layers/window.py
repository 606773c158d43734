"""The window arithmetic: output sizes, padding, and what the units of an output see of the input.

One side at a time: n is the input's extent, k the kernel, s the stride, d the dilation,
e = d*(k - 1) + 1 the extent that the dilated kernel covers, p the padding of both ends together.
The forms of the frameworks are in `tests/`, checked against vectors that the frameworks produced.

The second half is the vocabulary of `Layer.window`, which tells what one layer's units see of what
flows into it.  How that joins to receptive fields, `report.receptive_field` says.

- ``None``: every element sees the one at its own place (activations, dropout, joins).
- A tuple of `InputSpan`, one for every side of the output, in its order: the units at a place see
  the product of these.  `OWN` is the place itself, `EVERYTHING` the whole side (statistics over the
  positions), `SOME` at most that (where no rule follows the elements: windows cut from a map that
  was rolled or filled), `HIDDEN` at most the place itself (masks), `UP_TO_OWN` all from the first
  unit to the own one (a recurrent layer); `reach`, `reach_moved`, `reach_rolled`, `reach_up`,
  `reach_transposed` and `reach_adaptive` make those of windows, of slices and pads, of what moves
  around the ends, and of what enlarges or divides.
  With ``side=a`` it is axis
  `a` of the input that is looked at, not the one of the same number; the channels are the last.
- `layers.base.SEES_ALL`: every unit sees every element (dense layers, global pools).
- `Rearranged`: the same elements, every one once, in another arrangement (reshape, permute,
  flatten, pixel shuffle, windows cut out and put back).
- `Reduced`: all along axes that go, a mean over the width for one;
- `PerInput`: operands that are looked at in different ways, any of these for each; also `ByAxis`,
  spans for the operand's axes in place of the output's, which a matrix product needs: its places
  along one axis of the output count along another of the operand.  `UNSEEN` is one of which only
  the shape counts.

What an output channel sees of the input's channels is `Layer.mixes`, one `InputSpan` likewise.  It
matters where channels hold what were places, as after a permute.  `verify` measures all of this.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Literal, TypeAlias

from shapecalc.algebra import ceil_div, is_number, larger, smaller
from shapecalc.text import NamedTuple

if TYPE_CHECKING:
    from shapecalc.algebra import Dim

Rounding: TypeAlias = Literal["floor", "ceil", "ceil_caffe", "ceil_full"]


class Window(NamedTuple):
    """How a window moves along one side.

    `before` and `after` are the padding at the two ends; `mode` tells where they come from:
    `given`, or TensorFlow's `same` or `valid`, which follow from the extent.
    """

    kernel: Dim
    stride: Dim = 1
    before: Dim = 0
    after: Dim = 0
    dilation: Dim = 1
    rounding: Rounding = "floor"
    mode: Literal["given", "same", "valid"] = "given"

    @property
    def extent(self) -> Dim:
        """What the dilated kernel covers: d*(k - 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1


def output_size(n: Dim, window: Window) -> Dim:
    """Count the positions of a window on a side of `n`.

    `same` gives ceil(n/s) whatever the kernel.  `floor` (Dumoulin & Visin 2016, relationship 6)
    drops what does not fill a window.  `ceil` adds a last window that hangs over the end, but one
    that starts in the input or the padding before it (PyTorch's pooling); `ceil_caffe` clips so
    only when there is padding (Caffe's pooling_layer.cpp); `ceil_full` never (cuda-convnet).

    >>> output_size(227, Window(11, 4)), output_size(224, Window(11, 4, rounding="ceil_full"))
    (55, 55)
    >>> output_size(13, Window(6, 5, mode="same")), output_size(13, Window(6, 5))
    (3, 2)
    >>> [output_size(10, Window(1, 2, rounding=rule)) for rule in ("floor", "ceil", "ceil_caffe")]
    [5, 5, 6]
    """
    kernel, stride, before, after, dilation, rounding, mode = window
    if mode == "same":
        return ceil_div(n, stride)
    extent = dilation * (kernel - 1) + 1
    free = n + before + after - extent
    if rounding == "floor":
        return free // stride + 1
    steps = ceil_div(free, stride) + 1
    if rounding == "ceil_full" or (rounding == "ceil_caffe" and not before + after):
        return steps
    # With e >= s + after no window can start beyond the clip, so it needs no min.
    if all(map(is_number, (extent, after, stride))) and extent >= stride + after:  # type: ignore[operator]
        return steps
    return smaller(steps, ceil_div(n + before, stride))


def transposed_size(n: Dim, window: Window, extra: int | None) -> Dim:
    """Size the output of a transposed convolution; `extra` is the output padding.

    Given padding: (n - 1)*s + e - p + extra (PyTorch, ONNX, Caffe).  `same`: n*s, or with extra
    (n - 1)*s + e mod 2 + extra; `valid`: n*s + max(e - s, 0), or (n - 1)*s + e + extra (Keras).

    >>> transposed_size(16, Window(64, 32), None), transposed_size(4, Window(4, 2, 1, 1), None)
    (544, 8)
    >>> transposed_size(4, Window(2, 3, mode="valid"), None)
    12
    """
    _, stride, before, after, _, _, mode = window
    extent = window.extent
    if mode == "same":
        return n * stride if extra is None else (n - 1) * stride + extent % 2 + extra
    if mode == "valid" and extra is None:
        return n * stride + larger(extent - stride, 0)
    return (n - 1) * stride + extent - before - after + (extra or 0)


def padding(n: Dim, window: Window) -> tuple[Dim, Dim]:
    """Return the padding before and after; `same` puts the odd pixel after, as TensorFlow does.

    >>> padding(13, Window(6, 5, mode="same")), padding(227, Window(11, 4, 2, 2))
    ((1, 2), (2, 2))
    """
    if window.mode != "same":
        return window.before, window.after
    total = larger((ceil_div(n, window.stride) - 1) * window.stride + window.extent - n, 0)
    return total // 2, total - total // 2


def taps_inside(n: Dim, positions: Dim, window: Window, before: Dim) -> Dim:
    """Count the pairs of a position and a tap that meet an element of a side of `n`.

    Tap t at position i is at i*s - before + t*d.

    >>> taps_inside(8, 8, Window(3), 1), taps_inside(8, 4, Window(3, 2), 1)
    (22, 11)
    """
    kernel = as_number(window.kernel)
    stride, dilation = window.stride, window.dilation
    if all(isinstance(dim, int) for dim in (n, positions, before, stride, dilation)):
        box = as_number(positions), as_number(stride), kernel, as_number(dilation)
        n, before = as_number(n), as_number(before)
        return _pairs_up_to(before + n - 1, *box) - _pairs_up_to(before - 1, *box)
    met: Dim = 0
    for tap in range(kernel):
        ahead = before - tap * dilation
        first = larger(ceil_div(ahead, stride), 0)
        last = smaller((n - 1 + ahead) // stride, positions - 1)
        met = met + larger(last - first + 1, 0)
    return met


def _pairs_up_to(most: int, positions: int, stride: int, kernel: int, dilation: int) -> int:
    """Count the positions i and taps t of a window with i*stride + t*dilation <= most."""
    if most < 0 or positions < 1:
        return 0
    taps = min(kernel, most // dilation + 1)  # of the others even the first position is beyond
    full = (most - (positions - 1) * stride) // dilation + 1  # taps that count at all positions
    full = min(max(full, 0), taps)
    left = taps - full
    least = most - (taps - 1) * dilation
    return full * positions + left + _sum_of_floors(left, dilation, least, stride)


def _sum_of_floors(count: int, slope: int, start: int, by: int) -> int:
    """Add up (slope*u + start)//by for u below count, in as many steps as Euclid's algorithm.

    >>> _sum_of_floors(5, 3, 2, 4) == sum((3 * u + 2) // 4 for u in range(5))
    True
    """
    if not count:
        return 0
    whole = count * (count - 1) // 2 * (slope // by) + count * (start // by)
    slope, start = slope % by, start % by
    rows, rest = divmod(slope * count + start, by)  # what is left are points below a line:
    return whole + (_sum_of_floors(rows, by, rest, slope) if rows else 0)  # seen from its side


#: Fields that repeat only after more units than this are not told.
LONGEST_PERIOD = 4096


class InputSpan(NamedTuple):
    """What the output units see along one side of a layer's input.

    Unit v, of a period of Q = len(lo), sees the input units from lo[v mod Q] + (v // Q)*step to
    hi[v mod Q] + (v // Q)*step; nothing where hi < lo.  It sees one in `every`, which matters
    where some of them see nothing; with 0 some between the first and the last.  `side` is the
    input's axis looked at, that of the same number if it is -1.  What is `beyond` its ends counts
    as padding; or there is `nothing` to see, or the `nearest` unit within, or the units within
    `mirrored`, counted back from the first or the last.
    """

    lo: tuple[Dim, ...]
    hi: tuple[Dim, ...]
    step: Dim
    side: int = -1
    every: Dim = 1
    beyond: Literal["padding", "nothing", "nearest", "mirrored"] = "padding"


#: Every output unit sees the whole side, from unit 0 to the last one, counted as -1.
EVERYTHING = InputSpan((0,), (-1,), 0)

#: Every output unit sees the unit at its own place.
OWN = InputSpan((0,), (0,), 1)

#: Some of the whole side, or all of it: which, no rule says.
SOME = EVERYTHING._replace(every=0)

#: At most the unit at the own place: some units see nothing.
HIDDEN = OWN._replace(every=0)

#: Every output unit sees the units from the first to the one at its own place.
UP_TO_OWN = InputSpan((), (), 1)

#: Every output unit sees the first unit of the side, as where a side of 1 stretches.
FIRST = InputSpan((0,), (0,), 0)


#: A span, and the axis of the output along which it is looked at; None: by all units alike.
Look: TypeAlias = "tuple[InputSpan, int | None]"


class Rearranged(NamedTuple):
    """The input's elements, each once, in another arrangement.

    They are read with the input's axes in the order `read`, outermost first (sides, then channels,
    counted from 0), and written with the output's axes in the order `written`.  Where axes are
    `cut` into several before they change places, it gives the extents of all, and `read` counts
    these.

    >>> permute = Rearranged(read=(2, 0, 1), written=(0, 1, 2))
    >>> flatten = Rearranged(read=(2, 0, 1), written=(0,))  # channel by channel
    >>> in_pairs = Rearranged(read=(0, 2, 1), written=(0, 1), cut=(5, 2, 3))  # 10x3 to 5x6
    """

    read: tuple[int, ...]
    written: tuple[int, ...]
    cut: tuple[Dim, ...] = ()


class Reduced(NamedTuple):
    """All along some axes of the input, which go; the others stay, in their order.

    Axes are counted as a shape is written: the sides from 0 on, the channels last.
    """

    axes: tuple[int, ...]


class ByAxis(NamedTuple):
    """How each axis of an operand is looked at, its channels among them.

    The place along axis `along` of the output is the unit of the axis's span; None: all units of
    the output see alike.  Axes are counted as a shape is written.
    """

    spans: tuple[InputSpan, ...]
    along: tuple[int | None, ...]


#: An operand of which only the shape counts.
UNSEEN = ByAxis((), ())


class PerInput(NamedTuple):
    """How every operand is looked at, where that differs; None: at the own place."""

    windows: tuple[tuple[InputSpan, ...] | Rearranged | ByAxis | None, ...]


#: What `Layer.window` returns.
Sees: TypeAlias = "tuple[InputSpan, ...] | Rearranged | Reduced | ByAxis | PerInput | None"


def some_of(given: int, sides: int) -> tuple[InputSpan, ...]:
    """Tell of an output of so many sides that every unit sees some of an input of `given` sides."""
    return tuple([SOME._replace(side=max(min(side, given - 1), 0)) for side in range(sides)])


def is_some(span: InputSpan) -> bool:
    """Tell whether a unit sees some of what a span holds, and no rule says what."""
    return span.every == 0


def reach(n: Dim, window: Window) -> InputSpan:
    """Tell what a window's output sees of a side of `n`."""
    before = window.before if window.mode != "same" else padding(n, window)[0]
    dilation = window.dilation
    last = dilation * (window.kernel - 1) - before
    return InputSpan((-before,), (last,), window.stride, -1, dilation)


def reach_moved(rows: Dim) -> InputSpan:
    """Tell that output unit 0 is the input's unit `rows`, and so on."""
    return InputSpan((rows,), (rows,), 1)


def reach_behind(n: Dim, rows: Dim) -> InputSpan:
    """Tell that `rows` units that see nothing come before those of a side of `n`.

    With symbols that has no formula, but the units before the side are a bound.

    >>> reach_behind(2, 1)
    InputSpan(lo=(0, 0, 1), hi=(-1, 0, 1), step=2, side=-1, every=1, beyond='padding')
    """
    if not isinstance(n, int) or not isinstance(rows, int):
        return reach_moved(-rows)._replace(every=0)
    refuse_period(n + rows)
    own = tuple(range(n))
    return InputSpan((0,) * rows + own, (-1,) * rows + own, n)


def reach_rolled(n: Dim, shift: int) -> InputSpan:
    """Tell that output unit `shift` is the input's unit 0, and so on around the ends of a side.

    >>> reach_rolled(3, 1)
    InputSpan(lo=(2, 0, 1), hi=(2, 0, 1), step=3, side=-1, every=1, beyond='padding')
    """
    period = as_number(n)
    refuse_period(period)
    if shift % period == 0:
        return OWN
    units = tuple([(unit - shift) % period for unit in range(period)])
    return InputSpan(units, units, period)


def reach_up(factor: int, *, blend: bool) -> InputSpan:
    """Tell what upsampling sees: unit v lies at (v + 1/2)/factor - 1/2, between two units.

    >>> reach_up(2, blend=True)
    InputSpan(lo=(-1, 0), hi=(0, 1), step=1, side=-1, every=1, beyond='nearest')
    """
    refuse_period(factor)
    if not blend:
        return InputSpan((0,) * factor, (0,) * factor, 1)
    twice = [2 * phase + 1 - factor for phase in range(factor)]
    return InputSpan(
        tuple([at // (2 * factor) for at in twice]),
        tuple([ceil_div(at, 2 * factor) for at in twice]),
        1,
        beyond="nearest",
    )


def reach_resized(pace: tuple[int, int], *, blend: bool, centred: bool) -> InputSpan:
    """Tell what units see that lie q/p of an input unit apart; `pace` is (q, p).

    Unit v lies at v*q/p, or `centred` at (v + 1/2)*q/p - 1/2; it sees the unit there or before, or
    blends the two around.  Raises `UndecidedError` where that repeats only after very many units.

    >>> reach_resized((2, 3), blend=False, centred=False)
    InputSpan(lo=(0, 0, 1), hi=(0, 0, 1), step=2, side=-1, every=1, beyond='padding')
    """
    q, p = pace
    refuse_period(p)
    if not blend:
        at = tuple([v * q // p for v in range(p)])
        return InputSpan(at, at, q)
    places = [((2 * v + 1) * q - p, 2 * p) if centred else (v * q, p) for v in range(p)]
    return InputSpan(
        tuple([place // by for place, by in places]),
        tuple([ceil_div(place, by) for place, by in places]),
        q,
        beyond="nearest",
    )


def cut_before(window: Window, extra: int | None) -> Dim:
    """Return what a transposed convolution cuts from the start; `extra` is the output padding."""
    if window.mode != "same":
        return window.before
    extent = window.extent
    surplus = extent - window.stride if extra is None else extent - extent % 2 - extra
    return larger(surplus, 0) // 2  # `same` cuts the odd one at the end


def reach_transposed(window: Window, extra: int | None) -> InputSpan:
    """Tell what a transposed convolution sees: tap t takes input i to output i*s - before + t*d.

    The taps that meet in one output lie T = s/gcd(s, d) apart.  `extra` is the output padding.

    >>> reach_transposed(Window(3, 2), None)
    InputSpan(lo=(-1, 0), hi=(0, 0), step=1, side=-1, every=1, beyond='nothing')
    """
    stride, cut = as_number(window.stride), cut_before(window, extra)
    refuse_period(stride)
    if stride == 1:  # an output sees the taps backward, whatever the letters
        return InputSpan((cut - (window.extent - 1),), (cut,), 1, -1, window.dilation, "nothing")
    kernel, dilation, cut = map(as_number, (window.kernel, window.dilation, cut))
    lo, hi = [0] * stride, [-1] * stride
    apart = stride // gcd(stride, dilation)
    for tap in range(min(apart, kernel)):
        phase = (tap * dilation - cut) % stride
        hi[phase] = (phase + cut - tap * dilation) // stride
        lo[phase] = hi[phase] - (kernel - 1 - tap) // apart * apart * dilation // stride
    return InputSpan(tuple(lo), tuple(hi), 1, -1, apart * dilation // stride, "nothing")


def reach_groups(channels: Dim, groups: Dim, filters: Dim) -> InputSpan:
    """Tell what output channels see of the input's, where both fall into groups.

    >>> reach_groups(6, 3, 6)
    InputSpan(lo=(0, 0), hi=(1, 1), step=2, side=-1, every=1, beyond='padding')
    """
    if groups == 1:
        return EVERYTHING
    period = as_number(filters // groups)
    refuse_period(period)
    size = channels // groups
    return InputSpan((0,) * period, (size - 1,) * period, size)


def reach_adaptive(n: Dim, o: int) -> InputSpan:
    """Tell what each of `o` windows that divide a side of `n` evenly sees.

    >>> reach_adaptive(5, 2)
    InputSpan(lo=(0, 2), hi=(2, 4), step=5, side=-1, every=1, beyond='padding')
    """
    if o == 1:
        return EVERYTHING
    shared = gcd(n, o) if isinstance(n, int) else 1  # of a symbol nothing can be taken out
    step, period = n // shared, o // shared
    refuse_period(period)
    return InputSpan(
        tuple([i * step // period for i in range(period)]),
        tuple([ceil_div((i + 1) * step, period) - 1 for i in range(period)]),
        step,
    )


class UndecidedError(Exception):
    """A receptive field cannot be told in one formula."""


class LongPeriodError(UndecidedError):
    """A receptive field repeats only after very many units."""


def refuse_period(period: int) -> None:
    """Leave receptive fields that repeat only after very many units.  Raises `LongPeriodError`."""
    if period > LONGEST_PERIOD:
        raise LongPeriodError


def as_number(dim: Dim) -> int:
    """Return a number where only that decides.  Raises `UndecidedError` for a symbol."""
    if not isinstance(dim, int):
        raise UndecidedError
    return dim
