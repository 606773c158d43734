"""The comparison: every printed cell against what comes out, under the declared convention."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.api import build
from shapecalc.errors import Complaints, Problem, SpecErrors, did_you_mean
from shapecalc.files import beside, find
from shapecalc.profiles import PROFILES
from shapecalc.propagate import propagate
from shapecalc.published.nouns import CellResult, Convention, Judgement, Tally
from shapecalc.published.printed import LONGEST, UnreadableError
from shapecalc.published.quantities import (
    QUANTITIES,
    NoValueError,
    Quantity,
    read_ratio,
    spot,
)
from shapecalc.published.read import TOTAL
from shapecalc.yamltree import origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.cells import Json
    from shapecalc.published.nouns import Column, Erratum, Line, PrintedTable
    from shapecalc.report import Report
    from shapecalc.source import Source
    from shapecalc.yamltree import Scalar

#: A table may ask for so many values, of all its cells, networks and layers.
MAX_VALUES = 20_000
#: Reports by the specs that they are of.
Reports: TypeAlias = "dict[Source, Report]"
#: Problems of a spec that could not be read at all: told where the table names it.
_MISSING = ("E001", "E002", "E003")
_SIZED = "name a spec without symbols, such as one that extends this with an input of numbers"


def judge(table: PrintedTable, known: Reports | None = None) -> Judgement:
    """Judge every cell of a table, and count what matches under the other networks it names.

    `known` are reports that several tables may share.  Raises `SpecErrors` with everything that
    keeps a cell from being compared: specs that cannot be found or hold mistakes, unknown layers,
    texts that cannot be read.
    """
    known = {} if known is None else known
    bench = _Bench(table, known)
    cells = [bench.cell(*place) for place in table.cells]
    if len(bench.problems):
        raise SpecErrors(bench.problems.told())
    return Judgement(
        name=table.name,
        title=table.title,
        citation=table.citation,
        note=table.note,
        conventions=tuple(
            (name, convention_text(name, convention))
            for name, convention in table.conventions.items()
        ),
        networks=tuple(bench.networks),
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
        raise SpecErrors([Problem("E605", message, origin(spec), hint=hint)])
    return table._replace(specs=(spec,), also=(), errata={})


def _tally(judgement: Judgement, network: str) -> Tally:
    """Count the matches of every column."""
    counts = {title: [0, 0] for title in judgement.columns}
    for cell in judgement.cells:
        counts[cell.column][0] += cell.status == "match"
        counts[cell.column][1] += 1
    return Tally(network, tuple((title, match, n) for title, (match, n) in counts.items()))


class Found(NamedTuple):
    """A value of a cell, and which of the layers and networks that it speaks of has it."""

    where: str
    value: Any


class _Bench:
    """What the judgement of a table has computed, and what it complains about."""

    def __init__(self, table: PrintedTable, known: Reports) -> None:
        self.table = table
        self.known = known
        self.problems = Complaints()
        self.reports: dict[str, Report | None] = {}
        self.networks: dict[str, None] = {}
        self.computed = 0

    def cell(self, row: str, column: str) -> CellResult | None:
        """Judge one cell; None when something keeps it from being compared."""
        table = self.table
        line, title, printed = table.lines[row], table.columns[column], table.cells[row, column]
        quantity = QUANTITIES[line.quantity or title.quantity]
        convention = table.conventions.get(quantity.name, Convention())
        erratum = table.errata.get((row, column))
        text = self.read(printed, quantity, convention, ratio=line.over is not None)
        values = self.values(line, title, quantity, convention, printed)
        if text is None or not values:
            return None
        self.networks |= dict.fromkeys(spec.text for spec in self.specs(line, title))
        wrong = [found for found in values if not text.agrees(found.value, convention)]
        where, shown = (wrong or values)[0]
        result = CellResult(
            row,
            column,
            quantity.name,
            printed.text,
            text.beside(shown),
            _data(shown, text.beside(shown)),
            "MISMATCH" if wrong else "match",
        )
        if erratum is not None:
            return self.excuse(result, erratum, line, title, convention, fits=not wrong)
        if not wrong:
            return result
        rule = f" ({convention_text(quantity.name, convention)})" if quantity.counts else ""
        of = f" of {where}" if len(values) > 1 else ""
        return result._replace(account=f"{result.computed} comes out{of}{rule}")

    def excuse(
        self,
        result: CellResult,
        erratum: Erratum,
        line: Line,
        column: Column,
        convention: Convention,
        *,
        fits: bool,
    ) -> CellResult | None:
        """Judge a cell with an erratum: the excuse must be needed, and what it names must fit."""
        if fits:
            account = "its erratum is stale: the cell matches, so take the erratum away"
            return result._replace(status="MISMATCH", account=account)
        if not erratum.is_about(result):
            account = (
                f"its erratum is stale: that is about {erratum.printed}, where {erratum.computed}"
                f" comes out, not about {result.printed} and {result.computed}"
            )
            return result._replace(status="MISMATCH", account=account)
        result = result._replace(status="erratum", account=erratum.account)
        if erratum.spec is None and not erratum.changes:
            return result
        quantity = QUANTITIES[result.quantity]
        other = convention._replace(**dict(erratum.changes))
        line = line._replace(specs=(erratum.spec,)) if erratum.spec else line
        column = column._replace(specs=()) if erratum.spec else column
        printed = self.table.cells[result.row, result.column]
        text = self.read(printed, quantity, other, ratio=line.over is not None)
        values = self.values(line, column, quantity, other, erratum.spec or printed)
        if text is None or not values:
            return None
        under = " and ".join(
            [
                *([f"computed with {erratum.spec.text}"] if erratum.spec else []),
                *convention_words(quantity.name, other, [key for key, _ in erratum.changes]),
            ]
        )
        recomputed = text.beside(values[0].value)
        if all(text.agrees(found.value, other) for found in values):
            return result._replace(under=under, recomputed=recomputed)
        account = f"its erratum does not hold: when {under}, {recomputed} comes out"
        return result._replace(status="MISMATCH", account=account)

    def read(
        self, printed: Scalar, quantity: Quantity, convention: Convention, *, ratio: bool
    ) -> Any:  # noqa: ANN401  (a reader for each kind of text)
        """Read what is printed; complain when it says nothing of its kind."""
        if len(printed.text) > LONGEST:
            message = f"a printed cell has at most {LONGEST} characters"
            self.problems.note("E603", message, origin(printed), "print what the paper prints")
            return None
        try:
            return read_ratio(printed.text) if ratio else quantity.read(printed.text, convention)
        except UnreadableError as error:
            self.problems.note("E603", error.message, origin(printed), error.hint)
            return None

    def values(
        self,
        line: Line,
        column: Column,
        quantity: Quantity,
        convention: Convention,
        place: Scalar,
    ) -> list[Found]:
        """Compute the values of a cell: of every network and layer for which it was printed."""
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
            raise SpecErrors(self.problems.told())
        found: list[Found] = []
        for spec in specs:
            for layer in layers:
                value = self.value(spec, layer, inner, quantity, convention, place)
                if value is not None and line.over is not None:
                    under = self.value(line.over, layer, inner, quantity, convention, place)
                    value = value / under if under else None
                if value is None:
                    return []
                found.append(Found(f"{layer.text} in {spec.text}", value))
        return found

    def specs(self, line: Line, column: Column) -> tuple[Scalar, ...]:
        """Return the networks that a cell is about."""
        return line.specs or column.specs or self.table.specs

    def value(
        self,
        spec: Scalar,
        layer: Scalar,
        inner: str,
        quantity: Quantity,
        convention: Convention,
        place: Scalar,
    ) -> Any:  # noqa: ANN401  (a value for each quantity)
        """Compute one value; None, with a complaint, when there is none."""
        report = self.report(spec)
        if report is None:
            return None
        path = (
            "" if layer.text == TOTAL and not inner else "/".join(filter(None, (layer.text, inner)))
        )
        found = spot(report, path)
        if found is None:
            hint = did_you_mean(path, (row.name for row in report.rows)) or did_you_mean(
                path, report.graph.groups
            )
            message = f"{spec.text} has no layer '{path}'"
            self.problems.note(
                "E604", message, origin(layer), hint or "`layer:` names a row's layer"
            )
            return None
        try:
            return quantity.value(found, convention)
        except NoValueError as error:
            what = path or spec.text
            hint = f"`{quantity.name}` is {quantity.meaning}"
            self.problems.note("E606", f"{what}: {error}", origin(place), hint)
            return None

    def report(self, spec: Scalar) -> Report | None:
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
                    self.known[source] = propagate(build(source))
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


def convention_text(quantity: str, convention: Convention) -> str:
    """Say a convention in words."""
    keys = [
        key
        for key, default in zip(Convention._fields, Convention(), strict=True)
        if key in ("counted", "rounding", "k")
        or (key == "bytes" and quantity == "memory")
        or (key != "bytes" and getattr(convention, key) != default)
    ]
    return "; ".join(convention_words(quantity, convention, keys))


def convention_words(quantity: str, convention: Convention, keys: Iterable[str]) -> list[str]:
    """Say some keys of a convention in words."""
    counts = {
        **{name: profile.label for name, profile in PROFILES.items()},
        "params": "weights + biases",
        "weights": "weights without biases",
        "connections": QUANTITIES["connections"].meaning,
        "units": "outputs of layers",
        "activations": "outputs of layers that do not work in place",
    }
    roundings = {"nearest": "rounded", "down": "truncated", "up": "rounded up"}
    words = {
        "counted": counts.get(convention.counted, convention.counted),
        "k": f"K = {convention.k:,}",
        "unit": f"in {convention.unit}s",
        "rounding": roundings[convention.rounding],
        "significant": f"to {convention.significant} digits",
        "layers": f"counted over {' and '.join(convention.layers)} layers only",
        "bytes": f"{convention.bytes} bytes each",
    }
    return [words[key] for key in keys]


def _data(value: Any, text: str) -> Json:  # noqa: ANN401
    """Return a value as JSON has it: a number exactly, anything else as text."""
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return text
