"""The window arithmetic: output sizes, padding, receptive fields.

One side at a time: n is the input's extent, k the kernel, s the stride, d the dilation,
e = d*(k - 1) + 1 the extent that the dilated kernel covers, p the padding of both ends together.
The forms of the frameworks are in `tests/`, checked against vectors that the frameworks produced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.dim import ceil_div, smaller

if TYPE_CHECKING:
    from fractions import Fraction  # imported where upsampling needs one: it costs 4 ms

    from shapecalc.dim import Dim

Rounding: TypeAlias = Literal["floor", "ceil", "ceil_caffe", "ceil_full"]


class Window(NamedTuple):
    """How a window moves along one side.

    `before` and `after` are the padding at the two ends; `mode` tells where they come from:
    `given`, or TensorFlow's `same` or `valid`, which follow from the extent.
    """

    kernel: Dim
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1
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
    if isinstance(extent, int) and extent >= stride + after:
        return steps
    return smaller(steps, ceil_div(n + before, stride))


def transposed_size(n: Dim, window: Window, extra: int | None) -> Dim:
    """Size the output of a transposed convolution; `extra` is the output padding.

    Given padding: (n - 1)*s + e - p + extra (PyTorch, ONNX, Caffe).  `same`: n*s, or with extra
    (n - 1)*s + e mod 2 + extra; `valid`: n*s + max(k - s, 0), or (n - 1)*s + e + extra (Keras).

    >>> transposed_size(16, Window(64, 32), None), transposed_size(4, Window(4, 2, 1, 1), None)
    (544, 8)
    >>> transposed_size(4, Window(2, 3, mode="valid"), None)
    12
    """
    kernel, stride, before, after, _, _, mode = window
    extent = window.extent
    if mode == "same":
        return n * stride if extra is None else (n - 1) * stride + extent % 2 + extra
    if mode == "valid" and extra is None:
        return n * stride + max(kernel - stride, 0)
    return (n - 1) * stride + extent - before - after + (extra or 0)


def padding(n: Dim, window: Window) -> tuple[Dim, Dim]:
    """Return the padding before and after; `same` puts the odd pixel after, as TensorFlow does.

    >>> padding(13, Window(6, 5, mode="same")), padding(227, Window(11, 4, 2, 2))
    ((1, 2), (2, 2))
    """
    if window.mode != "same":
        return window.before, window.after
    total = max((ceil_div(n, window.stride) - 1) * window.stride + window.extent - n, 0)
    return total // 2, total - total // 2


class Reach(NamedTuple):
    """What one output unit sees along one side of a layer's input.

    Unit u sees the input units from u*stride - before to u*stride + after.  Upsampling makes these
    fractions; stride 0 says that every unit sees the same.  `side` is the input's side looked at.
    """

    stride: int | Fraction
    before: Dim | Fraction
    after: Dim | Fraction
    side: int = -1


def reach(n: Dim, window: Window) -> Reach:
    """Tell what a window's output sees of a side of `n`."""
    before = window.before if window.mode != "same" else padding(n, window)[0]
    return Reach(window.stride, before, window.dilation * (window.kernel - 1) - before)


def reach_all(n: Dim) -> Reach:
    """Tell that every output sees the whole side of `n`."""
    return Reach(0, 0, n - 1)


class Field(NamedTuple):
    """A unit's receptive field along one side of the network's input.

    Unit u sees the pixels from first + u*jump to last + u*jump (padding included, so `first` may
    be negative); `jump` is the distance of two neighbouring units' fields.
    (Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks".)
    """

    first: Dim | Fraction
    last: Dim | Fraction
    jump: Dim | Fraction

    @property
    def size(self) -> int:
        """The receptive field's extent in pixels."""
        return int((self.last - self.first) // 1) + 1


def look_back(field: Field, step: Reach) -> Field:
    """Return the field of a unit whose inputs have `field` and that reaches `step` into them.

    >>> look_back(Field(0, 10, 4), Reach(2, 0, 2))
    Field(first=0, last=18, jump=8)
    """
    first, last, jump = field
    return Field(first - step.before * jump, last + step.after * jump, jump * step.stride)


def look_back_both(a: Field, b: Field) -> Field:
    """Return the field of a unit that sees what two units of two branches see."""
    return Field(min(a.first, b.first), max(a.last, b.last), max(a.jump, b.jump))
