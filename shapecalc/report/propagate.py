"""The walk through the graph: every rule applied, every problem collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.dim import is_symbolic
from shapecalc.errors import Complaints, Problem, RuleError, SpecErrors
from shapecalc.graph.expand import expand, rebuilt
from shapecalc.graph.model import Broken, Deferred, Input, channels_first
from shapecalc.layers.base import SEES_ALL, Requirement, arity_error, field_bounds
from shapecalc.layers.receptive_field import (
    EVERYTHING,
    Reach,
    UndecidedError,
    look_back,
    look_back_both,
    own_places,
)
from shapecalc.layers.shape import as_list, as_text
from shapecalc.report.model import Report, Row, total
from shapecalc.text.gc_pause import collector_paused
from shapecalc.text.source import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.algebra.dim import Dim
    from shapecalc.graph.model import Graph, Node
    from shapecalc.layers.base import Layer, Parameter
    from shapecalc.layers.receptive_field import (
        Field,
    )
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.work import Work
    from shapecalc.report.domain import Domain


#: No extent and no receptive field may exceed this, so that numbers stay quick and printable.
WIDEST = 10**15
#: What the rules say of shapes that do not fit.
_OF_SHAPES = frozenset({"E202", "E204", "E205", "E206"})


class Facts(NamedTuple):
    """What a layer's rules say for given inputs: the same for all layers that are alike."""

    output: Shape
    size: Dim
    parameters: tuple[Parameter, ...]
    weights: Dim
    biases: Dim
    buffers: Dim
    connections: Dim | None
    work: Work
    window: tuple[Reach, ...] | None
    needs: tuple[Requirement, ...] = ()
    """What must hold of the symbols."""


#: The window of a layer of which it depends on the symbols what its units see.
UNDECIDED: tuple[Reach, ...] = (Reach((), (), 0),)


class _Unknown(Exception):  # noqa: N818  (an earlier layer failed, and was reported)
    pass


class Refused(Exception):  # noqa: N818
    """Carries what the rules complained about."""

    def __init__(self, errors: list[RuleError]) -> None:
        super().__init__()
        self.errors = errors


@collector_paused
def propagate(graph: Graph, *, fields: bool = True, advice: bool = True) -> Report:
    """Apply every layer's rules, in order.

    Without `fields` there are no receptive fields, without `advice` no search for sizes that work.

    Raises `SpecErrors` with one problem for each root cause: a layer whose inputs are unknown
    because an earlier one failed is passed over.  With symbols, also when no values fit.
    """
    rows: list[Row | None] = []
    needs: list[tuple[str, Requirement]] = []
    problems = Complaints(graph.problems)
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
                raise _Unknown  # noqa: TRY301  (a broken layer ends like one without inputs)
            if isinstance(layer, Deferred):
                layer = layer.build(shape_of_node)
                kept.append(layer)
            inputs = tuple([shape_of_node(index) for index in node.inputs])
            facts = known.get((id(layer), inputs))
            if facts is None:
                facts = known[id(layer), inputs] = apply(layer, inputs, graph.symbols)
            row = _row(graph, node, layer, inputs, facts, rows)
            if not fields:
                row = row._replace(field=None)
            needs += [(node.path, need) for need in facts.needs]
        except _Unknown:
            pass
        except SpecErrors as error:
            for problem in error.problems:
                problems.add(_inside(problem, node), problem.message)
        except Refused as refused:
            for refusal in refused.errors:
                problems.add(_problem(refusal, node, graph), refusal.field)
        rows.append(row)
    for node, row in zip(graph.nodes, rows, strict=True):
        if node.share is not None and row is not None:
            misfit = _misfit(row, rows[node.share])
            if misfit is not None:
                problems.add(_problem(misfit, node, graph), misfit.field)
    if len(problems):
        told = _with_layout(problems.told(), graph)
        raise SpecErrors(_with_sizes(told, graph) if advice else told)
    done = tuple(row for row in rows if row is not None)
    if graph.symbols:
        return _symbolic(graph, done, needs)
    return Report(graph, done, total(graph, done), anew=propagate)


def _symbolic(
    graph: Graph, done: tuple[Row, ...], needs: Iterable[tuple[str, Requirement]]
) -> Report:
    """Solve what the layers need of the symbols, and finish the report."""
    from shapecalc.report.domain import Condition, domain_of

    try:
        domain = domain_of(graph.symbols, [Condition(*each) for each in needs])
        if domain.empty is not None:
            raise _no_size(graph, domain, domain.empty)
        done = _with_sure_fields(graph, done, domain)
        return Report(graph, done, total(graph, done, domain), domain, anew=propagate)
    except RuleError as error:  # an expression grows too large
        at = Origin(graph.spec.source)
        raise SpecErrors([Problem(error.code, error.message, at, error.rule, error.hint)]) from None


