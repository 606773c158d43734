"""A network as the page has it: a tree of rows whose cells are forms, and what is said of them.

What is computed here is what the tables and explanations compute, once, in letters; the page only
puts numbers in their places.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra import is_symbolic, product
from shapecalc.algebra.bounds import surely_at_least
from shapecalc.algebra.expr import evaluate
from shapecalc.algebra.notation import notation_of
from shapecalc.analysis.explain import TOPICS, field
from shapecalc.analysis.explain.model import OF_COUNTS, OF_SIZES, Derivation, every
from shapecalc.analysis.explain.trace import traced_output
from shapecalc.analysis.page.forms import Forms
from shapecalc.layers.shape import SIDE_NAMES, as_list
from shapecalc.output.document import Prose
from shapecalc.output.report_table import shown_sums
from shapecalc.output.view import View
from shapecalc.report.fold import level, levels_of
from shapecalc.report.propagate import propagate, with_sources
from shapecalc.report.receptive_field import at_most
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.analysis.explain.model import Subject
    from shapecalc.analysis.page.forms import Json
    from shapecalc.analysis.page.opening import Opened
    from shapecalc.output.totals import Sum
    from shapecalc.report import Report, Row

#: The columns of numbers: their topics, their titles, and what they mean.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("output", "output", "the output volume, or the number of units"),
    ("params", "params", "trained weights + biases; shared ones counted once"),
    ("macs", "MACs", "multiply-accumulates, without bias adds"),
    ("activations", "activations", "output elements; 0 for layers that work in place"),
    ("receptive-field", "rf", "receptive field: pixels of the input that a unit sees, per side"),
)
#: The columns that add up, which show a layer's share.
ADDED = ("params", "macs", "activations")


class PageLine(NamedTuple):
    """A row of the table: a layer, or a level that holds the `inner` lines.

    `cells` has the dimensions of a column: those of the output, one of a count, those of a
    receptive field; None where it is not applicable, and in `only` where no one formula gives it,
    the numbers that the network as it is has.
    """

    row: Row
    depth: int
    cells: dict[str, tuple[Dim, ...] | None]
    inner: tuple[PageLine, ...] = ()
    only: tuple[int, ...] | None = None


class Network(NamedTuple):
    """A network, opened, as lines and totals."""

    opened: Opened
    lines: tuple[PageLine, ...]
    totals: tuple[Sum, ...]
    memo: dict[Any, Any]
    """What was computed for the network as it is."""

    @property
    def report(self) -> Report:
        """The report in letters."""
        return self.opened.report

    @property
    def name(self) -> str:
        """What it is called."""
        return one_line(self.report.name) or "network"

    def number(self, dim: Dim) -> int:
        """Compute a dimension of the network as it is."""
        value: int = evaluate(dim, self.opened.values, self.memo)
        return value

    def walk(self) -> Iterator[PageLine]:
        """Yield every line, those of a level after it."""
        return _walk(self.lines)


def _walk(lines: Iterable[PageLine]) -> Iterator[PageLine]:
    for line in lines:
        yield line
        yield from _walk(line.inner)


def network_of(opened: Opened) -> Network:
    """Lay an opened network out."""
    report = opened.report
    lines = tuple(_lines(opened, range(len(report.rows)), 1))
    return Network(opened, lines, tuple(shown_sums(report, View())), {})


def _lines(opened: Opened, indices: Iterable[int], depth: int) -> Iterator[PageLine]:
    report = opened.report
    for path, members in levels_of(report, depth, indices).items():
        row = level(report, path, members)
        inner = tuple(_lines(opened, members, depth + 1)) if row.layer is None else ()
        yield PageLine(row, depth, _cells(row), inner, _only(opened, members, path))


def _cells(row: Row) -> dict[str, tuple[Dim, ...] | None]:
    counted = row.is_counted
    sees = None if row.field is None else tuple(side.size for side in row.field)
    return {
        "output": tuple(as_list(row.output)),
        "params": (row.params,),
        "macs": (row.macs,) if counted else None,
        "activations": (row.activations,),
        "receptive-field": None if sees is None or None in sees or set(sees) <= {0} else sees,
    }


def _only(opened: Opened, members: Sequence[int], path: str) -> tuple[int, ...] | None:
    """Return the receptive field of the network as it is, where letters give none."""
    if opened.report.rows[members[-1]].field is not None:
        return None
    numbers = opened.plain[path].receptive_field
    return numbers if isinstance(numbers, tuple) else None  # type: ignore[return-value]


# -- as JSON ---------------------------------------------------------------------------------------


def data_of(network: Network) -> dict[str, Json]:
    """Return a network as the page's script reads it."""
    forms = Forms()
    report, opened = network.report, network.opened
    pairs = zip(every(report, View()), every(opened.plain, View()), strict=True)
    subjects = {subject.row.name: (subject, plain) for subject, plain in pairs}
    lines = list(network.walk())
    places = {line.row.name: place for place, line in enumerate(lines)}
    notation = notation_of(_numbers(network))
    shown = {dim: notation.text(dim) for dim in _numbers(network) if is_symbolic(dim)}
    return {
        "name": network.name,
        "sizes": [list(size) for size in opened.sizes],
        "rows": [_line_data(network, line, subjects, forms, places) for line in lines],
        "totals": [
            [
                total.key,
                forms.form(total.number),
                -1 if total.bytes is None else forms.form(total.bytes),
            ]
            for total in network.totals
        ],
        "needs": list(_needs(report, forms)),
        "shown": {str(forms.form(dim)): text for dim, text in shown.items()},
        "names": {
            name: [forms.form(_as_dim(atom)), text]
            for (atom, name), text in zip(
                notation.names.items(), notation.where().values(), strict=True
            )
        },
        **forms.lists(),
    }


