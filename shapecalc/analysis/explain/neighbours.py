"""What if: the choices next to the present one, and what each would give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from shapecalc.algebra import add_up, known
from shapecalc.algebra.traced import value_text
from shapecalc.analysis.explain import windows
from shapecalc.analysis.explain.model import Section, Subject, counted
from shapecalc.analysis.explain.output import numbers
from shapecalc.errors import RuleError
from shapecalc.layers.base import Layer, square
from shapecalc.layers.conv import Rounded, Windowed, pad_text
from shapecalc.layers.dense import FullyConnected
from shapecalc.layers.fields import MODES, Padding
from shapecalc.layers.globalpool import AdaptivePool
from shapecalc.layers.reshape import Upsample
from shapecalc.layers.shape import Map, Shape, as_text
from shapecalc.layers.transposed import Transposed
from shapecalc.output.cells import NOT_APPLICABLE_MARK
from shapecalc.output.document import Grid, Prose

if TYPE_CHECKING:
    from collections.abc import Iterator


_Layer = TypeVar("_Layer", bound="Layer")

#: Input sizes that papers, courses and frameworks use in each other's place, and how near.
FAMILIAR, NEAR = (224, 227), 4

#: Why a neighbour is none, by the code and the field of the complaint.
WHY = {
    ("E203", "pad"): "only padding",
    ("E204", "kernel"): "does not fit",
    ("E204", "pad"): "nothing left",
    ("E205", "groups"): "groups differ",
}


class Neighbour(NamedTuple):
    """Another choice: what it changes, the layer and what flows in."""

    change: str
    layer: Layer
    inputs: tuple[Shape, ...]


def explain(subject: Subject) -> Section:
    """List the neighbours."""
    if not numbers(subject):
        text = (
            "Neighbours are compared where all sizes are numbers: --input and --set give symbols"
            " values."
        )
        return Section("what-if", "what if", "", (Prose(text),))
    present = Neighbour("as it is", subject.layer, subject.inputs)
    others = [neighbour for neighbour in neighbours(subject) if neighbour[1:] != present[1:]]
    if not others:
        text = f"{subject.row.type} leaves nothing to choose that would change its numbers."
        return Section("what-if", "what if", "", (Prose(text),))
    lines = [_line(other, subject) for other in (present, *others)]
    header = ("", "output", "params", "MACs", "")
    kept = [column for column in range(5) if column in (0, 1) or _says(lines, column)]
    grid = Grid(
        tuple(header[column] for column in kept),
        tuple(tuple(line[column] for column in kept) for line in lines),
        tuple(column in (2, 3) for column in kept),
    )
    return Section("what-if", "what if", "", (grid,))


def _says(lines: list[tuple[str, ...]], column: int) -> bool:
    return any(line[column] not in ("", "0", NOT_APPLICABLE_MARK) for line in lines)


def neighbours(subject: Subject) -> Iterator[Neighbour]:
    """Yield the choices next to a layer's."""
    layer, inputs = subject.layer, subject.inputs
    if isinstance(layer, Windowed):
        yield from _of_window(layer, inputs)
        yield from _of_input(layer, inputs)
    elif isinstance(layer, FullyConnected) and inputs[0].sides:
        for change in (-1, 1):
            yield from _resized(layer, inputs, change)
    for name in ("filters", "units"):
        number = getattr(layer, name, None)
        if number is not None and not getattr(layer, "connections", None):
            yield Neighbour(f"{name} {2 * number}", _with(layer, **{name: 2 * number}), inputs)
    if isinstance(layer, (AdaptivePool, Upsample)):
        name = layer.principal
        for change in (-1, 1):
            given = getattr(layer, name) or ()
            values = tuple(extent + change for extent in given if isinstance(extent, int))
            if len(values) == len(given) and min(values, default=0) > 0:
                yield Neighbour(f"{name} {square(values)}", _with(layer, **{name: values}), inputs)


