"""Layers as statements of a spec: the fields that are not the default, as YAML has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.algebra import known
from shapecalc.algebra.expr import Expr
from shapecalc.algebra.notation import code_of
from shapecalc.layers.axes import Cut, End, PartOf
from shapecalc.layers.fields import (
    REQUIRED,
    Connections,
    Count,
    Extents,
    FactorSizes,
    Indices,
    Pad,
    Padding,
    Rational,
    Sizes,
    decimal_text,
)

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.fields import Declared

#: What a field holds in a spec.
Value: TypeAlias = "int | float | bool | str | list[Any] | dict[str, Any] | None"
#: Fields of these kinds may differ from one use of a block to the next.
_SIZES = (Count, Sizes, Pad)


def statement_fields(layer: Layer) -> dict[str, Value]:
    """Return the fields of a layer that are not the default, as a spec has them."""
    everything = all_fields(layer)
    return {name: value for name, value in everything.items() if not is_usual(layer, name, value)}


def all_fields(layer: Layer) -> dict[str, Value]:
    """Return the fields of a layer as a spec has them; sizes by name of a layer become `to`."""
    fields: dict[str, Value] = {}
    for declared in layer.fields():
        value = getattr(layer, declared.name)
        if declared.name == "like":
            if value is not None:
                fields["to"] = _plain(value, declared)
            continue
        if layer.type == "relative_position":  # one number is two sides there
            fields[declared.name] = "x".join(map(str, value)) if len(value) > 1 else value[0]
            continue
        if declared.name == "stride" and value is None:  # of a pool
            value = getattr(layer, "kernel", None)
        fields.setdefault(declared.name, None if value is None else _plain(value, declared))
        if value is not None:
            fields[declared.name] = _plain(value, declared)
    return fields


def is_usual(layer: Layer, name: str, value: Value) -> bool:
    """Tell whether a field need not be written."""
    if name == "stride" and layer.type in ("maxpool", "avgpool", "subsampling"):
        return value == all_fields(layer)["kernel"]
    declared = next(field for field in layer.fields() if field.name == name)
    if declared.default is REQUIRED:
        return False
    usual = declared.default
    return bool(value == (None if usual is None else _plain(usual, declared)))


def varies(layer: Layer) -> frozenset[str]:
    """Name the fields of a layer that may be those of a block around it."""
    return frozenset(f.name for f in layer.fields() if isinstance(f.kind, _SIZES))


def _plain(value: Any, declared: Declared) -> Value:  # noqa: ANN401
    """Return a field's value as YAML has it."""
    if isinstance(value, Padding):
        return _padding(value)
    if isinstance(value, Cut | PartOf):
        return _part(value)
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return value
    if isinstance(value, Expr):
        return code_of(value)
    if isinstance(value, tuple) and any(isinstance(entry, Expr) for entry in value):
        return [entry if isinstance(entry, int) else code_of(entry) for entry in value]
    kind = declared.kind
    if isinstance(kind, Connections):
        return [list(row) for row in value]
    if isinstance(kind, FactorSizes):
        values = [decimal_text(f.times / f.over) if isinstance(f, Rational) else f for f in value]
        return values[0] if len(set(values)) == 1 else values
    if isinstance(kind, Sizes) and len(set(value)) == 1:
        return int(value[0])
    if isinstance(kind, Extents) and len(value) == 1:
        return int(value[0])
    if isinstance(kind, Sizes | Extents) and min(value) > 0:
        return "x".join(map(str, value))
    if isinstance(kind, Indices) or len(value) > 1:
        return list(value)
    return value[0] if isinstance(value[0], str) else list(value)


def _padding(pad: Padding) -> Value:
    if pad.mode != "given":
        return pad.mode
    if any(before != after for before, after in pad.pairs):
        return [list(pair) for pair in pad.pairs]
    values = [before for before, _ in pad.pairs]
    return known(values[0]) if len(set(values)) == 1 else [*values]


def _part(part: Cut | PartOf) -> Value:
    if isinstance(part, PartOf):
        if isinstance(part.of, tuple):
            return {"part": part.number, "of": list(part.of)}
        return f"{part.number} of {part.of}"
    ends = [_place(part.start, 0), _place(part.stop, None)]
    return ends if part.step == 1 else [*ends, part.step]


def _place(end: End, usual: int | None) -> Any:  # noqa: ANN401
    if end.distance == 0:
        return usual if usual is not None or end.side == "end" else 0
    return known(end.distance) if end.side == "start" else -known(end.distance)
