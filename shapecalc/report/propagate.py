"""The walk through the graph: every rule applied, every problem collected, a row a layer.

A row has the receptive fields that flow in, joined, looked at through the layer's window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import Complaints, Problem, RuleError, SpecErrors
from shapecalc.graph import Broken, Deferred, Input
from shapecalc.layers.base import SEES_ALL, Requirement
from shapecalc.layers.window import EVERYTHING, UndecidedError
from shapecalc.report import Row
from shapecalc.report.apply import UNDECIDED, WIDEST, RefusedError, apply
from shapecalc.report.receptive_field import look_back, look_back_both, own_places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra import Dim
    from shapecalc.graph import Graph, Node
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import InputSpan
    from shapecalc.report.apply import Facts
    from shapecalc.report.domain import Domain
    from shapecalc.report.receptive_field import ReceptiveField


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
    try:
        field = field_of(layer, [rows[index] for index in node.inputs], window, output)
    except RefusedError:
        if not any(map(_resizes, (layer, *(row.layer for row in rows if row is not None)))):
            raise
        field = None  # it repeats too seldom to be told
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
        field,
        shared,
        node.note,
        layer,
        frozen=0 if node.trained else weights + biases,
    )


def _resizes(layer: Layer | None) -> bool:
    """Tell whether a layer's units lie at fractions of its input's, which repeat seldom."""
    return bool(getattr(layer, "resizes", False))


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


def field_of(
    layer: Layer, sources: list[Row | None], window: tuple[InputSpan, ...] | None, output: Shape
) -> tuple[ReceptiveField, ...] | None:
    """Return the receptive field of the layer's units, along every side of the input.

    None: with these symbols no one formula gives it.
    """
    if isinstance(layer, Input):
        return tuple([own_places(n) for n in output.sides])
    try:
        seen: tuple[ReceptiveField, ...] = ()
        for source in sources:
            if source is None:
                continue
            field = source.field
            if field is None:
                return None
            if len(sources) > 1 and source.output.sides != output.sides:
                field = _stretched(source, output, layer)
            same = len(field) == len(seen)
            seen = tuple(map(look_back_both, seen, field)) if same else field or seen
        if window is UNDECIDED:
            return None
        if window is None:
            return seen
        if window is SEES_ALL:
            seen = tuple([look_back(along, EVERYTHING, 1) for along in seen])
        elif len(window) == len(seen):
            seen = tuple(
                [
                    look_back(seen[side if step.side < 0 else step.side], step, units)
                    for side, (step, units) in enumerate(zip(window, output.sides, strict=True))
                ]
            )
    except RuleError as error:
        raise RefusedError([error]) from None
    except UndecidedError:
        return None
    for side in seen:
        if any(map(_too_wide, (side, *side.also))):
            message = f"the receptive field outgrows {WIDEST:.0e} pixels"
            hint = "do layers with strides repeat too often?"
            raise RefusedError([RuleError("E114", message, hint=hint)])
    return seen


def _too_wide(field: ReceptiveField) -> bool:
    ends = [dim for dim in (*field.first, *field.last, field.step) if isinstance(dim, int)]
    if max(map(abs, ends), default=0) <= WIDEST or len(ends) <= 2 * len(field.first):
        return False  # what holds symbols has no bound
    *ends, step = ends
    pairs = zip(ends[: len(field.first)], ends[len(field.first) :], strict=True)
    # Units that see nothing count as far away, but never with the pixels of one that sees some.
    return step > WIDEST or any(low <= high and max(-low, high) > WIDEST for low, high in pairs)


def _stretched(source: Row, output: Shape, join: Layer) -> tuple[ReceptiveField, ...]:
    """Return the field of an operand of a join, seen at the places of the output.

    Where a side of 1 stretches, every place sees that one unit; a row acts as a map of one place.
    Sides that look different but must agree are counted as the output's.  Raises `UndecidedError`
    where a side is 1 for some sizes only.
    """
    sides, fields = source.output.sides, source.field
    assert fields is not None
    if len(sides) != len(fields) or len(sides) != len(output.sides):
        return tuple([look_back(along, EVERYTHING, 1) for along in fields])
    return tuple(
        [
            look_back(field, EVERYTHING, units)
            if _is_stretched(n, units, join, field)
            else field._replace(units=units)
            if field.units == n
            else field
            for field, n, units in zip(fields, sides, output.sides, strict=True)
        ]
    )


def _is_stretched(n: Dim, units: Dim, join: Layer, field: ReceptiveField) -> bool:
    """Tell whether a side is 1 and stretches; otherwise it is that of the output."""
    from shapecalc.layers.merge import Join

    if n == units or not (isinstance(join, Join) and join.stretches(1)):
        return False
    if isinstance(n, int) and isinstance(units, int):
        return n == 1
    from shapecalc.algebra.relations import joined_only_where

    if joined_only_where(n, units, n, "equal to", units):
        return False
    # Where both are 1 nothing stretches, and the unit keeps its distance to others.
    sure = field.step == 0 or joined_only_where(n, units, units, "at least", 2)
    if sure and (n == 1 or joined_only_where(n, units, n, "equal to", 1)):
        return True
    raise UndecidedError


def with_sure_fields(graph: Graph, rows: tuple[Row, ...], domain: Domain) -> tuple[Row, ...]:
    """Leave out the receptive fields that reckon with more units than there may be."""
    sure: list[Row] = []
    for node, row in zip(graph.nodes, rows, strict=True):
        doubtful = any(sure[source].field is None for source in node.inputs)
        if doubtful or not all(map(domain.implies, _units_needed(row))):
            sure.append(row._replace(field=None))
        else:
            sure.append(row)
    return tuple(sure)


def _units_needed(row: Row) -> Iterator[Requirement]:
    """Require a whole period of units, where a formula for the receptive field reckons with it."""
    for side in row.field or ():
        for part in (side, *side.also):
            if len(part.first) > 1 and not isinstance(part.units, int):
                yield Requirement(part.units, "at least", len(part.first), _never)


def _never() -> RuleError:
    raise AssertionError("fewer units than a period have receptive fields of their own")


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
        raise SpecErrors(problems.in_order())
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
