"""Sheets to fill in, worked solutions, and checked answers.

Here is what stands on a sheet, whatever its format: rows, cells, marks, and what holds for them.
The rows are the architecture, all that the asked cells are worked out by; blocks are shown by their
layers, since what they hold is needed to answer anything about them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.assignment.conventions import (
    counts_operations,
    share_text,
    stated_conventions,
    stated_policy,
)
from shapecalc.homework.assignment.deadline import stated_deadline
from shapecalc.homework.assignment.model import TOTAL, computes, is_total
from shapecalc.homework.assignment.notation import marks_text, value_text
from shapecalc.homework.languages import figures, listed_said, say, say_counted, to_say
from shapecalc.homework.sheets.key import notation_key
from shapecalc.layers.conv import Windowed
from shapecalc.layers.shape import as_text
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.homework.assignment.model import AskedCell, Homework
    from shapecalc.report import Row

#: So many layers are named that flow into one.
_NAMED = 6
#: How a sheet says what flows in, and whose weights are used.
_WIRING = {
    to_say("from"): to_say("what flows in, where it is not the row above"),
    to_say("weights of"): to_say("the layer whose weights are used, which count there only"),
}


def _outline(homework: Homework) -> tuple[str, ...]:
    """Name the rows of a sheet in the network's order: those asked, and those that they need."""
    report = homework.report
    places = {row.name: at for at, row in enumerate(report.rows)}

    def place(layer: str) -> tuple[int, int]:
        """Return where a row stands, a block before its layers, a sum behind them."""
        if is_total(layer):
            inside = layer.removesuffix(TOTAL)
            return max(at for name, at in places.items() if name.startswith(inside)), len(places)
        if layer in places:
            return places[layer], layer.count("/")
        inside = f"{layer}/"
        return min(at for name, at in places.items() if name.startswith(inside)), layer.count("/")

    ends = dict.fromkeys(homework.networks or ("",), -1)
    for layer in homework.layers:
        inside = [at for name, at in places.items() if name == layer or _in(name, layer)]
        for network, end in ends.items():
            within = (at for at in inside if _in(report.rows[at].name, network))
            ends[network] = max((end, *within))
    asked = {column.key for column in homework.columns}
    # A sum of all operations takes those of the layers that nothing else is asked about.
    operations = counts_operations(homework.conventions, asked) and any(
        layer not in homework.rows or homework.rows[layer].layer is None
        for layer in homework.layers
    )
    needed = [
        row.name
        for at, row in enumerate(report.rows)
        if (computes(row) or isinstance(row.layer, Windowed) or (operations and any(row.work)))
        and at <= ends[row.name.partition("/")[0] if homework.networks else ""]
    ]
    return tuple(sorted(dict.fromkeys((*homework.layers, *needed)), key=place))


def _in(name: str, level: str) -> bool:
    """Tell whether a layer stands in a level: a block, a network, or what a sum adds up."""
    inside = level.removesuffix(TOTAL) if is_total(level) else f"{level}/"
    return not level or name.startswith(inside)


def _does(homework: Homework, layer: str, shown: Mapping[str, str]) -> str:
    """Say what a row of the sheet does, and what flows in where that is not the row above.

    `shown` has every row of the sheet with the layer above it.
    """
    row = homework.row_as_written(layer)
    if row is None:
        return ""
    if row.layer is None:
        return row.does
    text = f"{row.type} {row.does}".strip()
    sources = tuple(_shown_before(homework, source, shown) for source in row.sources)
    if sources and sources != (shown.get(layer, ""),):
        named = [source.removeprefix(_shared_path(layer, source)) for source in sources]
        text = say("{layer}, from {sources}", layer=text, sources=listed_said(named, _NAMED))
    return (
        say("{layer}, weights of {shared}", layer=text, shared=row.shared) if row.shared else text
    )


def _shown_before(homework: Homework, source: str, shown: Mapping[str, str]) -> str:
    """Return the row of the sheet, or the input, whose volume a layer passes on."""
    row: Row | None = homework.rows.get(source)
    while row is not None and row.name not in shown and row.sources:
        if row.inputs != (row.output,):
            break
        row = homework.rows.get(row.sources[0])
    return row.name if row is not None else source


def _shared_path(layer: str, other: str) -> str:
    """Return the path of the block that two layers stand in."""
    path = layer.rpartition("/")[0]
    while path and not other.startswith(f"{path}/"):
        path = path.rpartition("/")[0]
    return f"{path}/" if path else ""


def _above(homework: Homework) -> dict[str, str]:
    """Return every row of the sheet with the layer above it; the first has the input."""
    before: dict[str, str] = {}
    last = ""
    for layer in _outline(homework):
        row = homework.rows.get(layer)
        network = f"{layer.partition('/')[0]}/" if homework.networks else ""
        if row is None or row.layer is None:
            before[layer] = ""
            continue
        if not last or not last.startswith(network):
            last = _first_input(homework, network)
        before[layer] = last
        last = layer
    return before