def _as_dim(atom: Any) -> Dim:  # noqa: ANN401
    from shapecalc.algebra.expr import one

    return one(atom)


def _numbers(network: Network) -> list[Dim]:
    """List the numbers that stand in cells and totals."""
    dims = [total.number for total in network.totals]
    for line in network.walk():
        dims += [dim for cell in line.cells.values() for dim in cell or ()]
    return list(dict.fromkeys(dims))


def _line_data(
    network: Network,
    line: PageLine,
    subjects: Mapping[str, tuple[Subject, Subject]],
    forms: Forms,
    places: Mapping[str, int],
) -> dict[str, Json]:
    row = line.row
    data: dict[str, Json] = {
        "path": row.name,
        "depth": line.depth,
        "cells": {
            key: None if dims is None else list(map(forms.form, dims))
            for key, dims in line.cells.items()
        },
        "does": _does(network, row, forms),
    }
    if line.only is not None:
        data["only"] = list(line.only)
    if at_most(row.field):
        data["bound"] = 1
    if line.inner:
        data["inner"] = [places[inner.row.name] for inner in line.inner]
    else:
        data["how"] = forms.lesson(dict(_sections(network, *subjects[row.name], forms)))
    if row.sources:
        data["from"] = list(row.sources)
    return data


def _does(network: Network, row: Row, forms: Forms) -> int:
    """Return the place of what a row does, with its numbers.

    Where words in letters do not become those in numbers by putting these in their places, as of a
    size that is called like the word beside it, they stay in letters.
    """
    text, plain = one_line(row.does), one_line(network.opened.plain[row.name].does)
    if text == plain:
        return forms.text(text)
    if row.fields:
        place = forms.fields(text, [dim for part in row.layers for dim in _dims(part)])
    else:
        place = forms.text(text, _dims(row), _extents(row))
    shown = forms.written(place, lambda dim: str(network.number(dim)))
    return place if shown == plain else forms.text(text)


def _sections(
    network: Network, subject: Subject, plain: Subject, forms: Forms
) -> Iterator[tuple[str, Json]]:
    """Yield what is said on every column of a layer: texts, and numbers with their formulas."""
    for key in ("output", "params", "macs"):
        own = cache(partial(_prose, plain, key))  # few layers need it
        parts: list[Json] = []
        for block in TOPICS[key].layer(subject).blocks:
            if isinstance(block, Derivation):
                parts.append([block.label, forms.formula(block.formula), block.times.strip()])
            elif isinstance(block, Prose):
                parts.append(_sentence(network, subject.row, one_line(block.text), own, forms))
        yield key, parts
    yield "activations", list(_of_activations(subject, forms))
    yield "receptive-field", list(_of_field(subject, forms))


