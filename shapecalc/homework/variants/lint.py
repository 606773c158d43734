"""A homework before it is given out: which mistakes it cannot see, and which it cannot tell apart.

Brown and Burton (1978) judged exams so by a library of wrong rules; here the rules are those that
the check looks for.  It is told as a table, and cell by cell for programs.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import known
from shapecalc.api import build
from shapecalc.errors import SpecErrors
from shapecalc.homework.assignment.model import Homework, assign
from shapecalc.homework.diagnosis.explanations import apply, singles
from shapecalc.homework.diagnosis.judge import case_of
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.diagnosis.working import working_of
from shapecalc.layers.shape import Map, as_text
from shapecalc.output.records import Records
from shapecalc.output.table import Fact, Head, Line, Table
from shapecalc.report.compute import compute_report
from shapecalc.text.safe import csv_safe, one_line
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.model import AskedCell, Homework

#: Sides that are tried for a suggestion lie so far from the homework's.
_REACH = 12


class CellLint(NamedTuple):
    """What a cell shows: mistakes that give the right answer anyway, and groups that look alike."""

    cell: AskedCell
    silent: tuple[str, ...]
    alike: tuple[tuple[str, ...], ...]
    telling: tuple[str, ...]

    @property
    def applicable(self) -> int:
        """How many mistakes can be made here."""
        return len(self.silent) + len(self.telling) + len({n for g in self.alike for n in g})

    @property
    def score(self) -> float | None:
        """The share of these that give a number of their own; None where none can be made."""
        return len(self.telling) / self.applicable if self.applicable else None


class Lint(NamedTuple):
    """What a homework shows.

    `silent` mistakes can be made but are seen in no cell; `confused` pairs are seen, but nowhere
    apart.  Of the `applicable` mistakes, `named` give a number of their own in some cell.
    """

    cells: tuple[CellLint, ...]
    silent: tuple[str, ...]
    confused: tuple[tuple[str, str], ...]
    named: int
    applicable: int

    @property
    def shared(self) -> int:
        """How many mistakes are seen, but share their number with another in every cell."""
        return self.applicable - self.named - len(self.silent)


class Suggestion(NamedTuple):
    """Another input that shows more, and the homework's lint with it."""

    input: str
    lint: Lint


@dataclass(frozen=True)
class LintReport(Shown):
    """What a homework can tell, and what another input would."""

    shapes = Shapes(
        "a lint",
        table="homework.variants.lint.tabulate",
        records="homework.variants.lint.records",
    )
    homework: Homework
    lint: Lint
    suggestion: Suggestion | None

    @property
    def doubts(self) -> tuple[str, ...]:
        return self.homework.doubts


def lint(homework: Homework) -> Lint:
    """Judge what the asked cells of a homework can tell."""
    cells = tuple(_lint(homework, c) for c in homework.cells if c.is_asked)
    places: dict[str, set[tuple[tuple[str, str], int]]] = defaultdict(set)
    for result in cells:
        for name in result.silent:
            places.setdefault(name, set())
        for number, group in enumerate([*result.alike, *((name,) for name in result.telling)]):
            for name in group:
                places[name].add((result.cell.at, number))
    # Two are told apart by a cell that gives them different numbers, or shows one of them only.
    visible = sorted(name for name in places if places[name])
    confused = [(a, b) for a, b in combinations(visible, 2) if places[a] == places[b]]
    certain = {name for result in cells for name in result.telling}
    order = list(CATALOGUE)
    return Lint(
        cells,
        tuple(name for name in order if name in places and not places[name]),
        tuple(confused),
        len(certain),
        len(places),
    )


def _lint(homework: Homework, cell: AskedCell) -> CellLint:
    """Work every misconception out on a cell."""
    case = case_of(homework, cell, homework.rows)
    right = working_of(case.row, case.column, case.conventions)
    if right is None:
        return CellLint(cell, (), (), ())
    by_value = defaultdict(set)
    for explanation in singles(case):
        by_value[explanation.value].add(explanation.ids[0])
    visible = set().union(*by_value.values()) if by_value else set()
    silent = tuple(
        name
        for name, misconception in CATALOGUE.items()
        if name not in visible
        and cell.quantity.key in misconception.columns
        and apply(misconception, case, right)
    )
    shared = [tuple(sorted(names)) for names in by_value.values() if len(names) > 1]
    lone = {name for names in by_value.values() if len(names) == 1 for name in names}
    alike = tuple(sorted(set(shared)))
    covered = {name for group in alike for name in group}
    return CellLint(cell, silent, alike, tuple(sorted(lone - covered)))


def suggest(homework: Homework) -> Suggestion | None:
    """Look for another size of a square input with which more mistakes are named for certain."""
    inputs = [row for row in homework.report.rows if row.type == "input"]
    shape = inputs[0].output
    if (
        homework.networks
        or len(inputs) != 1
        or not isinstance(shape, Map)
        or len(set(shape.sides)) != 1
    ):
        return None
    best, now = None, lint(homework)
    side = known(shape.sides[0])
    for other in sorted(
        range(max(side - _REACH, 1), side + _REACH + 1), key=lambda n: abs(n - side)
    ):
        sides = (other,) * len(shape.sides)
        text = as_text(Map(sides, shape.channels))
        result = _with_input(homework, text)
        if result is not None and result.named > (best.lint if best else now).named:
            best = Suggestion(text, result)
    return best


