"""What a homework can tell: as a table, and cell by cell for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.output.records import Records
from shapecalc.output.table import Fact, Head, Line, Table
from shapecalc.text.safe import csv_safe, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.variants.lint import CellLint, Lint, LintReport, Suggestion


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
