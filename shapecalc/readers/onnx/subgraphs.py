"""Graphs within nodes, where it is known what becomes of them: branches, and rounds of loops.

A loop is written out, round by round, where the file says how many there are; layers of later
rounds share the weights of the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shapecalc.readers.onnx.constants import axes_in, constant, folded
from shapecalc.readers.onnx.file import Tensor
from shapecalc.readers.onnx.rules import rule
from shapecalc.readers.onnx.steps import Steps
from shapecalc.readers.onnx.values import Value
from shapecalc.readers.onnx.walk import NoRuleError
from shapecalc.readers.open_sizes import OpenSize
from shapecalc.readers.protobuf import ByteRange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.readers.onnx.file import OnnxNode, Subgraph
    from shapecalc.readers.onnx.walk import GraphWalk

    #: What a name stands for; None for what could not be read.
    Held: TypeAlias = Value | Tensor | None

#: So deep graphs may lie in each other, so many rounds are written out, and so many nodes of all.
_DEEPEST, _MOST_ROUNDS, _MOST_NODES = 16, 512, 20_000
#: The element types of whole numbers and of truths.
_INT, _TRUTH = 7, 9
#: Since this set of operations a scan has no batch of its own.
_PLAIN_SCANS = 9


def _graph(walk: GraphWalk, node: OnnxNode, name: str, rounds: int = 1) -> Subgraph:
    """Return a graph within a node, which is taken so often.  Raises `NoRuleError`."""
    span = node.attributes.get(name)
    if not isinstance(span, ByteRange) or walk.depth >= _DEEPEST:
        raise NoRuleError("no graph, or too many in each other")
    graph = walk.file.subgraph(span)
    if rounds > _MOST_ROUNDS or walk.inner + rounds * len(graph.nodes) > _MOST_NODES:
        raise NoRuleError("too many rounds")
    walk.arrays.update(graph.arrays)
    walk.stored.update(graph.arrays)
    return graph


def _take(walk: GraphWalk, graph: Subgraph, number: int, place: str = "") -> None:
    """Take the nodes of a graph, under a path of their own if one is named."""
    walk.depth += 1
    walk.inner += len(graph.nodes)
    for inner in graph.nodes:
        array = constant(inner) if inner.op == "Constant" else None
        if array is not None and inner.outputs:
            walk.arrays[inner.outputs[0]] = array
        else:
            name = f"{place}/{inner.name or inner.op}" if place else inner.name
            walk.take(inner._replace(name=name), number)
    walk.depth -= 1


def _held(walk: GraphWalk, name: str) -> Held:
    return walk.values.get(name) or walk.arrays.get(name)


def _hold(walk: GraphWalk, name: str, held: Held) -> None:
    """Let a name stand for something, whatever it stood for."""
    walk.values.pop(name, None)
    walk.arrays.pop(name, None)
    walk.lost_values.discard(name)
    if isinstance(held, Value):
        walk.values[name] = held
    elif held is not None:
        walk.arrays[name] = held
    else:
        walk.lost_values.add(name)


def _give(walk: GraphWalk, node: OnnxNode, results: Sequence[Held]) -> None:
    """Give a node what its graph came to."""
    for place, (name, held) in enumerate(zip(node.outputs, results, strict=False)):
        if isinstance(held, Value):
            walk.give(node, held, place)
        elif name:
            _hold(walk, name, held)


@rule("If")
def _branch(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Take the one of two graphs that a constant chooses."""
    asked = walk.array(node, 0)
    values = None if asked is None else asked.values()
    if not values:
        raise NoRuleError("a choice by what flows")
    graph = _graph(walk, node, "then_branch" if values[0] else "else_branch")
    _take(walk, graph, number)
    _give(walk, node, [_held(walk, name) for name in graph.outputs])


