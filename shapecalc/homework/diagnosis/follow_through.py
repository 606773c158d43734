"""Follow-through: what a cell may be when it follows from the student's own other cells.

Every layer's rules are applied to what the student says flows in.  An earlier answer is used when
it is a legal volume near the right one; where there is none, what the own values give goes on.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import known
from shapecalc.errors import RuleError, SpecErrors
from shapecalc.graph import Deferred
from shapecalc.homework.assignment.model import TOTAL, is_total
from shapecalc.homework.assignment.notation import Blank, ReadNumber, Unreadable
from shapecalc.homework.diagnosis.working import params_of, sides_of
from shapecalc.layers.base import arity_error
from shapecalc.layers.shape import as_list
from shapecalc.report.fold import level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.homework.answers.claims import Claims
    from shapecalc.homework.assignment.model import AskedCell, Homework
    from shapecalc.homework.assignment.quantities import Value
    from shapecalc.layers.shape import Shape
    from shapecalc.report import Report, Row


class OwnNetwork(NamedTuple):
    """A network by a student's own values.

    `expected` has every row as it follows from the own earlier volumes; `used` the same with the
    operations and units of the row's own output.  `far` names answers that are too far from the
    right ones to be followed.  `own` is whether anything differs from the key.
    """

    expected: dict[str, Row]
    used: dict[str, Row]
    far: frozenset[str]
    own: bool


def near(shape: Shape, key: Shape, within: int) -> bool:
    """Tell whether a claimed volume may be followed: as many axes, no extent further than a factor.

    >>> from shapecalc.layers.shape import Map
    >>> near(Map((54, 54), 96), Map((55, 55), 96), 4), near(Map((1, 1), 96), Map((55, 55), 96), 4)
    (True, False)
    """
    claimed, right = list(map(known, as_list(shape))), list(map(known, as_list(key)))
    return len(claimed) == len(right) and all(
        a >= 1 and a <= within * b and b <= within * a for a, b in zip(claimed, right, strict=True)
    )


#: The factor for what earns no marks: any volume may be what a mistake was made with.
ANY = 10**12


def follow_through(homework: Homework, claims: Mapping[str, Shape], within: int) -> OwnNetwork:
    """Apply the layers' rules to a student's own volumes; `claims` are by row.

    Volumes that are further than the factor `within` from the right ones are not followed.
    """
    rows = homework.rows
    claimed = {name: shape for name, shape in claims.items() if name in rows}
    far = frozenset(n for n, s in claimed.items() if not near(s, rows[n].output, within))
    followed = {n: s for n, s in claimed.items() if n not in far and s != rows[n].output}
    if not followed:
        return OwnNetwork(rows, rows, far, own=False)
    known = _known(homework)
    override = {known.output[name]: shape for name, shape in followed.items()}
    expected, used = _walk(homework.report, override, known.worked)
    for name in known.blocks.keys() & followed.keys():
        _into(homework.report, used, known, name, claimed)
    return OwnNetwork(_rows(homework, known, expected), _rows(homework, known, used), far, own=True)


class _Known(NamedTuple):
    """What all students' networks share.

    `output` is the place of what a row gives, `blocks` the places inside a block's row, and
    `worked` what layers have been found to do with other inputs.
    """

    output: dict[str, int]
    blocks: dict[str, list[int]]
    worked: dict[tuple[int, tuple[Shape, ...]], Row]


#: So many rows with other inputs are kept.
_KEPT = 20_000


@lru_cache(maxsize=16)
def _known(homework: Homework) -> _Known:
    report = homework.report
    at = {row.name: index for index, row in enumerate(report.rows)}
    blocks = {
        name: [at[member.name] for member in row.members]
        for name, row in homework.rows.items()
        if name not in at
    }
    output = at | {name: report.graph.groups[name].output for name in blocks}
    return _Known(output, blocks, {})


def _walk(
    report: Report,
    override: Mapping[int, Shape],
    worked: dict[tuple[int, tuple[Shape, ...]], Row],
) -> tuple[list[Row], list[Row]]:
    """Go through the graph with own outputs in place of some."""
    outputs: list[Shape] = []
    expected: list[Row] = []
    used: list[Row] = []
    for index, (node, row) in enumerate(zip(report.graph.nodes, report.rows, strict=True)):
        inputs = tuple([outputs[source] for source in node.inputs])
        own = row
        if inputs != row.inputs:
            kept = worked.get((index, inputs))
            own = kept or _worked(report, index, inputs, outputs)
            if kept is None and len(worked) < _KEPT and not isinstance(node.layer, Deferred):
                worked[index, inputs] = own
        out = override.get(index, own.output)
        expected.append(own)
        if out == own.output:
            used.append(own)
        else:  # one row for all who state this, by which much else is known again
            kept = worked.get((index, (*inputs, out)))
            if kept is None:
                kept = with_output(own, out)
                if len(worked) < _KEPT and not isinstance(node.layer, Deferred):
                    worked[index, (*inputs, out)] = kept
            used.append(kept)
        outputs.append(out)
    return expected, used


def _worked(report: Report, index: int, inputs: tuple[Shape, ...], outputs: Sequence[Shape]) -> Row:
    """Apply a layer to other inputs; what it refuses leaves its row as it is by the key."""
    node, row = report.graph.nodes[index], report.rows[index]
    layer = row.layer
    if isinstance(node.layer, Deferred):
        try:
            layer = node.layer.build(outputs.__getitem__)
        except (SpecErrors, RuleError):
            layer = row.layer
    return row_of(row._replace(layer=layer), inputs) or row


def _into(
    report: Report, used: list[Row], known: _Known, name: str, claimed: Mapping[str, Shape]
) -> None:
    """Give a block's own output to the layer that makes it, when others hand it on as it is."""
    at = known.output[name]
    out = used[at].output
    while len(used[at].inputs) == 1 and report.rows[at].inputs == (report.rows[at].output,):
        at = report.graph.nodes[at].inputs[0]
        if at not in known.blocks[name] or used[at].name in claimed:
            return
        used[at] = with_output(used[at], out)