def _of_window(layer: Windowed, inputs: tuple[Shape, ...]) -> Iterator[Neighbour]:
    for change in (-1, 1):
        steps = tuple(known(step) + change for step in layer.steps())
        if min(steps) > 0:
            yield Neighbour(f"stride {square(steps)}", _with(layer, stride=steps), inputs)
    by = 2 if all(known(size) % 2 for size in layer.kernel) and layer.weighted else 1
    for change in (-by, by):
        kernel = tuple(known(size) + change for size in layer.kernel)
        if min(kernel) > 0:  # a stride that follows from the kernel stays what it is
            yield Neighbour(
                f"kernel {square(kernel)}",
                _with(layer, kernel=kernel, stride=layer.steps()),
                inputs,
            )
    own = {field.name for field in layer.fields()}
    if "pad" in own:
        yield from _of_pad(layer, inputs)
    if isinstance(layer, Rounded) and "rounding" in own:
        other = _with(layer, rounding="ceil" if layer.rounding == "floor" else "floor")
        if refusal(other, inputs) is not None or other.output(*inputs) != layer.output(*inputs):
            yield Neighbour(f"rounding {other.rounds()}", other, inputs)


def _of_pad(layer: Windowed, inputs: tuple[Shape, ...]) -> Iterator[Neighbour]:
    pads = [] if layer.pad.mode == "same" else [MODES["same"]]
    if layer.pad.mode == "given":
        for change in (1, -1):
            pairs = tuple((known(a) + change, known(b) + change) for a, b in layer.pad.pairs)
            if min(map(min, pairs)) >= 0:
                pads.insert(0, Padding(pairs))
    else:
        pads.insert(0, Padding(((0, 0),)))
    for pad in pads:
        yield Neighbour(f"pad {pad_text(pad) or 0}", _with(layer, pad=pad), inputs)


def _of_input(layer: Windowed, inputs: tuple[Shape, ...]) -> Iterator[Neighbour]:
    side = known(inputs[0].sides[0])
    changes = {-1, 1}
    if not isinstance(layer, Transposed):
        fitted = windows.fit(side, layer.moves(inputs[0])[0])
        if fitted.window.mode != "same":
            changes |= {size - side for size in windows.exact_sizes(fitted)}
    if known(layer.steps()[0]) > 1:
        changes |= {size - side for size in FAMILIAR if abs(size - side) <= NEAR}
    for change in sorted(changes - {0}):
        yield from _resized(layer, inputs, change)


def _resized(layer: Layer, inputs: tuple[Shape, ...], change: int) -> Iterator[Neighbour]:
    shape = inputs[0]
    sides = tuple(known(n) + change for n in shape.sides)
    if min(sides) > 0:
        resized = Map(sides, shape.channels)
        yield Neighbour(f"input {as_text(resized)}", layer, (resized,))


def _with(layer: _Layer, **changes: Any) -> _Layer:  # noqa: ANN401
    values = {field.name: getattr(layer, field.name) for field in layer.fields()}
    return type(layer)(**values | changes)


def _line(neighbour: Neighbour, subject: Subject) -> tuple[str, ...]:
    """Return a neighbour's cells: its output, parameters and MACs, or why it is none."""
    _, layer, inputs = neighbour
    refused = refusal(layer, inputs)
    if refused is not None:
        why = WHY.get((refused.code, refused.field), "not possible")
        return (neighbour.change, why, NOT_APPLICABLE_MARK, NOT_APPLICABLE_MARK, "")
    output = layer.output(*inputs)
    trained = add_up(array.size for array in layer.weights(*inputs) if array.role != "buffer")
    macs = layer.work(inputs, output).macs
    volume = as_text(output, subject.view.layout)
    return (
        neighbour.change,
        volume,
        value_text(trained),
        value_text(macs),
        _remark(neighbour, subject),
    )


def refusal(layer: Layer, inputs: tuple[Shape, ...]) -> RuleError | None:
    """Return what a layer's rules complain about first."""
    try:
        broken = next((need for need in layer.requires(*inputs) if need.holds() is False), None)
        return broken.complain() if broken is not None else None
    except RuleError as error:
        return error


def _remark(neighbour: Neighbour, subject: Subject) -> str:
    """Count what no window sees."""
    layer, shape = neighbour.layer, neighbour.inputs[0]
    if not isinstance(layer, Windowed) or isinstance(layer, Transposed):
        return ""
    fits = map(windows.fit, shape.sides, layer.moves(shape))
    lost = max(len(fitted.unseen() or ()) for fitted in fits)
    return f"{counted(lost, subject.pixel)} never seen" if lost else ""
