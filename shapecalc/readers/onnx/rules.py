"""The table of what ONNX's operations are as layers, which the modules beside this one fill.

(https://onnx.ai/onnx/operators/)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.readers.onnx.file import OnnxNode
    from shapecalc.readers.onnx.walk import GraphWalk

#: What makes a layer of a node: it has the walk, the node, and its number.
Rule: TypeAlias = "Callable[[GraphWalk, OnnxNode, int], None]"

#: Every operation that a rule is known for.
RULES: dict[str, Rule] = {}


def rule(*ops: str) -> Callable[[Rule], Rule]:
    """Enter a function as the rule of operations."""

    def enter(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(ops, function))
        return function

    return enter


def one_if_alike(values: Sequence[int]) -> Any:  # noqa: ANN401
    """Write sizes per side as a person does: one number where they are alike.

    >>> one_if_alike([3, 3]), one_if_alike((1, 7))
    (3, [1, 7])
    """
    return values[0] if len(set(values)) == 1 else list(values)
