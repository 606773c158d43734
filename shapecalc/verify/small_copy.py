"""A layer with fewer channels, filters and positions, which the referee can count by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.algebra import known
from shapecalc.errors import SpecErrors
from shapecalc.layers.shape import Map, Vector
from shapecalc.report.apply import RefusedError, apply

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.report.apply import Facts

#: Fields that may shrink, with how far; what has groups keeps them.
FEW = {"filters": 2, "units": 4, "multiplier": 2}
#: A window's fields shrink to these where they are larger; padding shrinks with the kernel.
WINDOW = {"kernel": 64, "stride": 32, "dilation": 8}
#: The sides tried, smallest first; every further side is one longer, so that extents differ.
SIDES = (4, 6, 9, 13, 19, 28, 42, 64, 96)


def small_copy(layer: Layer, inputs: tuple[Shape, ...]) -> tuple[Layer, tuple[Shape, ...], Facts]:
    """Return a copy that moves and groups like the layer, small inputs, and what the rules say.

    Windows, strides, padding and groups stay, if they are no giants, and so do tables of
    connections; where the layer's output has more than one position
    along a side, the copy's has, too.  A layer that cannot shrink comes back as it is.
    """
    whole = apply(layer, inputs)
    fields = {field.name: getattr(layer, field.name) for field in layer.fields()}
    if "shape" in fields:
        return layer, inputs, whole
    groups = fields.get("groups", 1)
    table = fields.get("connections") is not None
    for name in () if table else FEW.keys() & fields.keys():
        fields[name] = _few(fields[name], groups if name == "filters" else 1, FEW[name])
    _shrink_window(fields)
    copy = type(layer)(**fields)
    for side in SIDES:
        shapes = tuple(_shrunk(shape, side, fields, groups, table=table) for shape in inputs)
        try:
            facts = apply(copy, shapes)
        except (RefusedError, SpecErrors):
            continue
        pairs = zip(facts.output.sides, whole.output.sides, strict=True)
        if all(known(few) > 1 or known(many) == 1 for few, many in pairs):
            return copy, shapes, facts
    return layer, inputs, whole


def _shrink_window(fields: dict[str, Any]) -> None:
    """Shrink what is larger than a window of a small copy may be."""
    before = fields.get("kernel")
    for name, most in WINDOW.items():
        if fields.get(name) is not None:
            fields[name] = tuple(min(known(n), most - known(n) % 2) for n in fields[name])
    if fields.get("kernel") != before:
        half = min(fields["kernel"]) // 2
        pairs = tuple((min(known(a), half), min(known(b), half)) for a, b in fields["pad"].pairs)
        fields["pad"] = fields["pad"]._replace(pairs=pairs)


def _few(count: int, groups: int, few: int) -> int:
    return groups * min(count // groups, few)


def _shrunk(shape: Shape, side: int, fields: dict[str, Any], groups: int, *, table: bool) -> Shape:
    """Shrink a shape: some positions, and channels enough for groups or neighbours."""
    neighbours = fields["size"] if isinstance(fields.get("size"), int) else 1  # lrn's
    channels = _few(known(shape.channels), groups, max(3, neighbours + 2) if groups == 1 else 2)
    if table:
        channels = known(shape.channels)
    if isinstance(shape, Vector):
        return Vector(channels)
    return Map(tuple(min(known(n), side + axis) for axis, n in enumerate(shape.sides)), channels)