def _with_sure_fields(graph: Graph, rows: tuple[Row, ...], domain: Domain) -> tuple[Row, ...]:
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


#: A network that no size fits is computed at this one, for messages with numbers.
_TRIED = 224


def _no_size(graph: Graph, domain: Domain, name: str) -> SpecErrors:
    """Say why no value of a symbol fits, by what goes wrong at one."""
    numbers = domain.allowed.items()
    values = {
        each: _TRIED if _TRIED in some else some.smallest() or _TRIED for each, some in numbers
    }
    try:
        propagate(rebuilt(graph, values), advice=False)
    except SpecErrors as error:
        hint = f"no value of {name} fits; this is how {name} = {_TRIED} fails"
        return SpecErrors([each._replace(hint=hint) for each in error.problems])
    raise AssertionError(f"{name} = {_TRIED} fits, and the domain is wrong: {domain}")


def _with_layout(problems: Iterable[Problem], graph: Graph) -> list[Problem]:
    """Add to what the rules refuse that an input looks as if its channels were written first."""
    for node in graph.nodes:
        if isinstance(node.layer, Input):
            meant = channels_first(node.layer.shape)
            if meant is not None:
                hint = f"shapes are height x width x channels: was {as_text(meant)} meant?"
                return [
                    each._replace(hint=hint) if each.code in _OF_SHAPES else each
                    for each in problems
                ]
    return list(problems)


def _with_sizes(problems: list[Problem], graph: Graph) -> list[Problem]:
    """Add to branches that do not agree for which sizes of the input they would."""
    if graph.symbols or not any(each.code == "E206" for each in problems):
        return problems
    sizes = _sizes_that_work(graph)
    if not sizes:
        return problems
    hint = f"they agree for {sizes}"
    return [each._replace(hint=hint) if each.code == "E206" else each for each in problems]


def _sizes_that_work(graph: Graph) -> str:
    """Say for which sides of its one input a network exists; nothing where none or all do."""
    shapes = [node.layer.shape for node in graph.nodes if isinstance(node.layer, Input)]
    letters = "DHW"[-len(shapes[0].sides) :] if len(shapes) == 1 and shapes[0].sides else ""
    if not letters or graph.spec.let.keys() & set(letters):
        return ""
    given = "x".join([*letters, str(shapes[0].channels)])
    settings = {k: text for k, text in graph.options.settings.items() if k not in letters}
    try:
        wired = expand(graph.spec, settings, {"": given})
        report = propagate(wired, fields=False, advice=False)
    except SpecErrors:
        return ""
    domain = report.domain
    if domain is None or domain.mixed or not domain.limits:
        return ""
    bound = {limit.symbol for limit in domain.limits}
    return "; ".join(
        text for name, text in zip(domain.symbols, domain.texts(), strict=True) if name in bound
    )


def apply(layer: Layer, inputs: tuple[Shape, ...], symbols: tuple[str, ...] = ()) -> Facts:
    """Apply a layer's rules to the shapes that flow in."""
    wrong = arity_error(layer, inputs)
    if wrong is not None:
        raise Refused([wrong])
    errors = []
    needs: tuple[Requirement, ...] = ()
    try:
        stated = layer.requires(*inputs)
        if symbols and _has_symbols(layer, inputs):
            stated = [*field_bounds(layer), *stated]
            needs = tuple([need for need in stated if need.holds() is None])
        errors = [need.complain() for need in stated if need.holds() is False]
        if not errors:
            output = layer.output(*inputs)
            parameters = layer.weights(*inputs)
            size = output.size
            if isinstance(size, int) and size > WIDEST:
                errors = [_outgrown(each) for each in as_list(output) if _exceeds(each)]
        window = None if errors else layer.window(*inputs)
    except RuleError as error:
        errors.append(error)
    except UndecidedError:
        window = UNDECIDED
    if errors:
        raise Refused(_roots(errors))
    try:
        return _facts(layer, inputs, output, parameters, window, needs)
    except RuleError as error:  # an expression grows too large
        raise Refused([error]) from None


def _facts(
    layer: Layer,
    inputs: tuple[Shape, ...],
    output: Shape,
    parameters: tuple[Parameter, ...],
    window: tuple[Reach, ...] | None,
    needs: tuple[Requirement, ...],
) -> Facts:
    work = layer.work(inputs, output)
    weights: Dim = 0
    biases: Dim = 0
    buffers: Dim = 0
    for parameter in parameters:
        if parameter.role == "weight":
            weights += parameter.size
        elif parameter.role == "bias":
            biases += parameter.size
        else:
            buffers += parameter.size
    return Facts(
        output,
        output.size,
        parameters,
        weights,
        biases,
        buffers,
        layer.connected(inputs, output, work),
        work,
        window,
        needs,
    )


def _has_symbols(layer: Layer, inputs: tuple[Shape, ...]) -> bool:
    dims = [dim for shape in inputs for dim in as_list(shape)]
    return any(map(is_symbolic, dims)) or any(field_bounds(layer))


