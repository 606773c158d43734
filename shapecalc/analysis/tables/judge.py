"""The comparison: every printed cell against what comes out, under the declared convention."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shapecalc.analysis.tables.conventions import convention_text, convention_words
from shapecalc.analysis.tables.model import CellResult, Convention, Judgement, NetworkTally
from shapecalc.analysis.tables.networks import Bench, CellQuery
from shapecalc.analysis.tables.printed import PrintedNumber
from shapecalc.analysis.tables.quantities import QUANTITIES, Uncounted
from shapecalc.errors import SpecErrors, refuse
from shapecalc.text import origin

if TYPE_CHECKING:
    from shapecalc.analysis.tables.model import Erratum, PrintedTable, Working
    from shapecalc.analysis.tables.networks import Reports
    from shapecalc.output.cells import Json
    from shapecalc.text import Scalar


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
    recomputed = answer.beside(answer.values[0].value)
    if all(answer.agrees(value, other) for value in answer.values):
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