def _with_input(homework: Homework, text: str) -> Lint | None:
    graph = homework.report.graph
    try:
        report = compute_report(
            build(graph.spec.source, settings=graph.options.settings, inputs={"": text})
        )
    except SpecErrors:
        return None
    columns = [column.key for column in homework.columns]
    return lint(
        assign(
            report,
            layers=homework.layers,
            columns=columns,
            depth=homework.depth,
            conventions=homework.conventions,
        )
    )


def tabulate(report: LintReport, width: int | None = None) -> Table:
    """Lay out what a homework can tell, cell by cell."""
    homework, lint = report.homework, report.lint
    by_cell = {result.cell.at: result for result in lint.cells}
    columns = homework.columns
    lines = tuple(
        Line(
            (
                one_line(layer),
                *(_cell_text(by_cell.get((layer, column.key))) for column in columns),
            )
        )
        for layer in homework.layers
    )
    about = (
        f"{lint.named} of the {lint.applicable} mistakes that can be made are named for certain."
    )
    return Table(
        title=one_line(homework.title),
        about=(about,),
        columns=(Head("the layer"), *(Head(column.title) for column in columns)),
        header=("layer", *(column.title for column in columns)),
        lines=lines,
        footer=("all", *(_sum(lint, column.key) for column in columns)),
        facts=(
            Fact("mistakes that can be made", str(lint.applicable)),
            Fact("named for certain by some cell", str(lint.named)),
            Fact("seen, but never with a number of their own", str(lint.shared)),
            Fact("seen nowhere", str(len(lint.silent))),
            Fact("pairs that are never told apart", str(len(lint.confused))),
        ),
        notes=tuple(_notes(lint, report.suggestion)),
        legend=(
            ("a of b", "of b mistakes that can be made in a cell, a give a number of their own"),
            ("--format csv", "names them, cell by cell"),
        ),
        remarks=("docs/misconceptions.md lists the mistakes.",),
    )


def _cell_text(result: CellLint | None) -> str:
    if result is None or not result.applicable:
        return ""
    return f"{len(result.telling)} of {result.applicable}"


def _sum(lint: Lint, column: str) -> str:
    """Count the mistakes of a column, each in all its cells."""
    results = [result for result in lint.cells if result.cell.quantity.key == column]
    telling = sum(len(result.telling) for result in results)
    return f"{telling} of {sum(result.applicable for result in results)}" if results else ""


def _notes(lint: Lint, suggestion: Suggestion | None) -> Iterator[str]:
    for name in lint.silent:
        yield f"• Silent: {name}, {CATALOGUE[name].name}: it gives the right answer everywhere."
    for a, b in lint.confused:
        yield f"• Alike: {a}, {CATALOGUE[a].name}, and {b}, {CATALOGUE[b].name}."
    if suggestion is not None:
        yield (
            f"• With `input: {suggestion.input}` {suggestion.lint.named} of"
            f" {suggestion.lint.applicable} would be named for certain, and"
            f" {len(suggestion.lint.silent)} be silent."
        )


#: The schema's name and version.
SCHEMA = "shapecalc.homework.lint/1"
_FIELDS = ("layer", "column", "applicable", "score", "named", "alike", "silent")


def records(report: LintReport) -> Records:
    """Return the cells, what is silent or confused everywhere, the suggestion, and what ids mean.

    In a line mistakes that look alike are joined by `=`.
    """
    return Records(
        SCHEMA,
        lambda: _document(report.homework, report.lint, report.suggestion),
        columns=_FIELDS,
        lines=map(_line, report.lint.cells),
    )


def _line(result: CellLint) -> tuple[object, ...]:
    return (
        result.cell.layer,
        result.cell.quantity.key,
        result.applicable,
        None if result.score is None else f"{result.score:.3f}",
        " ".join(result.telling),
        " ".join(csv_safe("=".join(group)) for group in result.alike),
        " ".join(result.silent),
    )


def _document(homework: Homework, lint: Lint, suggestion: Suggestion | None) -> dict[str, object]:
    return {
        "title": homework.title,
        "cells": [
            {
                "layer": result.cell.layer,
                "column": result.cell.quantity.key,
                "applicable": result.applicable,
                "score": result.score,
                "named": result.telling,
                "alike": result.alike,
                "silent": result.silent,
            }
            for result in lint.cells
        ],
        "applicable": lint.applicable,
        "named": lint.named,
        "silent": lint.silent,
        "confused": lint.confused,
        "suggestion": suggestion
        and {
            "input": suggestion.input,
            "applicable": suggestion.lint.applicable,
            "named": suggestion.lint.named,
            "silent": suggestion.lint.silent,
        },
        "mistakes": {name: misconception.name for name, misconception in CATALOGUE.items()},
    }