def _first_input(homework: Homework, network: str) -> str:
    """Return a network's input; of several none is the one that stands above."""
    rows = homework.report.rows
    inputs = [row.name for row in rows if row.type == "input" and row.name.startswith(network)]
    return inputs[0] if len(inputs) == 1 else ""


def described(homework: Homework) -> Iterator[tuple[str, str]]:
    """Yield the rows of the sheet, and what each does."""
    shown = _above(homework)
    for layer in shown:
        yield layer, _does(homework, layer, shown)


#: What stands in a cell that is not asked.
NOT_ASKED = "-"


class SheetRow(NamedTuple):
    """A row of a sheet: a layer, what it does, and its cell in each column, if that is asked."""

    layer: str
    does: str
    cells: tuple[AskedCell | None, ...]


def grid_of(homework: Homework) -> Iterator[SheetRow]:
    """Yield the rows of a sheet."""
    by_cell = {cell.at: cell for cell in homework.cells}
    for layer, does in described(homework):
        cells = tuple(by_cell.get((layer, column.key)) for column in homework.columns)
        yield SheetRow(layer, does, cells)


def shown(homework: Homework, cell: AskedCell | None, *, solution: bool, blank: str = "") -> str:
    """Write a cell of the sheet: a blank, what is given, or a dash where nothing is asked."""
    if cell is None:
        return NOT_ASKED
    if cell.filled_in or solution or cell.key is None:
        return value_text(cell.key, homework.conventions)
    return blank


def stated(homework: Homework) -> dict[str, str]:
    """Say what holds for a sheet, term by term: nothing is assumed silently."""
    columns = {column.key for column in homework.columns}
    terms = stated_conventions(homework.conventions, columns, homework.report)
    terms |= stated_policy(homework.policy)
    terms |= stated_deadline(homework.deadline)
    if any(cell.accepted for cell in homework.cells):
        full = homework.policy.accepted == "right"
        share = share_text(Fraction(1) if full else homework.policy.other_convention)
        terms[say("accepted")] = say(
            "{share} for other values that your teacher accepts in some cells", share=share
        )
    terms |= key_of(homework)
    if any(None in cells for _, _, cells in grid_of(homework)):
        terms[NOT_ASKED] = "; ".join(filter(None, (say("not asked"), _no_sums(homework))))
    return terms


def _no_sums(homework: Homework) -> str:
    """Say which counts of a sheet have no total, where it asks for one."""
    without = [
        say(column.title)
        for column in homework.columns
        if column.total is None and column.key != "output"
    ]
    if not without or not any(map(is_total, homework.layers)):
        return ""
    return say_counted(
        "{columns} has no total",
        "{columns} have no total",
        len(without),
        columns=say(" and ").join(without),
    )


def key_of(
    homework: Homework, only: str | None = None, columns: Iterable[str] | None = None
) -> dict[str, str]:
    """Explain the notation of a sheet's rows, or of one, term by term.

    `columns` are those that are asked, all of the sheet where none are given.
    """
    shown = _above(homework)
    layers = [layer for layer in shown if only in (None, layer)]
    rows = [row for layer in layers if (row := homework.row_as_written(layer)) is not None]
    asked = {column.key for column in homework.columns} if columns is None else set(columns)
    key = notation_key(rows, operations=counts_operations(homework.conventions, asked))
    texts = [_does(homework, layer, shown) for layer in layers]
    wiring = {
        say(term): say(meaning)
        for term, meaning in _WIRING.items()
        if any(f", {say(term)} " in text for text in texts)
    }
    return key | wiring


def title_of(homework: Homework, *, solution: bool) -> str:
    """Return what stands over a sheet, or over its solution."""
    title = one_line(homework.title)
    return say("{title}: solution", title=title) if solution else title


def inputs_text(homework: Homework) -> str:
    """Say what flows into the network, or into each of several."""
    rows = [row for row in homework.report.rows if row.type == "input"]
    if len(rows) == 1:
        return say("The input is {volume}.", volume=as_text(rows[0].output))
    inputs = ", ".join(f"{one_line(row.name)} {as_text(row.output)}" for row in rows)
    return say("The inputs are {volumes}.", volumes=inputs)


def marks_of(homework: Homework) -> Iterator[str]:
    """Yield the marks of every column."""
    for column in homework.columns:
        marks = [
            cell.out_of
            for cell in homework.cells
            if cell.quantity.key == column.key and cell.is_asked
        ]
        yield figures(marks_text(sum(marks, Fraction(0)))) if marks else ""
