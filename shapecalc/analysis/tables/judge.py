"""The comparison: every printed cell against what comes out, under the declared convention.

The bench computes what a cell is judged by: what it says, and the values that come out for it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.analysis.tables.model import (
    TOTAL,
    CellResult,
    Convention,
    Erratum,
    Judgement,
    NetworkTally,
    PrintedColumn,
    PrintedLine,
    PrintedTable,
    Working,
)
from shapecalc.analysis.tables.printed import LONGEST, PrintedNumber, UnreadableError
from shapecalc.analysis.tables.quantities import (
    QUANTITIES,
    NoValueError,
    PrintedQuantity,
    Uncounted,
    convention_text,
    convention_words,
    read_ratio,
    spot,
)
from shapecalc.api import build
from shapecalc.errors import Complaints, SpecErrors, refuse
from shapecalc.output.cells import UNKNOWN_MARK, Json
from shapecalc.report import named_doubts
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import beside, find
from shapecalc.text import Scalar, origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from shapecalc.report import Report
    from shapecalc.text import Source


def judge(table: PrintedTable, known: Reports | None = None) -> Judgement:
    """Judge every cell of a table, and count what matches under the other networks it names.

    `known` are reports that several tables may share.  Raises `SpecErrors` with everything that
    keeps a cell from being compared: specs that cannot be found or hold mistakes, unknown layers,
    texts that cannot be read.
    """
    known = {} if known is None else known
    bench = Bench(table, known)
    queries = {place: _query(table, *place) for place in table.cells}
    cells = [_cell(bench, *place, query) for place, query in queries.items()]
    if len(bench.problems):
        raise SpecErrors(bench.problems.in_order())
    networks = (spec.text for query in queries.values() for spec in bench.specs(*query[:2]))
    return Judgement(
        name=table.name,
        title=table.title,
        citation=table.citation,
        note=table.note,
        conventions=tuple(
            (name, convention_text(name, convention))
            for name, convention in table.conventions.items()
        ),
        networks=tuple(dict.fromkeys(networks)),
        columns=tuple(table.columns),
        rows=tuple(table.lines),
        cells=tuple(cell for cell in cells if cell is not None),
        also=tuple(_tally(judge(against(table, spec), known), spec.text) for spec in table.also),
        doubts=named_doubts([report for report in bench.reports.values() if report is not None]),
    )


def against(table: PrintedTable, spec: Scalar) -> PrintedTable:
    """Return the table as one that belongs to another network, of which no erratum is known.

    Raises `SpecErrors` (E605) for a table that has no one network.
    """
    if not table.specs:
        message = f"{table.title} has no one network: its rows or columns name theirs"
        hint = "another network can stand for the table's `spec`"
        raise refuse("E605", message, origin(spec), hint)
    return table._replace(specs=(spec,), also=(), errata={})


def _tally(judgement: Judgement, network: str) -> NetworkTally:
    """Count the matches of every column."""
    counts = {title: [0, 0] for title in judgement.columns}
    for cell in judgement.cells:
        counts[cell.column][0] += cell.status == "match"
        counts[cell.column][1] += 1
    return NetworkTally(network, tuple((title, match, n) for title, (match, n) in counts.items()))


def _query(table: PrintedTable, row: str, column: str) -> CellQuery:
    """Say what a cell asks."""
    line, title, printed = table.lines[row], table.columns[column], table.cells[row, column]
    quantity = QUANTITIES[line.quantity or title.quantity]
    convention = table.conventions.get(quantity.name, Convention())
    return CellQuery(line, title, quantity, convention, printed, printed)


def _cell(bench: Bench, row: str, column: str, query: CellQuery) -> CellResult | None:
    """Judge one cell; None when something keeps it from being compared."""
    answer = bench.answer(query)
    if answer is None:
        return None
    quantity, convention, values = query.quantity, query.convention, answer.values
    wrong = [value for value in values if not answer.agrees(value, convention)]
    where, shown = (wrong or values)[0]
    text = answer.beside(shown)
    result = CellResult(
        row,
        column,
        quantity.name,
        query.printed.text,
        text,
        _data(shown, text),
        "MISMATCH" if wrong else "match",
    )
    erratum = bench.table.errata.get((row, column))
    if erratum is not None:
        return _excuse(bench, query, result, erratum)
    if not wrong:
        return result
    of = f" of {where}" if len(values) > 1 else ""
    if isinstance(shown, Uncounted):
        return result._replace(account=f"nothing comes out{of}: {shown.why}")
    rule = f" ({convention_text(quantity.name, convention)})" if quantity.counts else ""
    return result._replace(account=f"{result.computed} comes out{of}{rule}")


def _excuse(
    bench: Bench, query: CellQuery, result: CellResult, erratum: Erratum
) -> CellResult | None:
    """Judge a cell with an erratum: the excuse must be needed, and what it names must fit."""
    if result.status == "match":
        account = "its erratum is stale: the cell matches, so take the erratum away"
        return result._replace(status="MISMATCH", account=account)
    if not erratum.is_about(result):
        account = (
            f"its erratum is stale: that is about {erratum.printed}, where {erratum.computed}"
            f" comes out, not about {result.printed} and {result.computed}"
        )
        return result._replace(status="MISMATCH", account=account)
    result = result._replace(status="erratum", account=erratum.account)
    if erratum.working is not None:
        return _worked(bench, query, result, erratum.working)
    if erratum.spec is None and not erratum.changes:
        return result
    return _recomputed(bench, query, result, erratum)


def _worked(
    bench: Bench, query: CellQuery, result: CellResult, working: Working
) -> CellResult | None:
    """Judge a cell whose slip is known: its arithmetic must give what is printed."""
    answer = bench.answer(query)
    if answer is None:
        return None
    if not isinstance(answer.text, PrintedNumber):
        message = f"a working gives a number, but '{result.printed}' is none"
        hint = "name a network, or nothing but the account"
        bench.problems.note("E605", message, origin(working.text), hint)
        return None
    under, value = f"computed as {working.text.text}", Fraction(working.value)
    recomputed = answer.text.beside(value)
    if answer.text.agrees(value, query.convention):
        return result._replace(under=under, recomputed=recomputed)
    account = f"its erratum does not hold: when {under}, {recomputed} comes out"
    return result._replace(status="MISMATCH", account=account)


def _recomputed(
    bench: Bench, query: CellQuery, result: CellResult, erratum: Erratum
) -> CellResult | None:
    """Judge a cell that is said to match another network or convention: it must."""
    other = query.convention._replace(**dict(erratum.changes))
    query = query._replace(convention=other)
    if erratum.spec is not None:
        query = query._replace(
            line=query.line._replace(specs=(erratum.spec,)),
            column=query.column._replace(specs=()),
            place=erratum.spec,
        )
    answer = bench.answer(query)
    if answer is None:
        return None
    under = " and ".join(
        [
            *([f"computed with {erratum.spec.text}"] if erratum.spec else []),
            *convention_words(query.quantity.name, other, [key for key, _ in erratum.changes]),
        ]
    )
    wrong = [value for value in answer.values if not answer.agrees(value, other)]
    recomputed = answer.beside((wrong or answer.values)[0].value)
    if not wrong:
        return result._replace(under=under, recomputed=recomputed)
    account = f"its erratum does not hold: when {under}, {recomputed} comes out"
    return result._replace(status="MISMATCH", account=account)


def _data(value: Any, text: str) -> Json:  # noqa: ANN401
    """Return a value as JSON has it: a number exactly, none as null, anything else as text."""
    if isinstance(value, Uncounted):
        return None
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return text


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
