"""The quantities that a homework may ask for: measures, counted by the homework's conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.counting import MEASURES
from shapecalc.counting.profiles import PROFILES
from shapecalc.layers.shape import Map, Vector
from shapecalc.output.view import View
from shapecalc.report.receptive_field import at_most

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.algebra import Dim
    from shapecalc.homework.assignment.conventions import Conventions
    from shapecalc.layers.shape import Shape
    from shapecalc.report import Row, Totals

#: What a cell holds: a volume, a number, or nothing where the layer has none.
Value: TypeAlias = "Shape | int | None"


class AskedQuantity(NamedTuple):
    """A column: its key, its title, other headings that mean it, and its value.

    `total` is None where a sum means nothing.
    """

    key: str
    title: str
    headings: tuple[str, ...]
    of: Callable[[Row, Conventions], Value]
    total: Callable[[Row | Totals, Conventions], Value] | None = None


#: On what basis rows are counted; what a homework states otherwise is counted below.
_BASIS = View()


def _asked(key: str) -> AskedQuantity:
    """Return a measure as a homework asks for it."""
    measure = MEASURES[key]

    def of(row: Row, _: Conventions) -> Value:
        value: Shape | Dim | None = measure.of_row(row, _BASIS)
        return value if value is None or isinstance(value, Map | Vector) else _whole(value)

    def total(totals: Any, _: Conventions) -> Value:  # noqa: ANN401  (a network's, or a block's)
        return _whole(measure.of_all(totals, _BASIS) or 0)

    return AskedQuantity(
        key, measure.title, measure.headings, of, total if measure.total is not None else None
    )


def _params(row: Row | Totals, conventions: Conventions) -> int:
    return _whole(row.params if conventions.bias else row.weights)


def _trainable(row: Row | Totals, conventions: Conventions) -> int:
    return _params(row, conventions) - _frozen(row, conventions)


def _frozen(row: Row | Totals, conventions: Conventions) -> int:
    """Count frozen parameters; where a homework counts no biases, of layers that are frozen."""
    if conventions.bias:
        return _whole(row.frozen)
    return sum(_whole(layer.weights) for layer in row.layers if layer.frozen != 0)


def _flops(row: Row | Totals, conventions: Conventions) -> int:
    if conventions.operations == "full":
        return _whole(PROFILES["full"].count(row))
    return _whole(conventions.flops_per_mac * row.macs)


def _memory(row: Row, conventions: Conventions) -> int:
    return _whole(row.units * conventions.element)


def _field(row: Row, _: Conventions) -> int | None:
    """Return the receptive field along a side; None where sides differ, or it is not known."""
    if at_most(row.field):
        return None
    sizes = {side.size for side in row.field or ()}
    size = sizes.pop() if len(sizes) == 1 else None
    return size if isinstance(size, int) and size else None


def no_field(row: Row) -> str:
    """Say why a row's receptive field is no one number; nothing where it is, or has none at all."""
    if at_most(row.field):
        return "only a bound of it is known"
    sizes = [side.size for side in row.field or ()]
    if len(set(sizes)) > 1:
        return f"its sides are {' and '.join(map(str, sizes))}"
    return ""


def _whole(number: Dim) -> int:
    assert isinstance(number, int), "homework is about numbers, which `assign` makes sure of"
    return number


#: Every quantity by its key, in the order of the sheet.
QUANTITIES: dict[str, AskedQuantity] = {
    "output": _asked("output"),
    "units": _asked("units"),
    "weights": _asked("weights"),
    "biases": _asked("biases"),
    "params": _asked("params")._replace(of=_params, total=_params),
    "trainable": _asked("trainable")._replace(of=_trainable, total=_trainable),
    "frozen": _asked("frozen")._replace(of=_frozen, total=_frozen),
    "macs": _asked("macs"),
    "flops": _asked("flops")._replace(of=_flops, total=_flops),
    "memory": _asked("memory")._replace(of=_memory, total=None),
    "connections": _asked("connections"),
    "rf": _asked("rf")._replace(of=_field),
}
