"""The walk through the graph: every rule applied, every problem collected, a row a layer.

A row has the receptive fields that flow in, joined, looked at through the layer's window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from shapecalc.algebra import is_symbolic
from shapecalc.errors import Complaints, Problem, RuleError, SpecErrors
from shapecalc.graph import Broken, Deferred, Input
from shapecalc.layers.base import SEES_ALL, Requirement
from shapecalc.layers.window import (
    EVERYTHING,
    OWN,
    UNSEEN,
    ByAxis,
    LongPeriodError,
    PerInput,
    Rearranged,
    Reduced,
    UndecidedError,
)
from shapecalc.report import Row
from shapecalc.report.apply import UNDECIDED, WIDEST, RefusedError, apply
from shapecalc.report.peak import Buffers, running
from shapecalc.report.receptive_field import (
    Arranged,
    ReceptiveField,
    at_most,
    is_plain,
    is_stretched,
    look_back,
    look_back_both,
    of_units,
    over_all,
    own_places,
    through,
)
from shapecalc.text import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.graph import Graph, Node
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import InputSpan, Sees
    from shapecalc.report.apply import Facts
    from shapecalc.report.peak import Running
    from shapecalc.report.receptive_field import Fields


def row_of(
    graph: Graph,
    node: Node,
    layer: Layer,
    facts: Facts,
    rows: list[Row | None],
    run: Running,
) -> Row:
    """Make the row of a node, from what its layer's rules say and the rows before it."""
    inputs, output, size, parameters, weights, biases, buffers, connections, work, window, _ = facts
    shared = None
    if node.share is not None:
        shared = graph.nodes[node.share].path if parameters else None
        weights = biases = buffers = 0
    sources = [rows[index] for index in node.inputs]
    if layer.type == "slice":
        sources = _as_sliced(layer, graph, rows, sources, node.inputs[0])
    elif graph.symbols and len(sources) == 1 and _sees_everything(window):
        mixes = window is SEES_ALL and layer.mixes(*inputs) == EVERYTHING
        sources = [_before_rims(graph, rows, node.inputs[0], wherever=mixes)]
    field = field_of(layer, sources, window, output)
    if layer.__class__ is Input and not output.sides and _looked_up_later(graph):
        from shapecalc.report.arrangement import of_indices

        field = of_indices(output)
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
        "",
        (),
        frozen=0 if node.trained else weights + biases,
        live=run((layer, size)),
    )


def _as_sliced(
    layer: Layer, graph: Graph, rows: list[Row | None], sources: list[Row | None], source: int
) -> list[Row | None]:
    """Return what a slice looks at with the field of the channels alone that it takes."""
    from shapecalc.report.beside import of_taken

    try:
        fields = of_taken(layer, graph, rows, source)  # type: ignore[arg-type]
    except UndecidedError:
        return [sources[0]._replace(field=None)]  # type: ignore[union-attr]
    return sources if fields is None else [sources[0]._replace(field=fields)]  # type: ignore[union-attr]


def _looked_up_later(graph: Graph) -> bool:
    """Tell whether a table is looked up by what layers made of the indices that flow in."""
    for node in graph.nodes:
        cls = node.layer.type if isinstance(node.layer, Deferred) else node.layer
        if getattr(cls, "indexes", ""):
            (source,) = node.inputs
            if not isinstance(graph.nodes[source].layer, Input):
                return True
    return False


def _sees_everything(window: Sees) -> bool:
    if type(window) is not tuple or not window or window[0] is not EVERYTHING:
        return False  # nearly always
    return all(span is EVERYTHING for span in window)


#: Types whose units at the rim look beyond it although nothing is padded: they see what is within.
WITHOUT_PADDING = ("upsample", "blurpool")

#: So many layers are passed over; further back what lies beyond a rim counts.
MOST_PASSED = 64


def _before_rims(graph: Graph, rows: list[Row | None], index: int, *, wherever: bool) -> Row | None:
    """Return the row before those that look beyond the rim, of which a layer sees all units.

    These see all that is there together, and what they count beyond it is not there.  `wherever`:
    also where elements lie otherwise in between.
    """
    source = before = rows[index]
    for _ in range(MOST_PASSED):
        if before is None or before.layer is None or not before.field or len(before.inputs) != 1:
            return source
        window = before.layer.window(*before.inputs)
        if window is None:
            passes = before.output == before.inputs[0]  # no slice of a vector
        elif isinstance(window, Rearranged):
            passes = wherever
        else:
            passes = before.type in WITHOUT_PADDING and _covers(window, before)  # type: ignore[arg-type]
        if not passes:
            return source
        (index,) = graph.nodes[index].inputs
        before = rows[index]
        if window is not None and before is not None and type(before.field) is tuple:
            source = before
    return source