def _exceeds(extent: Dim) -> bool:
    return isinstance(extent, int) and extent > WIDEST


def _outgrown(extent: Dim) -> RuleError:
    return RuleError(
        "E114",
        f"an extent of the output grows to {extent:.3g}, more than {WIDEST:.0e}",
        hint="do layers that enlarge repeat too often?",
        facts=(("extent", extent),),
    )


def _roots(errors: list[RuleError]) -> list[RuleError]:
    """Keep one complaint a field: a square window that misfits in height misfits in width."""
    first: dict[tuple[str, str], RuleError] = {}
    for error in errors:
        first.setdefault((error.code, error.field or error.message), error)
    return list(first.values())


def _row(
    graph: Graph,
    node: Node,
    layer: Layer,
    inputs: tuple[Shape, ...],
    facts: Facts,
    rows: list[Row | None],
) -> Row:
    output, size, parameters, weights, biases, buffers, connections, work, window, _ = facts
    shared = None
    if node.share is not None:
        shared = graph.nodes[node.share].path
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
        _field(layer, [rows[index] for index in node.inputs], window, output),
        shared,
        node.note,
        layer,
    )


def _misfit(row: Row, owner: Row | None) -> RuleError | None:
    """Complain when a layer's arrays are not those of the layer whose weights it uses."""
    if owner is None or owner.parameters == row.parameters:
        return None
    theirs, mine = (
        ", ".join("x".join(map(str, each.shape)) for each in arrays) or "none"
        for arrays in (owner.parameters, row.parameters)
    )
    return RuleError(
        "E154",
        f"the weights of {owner.name} are {theirs}, but needed are {mine}",
        field="share",
        hint="layers that share weights need the same fields and as many channels; for a dense"
        " layer also inputs of one size",
    )


def _field(
    layer: Layer, sources: list[Row | None], window: tuple[Reach, ...] | None, output: Shape
) -> tuple[Field, ...] | None:
    """Return the receptive field of the layer's units, along every side of the input.

    None: with these symbols no one formula gives it.
    """
    if isinstance(layer, Input):
        return tuple([own_places(n) for n in output.sides])
    try:
        seen: tuple[Field, ...] = ()
        for source in sources:
            if source is None:
                continue
            field = source.field
            if field is None:
                return None
            if len(sources) > 1 and source.output.sides != output.sides:
                field = _stretched(source, output)
            same = len(field) == len(seen)
            seen = tuple(map(look_back_both, seen, field)) if same else field or seen
        if window is UNDECIDED:
            return None
        if window is None:
            return seen
        if window is SEES_ALL:
            seen = tuple([look_back(each, EVERYTHING, 1) for each in seen])
        elif len(window) == len(seen):
            seen = tuple(
                [
                    look_back(seen[side if step.side < 0 else step.side], step, units)
                    for side, (step, units) in enumerate(zip(window, output.sides, strict=True))
                ]
            )
    except RuleError as error:
        raise Refused([error]) from None
    except UndecidedError:
        return None
    for side in seen:
        if any(map(_too_wide, (side, *side.also))):
            message = f"the receptive field outgrows {WIDEST:.0e} pixels"
            hint = "do layers with strides repeat too often?"
            raise Refused([RuleError("E114", message, hint=hint)])
    return seen


def _too_wide(field: Field) -> bool:
    ends = [dim for dim in (*field.first, *field.last, field.step) if isinstance(dim, int)]
    if max(map(abs, ends), default=0) <= WIDEST or len(ends) <= 2 * len(field.first):
        return False  # what holds symbols has no bound
    *ends, step = ends
    pairs = zip(ends[: len(field.first)], ends[len(field.first) :], strict=True)
    # Units that see nothing count as far away, but never with the pixels of one that sees some.
    return step > WIDEST or any(low <= high and max(-low, high) > WIDEST for low, high in pairs)


def _stretched(source: Row, output: Shape) -> tuple[Field, ...]:
    """Return the field of an operand of a join, seen at the places of the output.

    Where a side of 1 stretches, every place sees that one unit; a row acts as a map of one place.
    Sides that look different but must agree are counted as the output's.
    """
    sides, fields = source.output.sides, source.field
    assert fields is not None
    if len(sides) != len(fields) or len(sides) != len(output.sides):
        return tuple([look_back(each, EVERYTHING, 1) for each in fields])
    return tuple(
        [
            look_back(field, EVERYTHING, units)
            if n == 1 != units
            else field._replace(units=units)
            if field.units == n
            else field
            for field, n, units in zip(fields, sides, output.sides, strict=True)
        ]
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
    message = problem.message
    if node.use is not None:
        message = message.removeprefix(f"{node.use.type}: ")
    return problem._replace(message=f"{node.path}: {message}")
