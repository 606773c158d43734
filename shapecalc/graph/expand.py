"""A `NetSpec` to a `Graph`: blocks and repeats expanded, names resolved, layers in order.

Expansion walks the statements once and leaves drafts: layers whose inputs are wires.  A wire is a
layer's output, or a name still to be looked up; so a name may point forward, and a block without
layers passes its input on.  When everything has its name, wires are followed to their layers.

    constants.py          constants, symbols and inputs
    expand_statements.py  statements to drafts (draft.py)
    build.py              a statement's fields to a layer
    resolve.py            names to layers
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, TypeVar

from shapecalc.errors import SpecErrors
from shapecalc.graph.build import Builder
from shapecalc.graph.constants import Constants
from shapecalc.graph.draft import Expansion, Level
from shapecalc.graph.expand_statements import Position, TooManyError, Walk
from shapecalc.graph.model import Graph, Node, Options
from shapecalc.graph.resolve import Resolver
from shapecalc.text import collector_paused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shapecalc.graph.draft import Draft
    from shapecalc.spec.model import NetSpec

T = TypeVar("T")


@collector_paused
def expand(
    spec: NetSpec,
    settings: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Graph:
    """Wire a spec.

    `settings` gives constants and symbols other values (`--set`), `inputs` other shapes
    (`--input`; the key is empty when the network has one input).  What is wrong stands in the
    graph's `problems`.  Raises `SpecErrors` when there is no graph: layers that feed each other,
    or too many of them.
    """
    expansion = Expansion(spec.problems)
    resolver = Resolver(expansion, tuple(entry.name for entry in spec.inputs))
    constants = Constants(expansion, spec, settings or {}, inputs or {})
    builder = Builder(expansion, spec.defaults, constants.scope, resolver.source_of)
    walk = Walk(expansion, spec, constants, builder)
    root = Level(None, "network")
    flow = constants.inputs(root)
    try:
        walk.sequence(spec.uses, flow, Position(root, constants.scope))
    except TooManyError:
        raise SpecErrors(expansion.problems.in_order()) from None
    root.close()
    walk.unmatched_edits()
    for draft in expansion.drafts:
        for wire in draft.inputs:
            resolver.follow(wire)
    resolver.share()
    expected = constants.expectations()
    outputs = resolver.outputs(spec.outputs, root) if spec.outputs is not None else None
    nodes = _nodes(expansion, resolver)
    if outputs is None:
        read = {index for node in nodes for index in node.inputs}
        ends = tuple(index for index in range(len(nodes)) if index not in read)
    else:
        ends = tuple(draft.index for draft in outputs)
    return Graph(
        spec=spec,
        nodes=nodes,
        groups=resolver.groups(),
        outputs=ends,
        expected=expected,
        symbols=constants.symbols,
        options=Options(settings or {}, inputs or {}),
        problems=tuple(expansion.problems),
    )


def rebuilt(graph: Graph, values: Mapping[str, object]) -> Graph:
    """Wire a graph's spec again, with values for some of its symbols and constants."""
    settings, inputs = graph.options
    return expand(graph.spec, {**settings, **{k: str(v) for k, v in values.items()}}, inputs)


def _nodes(expansion: Expansion, resolver: Resolver) -> tuple[Node, ...]:
    """Put drafts in order and make them nodes."""

    def sources(draft: Draft) -> list[Draft]:
        return [resolver.source_of(wire) for wire in draft.inputs]

    drafts = [*expansion.lost, *expansion.drafts]
    ordered = in_order(drafts, sources)
    if len(ordered) < len(drafts):
        expansion.problems.add(resolver.circle({id(draft) for draft in ordered}))
        raise SpecErrors(expansion.problems.in_order())
    for index, draft in enumerate(ordered):
        draft.index = index
    return tuple(
        Node(
            draft.path,
            draft.layer,
            tuple(source.index for source in sources(draft)),
            draft.share.index if draft.share else None,
            draft.use.note if draft.use else "",
            draft.use,
        )
        for draft in ordered
    )


def in_order(items: Sequence[T], sources: Callable[[T], Sequence[T]]) -> list[T]:
    """Order items so that each comes after its sources; leave out what a circle holds up.

    The order of writing is kept wherever it can be: of the items that are ready the one written
    first comes first (Kahn 1962, with a heap).
    """
    number = {id(item): index for index, item in enumerate(items)}
    waits = [0] * len(items)
    readers: list[list[int]] = [[] for _ in items]
    forward = False
    for index, item in enumerate(items):
        for source in sources(item):
            at = number[id(source)]
            readers[at].append(index)
            waits[index] += 1
            forward |= at >= index
    if not forward:
        return list(items)
    ready = [index for index, count in enumerate(waits) if count == 0]
    ordered: list[T] = []
    while ready:
        index = heapq.heappop(ready)
        ordered.append(items[index])
        for reader in readers[index]:
            waits[reader] -= 1
            if waits[reader] == 0:
                heapq.heappush(ready, reader)
    return ordered
