"""A layer's row, and whether its weights may be another layer's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import RuleError
from shapecalc.report.model import Row
from shapecalc.report.receptive_fields import field_of

if TYPE_CHECKING:
    from shapecalc.graph.model import Graph, Node
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.report.apply import Facts


def row_of(
    graph: Graph,
    node: Node,
    layer: Layer,
    inputs: tuple[Shape, ...],
    facts: Facts,
    rows: list[Row | None],
) -> Row:
    """Make the row of a node, from what its layer's rules say and the rows before it."""
    output, size, parameters, weights, biases, buffers, connections, work, window, _ = facts
    shared = None
    if node.share is not None:
        shared = graph.nodes[node.share].path if parameters else None
        weights = biases = buffers = 0
    return Row(
        node.path,
        layer.type,
        inputs,
        output,
        tuple([rows[index].name for index in node.inputs]),  # type: ignore[union-attr]
        parameters,
        weights,
        biases,
        buffers,
        connections,
        work,
        0 if layer.inplace else size,
        size if layer.inplace else 0,
        field_of(layer, [rows[index] for index in node.inputs], window, output),
        shared,
        node.note,
        layer,
    )


def misfit_of(row: Row, owner: Row | None) -> RuleError | None:
    """Complain when a layer's arrays are not those of the layer whose weights it uses."""
    if owner is None or owner.parameters == row.parameters:
        return None
    theirs, mine = (
        ", ".join("x".join(map(str, array.shape)) for array in arrays) or "none"
        for arrays in (owner.parameters, row.parameters)
    )
    return RuleError(
        "E154",
        f"the weights of {owner.name} are {theirs}, but needed are {mine}",
        field="share",
        hint="layers that share weights need the same fields and as many channels; for a dense"
        " layer also inputs of one size",
    )
