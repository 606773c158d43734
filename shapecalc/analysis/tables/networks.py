"""The bench of the comparison: what a printed cell says, and the values that come out for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.analysis.tables.grammar import TOTAL
from shapecalc.analysis.tables.printed import LONGEST, UnreadableError
from shapecalc.analysis.tables.quantities import (
    NoValueError,
    PrintedQuantity,
    Uncounted,
    read_ratio,
    spot,
)
from shapecalc.api import build
from shapecalc.errors import Complaints, SpecErrors
from shapecalc.output.cells import UNKNOWN_MARK
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import beside, find
from shapecalc.text import Scalar, origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from shapecalc.analysis.tables.model import Convention, PrintedColumn, PrintedLine, PrintedTable
    from shapecalc.report import Report
    from shapecalc.text import Source

#: A table may ask for so many values, of all its cells, networks and layers.
MAX_VALUES = 20_000
#: Reports by the specs that they are of.
Reports: TypeAlias = "dict[Source, Report]"
#: Problems of a spec that could not be read at all: told where the table names it.
_MISSING = ("E001", "E002", "E003")
_SIZED = "name a spec without symbols, such as one that extends this with an input of numbers"


class CellQuery(NamedTuple):
    """What a cell asks: the quantity that its row and column hold, counted by a convention.

    `place` is what a complaint points to.
    """

    line: PrintedLine
    column: PrintedColumn
    quantity: PrintedQuantity
    convention: Convention
    printed: Scalar
    place: Scalar


class CellValue(NamedTuple):
    """A value of a cell, and which of the layers and networks that it speaks of has it."""

    where: str
    value: Any


class CellAnswer(NamedTuple):
    """A cell's text as read, and the values that come out: at least one."""

    text: Any
    values: list[CellValue]

    def agrees(self, computed: CellValue, convention: Convention) -> bool:
        """Whether a value is what is printed; where nothing comes out, nothing is."""
        if isinstance(computed.value, Uncounted):
            return False
        return bool(self.text.agrees(computed.value, convention))

    def beside(self, value: Any) -> str:  # noqa: ANN401
        """Write a value as the cell is printed; `?` where nothing comes out, as in summaries."""
        return UNKNOWN_MARK if isinstance(value, Uncounted) else self.text.beside(value)


class Bench:
    """What the comparison of a table has computed, and what it complains about."""

    def __init__(self, table: PrintedTable, known: Reports) -> None:
        self.table = table
        self.known = known
        self.problems = Complaints()
        self.reports: dict[str, Report | None] = {}
        self.computed = 0

    def answer(self, query: CellQuery) -> CellAnswer | None:
        """Read a cell and compute its values; None, with a complaint, where one is impossible."""
        text = self._read(query)
        values = self._values(query)
        return CellAnswer(text, values) if text is not None and values else None

    def specs(self, line: PrintedLine, column: PrintedColumn) -> tuple[Scalar, ...]:
        """Return the networks that a cell is about."""
        return line.specs or column.specs or self.table.specs

    def _read(self, query: CellQuery) -> Any:  # noqa: ANN401  (a reader for each kind of text)
        """Read what is printed; complain when it says nothing of its kind."""
        printed = query.printed
        if len(printed.text) > LONGEST:
            message = f"a printed cell has at most {LONGEST} characters"
            self.problems.note("E603", message, origin(printed), "print what the paper prints")
            return None
        try:
            if query.line.over is not None:
                return read_ratio(printed.text)
            return query.quantity.read(printed.text, query.convention)
        except UnreadableError as error:
            self.problems.note("E603", error.message, origin(printed), error.hint)
            return None

    def _values(self, query: CellQuery) -> list[CellValue]:
        """Compute the values of a cell: of every network and layer for which it was printed."""
        line, column, place = query.line, query.column, query.place
        at = line.at.get(column.name.text)
        layers = (at,) if at is not None else line.layers
        inner = "" if at is not None else column.inner
        specs = self.specs(line, column)
        if not specs:
            message = f"no spec is named for row {line.name.text}, column {column.name.text}"
            self.problems.note("E605", message, origin(place), "add `spec: alexnet.yaml`")
        self.computed += len(specs) * len(layers)
        if self.computed > MAX_VALUES:
            message = f"the table asks for more than {MAX_VALUES:,} values"
            self.problems.note("E114", message, origin(place), "split it into several")
            raise SpecErrors(self.problems.in_order())
        values: list[CellValue] = []
        for spec in specs:
            for layer in layers:
                value = self._value(spec, layer, inner, query)
                if value is not None and line.over is not None:
                    under = self._value(line.over, layer, inner, query)
                    value = None if under is None else _times(value, under, line.over)
                if value is None:
                    return []
                values.append(CellValue(f"{layer.text} in {spec.text}", value))
        return values

    def _value(self, spec: Scalar, layer: Scalar, inner: str, query: CellQuery) -> Any:  # noqa: ANN401  (a value for each quantity)
        """Compute one value; None, with a complaint, when there is none."""
        report = self._report(spec)
        if report is None:
            return None
        path = (
            "" if layer.text == TOTAL and not inner else "/".join(filter(None, (layer.text, inner)))
        )
        located = spot(report, path)
        if located is None:
            hint = did_you_mean(path, (row.name for row in report.rows)) or did_you_mean(
                path, report.graph.groups
            )
            message = f"{spec.text} has no layer '{path}'"
            self.problems.note(
                "E604", message, origin(layer), hint or "`layer:` names a row's layer"
            )
            return None
        try:
            return query.quantity.value(located, query.convention)
        except NoValueError as error:
            what = path or spec.text
            hint = f"`{query.quantity.name}` is {query.quantity.meaning}"
            self.problems.note("E606", f"{what}: {error}", origin(query.place), hint)
            return None

    def _report(self, spec: Scalar) -> Report | None:
        """Compute a network once.  What is wrong with it is told once."""
        if spec.text not in self.reports:
            self.reports[spec.text] = None
            try:
                if spec.text == "-":
                    message = "a table's spec cannot come from standard input"
                    self.problems.note("E110", message, origin(spec), "name a file")
                    return None
                own = spec.source == self.table.source  # and not a word of the command line
                source = beside(spec.text, self.table.source) if own else find(spec.text)
                if source not in self.known:
                    self.known[source] = compute_report(build(source))
                report = self.known[source]
                if report.domain is None:
                    self.reports[spec.text] = report
                else:
                    message = (
                        f"{spec.text}: printed cells are numbers, but {report.graph.valueless()}"
                    )
                    self.problems.note("E121", message, origin(spec), _SIZED)
            except SpecErrors as error:
                for problem in error.problems:
                    missing = problem.code in _MISSING
                    self.problems.add(problem._replace(origin=origin(spec)) if missing else problem)
        return self.reports[spec.text]


def _times(value: Any, under: Any, over: Scalar) -> Any:  # noqa: ANN401  (`Uncounted` or a number)
    """Return how many times more a count is than the other network's, if that is more than 0."""
    for count in (value, under):
        if isinstance(count, Uncounted):
            return count
    return value / under if under else Uncounted(f"{over.text} has 0, which divides nothing")
