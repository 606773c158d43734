"""Attention in windows by the cosine of queries and keys, as torchvision's second Swin has it.

The language has it in no layer of its own: it is put together from what `attention` is made of.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shapecalc.readers.onnx.layouts import in_files_order
from shapecalc.readers.onnx.values import Value

if TYPE_CHECKING:
    from shapecalc.readers.onnx.file import OnnxNode
    from shapecalc.readers.onnx.walk import GraphWalk


class _Chain:
    """Writes layers behind each other under one path."""

    def __init__(self, walk: GraphWalk, path: str) -> None:
        self.walk = walk
        self.path = path

    def __call__(self, sources: str | list[str], *layers: tuple[str, dict[str, Any]]) -> str:
        source = sources if isinstance(sources, list) else [sources]
        for kind, fields in layers:
            source = [self.walk.layers.add(kind, fields, source, f"{self.path}{kind}")]
        return source[0]


def rule_cosine_windows(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Write the layers of such an attention."""
    value = in_files_order(walk, node, walk.value(node))
    side, heads, hidden, shift = (
        node.attributes[word] for word in ("side", "heads", "hidden", "shift")
    )
    height, width, channels = value.extents
    chain, x = _Chain(walk, node.name), value.source
    windows = {"size": side, **shift}
    count = -(-height // side) * -(-width // side)
    split = [count, side * side * heads, channels // heads]
    part = chain(x, ("window_partition", windows))
    qkv = chain(part, ("dense", {"units": 3 * channels, "over": "channels"}))
    query, key = (
        chain(
            *(qkv, ("slice", {"channels": cut}), ("reshape", {"shape": split})),
            *(("l2norm", {}), ("reshape", {"shape": [count, side * side, channels]})),
        )
        for cut in ([0, channels], [channels, 2 * channels])
    )
    fields = {"transpose": "second", "heads": heads, "windows": True}
    cosines = chain([query, key], ("matmul", fields))
    scale = walk.layers.add("parameter", {"shape": [1, heads, 1, 1]}, [], f"{node.name}logit_scale")
    scale = chain(scale, ("minimum", {"right": math.log(100)}), ("exp", {}))
    scores = chain([cosines, scale], ("multiply", {}))
    bias = chain(
        _distances(walk, side),
        ("dense", {"units": hidden, "over": "channels"}),
        ("relu", {}),
        ("dense", {"units": heads, "over": "channels", "bias": False}),
        *_by_pair(side, heads),
        ("sigmoid", {}),
        ("multiply", {"right": -16}),
    )
    scores = chain([scores, bias], ("subtract", {}))  # a sum whose 1 stretches over the windows
    if shift:
        scores = chain([scores, x], ("window_mask", windows))
    weighed = chain(scores, ("softmax", {}))
    fields = {
        "second": [2 * channels, 3 * channels],
        "heads": heads,
        "windows": True,
        "merge": "map",
    }
    mixed = chain([weighed, qkv], ("matmul", fields))
    mixed = chain(mixed, ("dense", {"units": channels, "over": "channels"}))
    walk.give(node, value._replace(source=chain([mixed, x], ("window_merge", windows))))


def _distances(walk: GraphWalk, side: int) -> str:
    """Return the input of the distances in a window, a fixed array that a model holds."""
    key, span = f"\0distances {side}", 2 * side - 1
    if key not in walk.values:
        extents = {"height": span, "width": span, "channels": 2}
        source = walk.layers.add_input(f"distances_{side}", extents)
        walk.values[key] = Value(source, (span, span, 2), (0, 1, 2), (span, span, 2), None)
    return walk.values[key].source


def _by_pair(side: int, heads: int) -> list[tuple[str, dict[str, Any]]]:
    """Lay a map of numbers by distance out as numbers by pairs of positions, for every head.

    Along a side, a row of 2n - 1 distances and a hole is repeated n times, and cut into rows of
    2n - 1 again: each begins one place further back, so its last n are those of one position.
    """
    n, span = side, 2 * side - 1
    return [
        ("reshape", {"shape": [1, span, span * heads]}),
        ("pad", {"pad": [[0, 0], [0, 1]]}),
        ("upsample", {"factor": [n, 1]}),
        ("reshape", {"shape": [n * (span + 1), span * heads]}),
        ("slice", {"length": [0, n * span]}),
        ("reshape", {"shape": [n, span, span * heads]}),
        ("slice", {"width": [n - 1, span]}),  # y', y, (distance of x, head)
        ("reshape", {"shape": [n * n, 1, span, heads]}),
        ("pad", {"pad": [[0, 0], [0, 0], [0, 1]]}),
        ("upsample", {"factor": [1, n, 1]}),
        ("reshape", {"shape": [n * n, n * (span + 1), heads]}),
        ("slice", {"width": [0, n * span]}),
        ("reshape", {"shape": [n * n, n, span, heads]}),
        ("slice", {"width": [n - 1, span]}),  # (y', y), x', x, head
        ("reshape", {"shape": [n, n, n, n * heads]}),
        ("permute", {"order": [1, 0, 2, 3]}),  # y, y', x', (x, head)
        ("reshape", {"shape": [n, n * n, n, heads]}),
        ("permute", {"order": [0, 2, 1, 3]}),  # y, x, (y', x'), head
        ("reshape", {"shape": [n * n, n * n, heads]}),
        ("permute", {"order": [2, 0, 1]}),
        ("reshape", {"shape": [1, heads, n * n, n * n]}),
    ]
