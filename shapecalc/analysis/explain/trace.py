"""A layer's own rules, run on numbers that remember how they were made.

A traced layer is the layer with names on its numbers; so are the shapes that flow in.  Sizes are
traced in letters, as papers write them (n, k, s, p, d), counts in words (kernel, channels).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.traced import Formula, exact, formula, grouped, is_zero, named
from shapecalc.layers.axes import Cut, PartOf
from shapecalc.layers.conv import Windowed
from shapecalc.layers.fields import Count, Declared, Pad, Padding, Rational, Sizes
from shapecalc.layers.merge import Concat, Stretching
from shapecalc.layers.reshape import Crop, PadLayer, Upsample
from shapecalc.layers.shape import SIDE_NAMES, Map, Shape, Vector
from shapecalc.layers.slicing import Ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.algebra import Dim
    from shapecalc.layers.axes import End
    from shapecalc.layers.base import Layer, Parameter, Work

#: What the letters of a rule stand for.
LETTERS = {
    "n": "input",
    "k": "kernel",
    "s": "stride",
    "d": "dilation",
    "p": "pad",
    "p1": "pad before",
    "p2": "pad after",
    "r": "field before",
    "j": "jump before",
}

_LETTER = {"kernel": "k", "stride": "s", "dilation": "d", "pad": "p", "crop": "cut"}


class NamingStyle(NamedTuple):
    """How numbers are called.  `brief` leaves out what changes nothing: no pad, steps of 1."""

    letters: bool = False
    brief: bool = False


def in_letters(layer: Layer) -> bool:
    """Tell whether the rule for the sides is written for a side n."""
    return isinstance(layer, (Windowed, PadLayer, Crop, Upsample))


def output_of(layer: Layer, inputs: tuple[Shape, ...], *, brief: bool = False) -> tuple[Any, ...]:
    """Return the output's extents as formulas, sides first and channels last."""
    style = NamingStyle(in_letters(layer), brief)
    shapes = traced_inputs(layer, inputs, style)
    output: Any = traced(layer, style).output(*shapes)
    return tuple(map(formula, (*output.sides, output.channels)))


def work_of(layer: Layer, inputs: tuple[Shape, ...], output: Shape) -> Work:
    """Return the operations as formulas."""
    shapes = traced_inputs(layer, inputs, NamingStyle())
    work: Any = traced(layer, NamingStyle()).work(shapes, traced_output(output))
    return work._make(exact(formula(count)) for count in work)  # type: ignore[no-any-return]


class Array(NamedTuple):
    """An array that a layer owns, its extents as formulas, and its size: 96 x (11 x 11 x 3)."""

    name: str
    role: str
    extents: tuple[Formula, ...]
    size: Formula


def arrays_of(layer: Layer, inputs: tuple[Shape, ...], output: Shape) -> tuple[Array, ...]:
    """Return the arrays."""
    shapes = traced_inputs(layer, inputs, NamingStyle())
    arrays = []
    for parameter in traced(layer, NamingStyle()).weights(*shapes):
        extents = tuple(exact(formula(extent)) for extent in _extents(parameter, layer, output))
        arrays.append(Array(parameter.name, parameter.role, extents, arranged(extents)))
    return tuple(arrays)


def arranged(extents: Sequence[Formula]) -> Formula:
    """Multiply extents as the course writes them: the first by what each of those has."""
    head, *rest = extents
    factors = [part for extent in rest for part in factors_of(extent)]
    kernels = [part for part in factors if part.name.startswith("kernel")]
    others = [part for part in factors if not part.name.startswith("kernel")]
    return grouped([head, grouped([*kernels, *others])] if factors else [head])


def factors_of(product: Formula) -> tuple[Formula, ...]:
    """Return the factors of a product."""
    return product.parts if product.kind == "product" else (product,)


def _extents(parameter: Parameter, layer: Layer, output: Shape) -> tuple[Any, ...]:
    """Name what the rule leaves without a name of its own."""
    shape: tuple[Any, ...] = parameter.shape
    if getattr(layer, "connections", None) and parameter.role == "weight":
        return (named("connected pairs", shape[0]), *shape[1:])
    if parameter.role == "bias" and getattr(layer, "bias", None) == "per_position":
        return (shape[0], *traced_output(output).sides)
    return shape


