"""The window arithmetic: output sizes and padding.

One side at a time: n is the input's extent, k the kernel, s the stride, d the dilation,
e = d*(k - 1) + 1 the extent that the dilated kernel covers, p the padding of both ends together.
The forms of the frameworks are in `tests/`, checked against vectors that the frameworks produced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.algebra import ceil_div, is_number, larger, smaller

if TYPE_CHECKING:
    from shapecalc.algebra import Dim

Rounding: TypeAlias = Literal["floor", "ceil", "ceil_caffe", "ceil_full"]


class Window(NamedTuple):
    """How a window moves along one side.

    `before` and `after` are the padding at the two ends; `mode` tells where they come from:
    `given`, or TensorFlow's `same` or `valid`, which follow from the extent.
    """

    kernel: Dim
    stride: int = 1
    before: Dim = 0
    after: Dim = 0
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
    if is_number(extent) and is_number(after) and extent >= stride + after:  # type: ignore[operator]
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