@rule("Loop")
def _loop(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Write out the rounds of a loop: it hands values on, and may collect one of every round."""
    graph = _graph(walk, node, "body")
    states = [_held(walk, name) for name in node.inputs[2:]]
    if len(graph.inputs) != len(states) + 2 or len(graph.outputs) < len(states) + 1:
        raise NoRuleError("another number of values")
    rounds = _rounds(walk, node, graph, states)
    graph = _graph(walk, node, "body", rounds)
    collected: list[list[Held]] = [[] for _ in graph.outputs[1 + len(states) :]]
    for at in range(rounds):
        heads = [Tensor((), _INT, [at]), Tensor((), _TRUTH, [True])]
        results = _round(walk, node, graph, [*heads, *states], (number, at))[1:]
        states, parts = results[: len(states)], results[len(states) :]
        for several, part in zip(collected, parts, strict=True):
            several.append(part)
    ends = [
        _stacked(walk, node, number, parts, 0)
        if _is_read(walk, node, len(states) + place)
        else None
        for place, parts in enumerate(collected)
    ]
    _give(walk, node, [*states, *ends])


def _rounds(walk: GraphWalk, node: OnnxNode, graph: Subgraph, states: Sequence[Held]) -> int:
    """Return how often a loop goes round, by its count and what is computed of constants.

    Raises `NoRuleError`.
    """
    count = _MOST_ROUNDS + 1
    if walk.has(node, 0):
        count = int(_number(walk.array(node, 0)))
    goes = not walk.has(node, 1) or bool(_number(walk.array(node, 1)))
    done = 0
    while goes and done < min(count, _MOST_ROUNDS + 1):
        heads = [Tensor((), _INT, [done]), Tensor((), _TRUTH, [True])]
        known = _computed(walk, graph, [*heads, *states])
        goes = bool(_number(known.get(graph.outputs[0])))
        states = [known.get(name) for name in graph.outputs[1 : 1 + len(states)]]
        done += 1
    return done


def _number(array: Tensor | None) -> float:
    """Return what a constant of one element is.  Raises `NoRuleError`."""
    values = None if array is None else array.values()
    if not values:
        raise NoRuleError("rounds until something that flows says so")
    number: float = values[0]
    return number


def _computed(walk: GraphWalk, graph: Subgraph, states: Sequence[Held]) -> Mapping[str, Tensor]:
    """Return the constants of a round, and what is computed of these alone."""
    heads = zip(graph.inputs, states, strict=True)
    known = {name: held for name, held in heads if isinstance(held, Tensor)}
    own = {*graph.inputs, *(name for inner in graph.nodes for name in inner.outputs)}
    around = {name: array for name, array in walk.arrays.items() if name not in own}
    for inner in graph.nodes:
        given = [known.get(name) or around.get(name) for name in inner.inputs]
        array = constant(inner) if inner.op == "Constant" else None
        if array is None and given and None not in given:
            array = folded(inner, given)
        if array is not None and inner.outputs:
            known[inner.outputs[0]] = array
    return {**{name: around[name] for name in graph.outputs if name in around}, **known}


def _round(
    walk: GraphWalk, node: OnnxNode, graph: Subgraph, states: Sequence[Held], at: tuple[int, int]
) -> list[Held]:
    """Take a graph once; return what its outputs stand for then."""
    number, turn = at
    for inner in graph.nodes:
        for name in inner.outputs:
            walk.values.pop(name, None)
            walk.arrays.pop(name, None)
            walk.lost_values.discard(name)
    for name, held in zip(graph.inputs, states, strict=True):
        _hold(walk, name, held)
    _take(walk, graph, number, f"{node.name or node.op.lower()}/{turn + 1}")
    return [_held(walk, name) for name in graph.outputs]


def _is_read(walk: GraphWalk, node: OnnxNode, place: int) -> bool:
    name = node.outputs[place] if place < len(node.outputs) else ""
    return name in walk.readers or name in walk.file.outputs


def _stacked(
    walk: GraphWalk, node: OnnxNode, number: int, parts: Sequence[Held], axis: int
) -> Held:
    """Put what every round gives behind one another, along a new axis."""
    if not parts or None in parts:
        return None
    steps = Steps(walk, node, number)
    try:
        names = [_named(steps, part) for part in parts]
        wide = [steps("Unsqueeze", name, steps.whole([axis])) for name in names]
        return _held(walk, steps("Concat", *wide, axis=axis))
    except NoRuleError:
        return None
    finally:
        steps.forget()


def _named(steps: Steps, held: Held) -> str:
    assert held is not None
    return steps.value(held) if isinstance(held, Value) else steps.constant(held)


@rule("Scan")
def _scan(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Write out the rounds of a scan: each takes one part of a sequence, along an axis of it."""
    several = node.attributes.get("num_scan_inputs", 0)
    inputs = [_held(walk, name) for name in node.inputs]
    first = len(inputs) - several
    if None in inputs or several < 1 or first < 0 or walk.file.opset < _PLAIN_SCANS:
        raise NoRuleError("another number of values")
    axes = [
        _axis(node, "scan_input_axes", place, len(held.dims))
        for place, held in enumerate(inputs[first:])
        if held is not None
    ]
    lengths = {held.dims[axis] for held, axis in zip(inputs[first:], axes, strict=True) if held}
    rounds = lengths.pop()
    if lengths or isinstance(rounds, OpenSize):
        raise NoRuleError("as many rounds as nobody knows")
    graph = _graph(walk, node, "body", rounds)
    if len(graph.inputs) != len(inputs) or len(graph.outputs) < first:
        raise NoRuleError("another number of values")
    states = inputs[:first]
    collected: list[list[Held]] = [[] for _ in graph.outputs[first:]]
    for at in range(rounds):
        parts = [
            _part(
                walk,
                node,
                number,
                held,
                axis,
                _turn(node, "scan_input_directions", place, at, rounds),
            )
            for place, (held, axis) in enumerate(zip(inputs[first:], axes, strict=True))
        ]
        results = _round(walk, node, graph, [*states, *parts], (number, at))
        states = results[:first]
        for together, part in zip(collected, results[first:], strict=True):
            together.append(part)
    ends = []
    for place, parts in enumerate(collected):
        turned = _turn(node, "scan_output_directions", place, 0, rounds) > 0
        rank = len(parts[0].dims) + 1 if parts and parts[0] is not None else 1
        axis = _axis(node, "scan_output_axes", place, rank)
        read = _is_read(walk, node, first + place)
        ends.append(
            _stacked(walk, node, number, parts[::-1] if turned else parts, axis) if read else None
        )
    _give(walk, node, [*states, *ends])


def _axis(node: OnnxNode, name: str, place: int, rank: int) -> int:
    """Return one of the axes that an option names, the first by default.  Raises `NoRuleError`."""
    named = node.attributes.get(name) or []
    axes = axes_in([named[place] if place < len(named) else 0], rank)
    if axes is None:
        raise NoRuleError("an axis that is not there")
    return axes[0]


def _turn(node: OnnxNode, name: str, place: int, at: int, rounds: int) -> int:
    """Return which part a round takes: from the end where an option says so."""
    named = node.attributes.get(name) or []
    return rounds - 1 - at if place < len(named) and named[place] else at


def _part(walk: GraphWalk, node: OnnxNode, number: int, held: Held, axis: int, at: int) -> Held:
    """Take one part of a sequence."""
    steps = Steps(walk, node, number)
    try:
        index = steps.constant(Tensor((), _INT, [at]))
        return _held(walk, steps("Gather", _named(steps, held), index, axis=axis))
    finally:
        steps.forget()