def _covers(window: tuple[InputSpan, ...], row: Row) -> bool:
    """Tell whether the first and the last unit of every side are seen."""
    for span, n, units in zip(window, row.inputs[0].sides, row.output.sides, strict=True):
        first, last = over_all(ReceptiveField(span.lo, span.hi, span.step, units))
        if not (_surely_positive(1 - first) and _surely_positive(last - n + 2)):
            return False
    return True


def _surely_positive(dim: Dim) -> bool:
    if isinstance(dim, int):
        return dim > 0
    from shapecalc.algebra.bounds import always_positive

    return always_positive(dim)


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
        " layer also inputs of one size"
        if owner.type == row.type
        else "a table serves as many units as it has entries, over channels and without bias:"
        " `dense: {units: ENTRIES, over: channels, bias: false, share: NAME}`",
    )


def field_of(
    layer: Layer, sources: list[Row | None], window: Sees, output: Shape
) -> tuple[ReceptiveField, ...] | None:
    """Return the receptive field of the layer's units, along every side of the input.

    An input that is a vector has no sides; one of indices has a place for each.  None: with these
    symbols no one formula gives it.
    """
    if isinstance(layer, Input):
        return tuple([own_places(n) for n in output.sides])
    try:
        seen = _seen_by(layer, sources, window, output)
        if layer.indexes and not seen and _is_input(sources[0]):
            return tuple([own_places(n) for n in output.sides])
    except RuleError as error:  # an expression grows too large
        raise RefusedError([error]) from None
    except LongPeriodError:
        seen = _bounded(sources, output)
    except UndecidedError:
        return None
    if len(sources) == 1 and sources[0] is not None and seen is sources[0].field:
        return seen  # which was looked at there
    for side in seen or ():
        if _too_wide(side) or (side.also and any(map(_too_wide, side.also))):
            message = f"the receptive field outgrows {WIDEST:.0e} pixels"
            hint = "do layers with strides repeat too often?"
            raise RefusedError([RuleError("E114", message, hint=hint)])
    return seen


def _seen_by(layer: Layer, sources: list[Row | None], window: Sees, output: Shape) -> Fields | None:
    """Look at what flows in through a layer's window."""
    if window is UNDECIDED:
        return None
    if isinstance(window, PerInput):  # of some only the shape counts
        seen = [operand for operand, own in enumerate(window.windows) if own != UNSEEN]
        if len(seen) == 1:
            sources, window = [sources[seen[0]]], window.windows[seen[0]]
    only = sources[0] if len(sources) == 1 else None
    if only is not None and type(only.field) is tuple and (window is None or is_plain(window)):
        return through(only.field, window, only.output, output)  # type: ignore[arg-type]
    if any(row is not None and row.field is None for row in sources):
        return None
    there = [
        (row.field, row.output) for row in sources if row is not None and row.field is not None
    ]
    if isinstance(window, Rearranged):
        (source,) = there
        return Arranged(source[0], source=(*source, window))
    if any(isinstance(field, Arranged) for field, _ in there) or _turns(window):
        return _seen_elsewhere(layer, there, window, output)
    fields: Fields = ()
    for field, shape in there:
        if len(sources) > 1 and shape.sides != output.sides:
            field = _stretched(field, shape, output, layer)  # noqa: PLW2901
        same = len(field) == len(fields)
        fields = tuple(map(look_back_both, fields, field)) if same else field or fields
    assert not isinstance(window, Reduced | ByAxis | PerInput)
    return through(fields, window, output, output)


def _bounded(sources: list[Row | None], output: Shape) -> Fields | None:
    """Return a bound where fields repeat too seldom to be followed; None where symbols decide."""
    from shapecalc.report.arrangement import bounded

    there = [(row.field, row.output) for row in sources if row is not None and row.field]
    try:
        return bounded(there, output)
    except UndecidedError:
        return None


def _is_input(row: Row | None) -> bool:
    return row is not None and isinstance(row.layer, Input)