def _rows(homework: Homework, known: _Known, rows: Sequence[Row]) -> dict[str, Row]:
    """Return all rows by name; blocks in which nothing differs are those of the key."""
    key = homework.report.rows
    report = homework.report.with_rows(tuple(rows))
    rows_by_name = dict(homework.rows)
    rows_by_name.update(
        (row.name, row) for row, was in zip(rows, key, strict=True) if row is not was
    )
    for name, inside in known.blocks.items():
        sources = {source for at in inside for source in report.graph.nodes[at].inputs}
        if any(rows[at] is not key[at] for at in (*inside, *sources)):
            rows_by_name[name] = level(report, name, inside)
    return rows_by_name


def row_of(row: Row, inputs: tuple[Shape, ...]) -> Row | None:
    """Apply a row's layer to other inputs; None where its rules refuse them."""
    layer = row.layer
    assert layer is not None
    try:
        if arity_error(layer, inputs) is not None:
            return None
        if not all(need.holds() for need in layer.requires(*inputs)):
            return None
        output = layer.output(*inputs)
        parameters = layer.weights(*inputs)
        work = layer.work(inputs, output)
    except RuleError:
        return None
    sizes = {"weight": 0, "bias": 0, "buffer": 0}
    if row.shared is None:
        for parameter in parameters:
            sizes[parameter.role] += known(parameter.size)
    return row._replace(
        inputs=inputs,
        output=output,
        parameters=parameters,
        weights=sizes["weight"],
        biases=sizes["bias"],
        buffers=sizes["buffer"],
        connections=layer.connected(inputs, output, work),
        work=work,
        activations=0 if layer.inplace else output.size,
        overwritten=output.size if layer.inplace else 0,
    )


def with_output(row: Row, output: Shape) -> Row:
    """Return a row with the operations of another output."""
    layer = row.layer
    assert layer is not None
    try:
        work = layer.work(row.inputs, output)
        connections = layer.connected(row.inputs, output, work)
    except RuleError:
        return row
    return row._replace(
        output=output,
        work=work,
        connections=connections,
        activations=0 if layer.inplace else output.size,
        overwritten=output.size if layer.inplace else 0,
    )


#: A sum of rounded answers is followed while they leave no more than this part of it open.
_OPEN = Fraction(1, 50)


class Followed(NamedTuple):
    """A value that follows from own cells.

    `slack` is what these leave open where they are rounded; `counted`: it follows from counts of
    the student's, and not from volumes alone.
    """

    value: Value
    slack: Fraction = Fraction(0)
    counted: bool = False


class OwnCount(NamedTuple):
    """A student's own count.

    `slack` is half a unit of its last place when it is rounded; `right`: it may be the right one.
    """

    value: Fraction
    slack: Fraction = Fraction(0)
    right: bool = False