def _sentence(
    network: Network, row: Row, text: str, own: Callable[[], tuple[str, ...]], forms: Forms
) -> int:
    """Return the place of a sentence on a layer, with its numbers.

    Where these do not make one of its `own` sentences, those of the network in numbers, it stays in
    letters: what only looks like a size is never taken for one.
    """
    place = forms.text(text, _dims(row), _extents(row))
    if not forms.has_numbers(place):
        return place
    shown = forms.written(place, lambda dim: str(network.number(dim)))
    return place if _alike(shown) in own() else forms.text(text)


def _prose(plain: Subject, key: str) -> tuple[str, ...]:
    """Return the sentences on a layer of the network in numbers, as `_alike` compares them."""
    blocks = TOPICS[key].layer(plain).blocks
    return tuple(_alike(one_line(block.text)) for block in blocks if isinstance(block, Prose))


def _alike(text: str) -> str:
    """Leave out how numbers are set."""
    return text.replace(",", "").replace(" x ", "x")


def _of_activations(subject: Subject, forms: Forms) -> Iterator[Json]:
    row = subject.row
    if subject.layer.inplace:
        kept = "hands its input on" if subject.layer.view else "writes its result over its input"
        yield forms.text(f"{row.type} works in place: it {kept}, so nothing is added.")
        return
    yield ["activations", forms.formula(traced_output(subject.output).size), OF_COUNTS.strip()]


def _of_field(subject: Subject, forms: Forms) -> Iterator[Json]:
    """Yield the formula of every side; the words on it would spell out the whole way to it."""
    made = field.formulas(subject)
    for side, formula in zip(SIDE_NAMES.get(len(made), ()), made, strict=False):
        if formula.value is not None:
            yield [side, forms.formula(formula), OF_SIZES]


def _dims(row: Row) -> list[Dim]:
    """List the dimensions that a sentence about a layer may name."""
    dims = [dim for shape in (*row.inputs, row.output) for dim in as_list(shape)]
    dims += [shape.size for shape in (*row.inputs, row.output)]
    dims += [row.params, row.macs, row.activations]
    for array in row.parameters:
        dims += [*array.shape, product(array.shape[1:])]
    if row.layer is not None:
        for value in row.layer.values():
            dims += [dim for dim in _flat(value) if is_symbolic(dim)]
    return dims


def _extents(row: Row) -> list[Sequence[Dim]]:
    """List the extents that stand together in a sentence about a layer."""
    shapes = [as_list(shape) for shape in (*row.inputs, row.output)]
    return [*shapes, *(shape[:-1] for shape in shapes)]


def _flat(value: object) -> Iterator[Any]:
    """Yield a field's value, or the values that it holds."""
    if isinstance(value, tuple | list):
        for part in value:
            yield from _flat(part)
    else:
        yield value


def _needs(report: Report, forms: Forms) -> Iterator[Json]:
    """Yield what must hold of the letters, in the layers' order, and what is told otherwise.

    What holds for all numbers from 1 on is left out.
    """
    if report.domain is None:
        return
    anything = dict.fromkeys(report.domain.symbols, 1)
    rows = {row.name: row for row in report.rows}
    passed = set()
    for layer, need in propagate(report.graph, fields=False)[1]:
        value, relation, bound, complain = need
        sure = relation == "at least" and surely_at_least(value, bound, anything)
        if sure or (relation == "equal to" and value == bound) or need[:3] in passed:
            continue
        passed.add(need[:3])
        error, row = complain(), rows[layer]
        dims, extents = [value, bound, *_dims(row)], _extents(row)
        yield [
            layer,
            forms.form(value),
            relation,
            forms.form(bound),
            forms.text(one_line(with_sources(error, row.sources)), dims, extents),
            forms.text(one_line(error.rule), dims, extents),
        ]
