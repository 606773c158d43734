"""Elements that move: other axes, other extents."""

from __future__ import annotations

import struct
from math import prod
from typing import TYPE_CHECKING, Any

from shapecalc.readers.onnx import patterns
from shapecalc.readers.onnx.constants import axes_in, axes_of, joined, shape_asked
from shapecalc.readers.onnx.file import MOST_AXES
from shapecalc.readers.onnx.layouts import channels_second, in_files_order, reshape, transpose
from shapecalc.readers.onnx.rules import one_if_alike, rule
from shapecalc.readers.onnx.values import squeezed, unsqueezed
from shapecalc.readers.onnx.walk import NoRuleError, must_fit
from shapecalc.readers.open_sizes import OpenSize, whole_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.readers.onnx.file import OnnxNode
    from shapecalc.readers.onnx.values import Value
    from shapecalc.readers.onnx.walk import GraphWalk


@rule("Transpose")
def _transpose(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    if patterns.adaptive_pool(walk, node, number):
        return
    value = walk.value(node)
    rank = len(value.dims)
    order = node.attributes.get("perm") or list(range(rank))[::-1]
    if sorted(order) != list(range(rank)):
        raise walk.refuse(f"Transpose '{node.name[:80]}' has the order {order[:9]} of {rank} axes")
    transpose(walk, node, value, order)


@rule("Reshape")
def _reshape(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    if patterns.group_norm(walk, node, number) or patterns.shuffle(walk, node, number):
        return
    value = walk.value(node)
    wanted = node.attributes.get("shape")
    if walk.has(node, 1):
        array = walk.array(node, 1)
        wanted = array.values() if array is not None else None
    if wanted is None:
        given = walk.stated(node.outputs[0])
        if given is None or not all(isinstance(n, int) for n in given[1:]):
            raise NoRuleError("a shape that is computed")
        wanted = [value.dims[0], *given[1:]]
    keeps_zero = bool(node.attributes.get("allowzero", 0))
    dims = shape_asked([whole_of(n) for n in wanted], value.dims, keeps_zero=keeps_zero)
    if dims is None:
        raise walk.refuse(
            f"Reshape '{node.name[:80]}' asks for {list(wanted)[:9]} of"
            f" {'x'.join(map(str, value.dims))}",
            rule=f"{prod(value.dims):,} elements",
        )
    if not patterns.groups_apart(walk, node, value, dims):
        reshape(walk, node, value, dims)


@rule("Flatten")
def _flatten(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.value(node)
    rank = len(value.dims)
    axis = node.attributes.get("axis", 1)
    axis = axis + rank if axis < 0 else axis
    if not 0 <= axis <= rank:
        raise walk.refuse(f"Flatten '{node.name[:80]}' has no axis {axis}")
    if axis == 1 and patterns.whole_map(walk, node, value):
        return
    reshape(walk, node, value, (prod(value.dims[:axis]), prod(value.dims[axis:])))


@rule("Squeeze")
def _squeeze(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.value(node)
    axes = axes_of(node, walk.array(node, 1), len(value.dims))
    if axes is None:
        raise NoRuleError("axes that nobody knows")
    if not axes:
        axes = [axis for axis, n in enumerate(value.dims) if n == 1]
    if any(value.dims[axis] != 1 for axis in axes):
        raise walk.refuse(f"Squeeze '{node.name[:80]}' takes an axis away that is not 1")
    less = squeezed(value, set(axes))
    if not value.loose and len(less.own_axes) == 1 and len(value.extents) > 1:
        dims = tuple(n for axis, n in enumerate(value.dims) if axis not in axes)
        reshape(walk, node, value, dims)
        return
    walk.give(node, less)


@rule("Unsqueeze")
def _unsqueeze(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.solid(node)
    named = node.attributes.get("axes")
    if named is None:
        named = walk.kernel(node, 1).values()
    axes = axes_in([int(v) for v in named or ()], len(value.dims) + len(named or ()))
    if axes is None or len(set(axes)) < len(axes) or len(value.dims) + len(axes) > MOST_AXES:
        raise NoRuleError("axes that nobody knows")
    if len(axes) > 1 or not _repeats(walk, node, number, axes[0]):
        walk.give(node, unsqueezed(value, set(axes)))


def _repeats(walk: GraphWalk, node: OnnxNode, number: int, new: int) -> bool:
    """Recognise Unsqueeze, Expand, Reshape as what repeats each place along an axis.

    So heads of keys and values serve several of the queries.
    """
    value, trail = walk.value(node), patterns.Trail(walk, number).step("Expand")
    shape = walk.array(trail.last, 1) if trail.goes() else None
    wide = None if shape is None else shape.values()
    trail.step("Reshape")
    given = walk.array(trail.last, 1) if trail.goes() else None
    asked_for = None if given is None else given.values()
    if walk.file.nodes[number] is not node or wide is None or asked_for is None:
        return False
    single = (*value.dims[:new], 1, *value.dims[new:])
    dims = joined([single, [whole_of(n) for n in wide]]) or single
    times = dims[new]
    if times == 1 or dims != (*single[:new], times, *single[new + 1 :]):
        return False
    keeps_zero = bool(trail.last.attributes.get("allowzero", 0))
    whole = (*value.dims[: new - 1], value.dims[new - 1] * times, *value.dims[new:])
    asked = shape_asked([whole_of(n) for n in asked_for], dims, keeps_zero=keeps_zero)
    if asked is None or new - 1 not in value.own_axes[:-1]:
        return False
    value = _with_repeated(walk, node, value, new - 1, times)
    walk.skip(*trail.numbers)
    if asked == whole:
        walk.give(trail.last, value)
    else:
        reshape(walk, trail.last, value, asked)
    return True


def _with_repeated(walk: GraphWalk, node: OnnxNode, value: Value, axis: int, times: int) -> Value:
    """Return a value with each place along one of the file's axes several times."""
    value = in_files_order(walk, node, value)
    dims = tuple(n * times if own == axis else n for own, n in enumerate(value.dims))
    must_fit(walk, node, dims)
    factor = [times if own == axis else 1 for own in value.axes[:-1]]
    source = walk.add(node, "upsample", {"factor": one_if_alike(factor)}, [value])
    extents = tuple([n * f for n, f in zip(value.extents, [*factor, 1], strict=True)])
    return value._replace(source=source, extents=extents, dims=dims)


@rule("Expand", "Tile")
def _expand(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Read what repeats nothing, or the places of the axis before one of 1."""
    value = walk.value(node)
    given = [whole_of(n) for n in walk.kernel(node, 1).values() or ()]
    if node.op == "Tile":
        given = [n * times for n, times in zip(value.dims, given, strict=True)]
    dims = joined([value.dims, given]) if given else None
    if dims == value.dims:
        walk.give(node, value)
        return
    rank = len(value.dims)
    if dims is None or len(dims) != rank:
        raise NoRuleError("it repeats elements")
    new = [axis for axis in range(rank) if dims[axis] != value.dims[axis]]
    if len(new) != 1 or value.dims[new[0]] != 1:
        raise NoRuleError("it repeats whole axes")
    value = squeezed(value, set(new))
    if value.loose or new[0] - 1 not in value.own_axes[:-1]:
        raise NoRuleError("it repeats what is no side")
    reshape(walk, node, _with_repeated(walk, node, value, new[0] - 1, dims[new[0]]), dims)


@rule("DepthToSpace", "SpaceToDepth")
def _shuffle_pixels(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = channels_second(walk, node, walk.value(node))
    block = node.attributes["blocksize"]
    height, width, channels = value.extents
    if node.op == "DepthToSpace":
        order = node.attributes.get("mode", "DCR").lower()
        if block < 1 or channels % block**2 or order not in ("dcr", "crd"):
            raise NoRuleError("channels that make no blocks")
        extents = (height * block, width * block, channels // block**2)
        kind = "pixel_shuffle"
    else:
        if block < 1 or height % block or width % block:
            raise NoRuleError("sides that make no blocks")
        extents, order = (height // block, width // block, channels * block**2), "dcr"
        kind = "pixel_unshuffle"
    must_fit(walk, node, extents)
    fields = {"factor": block, **({"order": "dcr"} if order == "dcr" else {})}
    source = walk.add(node, kind, fields, [value])
    dims = (value.dims[0], extents[2], *extents[:2])
    walk.give(node, walk.volume(source, value, extents, dims))


def _resized(n: int, scale: float) -> int:
    """Return what an extent becomes: the product, floored, is one of single precision.

    >>> _resized(3, 1.6666666269302368), int(3 * 1.6666666269302368)
    (5, 4)
    """
    if scale == int(scale):
        return n * int(scale)
    (product,) = struct.unpack("<f", struct.pack("<f", min(n * scale, 1e30)))
    return int(product)


@rule("Resize", "Upsample")
def _resize(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.solid(node)
    mode = {"nearest": "nearest", "linear": "bilinear", "bilinear": "bilinear"}.get(
        node.attributes.get("mode", "nearest")
    )
    if mode is None or (walk.has(node, 3) and node.attributes.get("axes")):
        raise NoRuleError("another interpolation")
    scales: Sequence[float] | None = node.attributes.get("scales")
    sizes: Sequence[int] | None = None
    at = 2 if node.op == "Resize" and walk.file.opset >= 11 else 1
    if walk.has(node, at):
        array = walk.kernel(node, at)
        scales = array.values() if array.size else scales
    if walk.has(node, 3):
        sizes = walk.kernel(node, 3).values()
    if sizes is not None:
        dims = tuple(whole_of(n) for n in sizes)
    elif scales is not None:
        dims = tuple(_resized(n, scale) for n, scale in zip(value.dims, scales, strict=True))
    else:
        raise NoRuleError("sizes that are computed")
    policy = node.attributes.get("keep_aspect_ratio_policy") or "stretch"
    if len(dims) != len(value.dims) or policy != "stretch":
        raise NoRuleError("sizes that depend on each other")
    must_fit(walk, node, dims)
    extents = tuple(
        n if axis is None else dims[axis] for axis, n in zip(value.axes, value.extents, strict=True)
    )
    if extents[-1] != value.extents[-1] or len(extents) < 2:
        raise NoRuleError("it resizes channels")
    old, new = value.extents[:-1], extents[:-1]
    fields: dict[str, Any]
    factors = [b // a for a, b in zip(old, new, strict=True)]
    whole = all(b % a == 0 for a, b in zip(old, new, strict=True))
    if whole and not any(isinstance(factor, OpenSize) for factor in factors):
        fields = {"factor": one_if_alike(factors)}
    else:
        fields = {"to": one_if_alike(new)}
    if mode != "nearest":
        fields["mode"] = mode
        if node.attributes.get("coordinate_transformation_mode") == "align_corners":
            fields["align"] = "corners"
    source = walk.add(node, "upsample", fields, [value])
    walk.give(node, value._replace(source=source, extents=extents, dims=dims))
