"""Arithmetic: joins of outputs and constants, and functions of every element by itself.

Of a fold over the operands the constants are the first and the last.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.layers.arithmetic import (
    Abs,
    Clip,
    Divide,
    Exp,
    Hardtanh,
    Log,
    Maximum,
    Minimum,
    Negative,
    PowerOf,
    Sqrt,
    Subtract,
)
from shapecalc.reference import registry
from shapecalc.reference.activation import formula_of
from shapecalc.reference.arrays import Gradients
from shapecalc.reference.formula import ArrayFormula, Term, number, single
from shapecalc.reference.merge import Operands, aligned, ends, gathered, lookup, spread_out, written
from shapecalc.reference.tally import elementwise

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.merge import Stretching
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values
    from shapecalc.reference.tally import Counting


def _folded(layer: Stretching, step: Callable[[Any, Any], Any], operands: list[Any]) -> Array:
    """Join the operands, the constants before and behind them, one after the other."""
    left, right = ends(layer)
    all_of: list[Any] = [*left, *operands, *right]
    joined: Array = reduce(step, all_of)
    return joined


def _in_front(layer: Stretching, position: int) -> bool:
    """Tell whether an operand is the very first of what is joined."""
    return position == 0 and layer.left is None


def _written(layer: Stretching, operands: list[str]) -> list[str]:
    """Write the operands with the constants around them."""
    left, right = (list(map(written, end)) for end in ends(layer))
    return [*left, *operands, *right]


# -- subtract --------------------------------------------------------------------------------------


@registry.forward(Subtract)
def subtract(layer: Subtract, arrays: Arrays, *inputs: Array) -> Array:
    """Subtract from the first all others; an extent of 1 stretches."""
    y = _folded(layer, lambda a, b: a - b, aligned(inputs))
    return y.copy() if y is inputs[0] else y


@registry.counted(Subtract)
def subtract_counted(layer: Subtract, arrays: Arrays, *inputs: Array) -> Array:
    """Subtract one after the other, stretched to the output's extents."""
    return _folded(layer, lambda a, b: a - b, list(spread_out(inputs)))


