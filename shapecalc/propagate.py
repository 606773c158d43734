"""The walk through the graph: every rule applied, every problem collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import Problem, RuleError, SpecErrors
from shapecalc.graph import Broken, Deferred, Input
from shapecalc.layers.base import arity_error
from shapecalc.pause import collector_paused
from shapecalc.report import Report, Row, total

from shapecalc.window import Field, look_back, look_back_both

if TYPE_CHECKING:
    from shapecalc.dim import Dim
    from shapecalc.graph import Graph, Node
    from shapecalc.layers.base import Layer, Parameter
    from shapecalc.shape import Shape
    from shapecalc.window import Reach
    from shapecalc.work import Work


class Facts(NamedTuple):
    """What a layer's rules say for given inputs: the same for all layers that are alike."""

    does: str
    output: Shape
    parameters: tuple[Parameter, ...]
    weights: Dim
    biases: Dim
    buffers: Dim
    connections: Dim | None
    work: Work
    window: tuple[Reach, ...] | None


class _Unknown(Exception):  # noqa: N818  (an earlier layer failed, and was reported)
    pass


class _Refused(Exception):  # noqa: N818  (carries what the rules complained about)
    def __init__(self, errors: list[RuleError]) -> None:
        super().__init__()
        self.errors = errors


@collector_paused
def propagate(graph: Graph) -> Report:
    """Apply every layer's rules, in order.

    Raises `SpecErrors` with one problem for each root cause: a layer whose inputs are unknown
    because an earlier one failed is passed over.
    """
    rows: list[Row | None] = []
    problems: list[Problem] = list(graph.problems)
    known: dict[tuple[int, tuple[Shape, ...]], Facts] = {}
    kept: list[Layer] = []  # layers built on the way stay alive, so that an id means one layer

    def shape_of_node(index: int) -> Shape:
        row = rows[index]
        if row is None:
            raise _Unknown
        return row.output

    for node in graph.nodes:
        row = None
        try:
            layer = node.layer
            if layer.__class__ is Broken:
                raise _Unknown
            if isinstance(layer, Deferred):
                layer = layer.build(shape_of_node)
                kept.append(layer)
            inputs = tuple([shape_of_node(index) for index in node.inputs])
            facts = known.get((id(layer), inputs))
            if facts is None:
                facts = known[id(layer), inputs] = apply(layer, inputs)
            row = _row(graph, node, layer, inputs, facts, rows)
        except _Unknown:
            pass
        except SpecErrors as error:
            problems += [_inside(problem, node) for problem in error.problems]
        except _Refused as refused:
            problems += [_problem(error, node, graph) for error in refused.errors]
        rows.append(row)
    if problems:
        raise SpecErrors(_once(problems))
    done = tuple(row for row in rows if row is not None)
    return Report(graph=graph, rows=done, totals=total(graph, done))


def apply(layer: Layer, inputs: tuple[Shape, ...]) -> Facts:
    """Apply a layer's rules to the shapes that flow in."""
    wrong = arity_error(layer, inputs)
    if wrong is not None:
        raise _Refused([wrong])
    errors = []
    try:
        errors = [need.complain() for need in layer.requires(*inputs) if not need.holds()]
        if not errors:
            output = layer.output(*inputs)
            parameters = layer.weights(*inputs)
    except RuleError as error:
        errors.append(error)
    if errors:
        raise _Refused(_roots(errors))
    weights = biases = buffers = 0
    for parameter in parameters:
        if parameter.role == "weight":
            weights += parameter.size
        elif parameter.role == "bias":
            biases += parameter.size
        else:
            buffers += parameter.size
    return Facts(
        layer.does(),
        output,
        parameters,
        weights,
        biases,
        buffers,
        layer.connected(inputs, output),
        layer.work(inputs, output),
        layer.window(*inputs),
    )


def _roots(errors: list[RuleError]) -> list[RuleError]:
    """Keep one complaint a field: a square window that misfits in height misfits in width."""
    first: dict[tuple[str, str], RuleError] = {}
    for error in errors:
        first.setdefault((error.code, error.field or error.message), error)
    return list(first.values())


def _row(  # noqa: PLR0913
    graph: Graph,
    node: Node,
    layer: Layer,
    inputs: tuple[Shape, ...],
    facts: Facts,
    rows: list[Row | None],
) -> Row:
    does, output, parameters, weights, biases, buffers, connections, work, window = facts
    shared = None
    if node.share is not None:
        shared = graph.nodes[node.share].path
        _must_agree(node, shared, parameters, rows[node.share])
        weights = biases = buffers = 0
    size = output.size
    return Row(
        node.path,
        layer.type,
        does,
        inputs,
        output,
        tuple([graph.nodes[index].path for index in node.inputs]),
        parameters,
        weights,
        biases,
        buffers,
        connections,
        work,
        0 if layer.inplace else size,
        size if layer.inplace else 0,
        _field(layer, [rows[index] for index in node.inputs], window, output),
        shared,
        node.note,
        layer,
    )


def _must_agree(node: Node, shared: str, mine: tuple[Parameter, ...], partner: Row | None) -> None:
    """Require that a layer's arrays are those of the layer whose weights it uses."""
    if partner is None or partner.parameters == mine:
        return
    shapes = [
        ", ".join("x".join(map(str, each.shape)) for each in arrays) or "none"
        for arrays in (partner.parameters, mine)
    ]
    raise _Refused(
        [
            RuleError(
                "E154",
                f"the weights of {shared} do not fit: they are {shapes[0]}, needed are {shapes[1]}",
                field="share",
                hint="layers that share weights need the same fields and as many channels",
            )
        ]
    )


def _field(
    layer: Layer, sources: list[Row | None], window: tuple[Reach, ...] | None, output: Shape
) -> tuple[Field, ...]:
    """Return the receptive field of the layer's units."""
    if isinstance(layer, Input):
        return tuple(Field(0, 0, 1) for _ in output.sides)
    seen: tuple[Field, ...] = ()
    for source in sources:
        field = source.field if source is not None else ()
        if len(field) == len(seen):
            seen = tuple(map(look_back_both, seen, field))
        else:
            seen = field or seen
    if window is None or len(window) != len(seen):
        return seen
    return tuple(
        look_back(seen[side if step.side < 0 else step.side], step)
        for side, step in enumerate(window)
    )


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
    return problem._replace(message=f"{node.path}: {problem.message}")


def _once(problems: list[Problem]) -> list[Problem]:
    """Tell a mistake in a block once, however often the block is used."""
    first: dict[object, Problem] = {}
    more: dict[object, int] = {}
    for problem in problems:
        key = (problem.code, problem.origin) if problem.origin else id(problem)
        if key in first:
            more[key] = more.get(key, 0) + 1
        else:
            first[key] = problem
    told = [
        problem._replace(message=f"{problem.message} (and {more[key]} more from the same line)")
        if key in more
        else problem
        for key, problem in first.items()
    ]
    return sorted(told, key=_position)


def _position(problem: Problem) -> tuple[str, int, int]:
    if problem.origin is None or problem.origin.span is None:
        return ("", 0, 0)
    return (problem.origin.source.name, problem.origin.span.line, problem.origin.span.column)
