"""What the referee has for a layer type: functions that register themselves beside each other.

A family's file here, named like the family's file in `shapecalc/layers/`, holds all of it, and is
imported when one of its layers is asked for:

    @registry.overwriting(Relu)
    def relu(layer, arrays, x): ...

A type must have `forward` (or `overwriting`), a backward, `counted` and `formula`; `slots` if it
owns arrays; `paper_copy` if it has sizes; `on_the_way` and `arranged` if its formulas speak of more
than its inputs, its arrays and its output.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from shapecalc.layers.base import Layer
from shapecalc.reference.arrays import Gradients

if TYPE_CHECKING:
    from shapecalc.reference.arrays import Array, Arrays, Slot
    from shapecalc.reference.formula import ArrayFormula

    Forward: TypeAlias = Callable[..., Array]
    """(layer, arrays, *inputs) -> output."""
    Backward: TypeAlias = Callable[..., Gradients]
    """(layer, arrays, inputs, output, the output's gradient) -> gradients."""

Function = TypeVar("Function", bound=Callable[..., Any])
#: A decorator that registers a function and returns it as it is.
Register: TypeAlias = Callable[[Function], Function]


class Role(dict[type[Layer], Function]):
    """What some functions do for layers: the function of every type that has registered one."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def __call__(self, *types: type[Layer]) -> Register[Function]:
        """Register a function for these types; each has one at most."""

        def register(function: Function) -> Function:
            for made in types:
                if made in self:
                    raise TypeError(f"{made.__name__} has two functions {self.what}")
                self[made] = function
            return function

        return register

    def own(self, made: type[Layer]) -> Function | None:
        """Return the function of a type itself; None where it has none."""
        if made not in self:
            _import_family(made)
        return self.get(made)

    def needed(self, made: type[Layer]) -> Function:
        """Return the function of a type itself.  Raises `LookupError` that says what to write."""
        function = self.own(made)
        if function is None:
            family = made.__module__.rpartition(".")[2]
            raise LookupError(
                f"{made.__name__} has no function {self.what}: write it in"
                f" shapecalc/reference/{family}.py, under @registry.{self.what}({made.__name__})"
            )
        return function

    def nearest(self, made: type[Layer]) -> Function | None:
        """Return the function of a type, or of the nearest class that it derives from."""
        _import_family(made)
        return next((self[base] for base in made.__mro__ if base in self), None)


def _import_family(made: type[Layer]) -> None:
    package, _, family = made.__module__.rpartition(".")
    if package == "shapecalc.layers":
        import_module(f"shapecalc.reference.{family}")


#: (layer, arrays, *inputs) -> output.
forward: Role[Forward] = Role("forward")
#: The same for a layer whose result may take the place of its only input, which nothing else reads
#: any more: the function writes there and returns it.
overwriting: Role[Forward] = Role("overwriting")
#: (layer, arrays, inputs, output, gradient) -> gradients.
backward_to_all: Role[Backward] = Role("backward")
#: (layer, input) -> the arrays that it needs, by name.
slots: Role[Callable[..., dict[str, Slot]]] = Role("slots")
#: `forward` as the definition reads, for arrays of numbers that count their operations.
counted: Role[Forward] = Role("counted")
#: (layer, *inputs) -> formulas by the letters of what they give; of inputs only extents matter.
formula: Role[Callable[..., dict[str, ArrayFormula]]] = Role("formula")
#: (layer, *shapes) -> a layer and shapes that fit on paper; a base class may have it.
paper_copy: Role[Callable[..., tuple[Layer, tuple[Any, ...]]]] = Role("paper_copy")
#: (layer, arrays, input, output, gradient) -> what else its formulas speak of, by letters.
on_the_way: Role[Callable[..., dict[str, Array]]] = Role("on_the_way")
#: (layer, name, array, channels of the input) -> an array of its own as its formulas index it.
arranged: Role[Callable[..., Array]] = Role("arranged")


def backward(*types: type[Layer]) -> Register[Backward]:
    """Register a backward that takes the only input by itself, not in a tuple."""

    def register(function: Backward) -> Backward:
        def adapted(
            layer: Layer, arrays: Arrays, inputs: tuple[Array, ...], y: Array, g: Array
        ) -> Gradients:
            return function(layer, arrays, inputs[0], y, g)

        backward_to_all(*types)(adapted)
        return function

    return register


def gradient(*types: type[Layer]) -> Register[Callable[..., Array]]:
    """Register a backward of one input and no arrays: (layer, x, y, g) -> the input's gradient."""

    def register(function: Callable[..., Array]) -> Callable[..., Array]:
        def adapted(
            layer: Layer, arrays: Arrays, inputs: tuple[Array, ...], y: Array, g: Array
        ) -> Gradients:
            return Gradients((function(layer, inputs[0], y, g),), {})

        backward_to_all(*types)(adapted)
        return function

    return register