def followed(
    homework: Homework, cell: AskedCell, claims: Claims, network: OwnNetwork, within: int
) -> Iterator[Followed]:
    """Yield what follows from own cells and differs from the key.

    From own volumes by the layers' rules, from the row's own output, and from own counts: FLOPs
    from MACs, memory from units, params from weights and biases, MACs from weights, totals from
    their column.  What follows from counts must be within a factor of the key.
    """
    key, seen = cell.key, {cell.key}
    if not is_total(cell.layer) and network.own:
        conventions, column = homework.conventions, cell.quantity.key
        rows = (network.expected,) if column == "output" else (network.expected, network.used)
        for by_layer in rows:
            value = cell.quantity.of(by_layer[cell.layer], conventions)
            if column == "connections":
                value = _connections(network, cell.layer, known(by_layer[cell.layer].output.size))
            if value is not None and value not in seen:
                seen.add(value)
                yield Followed(value)
    if not isinstance(key, int):
        return
    for own in _of_counts(homework, cell, claims, network):
        number = own.value.numerator
        near = not key or 0 < number <= within * key <= within * within * number
        if near and own.value.denominator == 1 and own.slack <= _OPEN * number and number != key:
            yield Followed(number, own.slack, counted=True)


def _of_counts(
    homework: Homework, cell: AskedCell, claims: Claims, network: OwnNetwork
) -> Iterator[OwnCount]:
    """Yield what follows from own counts."""
    conventions, column, layer = homework.conventions, cell.quantity.key, cell.layer
    if is_total(layer):
        yield from _sum(homework, cell, claims)
        return
    if column == "flops" and conventions.operations == "macs":
        yield from _times(own_count(claims, layer, "macs"), conventions.flops_per_mac)
    elif column == "memory":
        yield from _times(own_count(claims, layer, "units"), conventions.element)
    elif column == "params":
        yield from _added(homework, claims, layer, network)
    elif column == "connections":
        units = own_count(claims, layer, "units")
        per_unit = _connections(network, layer, 1)
        if per_unit is not None:
            yield from _times(units, per_unit)
    elif column == "macs":
        row = network.used[layer]
        product = params_of(row, bias=False)
        if row.layer is not None and (product.kernel or product.depth):
            places = 1
            for side in sides_of(row.output):
                places *= side
            weights = own_count(claims, layer, "weights")
            yield from _times(weights if weights is None or not weights.right else None, places)


def _connections(network: OwnNetwork, layer: str, units: int) -> int | None:
    """Count the connections of so many units: each has those that the rule gives it."""
    row = network.expected[layer]
    if row.connections is None:
        return None
    if row.layer is None:
        return known(network.used[layer].connections or 0) if units > 1 else None
    return known(row.connections) // known(row.output.size) * units


def _times(own: OwnCount | None, factor: int) -> Iterator[OwnCount]:
    if own is not None:
        yield OwnCount(own.value * factor, own.slack * factor)


def _added(
    homework: Homework, claims: Claims, layer: str, network: OwnNetwork
) -> Iterator[OwnCount]:
    """Add own weights and own biases; where one was not answered it is the right one."""
    weights, biases = own_count(claims, layer, "weights"), own_count(claims, layer, "biases")
    if weights is None and biases is None:
        return
    conventions = homework.conventions
    for row in (network.expected[layer], homework.rows[layer]):
        own_weights = weights or OwnCount(Fraction(known(row.weights)))
        own_biases = biases or OwnCount(Fraction(known(row.biases)))
        yield (
            OwnCount(own_weights.value + own_biases.value, own_weights.slack + own_biases.slack)
            if conventions.bias
            else own_weights
        )


def _sum(homework: Homework, cell: AskedCell, claims: Claims) -> Iterator[OwnCount]:
    """Add up the column as the student has it; what was not asked or not answered is by the key."""
    total, column = cell.key, cell.quantity.key
    assert isinstance(total, int), "only sums have a total"
    value, slack = Fraction(total), Fraction(0)
    for member in homework.cells:
        inside = member.layer.startswith(cell.layer.removesuffix(TOTAL)) and not is_total(
            member.layer
        )
        if member.quantity.key == column and inside and isinstance(member.key, int):
            own = own_count(claims, member.layer, column)
            if own is not None:
                value, slack = value + own.value - member.key, slack + own.slack
    yield OwnCount(value, slack)


def own_count(claims: Claims, layer: str, column: str) -> OwnCount | None:
    """Return a student's own count: the right one where it may be meant."""
    claim = claims.by_cell.get((layer, column))
    if claim is None or isinstance(claim.readings, Unreadable | Blank):
        return None
    key = claim.cell.key
    numbers = [reading for reading in claim.readings if isinstance(reading, ReadNumber)]
    if not numbers or not isinstance(key, int):
        return None
    number = next((number for number in numbers if number.fits(key)), numbers[0])
    return OwnCount(number.value, number.half, number.fits(key))
