"""Answers with their factors, as one works them out by hand: what a wrong rule changes.

A wrong rule replaces a factor (the depth by 1, the padding by 0), so two of them compose by being
applied one after the other, and what was computed can be shown as a calculation.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shapecalc.algebra import known
from shapecalc.homework.assignment.notation import fraction_text
from shapecalc.layers.conv import Conv, Windowed
from shapecalc.layers.dense import Dense
from shapecalc.layers.depthwise import Depthwise
from shapecalc.layers.fields import per_side
from shapecalc.layers.pool import Pool
from shapecalc.layers.transposed import Transposed
from shapecalc.layers.window import Window, output_size, padding

if TYPE_CHECKING:
    from shapecalc.homework.assignment.conventions import Conventions
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.report import Row


class Factors(NamedTuple):
    """A count as a product, and what is added to it.

    scale x kernel x depth x filters x places + the sum of `plus`.
    """

    kernel: tuple[int, ...] = ()
    depth: tuple[int, ...] = ()
    filters: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    scale: tuple[int, ...] = ()
    plus: tuple[int, ...] = ()

    @property
    def value(self) -> int:
        """The number."""
        factors = (*self.scale, *self.kernel, *self.depth, *self.filters, *self.places)
        return (prod(factors) if factors else 0) + sum(self.plus)

    @property
    def text(self) -> str:
        """The calculation, without its result."""
        factors = (*self.scale, *self.kernel, *self.depth, *self.filters, *self.places)
        parts = ["*".join(f"{n:,}" for n in factors)] if factors else []
        return " + ".join([*parts, *(f"{n:,}" for n in self.plus)]) or "0"


class LayerSum(NamedTuple):
    """A count of a block or of a network: the sum of those of its layers."""

    parts: tuple[Factors, ...]

    @property
    def value(self) -> int:
        """The number."""
        return sum(part.value for part in self.parts)

    @property
    def text(self) -> str:
        """The calculation, without its result."""
        return " + ".join(f"{part.value:,}" for part in self.parts if part.value) or "0"


class Side(NamedTuple):
    """A side's output: round((n - extent + pad + inside)/stride) + plus, or a `result` outright.

    `pad` is that of both ends; `rounding` `none` keeps the fraction.  `by` is the calculation of a
    result that has another one.
    """

    n: int
    kernel: int = 1
    stride: int = 1
    pad: int = 0
    dilation: int = 1
    rounding: str = "floor"
    plus: int = 1
    inside: int = 0
    result: int | None = None
    by: str = ""

    @property
    def value(self) -> int | Fraction:
        """The output's extent."""
        if self.result is not None:
            return self.result
        room = self.n - self.extent + self.pad + self.inside
        if self.rounding == "floor":
            return room // self.stride + self.plus
        if self.rounding == "none":
            return Fraction(room, self.stride) + self.plus
        return -(-room // self.stride) + self.plus

    @property
    def extent(self) -> int:
        """What the dilated kernel covers."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def text(self) -> str:
        """The calculation, without its result."""
        if self.result is not None:
            return self.by or str(self.result)
        inner = f"{self.n} - {self.extent}" + (f" + {self.pad}" if self.pad else "")
        inner += f" + {self.inside}" if self.inside else ""
        divided = f"({inner})/{self.stride}" if self.stride > 1 else inner
        if self.stride > 1 and self.rounding != "none":
            divided = f"{'floor' if self.rounding == 'floor' else 'ceil'}({divided})"
        return divided + (f" + {self.plus}" if self.plus else "")


class Sides(NamedTuple):
    """An output volume: its sides, and its channels; a vector has no sides.

    `first`: the channels stand first, which is another volume when read in order.
    """

    sides: tuple[Side, ...]
    channels: int
    first: bool = False

    @property
    def value(self) -> tuple[int | Fraction, ...]:
        """The extents, in the order of the homework's layout."""
        sides = tuple([side.value for side in self.sides])
        return (self.channels, *sides) if self.first else (*sides, self.channels)

    @property
    def text(self) -> str:
        """The calculation of every side that has one, and the channels."""
        texts = list(dict.fromkeys(side.text for side in self.sides))
        shown = ["side " + text for text in texts if not text.isdecimal()]
        return ", ".join([*shown, f"{fraction_text(Fraction(self.channels))} channels"])


Working: TypeAlias = Factors | Sides | LayerSum


def sides_of(shape: Shape) -> tuple[int, ...]:
    """Return a shape's sides."""
    return tuple(map(known, shape.sides))


def kernel_of(row: Row) -> tuple[int, ...]:
    """Return the kernel of a row's layer, per side; a dense layer's is all that its units see."""
    layer = row.layer
    if isinstance(layer, Windowed):
        return tuple(map(known, per_side(layer.kernel, len(row.inputs[0].sides), "kernel")))
    flat = isinstance(layer, Dense) and layer.over == "all"
    return sides_of(row.inputs[0]) if flat else ()


def filters_of(row: Row) -> int:
    """Return the filters or units of a row's layer, whatever its output is said to be."""
    layer = row.layer
    if isinstance(layer, Conv | Transposed):
        return known(layer.filters)
    return known(layer.units if isinstance(layer, Dense) else row.output.channels)


def volume_of(row: Row) -> Sides:
    """Return how a row's output volume is worked out."""
    layer, output = row.layer, row.output
    channels = known(output.channels)
    if not isinstance(layer, Windowed) or isinstance(layer, Transposed) or not row.inputs:
        return Sides(tuple(Side(n, result=n) for n in sides_of(output)), channels)
    entering = sides_of(row.inputs[0])
    moves = layer.moves(row.inputs[0])
    return Sides(tuple(map(_side, entering, moves)), channels)


def _side(n: int, move: Window) -> Side:
    before, after = padding(n, move)
    side = Side(
        n,
        known(move.kernel),
        known(move.stride),
        known(before) + known(after),
        known(move.dilation),
        "floor" if move.rounding == "floor" or move.mode == "same" else "ceil",
    )
    right = known(output_size(n, move))
    return side if side.value == right else side._replace(result=right)  # a clipped last window


def params_of(row: Row, *, bias: bool = True) -> Factors:
    """Return how a row's parameters are worked out; without biases if asked."""
    product = _product(row)
    weights, biases = known(row.weights), known(row.biases)
    if row.shared is not None or product is None or product.value != weights:
        product = Factors(filters=(weights,)) if weights else Factors()
    return product._replace(plus=(biases,) if biases and bias else ())


def macs_of(row: Row) -> Factors:
    """Return how a row's multiply-accumulates are worked out."""
    product, macs = _product(row), known(row.macs)
    if product is not None:
        layer = row.layer
        shape = row.inputs[0] if isinstance(layer, Transposed) else row.output
        product = product._replace(places=sides_of(shape))
        if product.value == macs:
            return product
    return Factors(filters=(macs,)) if macs else Factors()


def _product(row: Row) -> Factors | None:
    """Return the weights of a row's layer as kernel x depth x filters; None for other layers."""
    layer: Layer | None = row.layer
    if not row.inputs or layer is None:
        return None
    ci, co = known(row.inputs[0].channels), filters_of(row)
    if isinstance(layer, Conv | Transposed):
        return Factors(kernel_of(row), (ci // layer.groups,), (co,))
    if isinstance(layer, Depthwise):
        return Factors(kernel_of(row), (), (co,))
    if isinstance(layer, Dense):
        return Factors(kernel_of(row), (ci,), (co,))
    if not isinstance(layer, Pool) and known(row.weights):
        return Factors(filters=(known(row.weights),))
    return None


def working_of(row: Row, column: str, conventions: Conventions) -> Working | None:
    """Return how a cell is worked out; None where it is no calculation of the layer's own."""
    if column == "output":
        return volume_of(row)
    if column == "weights":
        return params_of(row, bias=False)
    if column == "params":
        return params_of(row, bias=conventions.bias)
    if column == "biases":
        return Factors(plus=(known(row.biases),)) if known(row.biases) else Factors()
    if column == "macs":
        return macs_of(row)
    if column == "flops" and conventions.operations == "macs":
        macs = macs_of(row)
        return macs._replace(scale=(2,)) if conventions.flops_per_mac == 2 and macs.value else macs
    if column == "units":
        return Factors(places=sides_of(row.output), filters=(known(row.output.channels),))
    if column == "memory":
        places, channels = sides_of(row.output), known(row.output.channels)
        return Factors(scale=(conventions.element,), places=places, filters=(channels,))
    return None
