"""An operation that is several of ONNX', taken one behind another in its place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.readers.onnx.constants import whole
from shapecalc.readers.onnx.file import Tensor
from shapecalc.readers.onnx.rules import RULES
from shapecalc.readers.onnx.walk import GraphWalk, NoRuleError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.readers.onnx.file import OnnxNode
    from shapecalc.readers.onnx.rules import Rule
    from shapecalc.readers.onnx.values import Value


class Steps:
    """An operator on its way: the operations of ONNX that it is, taken one behind another."""

    def __init__(self, walk: GraphWalk, node: OnnxNode, number: int) -> None:
        self.walk = walk
        self.node = node
        self.place = number
        self.made: list[str] = []

    def __call__(self, op: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401
        """Take an operation; return what its result is called.  Raises `NoRuleError`."""
        result = self._fresh()
        node = self.node._replace(
            op=op, domain="", inputs=inputs, outputs=(result,), attributes=attributes
        )
        if not self.walk.fold(node):
            if not any(name in self.walk.values for name in inputs):
                raise NoRuleError("a constant that nobody computes")
            RULES[op](self.walk, node, self.place)
        return result

    def _fresh(self) -> str:
        name = f"{self.node.outputs[0]}.{len(self.made)}"
        self.made.append(name)
        return name

    def forget(self) -> None:
        """Leave out what lies between the operations."""
        for name in self.made:
            self.walk.values.pop(name, None)
            self.walk.arrays.pop(name, None)

    # What a rule asks

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what the operator reads."""
        return self.node.inputs

    def option(self, name: str, default: Any = 0) -> Any:  # noqa: ANN401
        """Return an option of the operator's."""
        return self.node.attributes.get(name, default)

    def dims(self, name: str) -> tuple[int, ...]:
        """Return the extents of a value or a constant.  Raises `NoRuleError`."""
        held = self.walk.values.get(name) or self.walk.arrays.get(name)
        if held is None:
            raise NoRuleError("it is nowhere")
        return held.dims

    def numbers(self, place: int) -> list[int]:
        """Return the numbers of a constant that is read.  Raises `NoRuleError`."""
        array = self.walk.array(self.node, place)
        values = None if array is None else array.values()
        if values is None:
            raise NoRuleError(f"input {place + 1} is computed")
        return [int(value) for value in values]

    # What a rule makes

    def constant(self, array: Tensor) -> str:
        """Return the name of a constant."""
        name = self._fresh()
        self.walk.arrays[name] = array
        return name

    def whole(self, numbers: Sequence[int]) -> str:
        """Return the name of a constant of whole numbers."""
        return self.constant(whole(numbers))

    def number(self, value: float) -> str:
        """Return the name of a constant of one number."""
        return self.constant(Tensor((), 1, [value]))

    def value(self, value: Value) -> str:
        """Return the name of a value."""
        name = self._fresh()
        self.walk.values[name] = value
        return name

    def channels_second(self, op: str, x: str, *others: str, **attributes: Any) -> str:  # noqa: ANN401
        """Take an operation that has its channels behind the batch."""
        rank = len(self.dims(x))
        if rank < 3:
            raise NoRuleError("it has no sides")
        turned = self("Transpose", x, perm=[0, rank - 1, *range(1, rank - 1)])
        result = self(op, turned, *others, **attributes)
        return self("Transpose", result, perm=[0, *range(2, rank), 1])


#: What an operation is: it returns what its results are called, "" for one that nobody has.
StepsRule: TypeAlias = "Callable[[Steps], str | list[str]]"


def in_steps(
    rule: StepsRule, finish: Callable[[GraphWalk, OnnxNode, Value], Value] | None = None
) -> Rule:
    """Return the rule of an operation; `finish` makes more of each of its results."""
    return partial(_followed, rule, finish)


def _followed(
    rule: StepsRule,
    finish: Callable[[GraphWalk, OnnxNode, Value], Value] | None,
    walk: GraphWalk,
    node: OnnxNode,
    number: int,
) -> None:
    """Follow a rule, and give its results the names that the operation has for them."""
    steps = Steps(walk, node, number)
    try:
        results = rule(steps)
        results = [results] if isinstance(results, str) else results
        for place, name in enumerate(results):
            if not name or place >= len(node.outputs) or not node.outputs[place]:
                continue
            value = walk.values.get(name)
            if value is None:
                walk.arrays[node.outputs[place]] = walk.arrays[name]
            else:
                walk.give(node, finish(walk, node, value) if finish else value, place)
    finally:
        steps.forget()
