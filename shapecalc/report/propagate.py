"""The walk through the graph: every rule applied, every problem collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import Complaints, Problem, SpecErrors
from shapecalc.graph.model import Broken, Deferred
from shapecalc.report.apply import RefusedError, apply
from shapecalc.report.rows import misfit_of, row_of

if TYPE_CHECKING:
    from shapecalc.errors import RuleError
    from shapecalc.graph.model import Graph, Node
    from shapecalc.layers.base import Layer, Requirement
    from shapecalc.layers.shape import Shape
    from shapecalc.report.apply import Facts
    from shapecalc.report.model import Row


class _UnknownInputError(Exception):
    """An earlier layer failed, and was reported."""


def propagate(
    graph: Graph, *, fields: bool = True
) -> tuple[tuple[Row, ...], tuple[tuple[str, Requirement], ...]]:
    """Apply every layer's rules, in order; without `fields` there are no receptive fields.

    Returns a row a node, and what must hold of the symbols for them: a layer's name with its need.

    Raises `SpecErrors` with one problem for each root cause: a layer whose inputs are unknown
    because an earlier one failed is passed over.
    """
    rows: list[Row | None] = []
    needs: list[tuple[str, Requirement]] = []
    problems = Complaints(graph.problems)
    known: dict[tuple[int, tuple[Shape, ...]], Facts] = {}
    kept: list[Layer] = []  # layers built on the way stay alive, so that an id means one layer

    def shape_of_node(index: int) -> Shape:
        row = rows[index]
        if row is None:
            raise _UnknownInputError
        return row.output

    for node in graph.nodes:
        row = None
        try:
            layer = node.layer
            if layer.__class__ is Broken:
                raise _UnknownInputError  # noqa: TRY301  (a broken layer ends like one without inputs)
            if isinstance(layer, Deferred):
                layer = layer.build(shape_of_node)
                kept.append(layer)
            inputs = tuple([shape_of_node(index) for index in node.inputs])
            facts = known.get((id(layer), inputs))
            if facts is None:
                facts = known[id(layer), inputs] = apply(layer, inputs, graph.symbols)
            row = row_of(graph, node, layer, inputs, facts, rows)
            if not fields:
                row = row._replace(field=None)
            needs += [(node.path, need) for need in facts.needs]
        except _UnknownInputError:
            pass
        except SpecErrors as error:
            for problem in error.problems:
                problems.add(_inside(problem, node), problem.message)
        except RefusedError as refused:
            for refusal in refused.errors:
                problems.add(_problem(refusal, node, graph), refusal.field)
        rows.append(row)
    for node, row in zip(graph.nodes, rows, strict=True):
        if node.share is not None and row is not None:
            misfit = misfit_of(row, rows[node.share])
            if misfit is not None:
                problems.add(_problem(misfit, node, graph), misfit.field)
    if len(problems):
        raise SpecErrors(problems.told())
    return tuple(row for row in rows if row is not None), tuple(needs)


def _problem(error: RuleError, node: Node, graph: Graph) -> Problem:
    """Add names and the place of the field to what a rule complains about."""
    facts = (("layer", node.path), ("field", error.field), *error.facts)
    message = f"{node.path}: {error.message}"
    operands = dict(error.facts).get("operands", ())
    for number in operands if isinstance(operands, list) else ():
        source = graph.nodes[node.inputs[number - 1]].path
        message = message.replace(f"operand {number}", f"operand {number} ({source})")
    return Problem(error.code, message, node.origin(error.field), error.rule, error.hint, facts)


def _inside(problem: Problem, node: Node) -> Problem:
    message = problem.message
    if node.use is not None:
        message = message.removeprefix(f"{node.use.type}: ")
    return problem._replace(message=f"{node.path}: {message}")