def _turns(window: Sees) -> bool:
    """Tell whether a window looks at axes other than those at its own place."""
    if window is None or isinstance(window, Rearranged):
        return False
    if isinstance(window, Reduced | ByAxis | PerInput):
        return True
    return any(step.side not in (-1, side) or step.every == 0 for side, step in enumerate(window))


def _seen_elsewhere(
    layer: Layer, there: list[tuple[Fields, Shape]], window: Sees, output: Shape
) -> Fields:
    """Look at units that do not lie as pixels do."""
    first, shape = there[0]
    if len(there) == 1 and layer.mixes(shape) == (OWN if window is None else EVERYTHING):
        if window is None and shape == output:
            return first
        if window is SEES_ALL:  # however they lie
            while isinstance(first, Arranged) and first.source is not None:
                first = first.source[0]
            if not isinstance(first, Arranged):
                return through(first, SEES_ALL, shape, output)
    from shapecalc.report.arrangement import looked_through

    return looked_through(layer, there, window, output)


def _too_wide(field: ReceptiveField) -> bool:
    first, last, pace = field.first[0], field.last[0], field.step
    if isinstance(pace, int) and isinstance(first, int) and isinstance(last, int):
        near = first >= -WIDEST and last <= WIDEST and pace <= WIDEST
        if near and len(field.first) == 1:
            return False
    ends = [dim for dim in (*field.first, *field.last, field.step) if isinstance(dim, int)]
    if max(map(abs, ends), default=0) <= WIDEST or len(ends) <= 2 * len(field.first):
        return False  # what holds symbols has no bound
    *ends, step = ends
    pairs = zip(ends[: len(field.first)], ends[len(field.first) :], strict=True)
    # Units that see nothing count as far away, but never with the pixels of one that sees some.
    return step > WIDEST or any(low <= high and max(-low, high) > WIDEST for low, high in pairs)


def _stretched(fields: Fields, shape: Shape, output: Shape, join: Layer) -> Fields:
    """Return the field of an operand of a join, seen at the places of the output.

    Where a side of 1 stretches, every place sees that one unit; a row acts as a map of one place.
    Sides that look different but must agree are counted as the output's.  Raises `UndecidedError`
    where a side is 1 for some sizes only.
    """
    sides = shape.sides
    if len(sides) != len(fields) or len(sides) != len(output.sides):
        return tuple([look_back(along, EVERYTHING, 1) for along in fields])
    return tuple(
        [
            look_back(field, EVERYTHING, units)
            if is_stretched(n, units, join, field)
            else of_units(field, units)
            if field.units == n != units
            else field
            for field, n, units in zip(fields, sides, output.sides, strict=True)
        ]
    )


def with_sure_fields(graph: Graph, rows: list[Row], domain: Implying) -> list[Row]:
    """Leave out the receptive fields that reckon with more units than there may be."""
    sure: list[Row] = []
    for node, row in zip(graph.nodes, rows, strict=True):
        doubtful = any(sure[source].field is None for source in node.inputs)
        if doubtful or not all(map(domain.implies, _units_needed(row))):
            sure.append(row._replace(field=None))
        elif type(row.field) is tuple and at_most(row.field):
            fields = [_surely_within(side, domain) for side in row.field]
            sure.append(row._replace(field=tuple(fields)))
        else:
            sure.append(row)
    return sure


def _surely_within(field: ReceptiveField, domain: Implying) -> ReceptiveField:
    """Leave out the pixels within which what units see is sure, where the widest unit sees these.

    Where units see from the first to the last of these pixels, one after the other in steps, there
    is one that sees no others if they are as many as its own and those of a step.
    """
    first, last = over_all(field)
    spare = field.step if len(field.first) == 1 else 2 * field.step
    for low, high in field.within:
        needs = [first - low, high - last]
        if field.step != 0:
            needs = [high - low + 2 - field.size - spare, low - first, last - high]
        if not all(domain.implies(Requirement(need, "at least", 0, _never)) for need in needs):
            return field
    return field._replace(within=())


def _units_needed(row: Row) -> Iterator[Requirement]:
    """Require a whole period of units, where a formula for the receptive field reckons with it."""
    for side in row.field or ():
        for part in (side, *side.also):
            if len(part.first) > 1 and not isinstance(part.units, int):
                yield Requirement(part.units, "at least", len(part.first), _never)


