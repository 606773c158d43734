"""A `NetSpec` to a `Graph`: blocks and repeats expanded, names resolved, layers in order.

Expansion walks the statements once and leaves drafts: layers whose inputs are wires.  A wire is a
layer's output, or a name still to be looked up; so a name may point forward, and a block without
layers passes its input on.  When everything has its name, wires are followed to their layers.

    given.py    constants, symbols and inputs
    walk.py     statements to drafts (draft.py)
    build.py    a statement's fields to a layer
    resolve.py  names to layers
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import SpecErrors
from shapecalc.graph.build import Builder
from shapecalc.graph.constants import Given
from shapecalc.graph.draft import Names, Sheet
from shapecalc.graph.expand_statements import TooMany, Walk, Where
from shapecalc.graph.model import Graph, Node, Options
from shapecalc.graph.order import in_order
from shapecalc.graph.resolve import Resolver
from shapecalc.text.gc_pause import collector_paused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.graph.draft import Draft
    from shapecalc.spec.model import NetSpec


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
    sheet = Sheet(spec.problems)
    resolver = Resolver(sheet, tuple(each.name for each in spec.inputs))
    given = Given(sheet, spec, settings or {}, inputs or {})
    builder = Builder(sheet, spec.defaults, given.scope, resolver.source_of)
    walk = Walk(sheet, spec, given, builder)
    root = Names(None, "network")
    flow = given.inputs(root)
    try:
        walk.sequence(spec.uses, flow, Where(root, given.scope))
    except TooMany:
        raise SpecErrors(sheet.problems.told()) from None
    root.close()
    walk.unmatched_edits()
    for draft in sheet.drafts:
        for wire in draft.inputs:
            resolver.follow(wire)
    resolver.share()
    expected = given.expectations()
    outputs = resolver.outputs(spec.outputs, root) if spec.outputs is not None else None
    nodes = _nodes(sheet, resolver)
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
        symbols=given.symbols,
        options=Options(settings or {}, inputs or {}),
        problems=tuple(sheet.problems),
    )


def rebuilt(graph: Graph, values: Mapping[str, object]) -> Graph:
    """Wire a graph's spec again, with values for some of its symbols and constants."""
    settings, inputs = graph.options
    return expand(graph.spec, {**settings, **{k: str(v) for k, v in values.items()}}, inputs)


def _nodes(sheet: Sheet, resolver: Resolver) -> tuple[Node, ...]:
    """Put drafts in order and make them nodes."""

    def sources(draft: Draft) -> list[Draft]:
        return [resolver.source_of(wire) for wire in draft.inputs]

    drafts = [*sheet.lost, *sheet.drafts]
    ordered = in_order(drafts, sources)
    if len(ordered) < len(drafts):
        sheet.problems.add(resolver.circle({id(draft) for draft in ordered}))
        raise SpecErrors(sheet.problems.told())
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