def traced(layer: Layer, style: NamingStyle) -> Layer:
    """Return the layer with names on its numbers."""
    values = {
        field.name: _traced_field(field, getattr(layer, field.name), style)
        for field in layer.fields()
    }
    if isinstance(layer, Windowed) and "stride" in values:
        values["stride"] = _sizes("stride", layer.steps(), style)
    return type(layer)(**values)


def _traced_field(field: Declared, value: Any, style: NamingStyle) -> Any:  # noqa: ANN401
    if value is None:
        return None
    if isinstance(field.kind, Count):  # what is left at 1 splits or repeats nothing
        return value if value == field.default == 1 else named(field.name, value)
    if isinstance(field.kind, Sizes):
        if any(isinstance(part, Rational) for part in value):
            return value
        return _sizes(field.name, value, style)
    if isinstance(field.kind, Pad):
        return _pads(field.name, value, style)
    if isinstance(field.kind, Ends):
        pair: Any = (named("before", value[0]), named("after", value[1]))
        return pair
    if isinstance(value, Cut):
        start, stop, step = value
        pace: Any = step if step == 1 else named("step", step)
        return Cut(_end("from", start), _end("to", stop), pace)
    if isinstance(value, PartOf) and not isinstance(value.of, tuple):
        parts: Any = named("parts", value.of)
        return value._replace(of=parts)
    return value


def _end(name: str, end: End) -> End:
    distance: Any = named(name if end.side == "start" else f"{name} the end", end.distance)
    return end if end.distance == 0 else end._replace(distance=distance)


def _sizes(name: str, values: tuple[Dim, ...], style: NamingStyle) -> tuple[Any, ...]:
    if style.letters:
        quiet = name == "dilation" or (style.brief and name == "stride")
        letter = _LETTER.get(name, name)
        return tuple(value if quiet and value == 1 else named(letter, value) for value in values)
    if len(set(values)) == 1:
        return tuple(named(name, value) for value in values)
    sides = SIDE_NAMES[len(values)]
    return tuple(named(f"{name} {side}", value) for side, value in zip(sides, values, strict=True))


def _pads(name: str, pad: Padding, style: NamingStyle) -> Padding:
    if pad.mode != "given" or not style.letters:
        return pad
    letter = _LETTER.get(name, name)
    pairs: list[Any] = []
    for before, after in pad.pairs:
        if style.brief and is_zero(before + after):
            pairs.append((before, after))
        elif before == after:
            pairs.append((named(letter, before), named(letter, after)))
        else:
            pairs.append((named(f"{letter}1", before), named(f"{letter}2", after)))
    return Padding(tuple(pairs))


def traced_inputs(layer: Layer, inputs: tuple[Shape, ...], style: NamingStyle) -> tuple[Any, ...]:
    """Return the shapes that flow in with names on their extents."""
    return tuple(
        _traced_shape(layer, shape, style, str(number + 1) if isinstance(layer, Concat) else "")
        for number, shape in enumerate(inputs)
    )


def _traced_shape(layer: Layer, shape: Shape, style: NamingStyle, number: str) -> Any:  # noqa: ANN401
    def extent(name: str, value: Any) -> Any:  # noqa: ANN401
        # What is 1 stretches, which only a plain number is for certain.
        return value if isinstance(layer, Stretching) and value == 1 else named(name, value)

    if isinstance(shape, Vector):
        return Vector(extent(f"c{number}" if number else "inputs", shape.size))
    names = ["n"] * len(shape.sides) if style.letters else SIDE_NAMES[len(shape.sides)]
    sides = tuple(extent(name, n) for name, n in zip(names, shape.sides, strict=True))
    return Map(sides, extent(f"c{number}" if number else "channels", shape.channels))


def traced_output(output: Shape) -> Any:  # noqa: ANN401
    """Return the output's shape with names on its extents."""
    if isinstance(output, Vector):
        return Vector(named("outputs", output.size))  # type: ignore[arg-type]
    sides = zip(SIDE_NAMES[len(output.sides)], output.sides, strict=True)
    named_sides = tuple(named(f"output {name}", n) for name, n in sides)
    return Map(named_sides, named("output channels", output.channels))  # type: ignore[arg-type]