def _never() -> RuleError:
    raise AssertionError("nothing is refused for its receptive field")


class Implying(Protocol):
    """What tells whether a requirement surely holds."""

    def implies(self, need: Requirement) -> bool:
        """Tell it."""


class _UnknownInputError(Exception):
    """An earlier layer failed, and was reported."""


class Walked(NamedTuple):
    """A row a node, and what must hold of the symbols for them, each with a layer's name.

    `taken` is what was alive whenever a layer took a buffer.
    """

    rows: list[Row]
    needs: tuple[tuple[str, Requirement], ...]
    taken: Iterable[Dim]


def propagate(
    graph: Graph,
    *,
    fields: bool = True,
    recorded: bool = False,
    then: Callable[[list[Row | None]], None] | None = None,
) -> Walked:
    """Apply every layer's rules, in order; without `fields` there are no receptive fields.

    Where numbers are `recorded` for many points, what layers require is needed, and not refused.
    `then` may change the rows so far after each one, before others look back at them.
    Raises `SpecErrors` with one problem for each root cause: a layer whose inputs are unknown
    because an earlier one failed is passed over.
    """
    rows: list[Row | None] = []
    needs: list[tuple[str, Requirement]] = []
    problems = Complaints(graph.problems)
    known: dict[tuple[int, tuple[Shape, ...]], Facts] = {}
    buffers = Buffers(graph)
    run = running(graph, buffers)
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
                facts = known[id(layer), inputs] = apply(
                    layer, inputs, graph.symbols, recorded=recorded
                )
            row = row_of(graph, node, layer, facts, rows, run)
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
        if row is None:
            run((None, 0))
        rows.append(row)
        if then is not None:
            then(rows)
    for node, row in zip(graph.nodes, rows, strict=True):
        if node.share is not None and row is not None:
            misfit = misfit_of(row, rows[node.share])
            if misfit is not None:
                problems.add(_problem(misfit, node, graph), misfit.field)
    if len(problems):
        raise SpecErrors(problems.in_order())
    return Walked([row for row in rows if row is not None], tuple(needs), buffers.taken)


def at_numbers(row: Row, numbers: Mapping[Dim, int]) -> tuple[Layer, tuple[Shape, ...]]:
    """Return a row's layer, and what flows into it, with numbers for what stands for them."""

    def number(value: Any) -> Any:  # noqa: ANN401  (what a field holds)
        if isinstance(value, tuple):
            parts = map(number, value)
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        return numbers[value] if is_symbolic(value) else value

    layer = row.layer
    assert layer is not None
    values = {declared.name: number(getattr(layer, declared.name)) for declared in layer.fields()}
    return type(layer)(**values), number(row.inputs)


def refusals(
    graph: Graph, index: int, layer: Layer, inputs: tuple[Shape, ...]
) -> list[tuple[Problem, str]]:
    """List what the rules of a node's layer refuse, each with the field that it is about."""
    try:
        apply(layer, inputs)
    except RefusedError as refused:
        node = graph.nodes[index]
        return [(_problem(error, node, graph), error.field) for error in refused.errors]
    return []


def _problem(error: RuleError, node: Node, graph: Graph) -> Problem:
    """Add names and the place of the field to what a rule complains about."""
    facts = (("layer", node.path), ("field", error.field), *error.facts)
    sources = [graph.nodes[index].path for index in node.inputs]
    message = f"{node.path}: {with_sources(error, sources)}"
    return Problem(error.code, message, node.origin(error.field), error.rule, error.hint, facts)


def with_sources(error: RuleError, sources: Sequence[str]) -> str:
    """Return what a rule complains about, with the names of the operands that it counts."""
    message = error.message
    operands = dict(error.facts).get("operands", ())
    for number in operands if isinstance(operands, list) else ():
        message = message.replace(f"operand {number}", f"operand {number} ({sources[number - 1]})")
    return message


def _inside(problem: Problem, node: Node) -> Problem:
    message, path = problem.message, node.path
    if node.use is not None:
        message = message.removeprefix(f"{node.use.type}: ")
        of_block = f"{node.use.word.text}: "
        if node.use.own and message.startswith(of_block):
            message, path = message.removeprefix(of_block), path.rpartition("/")[0]
    return problem._replace(message=f"{path}: {message}")
