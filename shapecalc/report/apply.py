"""A layer's rules, applied to the shapes that flow in: what they give, or what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import is_symbolic
from shapecalc.errors import RuleError
from shapecalc.layers.base import arity_error, field_bounds
from shapecalc.layers.shape import as_list
from shapecalc.layers.window import InputSpan, LongPeriodError, Sees, UndecidedError, some_of
from shapecalc.text import NamedTuple

if TYPE_CHECKING:
    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Layer, Parameter, Requirement, Work
    from shapecalc.layers.shape import Shape

#: No extent and no receptive field may exceed this, so that numbers stay quick and printable.
WIDEST = 10**15


#: The window of a layer of which it depends on the symbols what its units see.
UNDECIDED: tuple[InputSpan, ...] = (InputSpan((), (), 0),)


class Facts(NamedTuple):
    """What a layer's rules say for given inputs: the same for all layers that are alike."""

    inputs: tuple[Shape, ...]
    output: Shape
    size: Dim
    parameters: tuple[Parameter, ...]
    weights: Dim
    biases: Dim
    buffers: Dim
    connections: Dim | None
    work: Work
    window: Sees
    needs: tuple[Requirement, ...] = ()
    """What must hold of the symbols."""


class RefusedError(Exception):
    """Carries what the rules complained about."""

    def __init__(self, errors: list[RuleError]) -> None:
        super().__init__()
        self.errors = errors


def apply(
    layer: Layer,
    inputs: tuple[Shape, ...],
    symbols: tuple[str, ...] = (),
    *,
    recorded: bool = False,
) -> Facts:
    """Apply a layer's rules to the shapes that flow in.

    With numbers that are `recorded` for many points nothing is refused that some need not.
    """
    wrong = arity_error(layer, inputs)
    if wrong is not None:
        raise RefusedError([wrong])
    errors = []
    needs: tuple[Requirement, ...] = ()
    try:
        stated = layer.requires(*inputs)
        if symbols and _has_symbols(layer, inputs):
            stated = [*field_bounds(layer), *stated]
            needs = tuple([need for need in stated if need.holds() is None])
        if recorded:
            needs = tuple([need for need in stated if need.holds() is not True])
            stated = ()
        errors = [need.complain() for need in stated if need.holds() is False]
        if not errors:
            output = layer.output(*inputs)
            parameters = layer.weights(*inputs)
            size = output.size
            if isinstance(size, int) and size > WIDEST:
                errors = [_outgrown(extent) for extent in as_list(output) if _exceeds(extent)]
        window = None if errors else layer.window(*inputs)
    except RuleError as error:
        errors.append(error)
    except LongPeriodError:
        window = some_of(len(inputs[0].sides), len(output.sides))
    except UndecidedError:
        window = UNDECIDED
    if errors:
        raise RefusedError(_roots(errors))
    try:
        return _facts(layer, inputs, output, size, parameters, window, needs)
    except RuleError as error:  # an expression grows too large
        raise RefusedError([error]) from None


def _facts(
    layer: Layer,
    inputs: tuple[Shape, ...],
    output: Shape,
    size: Dim,
    parameters: tuple[Parameter, ...],
    window: Sees,
    needs: tuple[Requirement, ...],
) -> Facts:
    work = layer.work(inputs, output)
    weights: Dim = 0
    biases: Dim = 0
    buffers: Dim = 0
    for parameter in parameters:
        if parameter.role == "weight":
            weights += parameter.size
        elif parameter.role == "bias":
            biases += parameter.size
        else:
            buffers += parameter.size
    return Facts(
        inputs,
        output,
        size,
        parameters,
        weights,
        biases,
        buffers,
        layer.connected(inputs, output, work),
        work,
        window,
        needs,
    )


def _has_symbols(layer: Layer, inputs: tuple[Shape, ...]) -> bool:
    dims = [dim for shape in inputs for dim in as_list(shape)]
    return any(map(is_symbolic, dims)) or any(field_bounds(layer))


def _exceeds(extent: Dim) -> bool:
    return isinstance(extent, int) and extent > WIDEST


def _outgrown(extent: Dim) -> RuleError:
    return RuleError(
        "E114",
        f"an extent of the output grows to {extent:,}, more than {WIDEST:,}",
        hint="do layers that enlarge repeat too often?",
        facts=(("extent", extent),),
    )


def _roots(errors: list[RuleError]) -> list[RuleError]:
    """Keep one complaint a field: a square window that misfits in height misfits in width."""
    first: dict[tuple[str, str], RuleError] = {}
    for error in errors:
        first.setdefault((error.code, error.field or error.message), error)
    return list(first.values())