@registry.backward_to_all(Subtract)
def subtract_backward(
    layer: Subtract, arrays: Arrays, inputs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Give the first the gradient, and all others its negative."""
    signs = (gradient if _in_front(layer, at) else -gradient for at, _ in enumerate(inputs))
    return Gradients(tuple(map(gathered, signs, inputs)), {})


@registry.formula(Subtract)
def subtract_formulas(layer: Subtract, *xs: Array) -> Formulas:
    """Write the formulas of a difference."""
    operands = Operands(xs)

    def output(values: Values, place: Axes) -> list[Term]:
        own = [lookup(values, name, place) for name in operands.names]
        left, right = ends(layer)
        first, *others = [*left, *own, *right]
        return [Term((first,)), *(Term((-other,)) for other in others)]

    text = " - ".join(_written(layer, list(operands.written.values())))
    by_letter = {"y": ArrayFormula("y", operands.at, text, "", output)}
    for position, name in enumerate(operands.names):
        sign = 1 if _in_front(layer, position) else -1

        def back(values: Values, place: Axes, sign: int = sign) -> Term:
            return Term((sign * float(values["g"][place]),))

        by_letter[name] = operands.back(name, f"{'' if sign > 0 else '-'}{operands.g}", back)
    return by_letter


# -- divide ----------------------------------------------------------------------------------------


@registry.forward(Divide)
def divide(layer: Divide, arrays: Arrays, *inputs: Array) -> Array:
    """Divide the first by all others; an extent of 1 stretches."""
    with np.errstate(divide="ignore", invalid="ignore"):
        y = _folded(layer, lambda a, b: a / b, aligned(inputs))
    return y.copy() if y is inputs[0] else y


@registry.counted(Divide)
def divide_counted(layer: Divide, arrays: Arrays, *inputs: Array) -> Array:
    """Divide one after the other, stretched to the output's extents."""
    return _folded(layer, lambda a, b: a / b, list(spread_out(inputs)))


@registry.backward_to_all(Divide)
def divide_backward(
    layer: Divide, arrays: Arrays, inputs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Divide the gradient by the divisors; a divisor gets that times -y for its numerator."""
    back = []
    for at, (x, operand) in enumerate(zip(inputs, aligned(inputs), strict=True)):
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = y / operand if _in_front(layer, at) else -y / operand
        back.append(gathered(gradient * slope, x))
    return Gradients(tuple(back), {})


@registry.formula(Divide)
def divide_formulas(layer: Divide, *xs: Array) -> Formulas:
    """Write the formulas of a quotient: what y changes by is y over the operand."""
    operands = Operands(xs)
    y = operands.g.replace("g", "y", 1)

    def output(values: Values, place: Axes) -> Term:
        own = [lookup(values, name, place) for name in operands.names]
        left, right = ends(layer)
        first, *others = [*left, *own, *right]
        return Term((first,), float(np.prod(others)))

    text = " / ".join(_written(layer, list(operands.written.values())))
    by_letter = {"y": single("y", operands.at, text, output)}
    for position, name in enumerate(operands.names):
        sign = 1 if _in_front(layer, position) else -1

        def back(values: Values, place: Axes, name: str = name, sign: int = sign) -> Term:
            factors = (sign * float(values["g"][place]), float(values["y"][place]))
            return Term(factors, lookup(values, name, place))

        text = f"{'' if sign > 0 else '-'}{operands.g} * {y}/{operands.written[name]}"
        by_letter[name] = operands.back(name, text, back)
    return by_letter


# -- maximum, minimum ------------------------------------------------------------------------------


def _better(layer: Stretching) -> Callable[[Any, Any], Any]:
    """Return the function that keeps one of two."""
    return np.maximum if isinstance(layer, Maximum) else np.minimum


@registry.forward(Maximum, Minimum)
def extreme(layer: Any, arrays: Arrays, *inputs: Array) -> Array:  # noqa: ANN401
    """Keep the largest, or the smallest; an extent of 1 stretches."""
    y = _folded(layer, _better(layer), aligned(inputs))
    return y.copy() if y is inputs[0] else y


@registry.counted(Maximum, Minimum)
def extreme_counted(layer: Any, arrays: Arrays, *inputs: Array) -> Array:  # noqa: ANN401
    """Compare one after the other, stretched to the output's extents."""
    largest = isinstance(layer, Maximum)

    def step(a: Any, b: Any) -> Any:  # noqa: ANN401
        return a if (a > b) == largest else b

    def counting(a: Any, b: Any) -> Any:  # noqa: ANN401
        """Let a constant be a number that counts."""
        a = b.like(a) if isinstance(a, float) else a
        return step(a, a.like(b) if isinstance(b, float) else b)

    return _folded(layer, np.frompyfunc(counting, 2, 1), list(spread_out(inputs)))


def _won(layer: Stretching, inputs: tuple[Array, ...]) -> list[Array]:
    """Tell for every operand where it won; of equals the first, a constant in front before all."""
    left, right = ends(layer)
    joined = np.broadcast_arrays(*left, *aligned(inputs), *right)
    stacked = np.stack(joined)
    winner = stacked.argmax(0) if isinstance(layer, Maximum) else stacked.argmin(0)
    return [winner == position + len(left) for position, _ in enumerate(inputs)]


@registry.backward_to_all(Maximum, Minimum)
def extreme_backward(
    layer: Any,  # noqa: ANN401
    arrays: Arrays,
    inputs: tuple[Array, ...],
    y: Array,
    gradient: Array,
) -> Gradients:
    """Give the gradient to who won."""
    back = (gradient * won for won in _won(layer, inputs))
    return Gradients(tuple(map(gathered, back, inputs)), {})


@registry.formula(Maximum, Minimum)
def extreme_formulas(layer: Any, *xs: Array) -> Formulas:  # noqa: ANN401
    """Write the formulas of a choice: the gradient goes to who won."""
    operands, largest = Operands(xs), isinstance(layer, Maximum)
    word = "max" if largest else "min"

    def entries(values: Values, place: Axes) -> list[float]:
        own = [lookup(values, name, place) for name in operands.names]
        left, right = ends(layer)
        return [*left, *own, *right]

    def output(values: Values, place: Axes) -> Term:
        own = entries(values, place)
        text = f"{word}({', '.join(map(number, own))})"
        return Term((max(own) if largest else min(own),), text=text)

    text = f"{word}({', '.join(_written(layer, list(operands.written.values())))})"
    by_letter = {"y": single("y", operands.at, text, output)}
    for position, name in enumerate(operands.names, layer.left is not None):

        def back(values: Values, place: Axes, position: int = position) -> Term | None:
            own = entries(values, place)
            won = own.index(max(own) if largest else min(own)) == position
            return Term((float(values["g"][place]),)) if won else None

        shown = operands.written[name]
        text = f"{operands.g} where {shown} is the {'largest' if largest else 'smallest'}, else 0"
        by_letter[name] = operands.back(name, text, back)
    return by_letter


# -- functions of an element -----------------------------------------------------------------------


@registry.overwriting(Abs)
def absolute(layer: object, arrays: Arrays, x: Array) -> Array:
    """Take the sign away."""
    return np.abs(x, out=x)


@registry.gradient(Abs)
def absolute_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """1 above 0, else -1; 0 at 0."""
    return g * np.sign(x)


registry.counted(Abs)(elementwise(lambda _, v: v if v > 0 else -v))
formula_of(Abs, "{g} where {x} > 0, else -{g}", "At 0 itself it is taken as 0.")


@registry.overwriting(Negative)
def negative(layer: object, arrays: Arrays, x: Array) -> Array:
    """Change the sign."""
    return np.negative(x, out=x)


@registry.gradient(Negative)
def negative_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Change the gradient's sign."""
    return -g


registry.counted(Negative)(elementwise(lambda _, v: -v))
formula_of(Negative, "-{g}")


@registry.overwriting(Exp)
def exp(layer: object, arrays: Arrays, x: Array) -> Array:
    """E to the power of x."""
    with np.errstate(over="ignore"):
        return np.exp(x, out=x)


@registry.gradient(Exp)
def exp_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Multiply by y."""
    back: Array = g * y
    return back


registry.counted(Exp)(elementwise(lambda _, v: v.exp()))
formula_of(Exp, "{g} * {y}", forward="exp({x})")


@registry.overwriting(Log)
def log(layer: object, arrays: Arrays, x: Array) -> Array:
    """Take the natural logarithm; no number for what is negative."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x, out=x)


@registry.gradient(Log)
def log_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Divide by x."""
    with np.errstate(divide="ignore", invalid="ignore"):
        back: Array = g / x
    return back


registry.counted(Log)(elementwise(lambda _, v: v.log()))
formula_of(Log, "{g}/{x}")


@registry.overwriting(Sqrt)
def sqrt(layer: object, arrays: Arrays, x: Array) -> Array:
    """Take the square root; no number for what is negative."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(x, out=x)


@registry.gradient(Sqrt)
def sqrt_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Divide by 2 y."""
    with np.errstate(divide="ignore", invalid="ignore"):
        back: Array = g / (2 * y)
    return back


registry.counted(Sqrt)(elementwise(lambda _, v: v.sqrt()))
formula_of(Sqrt, "{g}/(2*{y})")


@registry.overwriting(PowerOf)
def power(layer: PowerOf, arrays: Arrays, x: Array) -> Array:
    """Raise to a power; no number for a root of what is negative."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.power(x, layer.exponent, out=x)


@registry.gradient(PowerOf)
def power_gradient(layer: PowerOf, x: Array, y: Array, g: Array) -> Array:
    """Multiply by the power, and by x to the power before."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        back: Array = g * (layer.exponent * np.power(x, layer.exponent - 1))
    return back


registry.counted(PowerOf)(elementwise(lambda layer, v: v**layer.exponent))
formula_of(PowerOf, "{g} * {exponent}*{x}**({exponent} - 1)")


@registry.overwriting(Clip, Hardtanh)
def clip(layer: Clip | Hardtanh, arrays: Arrays, x: Array) -> Array:
    """min(max(x, low), high)."""
    return np.clip(x, *layer.range, out=x)


@registry.gradient(Clip, Hardtanh)
def clip_gradient(layer: Clip | Hardtanh, x: Array, y: Array, g: Array) -> Array:
    """1 inside, else 0."""
    low, high = layer.range
    return g * ((x > low) & (x < high))


def _clipped(layer: Any, v: Counting) -> Counting:  # noqa: ANN401
    low, high = layer.range
    v = v if v > low else v.like(low)
    return v.like(high) if v > high else v


registry.counted(Clip, Hardtanh)(elementwise(_clipped))
for _made in (Clip, Hardtanh):
    formula_of(
        _made,
        "{g} where {range[0]} < {x} < {range[1]}, else 0",
        forward="min(max({x}, {range[0]}), {range[1]})",
    )
